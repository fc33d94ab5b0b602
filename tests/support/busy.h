/*
 * busy.h -- makes a key BUSY on purpose, by the public API alone.
 *
 * For a commit: another thread is stopped between deciding its commit and finishing it, when it gives back old memory on
 * the way. It has published its first key and still holds the second.
 *
 * For a checkout: another thread changes the key each time we have begun to copy it, and all snapshots are taken, at
 * one of which we could have looked instead.
 */
#ifndef STM_TESTS_SUPPORT_BUSY_H
#define STM_TESTS_SUPPORT_BUSY_H

#include "gate.h"

#include <pthread.h>
#include <stdint.h>

#define BUSY_KEY "busy" /* the key that is held */

typedef struct busy_holder {
    gate *gate;
    stm_store *store;       /* made with gate_allocator(gate) */
    pthread_t thread;
    uint64_t txn;           /* who holds it, once busy_hold has returned true */
    uint32_t tid;
    bool failed;            /* a call of the thread's did not answer OK */
} busy_holder;

/* From now on BUSY_KEY is held, by a transaction labelled "holder". False: it did not come to that. */
bool busy_hold(busy_holder *h);
/* Lets go; all is over when it returns. False: a call failed. */
bool busy_release(busy_holder *h);

/* Checks BUSY_KEY out for read and returns what that answers: BUSY, if all was as planned. Has the other thread commit
 * a few times, labelled "changer". Nothing else may run on the store meanwhile. */
stm_status busy_checkout(gate *g, stm_store *store, stm_txn *txn);

#endif
