/*
 * operations.h -- the operations that have lost and not yet committed: what becomes of their attempts.
 *
 *     CONFLICT    the attempt is lost at once; all its time was wasted
 *     BUSY        the attempt stands still. The next event of the same transaction tells: after a COMMIT only the time
 *                 since the first BUSY was wasted; after a CONFLICT all of it, by the conflict; ABANDON, another
 *                 transaction of the operation, or nothing at all: all of it, by the BUSY
 *     ABANDON     after a CONFLICT or BUSY it is how the next attempt begins, and says nothing new. Otherwise the
 *                 program threw the attempt away itself
 *     COMMIT      the operation has ended
 *
 * Few operations are open at a time, but some never end: their handle was closed after a conflict. So there are at most
 * OPERATIONS_OPEN_MAX, and the one that was silent for longest makes room, unfinished.
 */
#ifndef CONTENTION_OPERATIONS_H
#define CONTENTION_OPERATIONS_H

#include "../report.h"
#include "loss.h"

enum { OPERATIONS_OPEN_MAX = 8192, STEP_COUNT_MAX = 16 };

typedef struct step {
    uint64_t txn, attempt;
    int64_t begin_ns, end_ns;
    event_kind outcome;
    const hot *key;
    uint64_t expected, found, winner_txn, winner_tid;
    uint32_t winner_label;
    uint64_t times; /* BUSY in a row, over the same key and by the same owner: one step */
} step;

typedef struct operation {
    uint64_t number;
    uint32_t scope, label, thread;
    bool seen_from_start;  /* its first attempt is in the trace */
    bool finished;
    int64_t begin_ns;      /* of its first attempt */
    int64_t end_ns;        /* of its last event */
    int64_t wasted_ns;
    uint64_t attempts;     /* attempts seen */
    uint64_t txn;          /* the current attempt */
    bool standing;         /* ... was told BUSY, and no more yet: since then, by whom */
    int64_t attempt_begin_ns, busy_ns;
    loss loss;
    size_t step_count;     /* the first half of steps are the first ones, the other half the last ones */
    step steps[STEP_COUNT_MAX];
} operation;

/* What an event turned out to be. All times are relative to the trace's beginning. */
typedef struct outcome {
    const event *event;
    uint32_t scope;
    loss loss;             /* label and thread are always set, the rest on a loss */
    int64_t begin_ns, end_ns; /* of the attempt, or of its part since the last BUSY; alike, where unknown */
} outcome;

typedef struct operations operations;

typedef struct operations_listener {
    void *context;
    /* So much of an attempt's time was wasted. */
    void (*wasted)(void *context, const loss *loss, int64_t wasted_ns);
    /* An attempt has ended for good after so long. */
    void (*spent)(void *context, uint32_t label, int64_t spent_ns);
    /* An operation that had lost has ended, or is given up. Valid during the call. */
    void (*ended)(void *context, const operation *operation);
} operations_listener;

operations *operations_create(const operations_listener *listener);
void operations_free(operations *operations);

/* Each takes the outcome of an attempt and narrows its time to what was not told before. */
void operations_lost(operations *operations, outcome *outcome);
/* True: it had lost before. */
bool operations_committed(operations *operations, outcome *outcome);
/* False: only the end of an attempt that was lost before. */
bool operations_abandoned(operations *operations, outcome *outcome);

/* The trace is over: those still open are ended. */
void operations_finish(operations *operations);

#endif
