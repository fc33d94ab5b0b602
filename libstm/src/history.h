/*
 * history.h -- old versions of a record that snapshots can still see, newest first.
 *
 * Pushed at the front only, by the owner of the record's head, before it overwrites the record. Dropped
 * anywhere, by whoever withdraws the last snapshot that sees a version: a mark in its link first,
 * then unlinking (Harris, "A pragmatic implementation of non-blocking linked-lists", 2001; Michael 2002),
 * so that nobody waits for anybody. A version that a snapshot needs is never dropped before it.
 */
#ifndef STMI_HISTORY_H
#define STMI_HISTORY_H

#include "pool.h"
#include "record.h"

struct stm_store;
struct stm_txn;

struct stmi_version {
    struct stmi_cell cell;
    stmi_word older;             /* the next version's address; bit 0: this one is being dropped */
    struct stmi_version *kept;   /* the next in a snapshot's list */
    struct stmi_record *record;
    uint64_t version, revision;  /* of this value; fixed once pushed, like all that follows */
    uint64_t until;              /* the revision of the commit that replaced it */
    uint64_t txn, info;
    uint64_t words[2];           /* the value, or words[0] points to its block */
};

/* NULL: no memory. */
struct stmi_version *stmi_version_get(struct stm_txn *txn);
/* With the reference to its block. (The block itself never waits in a limbo for this: two versions may
 * share it, and it has one link only.) */
void stmi_version_put(struct stm_txn *txn, struct stmi_version *version);

/* The newest version with a revision up to this one, or NULL. */
struct stmi_version *stmi_history_find(struct stmi_record *record, uint64_t revision);
void stmi_history_push(struct stmi_record *record, struct stmi_version *version);
/* Unlinks and retires. By the one who took it from a snapshot's list, or was to put it there. */
void stmi_history_drop(struct stm_txn *txn, struct stmi_version *version);

/* Hands a pushed version to a snapshot that sees it; drops it if by now there is none. */
void stmi_version_keep(struct stm_txn *txn, struct stmi_version *version);

#endif
