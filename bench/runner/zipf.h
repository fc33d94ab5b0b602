/*
 * zipf.h -- numbers below count of which few come often: the k-th with a probability like 1/k^0.99, as in
 * the Yahoo cloud serving benchmark, by the formula of Gray et al., "Quickly generating billion-record
 * synthetic databases", 1994. The frequent ones are scattered over all numbers.
 */
#ifndef BENCH_ZIPF_H
#define BENCH_ZIPF_H

#include <stddef.h>
#include <stdint.h>

typedef struct zipf {
    uint32_t count;
    double zeta, eta, second; /* sums that depend on count alone */
} zipf;

zipf zipf_of(size_t count);
uint32_t zipf_next(const zipf *z, uint64_t *random);

#endif
