/*
 * gather.h -- what a recording has about one transaction. It is read twice: first to find whose the id is, its operation and
 * who won against it; then to gather what it did, how the other attempts of its operation ended, what the winners did, and
 * who lost to it. Winners may come before or after their losers, so one reading would not do.
 */
#ifndef CONTENTION_GATHER_H
#define CONTENTION_GATHER_H

#include "../reader/reader.h"
#include "transaction.h"

#include <glib.h>

enum { GATHER_EVENT_COUNT_MAX = 20000 }; /* in each list */

/* Lists of event, in the order of their time; keys and labels are clean text. */
typedef struct gathered {
    uint64_t txn;
    int64_t begin_ns;    /* of the trace */
    GPtrArray *own;      /* all events of the transaction; at least one */
    GPtrArray *attempts; /* outcomes of its operation, its own among them */
    GPtrArray *winners;  /* commits, publications and checkouts of those that won against it */
    GPtrArray *victims;  /* conflicts and busys that name it */
    bool cut;            /* a list would have been too long */
} gathered;

/* Ends the program with a message where there is no such transaction, or several; name is what the user called it. Both are freed
 * by their functions. */
void gather(const char *path, const char *name, const transaction *wanted, gathered *found, trace_facts *facts);
void gathered_free(gathered *found);

/* EXIT_WHOLE or EXIT_PARTLY. */
int gather_status(const trace_facts *facts);

/* CONFLICT, BUSY, a commit, or that it was abandoned. */
bool gather_is_outcome(const event *event);
/* The event that says most of the transaction: its last outcome, if there is one. */
const event *gathered_best(const gathered *found);

#endif
