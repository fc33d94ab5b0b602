/*
 * timeline.h -- outcomes over time, in at most TIME_BUCKET_COUNT buckets. How long a trace is turns out at its end: the
 * buckets begin narrow, and twice as wide ones take their place whenever the line grows too long.
 */
#ifndef CONTENTION_TIMELINE_H
#define CONTENTION_TIMELINE_H

#include "hot_keys.h"

enum { TIME_BUCKET_FIRST_NS = 1000, HEAT_ROW_COUNT_MAX = 24, BURST_COUNT_MAX = 5 };

typedef struct time_buckets {
    int64_t bucket_ns;
    size_t count; /* of those in use */
    outcome_counts buckets[TIME_BUCKET_COUNT];
} time_buckets;

void timeline_init(time_buckets *line);
/* Makes room for that time, folding keys' lines along. Returns its bucket. */
size_t timeline_reach(time_buckets *line, int64_t time_ns, hot_keys *keys);
/* Sorted: of hot_keys_sorted(). */
void timeline_fill(const time_buckets *line, const GPtrArray *sorted, report *report);

#endif
