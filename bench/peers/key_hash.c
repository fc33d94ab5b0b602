#include "key_hash.h"

#include "peer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t peer_key_hash(const char *key)
{
    return XXH3_64bits(key, PEER_KEY_SIZE);
}
