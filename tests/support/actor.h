/*
 * actor.h -- a thread of a test that calls the library and writes down, in a history, what it was told.
 * Keys and values are numbers (value.h). What can be judged at once is: a value that is not whole, a
 * status that the call never gives, a version that did not rise by one, a conflict that names no
 * winner.
 *
 * One transaction at a time, and beside it one snapshot, which goes to a log of its own.
 */
#ifndef TESTS_ACTOR_H
#define TESTS_ACTOR_H

#include "history_log.h"
#include "value.h"

#include <stm/stm.h>

#define ACTOR_KEY_COUNT_MAX 64 /* in one transaction */
#define ACTOR_SNAPSHOT_LABEL "actor"

typedef struct actor_key {
    char name[40];
    value_kind kind;
} actor_key;

/* Names key number `number`; longer ones too, so that each way to store a key is taken. */
actor_key actor_key_make(uint32_t number, value_kind kind);

typedef enum { ACTOR_BEGIN, ACTOR_END } actor_edge;

/* What all actors of a test have in common. */
typedef struct actor_world {
    stm_store *store;
    const actor_key *keys;
    uint32_t key_count;
    history *history; /* three times as many logs as actors: transactions, snapshots, peeks */
    unsigned actor_count;
    uint64_t (*clock)(actor_edge edge);
    const char *const *labels; /* each actor's, or NULL: winners are not looked for by label */
    void (*settle)(const void *address, size_t size); /* before bytes that the library owns are read; or NULL */
    bool (*starved)(unsigned actor); /* whether its call under way found no memory; NULL: there always is some */
} actor_world;

struct actor_held {
    uint32_t key;
    bool update;
    uint64_t version;
    uint64_t value;  /* of the private copy; HISTORY_UNKNOWN: not looked at */
    uint64_t target; /* the version that a commit publishes; 0: the next one */
};

typedef struct actor {
    const actor_world *world;
    unsigned number;
    uint64_t serial; /* of the last value written */
    history_log *log, *snapshot_log, *peek_log;
    const char *label;
    uint64_t revision; /* of the commit under way, set by whoever is told (an observer); 0: not known */
    stm_txn *txn;
    stm_snapshot *snapshot;
    stm_status looked; /* the last call's answer on the snapshot */
    bool stuck; /* NO_MEMORY sticks, until the next reset */
    bool outdated; /* a key held has changed, a wait has said */
    bool restored; /* some version was not the next one */
    bool node_open;
    uint64_t node_begin; /* of the open node, or else of the last one */
    struct actor_held held[ACTOR_KEY_COUNT_MAX];
    unsigned held_count;
    stm_conflict conflicts[ACTOR_KEY_COUNT_MAX]; /* of the last CONFLICT */
    size_t conflict_count;
} actor;

/* Begins a transaction, which serves for all that follow; nothing is held yet. */
void actor_open(actor *actor, const actor_world *world, unsigned number, const char *label);
void actor_close(actor *actor);
/* Of a run that is kept (kept.h). */
char *actor_save(const actor *actor, char *to);
const char *actor_load(actor *actor, const char *from);

/* Where the world may starve an actor, each call may answer NO_MEMORY besides; whether it keeps what that promises is
 * judged at once: nothing was changed, and each call after it answers the same until reset. */

/* Checkouts: OK, CONFLICT or BUSY (and NOT_FOUND of get). */
stm_status actor_use(actor *actor, uint32_t key);
stm_status actor_using(actor *actor, const uint32_t *keys, unsigned count);
stm_status actor_get(actor *actor, uint32_t key);
stm_status actor_getting(actor *actor, const uint32_t *keys, unsigned count);
/* Sets a value that nobody else ever writes, without looking at the old one if the key is not held yet. */
stm_status actor_set(actor *actor, uint32_t key);
stm_status actor_delete(actor *actor, uint32_t key);
/* As actor_set, published so many versions further than the one held; a key not held is checked out for it first. */
stm_status actor_restore(actor *actor, uint32_t key, unsigned further);
/* OK, NOT_FOUND or BUSY. What is not held was current at some time during the call. */
stm_status actor_peek(actor *actor, uint32_t key, uint64_t *value);
/* The value of a key that is held, as last looked at or set. */
uint64_t actor_value(const actor *actor, uint32_t key);

/* Sleeps. OK, and what is held cannot be committed; TIMEOUT, and it was current, all of it, when the call began; INVALID if
 * nothing is held. */
stm_status actor_wait(actor *actor);
/* OK, CONFLICT or BUSY. After OK what is held is current again, and the next call begins a new node. */
stm_status actor_commit(actor *actor);
void actor_reset(actor *actor);
stm_status actor_begin(actor *actor); /* ends the transaction, and begins another one; told NO_MEMORY, once more */
/* Asks who has won, in both forms; judges whether they agree. Returns how many keys had changed. */
size_t actor_conflicts(actor *actor);

void actor_take(actor *actor);                  /* a snapshot; after NO_MEMORY there is none */
uint64_t actor_look(actor *actor, uint32_t key); /* in it; the value's number, 0: none */
unsigned actor_scan(actor *actor);               /* all of it; how many keys had a value */
void actor_release(actor *actor);

#endif
