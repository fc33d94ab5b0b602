/*
 * report.h -- the result, as tables for people (80 columns), as JSON, or as bare totals.
 */
#ifndef WORDCOUNT_REPORT_H
#define WORDCOUNT_REPORT_H

#include "counting.h"
#include "totals.h"

typedef struct report {
    const options *options;
    const corpus *corpus;
    const counting *counting;
    stm_stats stats; /* at the end of counting */
    stm_hot_key hottest[TOP_COUNT_MAX];
    size_t hottest_count;
    const totals *totals; /* the most frequent first; for report_totals by key */
    size_t wrong_count;   /* words with a wrong total */
} report;

void report_tables(const report *r);
void report_json(const report *r);

/* "  count word" lines in the order of keys, as uniq -c writes them. */
void report_totals(const report *r);

#endif
