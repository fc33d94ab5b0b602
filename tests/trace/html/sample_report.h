/*
 * sample_report.h -- reports made up in memory, each of a kind that a page must cope with.
 *
 * Nothing in them comes from a trace; but they obey report.h, so that no writer may find anything impossible in them.
 */
#ifndef SAMPLE_REPORT_H
#define SAMPLE_REPORT_H

#include <glib.h>

#include "report.h"

typedef enum sample_kind {
    SAMPLE_TINY = 0,       /* two threads, one key, a handful of attempts */
    SAMPLE_USUAL,          /* four threads, a few labels, one key that leads */
    SAMPLE_HUGE,           /* every limit of report.h reached */
    SAMPLE_CALM,           /* commits only: nobody lost */
    SAMPLE_CONFLICTS_ONLY, /* recorded without busy and commits */
    SAMPLE_LOSSY,          /* events were lost, and the end is missing */
    SAMPLE_HOSTILE,        /* markup, quotes, controls and broken UTF-8 wherever a string can be */
    SAMPLE_EMPTY,          /* a trace without events */
    SAMPLE_KIND_COUNT
} sample_kind;

extern const char *const sample_names[SAMPLE_KIND_COUNT];

typedef struct sample {
    report report;
    GPtrArray *memory; /* all that the report points to */
} sample;

sample *sample_make(sample_kind kind);
void sample_free(sample *t);

/* What SAMPLE_HOSTILE puts everywhere. */
extern const char sample_hostile_text[];

#endif
