/*
 * history_check.h -- whether one order of all transactions and snapshots explains a history.
 */
#ifndef TESTS_HISTORY_CHECK_H
#define TESTS_HISTORY_CHECK_H

#include "history_log.h"

/*
 * Since versions are known, so is what must come before what:
 *     wr   who wrote a version, before who read it
 *     ww   who wrote it, before who wrote the next one
 *     rw   who read it, before who wrote the next one
 *     rt   who ended, before who began later
 * One order explains the history if, and only if, there is no cycle (Adya, "Weak consistency", 1999).
 * Takes time in proportion to the history. True: there is one. Else text says what does not fit: a fault,
 * a version that was skipped or written twice, a value or a claim that is not that of its version, or a
 * cycle, edge by edge.
 */
bool history_check(const history *history, char *text, size_t size);

/* The same, and the revisions too (history_revision.c): who objects. Silent oracles do not. */
oracle history_judge(const history *history, char *text, size_t size);

/* True: history_judge and history_search would have no objection. False: they may, or may not. Many times faster than they
 * are, and without allocations. */
bool history_is_plain(const history *history);

/* ORACLE_NONE, ORACLE_REVISION or ORACLE_SNAPSHOT. */
oracle history_check_revisions(const history *history, char *text, size_t size);

/* The same question without trust in versions: tries all orders (all but those that cannot make a
 * difference), looking at values and times only. For at most 64 nodes, of which few write. */
bool history_search(const history *history, char *text, size_t size);

#endif
