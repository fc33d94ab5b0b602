/*
 * moments.h -- a clock for what begins and ends, which moves only where somebody could tell: between an end and the next
 * beginning. So runs in which the same things come before the same others read the same times, however many steps
 * each took.
 */
#ifndef TESTS_MOMENTS_H
#define TESTS_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct moments {
    uint64_t now;
    bool ended; /* something has, since it last moved */
} moments;

static inline uint64_t moments_begin(moments *clock)
{
    clock->now += clock->ended;
    clock->ended = false;
    return 2 * clock->now;
}

/* Less than a beginning that comes later, and not less than one that came before. */
static inline uint64_t moments_end(moments *clock)
{
    clock->ended = true;
    return 2 * clock->now + 1;
}

#endif
