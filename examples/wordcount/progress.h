/*
 * progress.h -- one line on stderr that is written over and over while the threads count. Only for
 * eyes: on anything but a terminal nothing is written.
 */
#ifndef WORDCOUNT_PROGRESS_H
#define WORDCOUNT_PROGRESS_H

#include "counting.h"

typedef struct progress {
    stm_store *store;
    const options *options;
} progress;

/* Whether stderr is a terminal that can write over a line. */
bool progress_is_wanted(const options *o);

/* A counting_progress; arg is a progress. The figures are those of stm_store_stats. */
void progress_show(const counting *c, double seconds_so_far, void *arg);
void progress_clear(void);

#endif
