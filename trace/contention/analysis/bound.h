/*
 * bound.h -- where --from and --to cut: seconds after the trace's beginning, a time of day, or a date and time.
 */
#ifndef CONTENTION_BOUND_H
#define CONTENTION_BOUND_H

#include <stdbool.h>
#include <stdint.h>

typedef enum bound_kind { BOUND_NONE = 0, BOUND_AFTER_BEGIN, BOUND_TIME_OF_DAY, BOUND_DATE } bound_kind;

typedef struct bound {
    bound_kind kind;
    int64_t ns; /* after the beginning, after midnight (local time), or Unix time */
} bound;

/* 1.5, 13:45:07.2, or 2026-11-23T13:45:07 with an optional zone. False: none of them. */
bool bound_parse(const char *text, bound *bound);

/* As a time of the trace's clock, whose first event is at begin_ns, and that was 0 at Unix time offset_ns. */
int64_t bound_resolve(const bound *bound, int64_t begin_ns, int64_t offset_ns);

#endif
