/*
 * probe.h -- watching a store: one observer, told of each point of a transaction.
 *
 * An observer is named in stm_options when a store is opened, and fixed for its life. For stores
 * that name none, stm_store_open asks stm_provider(): a weak symbol, so that a tracer that is
 * linked in or preloaded (LD_PRELOAD) watches a program that was not changed in any way.
 * Not being watched costs a load and a branch a point.
 *
 * The observer is called by the thread that does the work, after the fact, never while a key is
 * held and never inside an epoch: it may take as long as it likes and may call the library, but
 * not on the transaction that is being reported.
 */
#ifndef STM_PROBE_H
#define STM_PROBE_H

#include <stm/stm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What has happened. An event's bit in stm_observer.events is 1 << kind. */
typedef enum stm_event_kind {
    STM_EVENT_CHECKOUT = 0,      /* a key was checked out: key, key_hash, version_from, update */
    STM_EVENT_COMMIT,            /* committed: revision, read_count, write_count */
    STM_EVENT_PUBLISH,           /* after COMMIT, each published key: key, key_hash, version_from, version_to, value_size */
    STM_EVENT_CONFLICT,          /* the first changed key: key, version_from (expected), version_to (found), winner,
                                    key_index, changed_count, stage */
    STM_EVENT_CONFLICT_KEY,      /* after CONFLICT, each further changed key: the same members */
    STM_EVENT_BUSY,              /* key and winner are the holder, where known (winner.txn != 0); stage */
    STM_EVENT_ABANDON,           /* reset or ended with keys checked out, neither committed nor told CONFLICT */
    STM_EVENT_STARVING,          /* attempt has reached 8, 16, 32, ...; key of the last conflict; elapsed_ns */
    STM_EVENT_STORE_OPEN,        /* store */
    STM_EVENT_STORE_CLOSE,       /* store */
    STM_EVENT_SNAPSHOT_TAKEN,    /* snapshot, label, revision */
    STM_EVENT_SNAPSHOT_RELEASED, /* snapshot, label, revision, held_ns, bytes */
    STM_EVENT_KIND_COUNT
} stm_event_kind;

#define STM_EVENT_BIT(kind) (UINT64_C(1) << (kind))
#define STM_EVENT_ALL (STM_EVENT_BIT(STM_EVENT_KIND_COUNT) - 1)

typedef enum stm_stage { STM_STAGE_CHECKOUT = 0, STM_STAGE_COMMIT } stm_stage;

/* All pointers are valid during the call only; labels and keys until the store is closed. Members
 * that an event does not name are zero. */
typedef struct stm_event {
    stm_event_kind kind;
    stm_stage stage;
    uint64_t store;           /* number of the store, from 1, unique in the process */
    uint64_t txn;             /* stm_txn_id */
    uint64_t operation;       /* stm_txn_operation: constant over attempts */
    uint64_t attempt;         /* from 1 */
    const char *label;
    int64_t begin_ns;         /* CLOCK_MONOTONIC when the attempt began: at its first checkout or, where it goes on
                                 after a commit, its next checkout or commit. 0: not asked for, or not known */
    uint64_t read_count;      /* keys held for read */
    uint64_t write_count;     /* keys held for update */
    stm_bytes key;
    uint64_t key_hash;
    uint64_t key_index;       /* which of the keys held */
    uint64_t changed_count;   /* keys that have changed */
    bool update;
    bool was_set;             /* CONFLICT, CONFLICT_KEY: the attempt had set or deleted the key */
    uint64_t version_from;
    uint64_t version_to;
    uint64_t value_size;
    uint64_t revision;
    stm_writer winner;
    int64_t elapsed_ns;       /* since the operation began; 0 where that is not known */
    uint64_t snapshot;        /* number of the snapshot, from 1, unique in the store */
    int64_t held_ns;
    uint64_t bytes;           /* of old versions that the snapshot kept at its release */
} stm_event;

typedef struct stm_observer {
    size_t size;       /* sizeof(stm_observer) */
    uint64_t events;   /* STM_EVENT_BIT() of those wanted, now or later */
    bool begin_times;  /* ask for begin_ns and elapsed_ns: a clock reading an attempt, while an event of
                          transactions is wanted */
    void (*event)(void *context, const stm_event *event);
    void *context;
    /* NULL, or: which of these events are wanted at present? For a tracer that is switched on and off while the
     * program runs. Asked when an attempt begins, which decides about its CHECKOUT, COMMIT and PUBLISH, and before any
     * other event is made: so it must be quick, and may call nothing of the library. */
    uint64_t (*enabled)(void *context, uint64_t events);
} stm_observer;

/* What size was before enabled came: still good, and the same as enabled == NULL. */
#define STM_OBSERVER_SIZE_1 (offsetof(stm_observer, context) + sizeof(void *))

/* Seen from outside of whatever defines it, even if that is compiled with hidden symbols. */
#if defined(__GNUC__)
#define STM_PROVIDED __attribute__((visibility("default")))
#else
#define STM_PROVIDED
#endif

/* Defined by whoever wants to watch every store that names no observer; looked up by stm_store_open.
 * Returns an observer that outlives all stores, or NULL. */
STM_PROVIDED const stm_observer *stm_provider(void);

#ifdef __cplusplus
}
#endif

#endif
