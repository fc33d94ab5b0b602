/*
 * analysis.h -- from events to a report, in one pass and in bounded memory.
 *
 * Each event is resolved once, here: whose it is, on which key, how long the attempt took. Then each part of the
 * analysis is told, and adds up what its part of the report needs:
 *
 *     hot_keys    prefixes     the keys that were fought for, and when
 *     people                   labels and threads, matrices, owners
 *     operations  stories      attempts that belong together; what BUSY and ABANDON turn out to mean
 *     winners                  whether the winners that conflicts name are in the trace
 *     latency     histogram    durations, attempts, sizes of sets
 *     timeline    lanes        outcomes over time; the worst moment
 *     rules                    the verdict and the advice, at the end
 *
 * Time is used for order within a thread and for durations only. Who lost to whom is what the events say.
 */
#ifndef CONTENTION_ANALYSIS_H
#define CONTENTION_ANALYSIS_H

#include "../reader/reader.h"
#include "../report.h"
#include "bound.h"

typedef struct analysis_options {
    size_t top;             /* rows of keys, prefixes, owners */
    const char *key;        /* only losses on keys that begin so; NULL: all */
    bool key_is_whole;      /* ... only on the key of that name */
    const char *label;      /* only attempts of this label; NULL: all */
    bound from, to;
    char delimiter;         /* of key prefixes */
} analysis_options;

/* "word:*" or a whole key, NULL for all; the text is changed, and must outlive the options. */
void analysis_options_key(analysis_options *options, char *text);

typedef struct analysis analysis;

/* Options and facts must outlive it; facts may still be filled in by the reader. */
analysis *analysis_create(const analysis_options *options, const trace_facts *facts);
/* A reader_options.event. */
bool analysis_event(void *analysis, const event *event);
/* Frees the analysis. The report is freed by report_free. */
report *analysis_finish(analysis *analysis, const char *path);

#endif
