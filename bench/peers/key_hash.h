/*
 * key_hash.h -- the hash of a key, for those who cannot include xxhash.h themselves.
 */
#ifndef BENCH_KEY_HASH_H
#define BENCH_KEY_HASH_H

#include <stdint.h>

uint64_t peer_key_hash(const char *key); /* of PEER_KEY_SIZE bytes */

#endif
