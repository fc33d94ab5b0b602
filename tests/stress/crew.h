/*
 * crew.h -- what the stress programs have in common: their options, real threads that come and go, and
 * what is said at the end.
 *
 * Threads share nothing but the store: each has its own random numbers and its own counts, on lines
 * of its own, so that nothing in the test orders what the library is to order.
 */
#ifndef TESTS_CREW_H
#define TESTS_CREW_H

#include <stm/stm.h>

#include <stdbool.h>
#include <stdint.h>

#define CREW_THREAD_COUNT_MAX 64

typedef struct crew_options {
    unsigned threads;
    uint64_t transactions; /* of all threads together */
    uint64_t seed;
} crew_options;

/* --threads N --transactions N --seed N. Says how to call it, and exits, where that is not what was given.
 * transactions: the default; far fewer under a sanitizer. */
crew_options crew_parse(int argc, char **argv, uint64_t transactions);

typedef struct crew_member {
    _Alignas(128) unsigned number; /* from 0 */
    uint64_t random;
    uint64_t share;     /* transactions to make in this round */
    uint64_t done;      /* of all rounds; kept, as the following are */
    uint64_t conflicts, busy;
    uint64_t checked;   /* times that an invariant was looked at */
    void *state;        /* the program's own */
} crew_member;

extern crew_member crew[CREW_THREAD_COUNT_MAX];

/* Gives everybody their random numbers. */
void crew_open(const crew_options *options);
/* One round: as many new threads as the options say, all at work at the same time; returns when all
 * have ended. */
void crew_work(const crew_options *options, uint64_t transactions, void (*work)(crew_member *me));
uint64_t crew_done(const crew_options *options);
/* "history: 4 threads, 1,000,000 transactions, ...". */
void crew_tell(const char *name, const crew_options *options);

/* Prints what went wrong, and ends the program. */
void crew_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Fails unless the status is OK. */
void crew_must(stm_status status, const char *what);
/* Lets other threads run, now and then, in the middle of something. */
void crew_stumble(crew_member *me);

uint64_t crew_now_ns(void);

#endif
