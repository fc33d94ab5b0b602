/*
 * random.h -- a small generator whose state belongs to one thread (Steele et al., "Fast splittable
 * pseudorandom number generators", 2014: splitmix64). Threads of a test share none: its lock, or
 * its cache line, would hide the very races that the test looks for.
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>

static inline uint64_t random_mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t random_next(uint64_t *state)
{
    return random_mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

/* A number below limit; limit > 0. The bias is far below what a test could notice. */
static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
    return (random_next(state) >> 11) % limit;
}

#endif
