/*
 * totals.h -- what the store has counted in the end, read from one snapshot, and whether it is right.
 */
#ifndef WORDCOUNT_TOTALS_H
#define WORDCOUNT_TOTALS_H

#include "vocabulary.h"

typedef struct total {
    uint32_t word; /* number in the vocabulary */
    uint64_t count;
} total;

typedef struct totals {
    total *items; /* in the order of the keys */
    size_t count;
} totals;

/* Fails on a key that is none of the vocabulary's, or not a number. */
void totals_read(totals *t, stm_store *store, const vocabulary *v);
void totals_free(totals *t);

/* Compares with the right counts, one for each word of the vocabulary. Says on stderr what is wrong,
 * for the first few words. Returns how many words are. */
size_t totals_verify(const totals *t, const vocabulary *v, const uint64_t *right);

/* Puts the most frequent words first. */
void totals_sort(totals *t);

#endif
