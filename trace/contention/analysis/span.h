/*
 * span.h -- lengths of time that a hostile trace may make up: never negative, and sums that stop at the greatest number.
 */
#ifndef CONTENTION_SPAN_H
#define CONTENTION_SPAN_H

#include <stdint.h>

/* Of two times since the origin (analysis.c keeps them so small that their difference is one, too). */
static inline int64_t span_between(int64_t begin_ns, int64_t end_ns)
{
    return end_ns > begin_ns ? end_ns - begin_ns : 0;
}

static inline void span_add(int64_t *sum_ns, int64_t ns)
{
    if (__builtin_add_overflow(*sum_ns, ns, sum_ns))
        *sum_ns = INT64_MAX;
}

#endif
