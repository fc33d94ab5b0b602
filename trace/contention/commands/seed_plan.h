/*
 * seed_plan.h -- a conflict of a recording as a small programme for stm-replay: who takes part, on which keys, by which calls.
 *
 *     T0       the transaction that was told CONFLICT; it makes `before` calls, those that took its keys in,
 *     T1..T3   then its winners commit, one after the other, in an order in which the last to publish each key is its winner,
 *     T0       and then makes the call that was told CONFLICT.
 *
 * What happened in between, and by whose hand, does not matter to the conflict: a key has changed, and who published it
 * last has won. A programme has four threads and four keys (fuzz/README.md); the keys that had changed come first, then
 * what else the loser held, then what else the winners did. What does not fit is counted.
 */
#ifndef CONTENTION_SEED_PLAN_H
#define CONTENTION_SEED_PLAN_H

#include "gather.h"

enum { SEED_THREAD_COUNT_MAX = 4, SEED_KEY_COUNT_MAX = 4, SEED_CALL_COUNT_MAX = 12 };

typedef enum seed_call_kind { SEED_GET, SEED_USE, SEED_SET, SEED_COMMIT } seed_call_kind;

typedef struct seed_call {
    seed_call_kind kind;
    unsigned key;
} seed_call;

typedef struct seed_thread {
    uint64_t txn;
    const event *commit; /* the winner's; NULL: not in the recording */
    bool has_checkouts;  /* they are in the recording; else the calls are those that are needed */
    unsigned call_count;
    seed_call calls[SEED_CALL_COUNT_MAX];
} seed_thread;

typedef struct seed_key {
    const event *event;   /* one that names it; NULL: a key that is made up */
    const event *loss;    /* conflict or conflict_key, if it had changed; else NULL */
    unsigned winner;      /* then, the number of its thread */
    bool held;            /* by the loser */
    bool absent;          /* at first: its version was 0 */
    uint64_t value_size;  /* the largest that was published */
    unsigned publications; /* by the winners */
} seed_key;

typedef struct seed_plan {
    const event *conflict;
    unsigned key_count, thread_count;
    seed_key keys[SEED_KEY_COUNT_MAX];
    seed_thread threads[SEED_THREAD_COUNT_MAX];
    unsigned before;      /* calls that T0 makes before the winners */
    unsigned winners[SEED_THREAD_COUNT_MAX - 1]; /* their threads, in the order of their commits; thread_count - 1 of them */
    /* what did not fit, or was not recorded */
    unsigned changed_left_out, held_left_out, others_left_out;
    uint64_t unknown_changed, unknown_held;
} seed_plan;

/* False: the transaction was not told CONFLICT, as far as was recorded. The plan refers to what was gathered. */
bool seed_plan_make(const gathered *found, seed_plan *plan);

#endif
