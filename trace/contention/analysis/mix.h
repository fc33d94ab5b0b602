/*
 * mix.h -- numbers stirred for a hash table: transaction ids are consecutive, and keys' hashes come from a file that
 * may have been written to collide.
 */
#ifndef CONTENTION_MIX_H
#define CONTENTION_MIX_H

#include <stdint.h>

/* The finalizer of splitmix64. */
static inline uint64_t mix(uint64_t n)
{
    n = (n ^ (n >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ (n >> 27)) * UINT64_C(0x94d049bb133111eb);
    return n ^ (n >> 31);
}

static inline uint64_t mix_pair(uint64_t a, uint64_t b)
{
    return mix(mix(a) + b); /* a is stirred first: keys hashed by a multiplier must not cancel it out */
}

static inline unsigned mix_hash(uint64_t a, uint64_t b)
{
    return (unsigned)mix_pair(a, b);
}

#endif
