/*
 * expect.h -- what a scene prints: the events that its trace must have, a line each, as `trace_lines` writes them.
 *
 * Left out are times, hashes and sizes of memory, which a scene cannot know; the test checks those by themselves.
 */
#ifndef STM_TESTS_TRACE_EXPECT_H
#define STM_TESTS_TRACE_EXPECT_H

#include <stm/stm.h>

/* Ends the program with a message if the answer is another one. */
#define MUST(call, expected) must((call), (expected), #call)
void must(stm_status answer, stm_status expected, const char *call);

/* A transaction, and what it must look like from outside. The members are the scene's to keep right. */
typedef struct actor {
    stm_txn *txn;
    unsigned store; /* its number */
    unsigned reads, writes;
} actor;

void expect_store(unsigned store, const char *what);
void expect_snapshot(unsigned store, const char *what, unsigned snapshot, const char *label, uint64_t revision,
                     bool kept);
void expect_checkout(const actor *a, stm_bytes key, uint64_t version, bool update);
/* Before the commit, which ends the transaction's id. */
void expect_commit(const actor *a, uint64_t revision);
void expect_publish(const actor *a, uint64_t txn, stm_bytes key, uint64_t from, size_t value_size);
/* After the call that answered CONFLICT: the first changed key, and the others. sets has a letter for each changed key, s
 * if the transaction had set it; indexes, which of the keys held each is. */
void expect_conflict(const actor *a, const char *stage, const char *sets, const unsigned *indexes);
void expect_abandon(const actor *a);
void expect_starving(const actor *a, stm_bytes key);
void expect_busy(const actor *a, const char *stage, stm_bytes key, uint64_t owner_txn, const char *owner_label,
                 unsigned owner_tid);

#endif
