/*
 * oracle.h -- who may object to a run. Each oracle judges one thing, has a name, and can be told to be
 * silent: only so can it be shown that each is needed (tools/mutants).
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include <stdbool.h>

typedef enum oracle {
    ORACLE_NONE,
    ORACLE_ASSERTION, /* a test's own */
    ORACLE_RESULT,    /* each call answers what it may; values are whole; own writes are read back */
    ORACLE_STEPS,     /* each call ends within a bounded number of own steps, whatever others do */
    ORACLE_REST,      /* afterwards nothing is held: a transaction alone commits, and sees what a snapshot sees */
    ORACLE_HISTORY,   /* versions rise by one; one order explains every read, of failed transactions too; and once
                         more by values alone, as if versions might be wrong */
    ORACLE_REVISION,  /* that order agrees with the revisions of the commits */
    ORACLE_SNAPSHOT,  /* a snapshot is the state after all commits up to its revision */
    ORACLE_OVERLAP,   /* CONFLICT and BUSY only if another commit of the same keys was there */
    ORACLE_WINNER,    /* who is said to have won has won: id, thread, revision */
    ORACLE_MEMORY,    /* nothing is left when the store is closed; nothing is freed twice */
    ORACLE_TRACE,     /* the same input gives the same run */
    ORACLE_CRASH,     /* no signal, no sanitizer's report */
    ORACLE_COUNT
} oracle;

/* "history", and a clause about it. */
const char *oracle_name(oracle oracle);
const char *oracle_meaning(oracle oracle);
/* ORACLE_NONE: there is none of that name. */
oracle oracle_named(const char *name);

/* Its objections do not count from now on. */
void oracle_silence(oracle oracle);
bool oracle_is_silent(oracle oracle);

#endif
