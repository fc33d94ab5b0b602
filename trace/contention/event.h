/*
 * event.h -- one event of a trace, decoded: what the reader hands to everything else.
 *
 * The names are those of the catalogue in trace/README.md. Members that an event does not carry are zero; strings are
 * never NULL, and live until the next event unless they are interned.
 */
#ifndef CONTENTION_EVENT_H
#define CONTENTION_EVENT_H

#include <stdbool.h>
#include <stdint.h>

typedef enum event_kind {
    EVENT_STARVING = 0,
    EVENT_CONFLICT,
    EVENT_BUSY,
    EVENT_COMMIT,
    EVENT_ABANDON,
    EVENT_STORE,
    EVENT_SNAPSHOT,
    EVENT_CONFLICT_KEY,
    EVENT_CHECKOUT,
    EVENT_PUBLISH,
    EVENT_KIND_COUNT
} event_kind;

typedef struct event {
    event_kind kind;
    int64_t time_ns;      /* of the trace's clock */
    uint64_t tid, pid;    /* context; 0 where not recorded */
    const char *procname;
    uint64_t store, txn, op, attempt;
    bool at_commit;       /* stage */
    bool update;          /* mode, of checkout, conflict and conflict_key */
    bool was_set;         /* conflict, conflict_key: the loser had set the key */
    bool opened;          /* store: open; snapshot: taken */
    const char *label;
    int64_t begin_ns, elapsed_ns, held_ns;
    uint64_t read_count, write_count;
    uint64_t key_index, changed_count;
    uint64_t key_hash, key_size, k0, k1;
    const char *key;
    uint64_t expected, found;               /* publish: from_version, to_version; checkout: version in expected */
    uint64_t winner_txn, winner_tid, winner_revision; /* busy: the owner */
    const char *winner_label;
    uint64_t revision, value_size, snapshot, bytes;
} event;

#endif
