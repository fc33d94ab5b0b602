/*
 * snapshot.h -- a store as of one instant (Wei et al., "Constant-time snapshots with applications to
 * concurrent data structures", 2021, in that only snapshots move the clock).
 *
 * Taking one: announce it, then fetch-and-add the clock; its revision S is what the clock was. It shows
 * the commits with a revision up to S. A commit reads the clock after it has installed all its keys;
 * so if it reads more than S, it sees the announcement, and keeps the values that S needs.
 *
 *     free --claim--> claimed --announce--> held, revision "since a" --clock--> held, revision S
 *      ^                                                                             |
 *      +------------------------------ release: withdrawn, its old versions dropped -+
 */
#ifndef STMI_SNAPSHOT_H
#define STMI_SNAPSHOT_H

#include "atomic.h"
#include "label.h"
#include "mutant.h"
#include "record.h"

#include <stm/stm.h>

struct stmi_version;
struct stm_store;
struct stm_txn;

#define STMI_SNAPSHOT_MAGIC 0x73746d20736e6170u
#define STMI_KEPT_SHARDS 8

/* Old versions that this snapshot is the one to drop; several stacks, so that commits of different
 * slots seldom meet. */
struct stmi_kept {
    _Alignas(STMI_LINE) _Atomic(struct stmi_version *) top; /* STMI_KEPT_CLOSED: nothing may be pushed */
};

struct stm_snapshot {
    /* bit 63: only announced, the revision will be this one or later. */
    _Alignas(STMI_LINE) stmi_word revision;
    uint64_t magic;
    struct stm_store *store;
    uint64_t number;
    _Atomic(const struct stmi_label *) label; /* these two are read for statistics at any time */
    _Atomic(int64_t) taken_ns;
    unsigned place; /* in the store's array */
    struct stm_txn *slot; /* claimed with it, for its release; NULL: a transaction's own view */
    struct stmi_kept kept[STMI_KEPT_SHARDS];
};

#define STMI_ANNOUNCED (UINT64_C(1) << 63)
#define STMI_KEPT_CLOSED ((struct stmi_version *)(uintptr_t)1)

/* INVALID, ENDED (released), FORKED or OK. */
stm_status stmi_snapshot_check(const struct stm_snapshot *snapshot);

/* A snapshot that sees a value published at `from` and replaced at `until`; NULL: none does. */
struct stm_snapshot *stmi_snapshot_seeing(struct stm_store *store, uint64_t from, uint64_t until);

/* Without a slot of its own and without events. NULL: all places are taken, or the clock has run out. */
struct stm_snapshot *stmi_snapshot_hold(struct stm_store *store, const struct stmi_label *label);
/* Gives it back; slot is inside an epoch. Returns how many old versions it had kept. */
uint64_t stmi_snapshot_drop(struct stm_txn *slot, struct stm_snapshot *snapshot);

STMI_INLINE uint64_t stmi_snapshot_revision(const struct stm_snapshot *snapshot)
{
    return stmi_load((stmi_word *)&snapshot->revision, RELAXED); /* fixed since it was taken */
}

/* Does a snapshot of this revision show a commit of that one? */
STMI_INLINE bool stmi_sees(uint64_t snapshot, uint64_t commit)
{
    return stmi_mutant(SEES_LESS) ? commit < snapshot : commit <= snapshot || stmi_mutant(SEES_NEWEST);
}

/* A value found by stmi_snapshot_read. words hold it, or block does. */
struct stmi_seen {
    uint64_t version, revision, txn, info;
    uint64_t words[2];
    struct stmi_block *block; /* lives as long as the snapshot */
};
/* The record's value as of the snapshot; false: it has none (seen is filled in all the same: the version
 * counts). The caller is inside an epoch. */
bool stmi_snapshot_read(const struct stm_snapshot *snapshot, struct stmi_record *record, struct stmi_seen *seen);

/* The same as the public struct. */
void stmi_seen_entry(struct stm_store *store, struct stmi_record *record, const struct stmi_seen *seen,
                     stm_entry *entry);

#endif
