/*
 * counting.h -- several threads count the text in one store, a batch of words a transaction.
 *
 * The text is cut into one slice a thread, which the thread goes through again and again: so many
 * passes, or until the time is up. All slices are of one natural language, so their frequent words
 * are the same: the threads meet at "the", "of" and "to", and hardly anywhere else.
 *
 * How often each word must have been counted follows from how far each thread got: count_plainly()
 * finds it out without threads and without the store.
 */
#ifndef WORDCOUNT_COUNTING_H
#define WORDCOUNT_COUNTING_H

#include "options.h"
#include "corpus.h"

typedef struct worker {
    const corpus *corpus;
    stm_store *store;
    struct gang *gang;
    size_t slice_begin, slice_size; /* which words of the text */
    size_t batch_size_max;
    uint64_t word_count_goal; /* UINT64_MAX: until the deadline */
    double deadline;          /* 0: until the goal */

    uint64_t word_count; /* counted, and committed */
    uint64_t batch_count;

    stm_bytes keys[BATCH_SIZE_MAX]; /* of the present batch */
    size_t batch_size;
    uint64_t attempt_count;

    uint64_t attempt_count_most; /* that any batch took */
    stm_status status;           /* OK, or why it gave up */
} worker;

typedef struct counting {
    worker *workers;
    size_t worker_count;
    double seconds;            /* it took */
    uint64_t batch_count_goal; /* 0: unknown, it goes by time */
} counting;

/* Counts until all threads have finished. progress is called about ten times a second meanwhile, or
 * is NULL. Fails if a thread cannot be started, or a transaction answers anything but OK. */
typedef void counting_progress(const counting *c, double seconds_so_far, void *arg);
void count_words(counting *c, const corpus *t, stm_store *store, const options *o,
                 counting_progress *progress, void *arg);
void counting_free(counting *c);

uint64_t counting_word_count(const counting *c);
uint64_t counting_attempt_count_most(const counting *c);

/* The right count of each word of the vocabulary, to be freed. */
uint64_t *count_plainly(const counting *c, const corpus *t);

#endif
