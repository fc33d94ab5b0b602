/*
 * histogram.h -- how long operations took, counted in classes that are at most 1/32 wide of what they
 * hold: small enough to be kept for each thread, exact enough for percentiles, and sums of two are simple.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

#define HISTOGRAM_FINE 32                       /* classes for each power of two */
#define HISTOGRAM_CLASSES (41 * HISTOGRAM_FINE) /* up to 2^45 ns: hours */

typedef struct histogram {
    uint64_t counts[HISTOGRAM_CLASSES];
} histogram;

static inline unsigned histogram_class(uint64_t ns)
{
    if (ns < HISTOGRAM_FINE)
        return (unsigned)ns;
    unsigned power = 63 - (unsigned)__builtin_clzll(ns); /* at least 5 */
    unsigned class = (power - 4) * HISTOGRAM_FINE + (unsigned)(ns >> (power - 5) & (HISTOGRAM_FINE - 1));
    return class < HISTOGRAM_CLASSES ? class : HISTOGRAM_CLASSES - 1;
}

static inline void histogram_add(histogram *h, uint64_t ns)
{
    h->counts[histogram_class(ns)]++;
}

/* The smallest time of a class, in ns. */
static inline uint64_t histogram_floor(unsigned class)
{
    if (class < 2 * HISTOGRAM_FINE)
        return class;
    unsigned power = class / HISTOGRAM_FINE + 4;
    return (UINT64_C(1) << power) + ((uint64_t)(class % HISTOGRAM_FINE) << (power - 5));
}

void histogram_merge(histogram *into, const histogram *from);
/* As JSON: an array of [ns, count] for the classes that are not empty. */
void histogram_print(const histogram *h, FILE *stream);

#endif
