/*
 * people.h -- labels and threads: who lost, who won, who held what others found busy, and what it cost whom.
 */
#ifndef CONTENTION_PEOPLE_H
#define CONTENTION_PEOPLE_H

#include "hot_keys.h"
#include "operations.h"

enum { MATRIX_SIZE_MAX = 16 };

typedef struct people people;

people *people_create(void);
void people_free(people *people);

/* Any outcome; a plain abandonment, too. */
void people_outcome(people *people, const outcome *outcome);
void people_wasted(people *people, const loss *loss, int64_t wasted_ns);
void people_spent(people *people, uint32_t label, int64_t spent_ns);
/* A thread's name, if it has none yet. */
void people_thread_name(people *people, uint32_t thread, const char *name);

void people_fill(const people *people, const hot_keys *keys, const names *labels, const pairs *threads, size_t top,
                 report *report);

#endif
