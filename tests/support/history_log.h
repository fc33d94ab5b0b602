/*
 * history_log.h -- what a set of transactions saw and did. history_check.h says whether one order
 * explains it all.
 *
 * Each thread writes into a log of its own, without locks. A node is
 *     committed  a transaction whose commit answered OK: its reads and its writes
 *     failed     one that was told CONFLICT, or given up: its reads, which must belong to one committed
 *                state all the same (opacity; Guerraoui and Kapalka, 2008)
 *     snapshot   its reads
 *     peek       one read that is promised less: it need not fit into the order, but its value was published, by
 *                a commit that had begun, and was not overwritten by one that had ended
 * and has a begin and an end: a node that ended before another one began must come before it (strict
 * serializability). The end may be told too late, never too early; that of a snapshot is the end of
 * its taking.
 *
 * Every write has a value of its own, a number; 0 is no value. A key's versions rise by one with each
 * commit, or are made to (history_renumber).
 */
#ifndef TESTS_HISTORY_LOG_H
#define TESTS_HISTORY_LOG_H

#include "oracle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { HISTORY_COMMITTED, HISTORY_FAILED, HISTORY_SNAPSHOT, HISTORY_PEEK } history_outcome;

#define HISTORY_UNKNOWN UINT64_MAX /* a value not looked at; the version of an absent key in a snapshot */

typedef struct history_cell {
    uint32_t key;
    uint64_t version;
    uint64_t value;
} history_cell;

/* "The version of this key was published by the transaction with this id, by this thread at this revision." */
typedef struct history_claim {
    uint32_t key;
    uint64_t version;
    uint64_t id;
    uint32_t thread;   /* HISTORY_NO_THREAD: not told */
    uint64_t revision; /* 0: not told */
} history_claim;

#define HISTORY_NO_THREAD UINT32_MAX

typedef struct history_node {
    history_outcome outcome;
    uint32_t thread;
    size_t read_first, read_count;   /* in the log's cells */
    size_t write_first, write_count;
    uint64_t begin, end;
    uint64_t id;       /* of a committed transaction, if claims are made about it */
    uint64_t revision; /* of a commit or snapshot; 0: not known */
} history_node;

typedef struct history_log {
    uint32_t thread;
    history_node *nodes;
    size_t node_count, node_capacity;
    history_cell *cells;
    size_t cell_count, cell_capacity;
    history_claim *claims;
    size_t claim_count, claim_capacity;
    oracle fault_by; /* who found fault while it was written; ORACLE_NONE: nobody */
    char fault[256];
} history_log;

typedef struct history {
    unsigned thread_count;
    uint32_t key_count;
    history_log *logs;
    history_cell *initial; /* a key's version and value before the first node */
    uint64_t slack;        /* "a before b" in time only if a's end + slack < b's begin */
} history;

/* Exits when there is no memory, here and below. */
void history_open(history *history, unsigned thread_count, uint32_t key_count, uint64_t slack);
void history_close(history *history);
/* Forgets all nodes and faults; initial stays. */
void history_clear(history *history);

/* A node: opened, its reads, its writes, ended. Between open and end a log may not open another.
 * A write counts only if the node is committed. */
void history_node_open(history_log *log, uint64_t begin);
void history_read(history_log *log, uint32_t key, uint64_t version, uint64_t value);
void history_write(history_log *log, uint32_t key, uint64_t version, uint64_t value);
void history_node_end(history_log *log, history_outcome outcome, uint64_t end, uint64_t id);
/* Of the node that was ended last. */
void history_revise(history_log *log, uint64_t revision);
void history_claim_writer(history_log *log, const history_claim *claim);
/* The first one counts. */
void history_fault(history_log *log, oracle by, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* All that is in it but initial, of a run that is kept (kept.h). */
char *history_save(const history *history, char *to);
const char *history_load(history *history, const char *from);

/* ORACLE_NONE: no log has a fault. Else text tells one. */
oracle history_faults(const history *history, char *text, size_t size);

/* Zeroed memory; exits when there is none. */
void *history_make(size_t count, size_t size);

/* Never NULL: its first cell may be asked for though there is none. */
static inline const history_cell *history_cells(const history_log *log)
{
    static const history_cell none;
    return log->cells == NULL ? &none : log->cells;
}

/* Whether a value seen is the one expected; what was not looked at fits all. */
static inline bool history_fits(uint64_t value, uint64_t seen)
{
    return value == seen || value == HISTORY_UNKNOWN || seen == HISTORY_UNKNOWN;
}

/* Makes the versions of each key rise by one, where a restore has skipped some. A version that nobody published becomes
 * one that nobody published. */
void history_renumber(history *history);

/* After a check that was passed: makes each key's last version and value the initial ones, and clears. */
void history_continue(history *history);

#endif
