/*
 * histogram.h -- counts of numbers in logarithmic bars, for quantiles in little memory: exact up to 63, and at most
 * 1/32 (3 %) too high above (after Tene's HdrHistogram).
 */
#ifndef CONTENTION_HISTOGRAM_H
#define CONTENTION_HISTOGRAM_H

#include "../report.h"

enum { HISTOGRAM_BAR_COUNT = 64 * 32 };

typedef struct histogram {
    uint64_t count, max;
    uint64_t bars[HISTOGRAM_BAR_COUNT];
} histogram;

void histogram_add(histogram *histogram, uint64_t n);
/* The smallest number that is not below so large a share of all, 0 to 1; never above the largest. */
uint64_t histogram_quantile(const histogram *histogram, double share);
/* Numbers from low to high; low and high + 1 are below 64 or powers of two. */
uint64_t histogram_count_between(const histogram *histogram, uint64_t low, uint64_t high);
quantiles histogram_quantiles(const histogram *histogram);

#endif
