/*
 * epoch.h -- when memory that was unlinked may be used again: epoch-based reclamation (Fraser,
 * "Practical lock-freedom", 2004).
 *
 * A slot that is inside shows the epoch it entered in, and the global epoch moves from g to g + 1 only
 * when every slot that is inside shows g. What a slot that shows e unlinks is freed once the global
 * epoch has reached e + 3: while it is inside, the global epoch is at most e + 1, so whoever still met
 * the unlinked thing shows e + 1 at most, and must have left before the step from e + 2 to e + 3. (The
 * usual e + 2 needs a full barrier between unlinking and reading the global epoch; a step more
 * needs none.) A thread that stops inside stalls reclamation, and nothing else: what waits is
 * counted (stm_stats.bytes_waiting).
 *
 * Entering is a plain store. That the store is seen before the reads that follow it is forced by the
 * one who reclaims, with membarrier(2), where the kernel has it; otherwise by an exchange.
 */
#ifndef STMI_EPOCH_H
#define STMI_EPOCH_H

#include "atomic.h"
#include "pool.h"

struct stmi_epoch {
    _Alignas(STMI_LINE) stmi_word global; /* from 1 */
    _Atomic(int64_t) advanced_ns;         /* when somebody last tried to move it */
    _Atomic(int64_t) pause_ns;            /* how long nobody need try again */
};

#define STMI_LIMBO_LISTS 4

struct stmi_limbo {
    struct stmi_cell *cells[STMI_LIMBO_LISTS]; /* retired while showing epoch e: list e % 4 */
    uint64_t epochs[STMI_LIMBO_LISTS];
    size_t bytes[STMI_LIMBO_LISTS];
    stmi_word bytes_waiting; /* for statistics */
    size_t bytes_next;       /* so many waiting, it is time to keep house again */
};

extern bool stmi_membarrier_works;
#ifdef STM_TESTING
extern size_t stmi_collect_bytes; /* less, to see memory freed and used again within a few steps */
#endif

/* stmi_epoch_enter and _exit, which need to know a slot, are in txn.h. */

/* Frees cell when no reader can still look at it. The slot must be inside, and cell unlinked. */
void stmi_epoch_retire(struct stm_txn *txn, struct stmi_cell *cell, size_t bytes);

/* Tries to move the global epoch by one, now. */
bool stmi_epoch_advance(struct stm_store *store);
/* Frees what may be freed of the slot's limbo. */
void stmi_epoch_collect(struct stm_txn *txn);
/* Frees much of it soon, if it is much. Outside. */
void stmi_epoch_flush(struct stm_txn *txn);
/* Frees all of it: nobody is inside any more. */
void stmi_epoch_drain(struct stm_txn *txn);

#endif
