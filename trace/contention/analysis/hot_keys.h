/*
 * hot_keys.h -- the keys that were fought for, each with what it cost, who won, and when.
 *
 * Exact for up to HOT_KEY_COUNT_MAX different keys; those that come later are one, "(others)".
 *
 * When: a line of the heat map is a counter a bucket of the time line. Most keys lose a few times only, so the first
 * HOT_EARLY_COUNT losses of a key are kept as a list of buckets, and only then a line is made. Of lines there are at
 * most HOT_LINE_COUNT_MAX; when they run out, those of the cooler keys go, which will not be drawn anyway.
 */
#ifndef CONTENTION_HOT_KEYS_H
#define CONTENTION_HOT_KEYS_H

#include "../report.h"
#include "loss.h"
#include "names.h"
#include "pairs.h"

#include <glib.h>

enum { HOT_KEY_COUNT_MAX = 1000000, HOT_EARLY_COUNT = 8, HOT_LINE_COUNT_MAX = 8192, TIME_BUCKET_COUNT = 240 };

struct hot {
    uint64_t hash;
    uint32_t scope, number; /* number from 1, 0 is "(others)" */
    bool has_text; /* name is what a conflict told */
    char *name;
    uint64_t conflicts, busy, also_changed;
    int64_t wasted_ns;
    uint64_t lost_reading, lost_unset;
    uint32_t *line;
    uint8_t early[HOT_EARLY_COUNT];
};

typedef struct hot_keys hot_keys;

hot_keys *hot_keys_create(void);
void hot_keys_free(hot_keys *keys);
hot *hot_keys_at(hot_keys *keys, uint32_t scope, const event *event);

/* A conflict or busy on the key, in that bucket of the time line. */
void hot_keys_lost(hot_keys *keys, const loss *loss, const event *event, size_t bucket);
/* The time line's buckets are twice as wide from now on. */
void hot_keys_fold(hot_keys *keys);

/* By hot.number. */
const char *hot_keys_name(const hot_keys *keys, uint32_t number);

/* Those that lost, the worst first. */
GPtrArray *hot_keys_sorted(const hot_keys *keys);
/* Losses of a key in a bucket, as far as its line was kept. */
uint64_t hot_keys_heat(const hot *key, size_t bucket);
bool hot_keys_overflowed(const hot_keys *keys);
void hot_keys_fill(const hot_keys *keys, const GPtrArray *sorted, size_t top, const names *labels, const pairs *scopes,
                   report *report);

#endif
