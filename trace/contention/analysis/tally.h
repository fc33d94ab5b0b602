/*
 * tally.h -- how often, and at what price, for each triple of small numbers: loser and winner, key and writer.
 *
 * Bounded: triples beyond TALLY_COUNT_MAX are counted in one entry of zeros.
 */
#ifndef CONTENTION_TALLY_H
#define CONTENTION_TALLY_H

#include <glib.h>
#include <stdint.h>

enum { TALLY_COUNT_MAX = 500000 };

typedef struct tally_entry {
    uint32_t a, b, c;
    uint64_t count;
    int64_t wasted_ns;
} tally_entry;

typedef struct tally tally;

tally *tally_create(void);
void tally_free(tally *tally);
/* The entry may be added to until the next call. */
tally_entry *tally_at(tally *tally, uint32_t a, uint32_t b, uint32_t c);
/* All entries, in no order; free with g_ptr_array_unref. */
GPtrArray *tally_entries(const tally *tally);

#endif
