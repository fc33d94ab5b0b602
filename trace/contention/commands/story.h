/*
 * story.h -- the story of a transaction, told on stdout from what was gathered about it.
 */
#ifndef CONTENTION_STORY_H
#define CONTENTION_STORY_H

#include "../reader/reader.h"

#include <glib.h>

/* Lists of event, in the order of their time; keys and labels are clean text. */
typedef struct gathered {
    uint64_t txn;
    int64_t begin_ns;    /* of the trace */
    GPtrArray *own;      /* all events of the transaction; at least one */
    GPtrArray *attempts; /* outcomes of its operation, its own among them */
    GPtrArray *winners;  /* commits and publications of those that won against it */
    GPtrArray *victims;  /* conflicts and busys that name it */
    bool cut;            /* a list would have been too long */
} gathered;

bool story_is_outcome(const event *event);
void story_tell(const gathered *gathered, const trace_facts *facts);

#endif
