/* store.h -- what a store is made of. Lines are kept apart by who writes them, and how often. */
#ifndef STMI_STORE_H
#define STMI_STORE_H

#include "epoch.h"
#include "index.h"
#include "label.h"
#include "memory.h"
#include "pool.h"
#include "records.h"
#include "snapshot.h"
#include "txn.h"
#include "wait.h"

#include <stm/probe.h>
#include <stm/stm.h>

#define STMI_STORE_MAGIC 0x73746d2073746f72u

struct stm_store {
    /* Written at opening; the index' table when it grows; slots when one is made. */
    uint64_t magic;
    uint64_t number;          /* unique in the process */
    unsigned char id[STM_STORE_ID_SIZE]; /* unique for good */
    uint64_t fork_count;      /* stmi_fork_count when opened */
    struct stm_options limits;
    const stm_observer *observer; /* or NULL */
    uint64_t observed;            /* its events */
    uint64_t (*observes)(void *context, uint64_t events); /* its enabled, or NULL */
    struct stmi_index index;
    _Atomic(struct stm_txn *) slots; /* all of them, newest first */

    /* Written by snapshots, waiters and starving threads only; read by every commit. */
    _Alignas(STMI_LINE) stmi_word clock; /* the revision of a commit made now; from 1 */
    stmi_word snapshots_held;            /* a bit for each place in snapshots[] that commits must mind */
    _Atomic(uint32_t) waiting;           /* threads inside stm_txn_wait */
    _Atomic(struct stm_txn *) starving;  /* whom the others' stm_atomically lets pass, or NULL */

    /* Written by waiters, read by commits while anybody waits. */
    _Alignas(STMI_LINE) _Atomic(uint32_t) sleepers[STMI_WAIT_BITS]; /* on keys with this bit (wait.h) */

    struct stmi_epoch epoch;
    struct stmi_records records;
    _Alignas(STMI_LINE) struct stmi_memory memory;
    struct stmi_depot depot;
    struct stmi_labels labels;
    _Atomic(struct stmi_order *) order;  /* of the keys, for cursors (order.h) */
    stmi_word snapshots_claimed;         /* a bit for each place in snapshots[] that is taken */
    stmi_word snapshot_number;
    stmi_word id_blocks; /* blocks of transaction ids given out */
    struct stm_snapshot snapshots[STM_SNAPSHOT_COUNT_MAX];
};

/* INVALID, ENDED (closed), FORKED or OK. */
#ifdef STM_TESTING
extern void (*stmi_options_hook)(stm_options *options); /* may fill in what stm_store_open was not given */
#endif

stm_status stmi_store_check(const struct stm_store *store);

#endif
