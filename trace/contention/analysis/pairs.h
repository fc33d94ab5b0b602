/*
 * pairs.h -- pairs of 64-bit numbers as small numbers, in the order in which they came: (process, store), (process,
 * thread). Bounded: those that do not fit are number 0.
 */
#ifndef CONTENTION_PAIRS_H
#define CONTENTION_PAIRS_H

#include <stdint.h>

typedef struct pair {
    uint64_t first, second;
    uint32_t number;
} pair;

typedef struct pairs pairs;

pairs *pairs_create(uint32_t count_max);
void pairs_free(pairs *pairs);
/* From 1. */
uint32_t pairs_number(pairs *pairs, uint64_t first, uint64_t second);
pair pairs_get(const pairs *pairs, uint32_t number);
uint32_t pairs_count(const pairs *pairs);

#endif
