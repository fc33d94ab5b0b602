/*
 * txn.h -- a transaction: a slot of the store, which is never freed before it, with
 *   the status word that decides its commits, at which others look (status.h),
 *   its epoch, at which reclaimers look,
 *   its entries: one for each key checked out. An entry is the private copy while the transaction
 *   runs, and the node that is installed in the record while it commits.
 * The rest is private to the thread that uses the handle.
 */
#ifndef STMI_TXN_H
#define STMI_TXN_H

#include "atomic.h"
#include "block.h"
#include "epoch.h"
#include "pool.h"
#include "record.h"
#include "records.h"

#include <stm/stm.h>

#define STMI_ENTRY_SIZE 128
#define STMI_VALUE_WORDS 3 /* 16 bytes and a NUL: the last is always 0 */

struct stmi_entry {
    /* Written by the owner while not installed, read by anybody who meets the entry in a head. A reader
     * that lingers may read while the owner writes the next value: hence atomic words; it finds
     * out when it looks at the head again. */
    _Alignas(STMI_ENTRY_SIZE) stmi_word previous; /* the clean head that it was installed upon */
    stmi_word info;                               /* kind and type of the value */
    stmi_word value[STMI_VALUE_WORDS];            /* the value, or value[0] points to its block */
    struct stm_txn *owner;                        /* fixed */

    /* Private to the owner. */
    struct stmi_record *record;
    uint64_t version;               /* checked out at */
    struct stmi_block *block;       /* of the private copy, or NULL */
    struct stmi_entry *seen;        /* checkout: where the value stood, as of stmi_sight */
    struct stmi_version *keep;      /* reserved for the old value, if a snapshot needs it */
    stmi_word target;               /* the version to publish, read by anybody like the words above; 0: the next
                                       one; after a CONFLICT the version found */
    union {
        uint64_t winner_txn;        /* conflict */
        uint64_t version_before;    /* committed: the version replaced */
    };
    uint64_t winner_info, winner_revision;
    uint32_t number;                /* its place in the transaction; fixed */
    bool update;                    /* checked out for update */
    bool published;                 /* block is shared with the record */
    bool changed;                   /* conflict: the key has changed */
    bool set;                       /* set or deleted since it was checked out or committed */
};
_Static_assert(sizeof(struct stmi_entry) == STMI_ENTRY_SIZE, "entries are aligned so that heads have room for a sequence");

#define STMI_CHUNK_COUNT 26
#define STMI_CHUNK_FIRST 8 /* entries in chunks 0 and 1; then twice as many each */

/* A piece of a transaction's entries; retired through an epoch, since readers may linger. */
struct stmi_chunk {
    struct stmi_cell cell;
    size_t bytes;
    _Alignas(STMI_ENTRY_SIZE) struct stmi_entry entries[];
};

enum stmi_slot_state { STMI_SLOT_FREE, STMI_SLOT_TXN, STMI_SLOT_READER };

extern stmi_word stmi_fork_count; /* forks that this process has behind it */

#define STMI_TXN_MAGIC 0x73746d2074786e21u

#define STMI_SKETCH_SIZE 16
struct stmi_sketch_entry {
    _Atomic(struct stmi_record *) record;
    stmi_word count, error;
};

struct stmi_order;
struct stmi_ahead;

/* A slot claimed for a cursor holds it (cursor.c). */
struct stm_cursor {
    uint64_t magic;
    const struct stm_snapshot *snapshot;
    struct stmi_order *order;
    struct stmi_ahead *ahead;
    uint64_t place, end; /* of the next key to read */
    uint64_t asked;      /* of the first one whose line has not been asked for */
};

/* Each written by the slot's user only. */
struct stmi_counters {
    stmi_word commits, conflicts, busy, checkouts, aborts;
    stmi_word keys_known;   /* records that others can find */
    stmi_word keys_live;    /* made minus deleted here: may be "negative" */
    stmi_word versions_old; /* kept minus dropped here: likewise */
};

struct stm_txn {
    /* Line 1: others read it when they meet an entry of ours, and may change an open status. */
    _Alignas(STMI_LINE) stmi_word status; /* status.h */
    stmi_word id;                         /* of the transaction under way */
    stmi_word info;                       /* its label and thread, as in a record */

    /* Line 2: reclaimers read it. */
    _Alignas(STMI_LINE) stmi_word epoch; /* 0: outside */
    _Atomic(uint32_t) state;             /* enum stmi_slot_state; claimed by CAS */

    /* Line 3: written when its thread sleeps, or is woken; read by commits that may have to wake it (wait.h). */
    _Alignas(STMI_LINE) stmi_word wait_mask; /* keys slept on, hashed to bits; 0: not sleeping */
    _Atomic(uint32_t) wait_word;             /* the futex */

    /* From here on private, but for counters and sketch. */
    _Alignas(STMI_LINE) struct stm_store *store;
    stmi_word *global_epoch;         /* the store's */
    struct stm_txn *next_slot;       /* fixed when published */
    uint64_t fork_count;             /* the store's */
    uint64_t magic;                  /* STMI_TXN_MAGIC while a transaction's handle */
    stm_status stuck;                /* the failure that sticks */
    stm_status last;                 /* for explain */
    uint32_t count, update_count;    /* entries; of them for update */
    uint32_t capacity;               /* entries that the chunks hold */
    uint32_t count_max;              /* the store's limit of keys held */
    uint32_t quick_max;              /* what a quick checkout may fill (quick.h): the first chunk, or less */
    bool settled;                    /* what it holds has been committed, and not edited since */
    bool ordered;                    /* updates[] is complete and in the global order */
    uint32_t owned;                  /* times that an entry got something to give back or to clear */
    bool holding;                    /* updates[] has the keys only read as well (commit.c) */
    bool failed;                     /* this operation has lost an attempt: the next belongs to it */
    bool watched;                    /* the store has an observer */
    bool unbegun;                    /* ... which does not know yet of this attempt (observe.h) */
    uint64_t wanted;                 /* the events that its observer wanted then */
    uint64_t sequence;               /* attempts to commit, ever; its low bits are in heads */
    uint64_t sequence_epoch;         /* the global epoch when half of the sequence was last used up */
    struct stmi_record *few[STMI_CHUNK_FIRST]; /* the records of the first entries: all on one line */
    struct stmi_chunk *chunks[STMI_CHUNK_COUNT];
    struct stmi_entry **updates;     /* the entries for update, ordered by record */
    struct stmi_entry *updates_few[STMI_CHUNK_FIRST];
    uint32_t *map;                   /* record -> entry number + 1, open addressing; NULL while few */
    uint32_t map_size;
    uint32_t found;                  /* one more than the number of the entry found last among many (txn.c) */
    struct stm_snapshot *view;       /* reads at this instant instead of the newest (checkout.c) */
    const struct stmi_label *label;
    struct stmi_block *peeked;       /* the value last given by peek */
    uint64_t peeked_words[STMI_VALUE_WORDS];
    uint64_t id_end;                 /* ids up to here are ours to use */
    uint64_t operation, attempt;
    int64_t begin_ns, operation_ns;     /* when the attempt, the operation began; 0: not known */
    uint32_t changed_count;
    uint64_t blocker_txn, blocker_info; /* who held the key that made us BUSY */
    struct stmi_record *blocker_record;
    struct stmi_numbers numbers;        /* of records not made yet (records.h) */
    uint64_t uncounted;                 /* words of the index filled and not told to its table (index.c) */
    struct stm_cursor cursor;
    struct stmi_cache cache;
    struct stmi_limbo limbo;

    _Alignas(STMI_LINE) struct stmi_counters counters;
    struct stmi_sketch_entry sketch[STMI_SKETCH_SIZE];
};

/* -------------------------------------------------------------------------------- epoch -- */

/*
 * Pair epoch: entering stores the slot's epoch, and then reads the store's memory; a reclaimer unlinks,
 * and then reads the slots. One must see the other (Dekker). With membarrier the reclaimer orders both
 * sides; without, the exchange orders ours.
 * False: the slot is inside already (a signal handler, an allocator's hook).
 */
STMI_INLINE bool stmi_epoch_enter(struct stm_txn *txn)
{
    if (stmi_unlikely(stmi_peek(&txn->epoch) != 0))
        return false;
    uint64_t now = stmi_load(txn->global_epoch, ACQUIRE);
    if (stmi_likely(stmi_membarrier_works)) {
        stmi_store(&txn->epoch, now, RELAXED);
        atomic_signal_fence(SEQ_CST); /* the compiler keeps the order that membarrier then enforces */
    } else {
        stmi_swap(&txn->epoch, now, SEQ_CST);
    }
    return true;
}

STMI_INLINE void stmi_epoch_exit(struct stm_txn *txn)
{
    /* Release pair:epoch -- our reads are over before the slot is seen outside. */
    stmi_store(&txn->epoch, 0, RELEASE);
}

/* ------------------------------------------------------------------------------ entries -- */

STMI_INLINE struct stmi_entry *stmi_txn_entry(struct stm_txn *txn, uint32_t number)
{
    if (stmi_likely(number < STMI_CHUNK_FIRST))
        return &txn->chunks[0]->entries[number];
    unsigned chunk = stmi_log2(number / STMI_CHUNK_FIRST) + 1;
    return &txn->chunks[chunk]->entries[number - ((uint32_t)STMI_CHUNK_FIRST << (chunk - 1))];
}

struct stmi_entry *stmi_txn_find_many(struct stm_txn *txn, const struct stmi_record *record);

/* The entry of a key that the transaction holds, or NULL. */
STMI_INLINE struct stmi_entry *stmi_txn_find(struct stm_txn *txn, const struct stmi_record *record)
{
    if (stmi_unlikely(txn->count > STMI_CHUNK_FIRST))
        return stmi_txn_find_many(txn, record);
    for (uint32_t i = 0; i < txn->count; i++)
        if (txn->few[i] == record)
            return &txn->chunks[0]->entries[i];
    return NULL;
}

struct stmi_entry *stmi_txn_find_name_of_many(struct stm_txn *txn, struct stmi_name *name);

/* The same by name; hashes only if many are held. */
STMI_INLINE struct stmi_entry *stmi_txn_find_name(struct stm_txn *txn, stm_bytes key)
{
    struct stmi_name name = {.bytes = key};
    stmi_name_pack(&name);
    if (stmi_unlikely(txn->count > STMI_CHUNK_FIRST))
        return stmi_txn_find_name_of_many(txn, &name);
    for (uint32_t i = 0; i < txn->count; i++)
        if (stmi_record_is(txn->few[i], &name))
            return &txn->chunks[0]->entries[i];
    return NULL;
}

/* Room for count more entries, or for as many as the limit allows. OK, NO_MEMORY. */
stm_status stmi_txn_reserve(struct stm_txn *txn, size_t count);
void stmi_txn_map_pushed(struct stm_txn *txn, const struct stmi_entry *entry);

/* A new entry, in reserved room, which counts at once. Its value is not yet set; it has nothing to give back and
 * no target, since truncating leaves none behind. */
STMI_INLINE void stmi_txn_push(struct stm_txn *txn, struct stmi_record *record, bool update)
{
    uint32_t number = txn->count++;
    struct stmi_entry *entry = stmi_txn_entry(txn, number);
    entry->record = record;
    entry->update = update;
    entry->published = entry->changed = entry->set = false;
    txn->update_count += update;
    if (stmi_likely(number < STMI_CHUNK_FIRST))
        txn->few[number] = record;
    else
        stmi_txn_map_pushed(txn, entry);
}

void stmi_txn_truncate_slow(struct stm_txn *txn, uint32_t count);

/* Takes back the entries numbered count and up. */
STMI_INLINE void stmi_txn_truncate(struct stm_txn *txn, uint32_t count)
{
    if (stmi_unlikely(count != 0 || txn->owned != 0)) {
        stmi_txn_truncate_slow(txn, count);
        return;
    }
    txn->count = txn->update_count = 0;
    txn->ordered = false;
}

/* Makes updates[] complete and ordered. */
void stmi_txn_order_many(struct stm_txn *txn);

STMI_INLINE void stmi_txn_order(struct stm_txn *txn)
{
    struct stmi_entry *entries = txn->chunks[0]->entries;
    if (stmi_unlikely(txn->count > 2 || txn->update_count != txn->count)) { /* else the commonest by far */
        stmi_txn_order_many(txn);
        return;
    }
    /* No branch: of two random keys nobody can guess which comes first. */
    size_t swapped = (size_t)(txn->count == 2) & (size_t)((uintptr_t)txn->few[0] > (uintptr_t)txn->few[1]);
    txn->updates[0] = &entries[swapped];
    txn->updates[1] = &entries[1 - swapped];
    txn->ordered = true;
}
/* Moves the entries to fresh memory, and retires the old. OK, NO_MEMORY. Must be inside an epoch. */
stm_status stmi_txn_move(struct stm_txn *txn);

uint64_t stmi_txn_id_block(struct stm_txn *txn);

/* A new identity: after begin, reset, commit. goes_on: the operation has lost an attempt, and this one belongs to it. */
STMI_INLINE void stmi_txn_renew(struct stm_txn *txn, bool goes_on)
{
    uint64_t id = stmi_peek(&txn->id);
    if (stmi_unlikely(id == txn->id_end))
        id = stmi_txn_id_block(txn);
    /* Read by those who lose to us, after they have met a status that is later than this. */
    stmi_store(&txn->id, id + 1, RELEASE);
    if (stmi_likely(!goes_on)) {
        txn->operation = id + 1;
        txn->attempt = 0;
        txn->operation_ns = 0;
    }
    txn->attempt++;
    txn->failed = false;
}

/* ------------------------------------------------------------------------- private copy -- */

/* What the private copy is; data is NULL where it has no value. */
STMI_INLINE stm_bytes stmi_entry_value(struct stmi_entry *entry)
{
    unsigned kind = stmi_info_kind(stmi_peek(&entry->info));
#ifdef STM_TESTING
    if (stmi_show_hook != NULL)
        stmi_show_hook((const void *)&entry->value[0], sizeof entry->value);
#endif
    if (stmi_likely(kind < STMI_KIND_BLOCK))
        return stm_bytes_of((const void *)&entry->value[0], kind);
    return kind == STMI_KIND_ABSENT ? stm_bytes_of(NULL, 0)
                                    : stm_bytes_of(entry->block->data, entry->block->size);
}
/* Makes it these bytes (NULL: no value). False: no memory, and nothing is changed. */
bool stmi_entry_set(struct stm_txn *txn, struct stmi_entry *entry, stm_bytes value, stm_type type);
void stmi_entry_drop_block(struct stm_txn *txn, struct stmi_entry *entry);

/* -------------------------------------------------------------------------------- slots -- */

/* A free slot, claimed; made if there is none. NULL: no memory. */
struct stm_txn *stmi_slot_claim(struct stm_store *store, enum stmi_slot_state state);
void stmi_slot_release(struct stm_txn *slot);
void stmi_slot_drain(struct stm_txn *slot);

stm_status stmi_txn_check_slow(const struct stm_txn *txn);
stm_status stmi_txn_not_ready(const struct stm_txn *txn); /* why; never OK */

/* What every call on a handle asks first: INVALID, ENDED, FORKED or OK. */
STMI_INLINE stm_status stmi_txn_check(const struct stm_txn *txn)
{
    if (stmi_likely(txn != NULL && txn->magic == STMI_TXN_MAGIC && txn->fork_count == stmi_peek(&stmi_fork_count)))
        return STM_OK;
    return stmi_txn_check_slow(txn);
}

/* The same, or what sticks. */
STMI_INLINE stm_status stmi_txn_ready(const struct stm_txn *txn)
{
    stm_status status = stmi_txn_check(txn);
    return stmi_likely(status == STM_OK) ? txn->stuck : status;
}

/* The same as a yes or no, without a call: for those who ask why only if it is no. */
STMI_INLINE bool stmi_txn_is_ready(const struct stm_txn *txn)
{
    return stmi_likely(txn != NULL && txn->magic == STMI_TXN_MAGIC && txn->stuck == STM_OK &&
                       txn->fork_count == stmi_peek(&stmi_fork_count));
}

/* Begins a call on a handle that is ready: until stmi_txn_leave or _fail, whoever calls from inside (a signal
 * handler, an allocator, an observer) finds it stuck in REENTERED. */
STMI_INLINE stm_status stmi_txn_enter(struct stm_txn *txn)
{
    if (stmi_unlikely(!stmi_txn_is_ready(txn)))
        return stmi_txn_not_ready(txn);
    txn->stuck = STM_REENTERED;
    return STM_OK;
}

STMI_INLINE stm_status stmi_txn_leave(struct stm_txn *txn, stm_status status)
{
    txn->stuck = STM_OK;
    return status;
}

/* Ends a call with a failure, which sticks unless it is one that does not, and returns it. */
stm_status stmi_txn_fail(struct stm_txn *txn, stm_status status);
/* The same for a call that has looked at nothing yet: a bad or stuck handle comes first. */
stm_status stmi_txn_reject(struct stm_txn *txn, stm_status status);

#endif
