/*
 * exhaust.h -- runs all schedules, within bounds, of all programmes of a grammar, by several processes, each of which takes
 * its share of the programmes; up to the first that an oracle objects to.
 */
#ifndef FUZZ_EXHAUST_H
#define FUZZ_EXHAUST_H

#include "grammar.h"
#include "trial.h"

typedef struct exhaust_task {
    grammar_shape shape;
    unsigned preemptions; /* of a schedule, at most */
    unsigned delays;      /* of a schedule, at most; 0: stores are not delayed (strategy_search) */
    bool whole;           /* each schedule is run from its beginning to its end, also where nothing new can come of it */
    unsigned share, shares; /* programmes number share, share + shares, ... of all, from 0 */
} exhaust_task;

typedef struct exhaust_tally {
    uint64_t programs, schedules;
    uint64_t runs; /* made, and not all to their ends: those of schedules, and those from which words in common were learnt */
    uint64_t numbers; /* tried, of the grammar's: how far it is */
    double processor_seconds;
} exhaust_tally;

/* Called now and then while it goes on. */
typedef void exhaust_progress(const exhaust_task *task, const exhaust_tally *tally);

/* ORACLE_NONE: nobody objects to any. Else the finding is a programme with its schedule. Exits the process where no
 * child can be made. */
oracle exhaust_run(const exhaust_task *task, unsigned processes, exhaust_progress *progress, exhaust_tally *tally,
                   trial_finding *finding);

#endif
