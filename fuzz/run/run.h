/*
 * run.h -- runs a programme (input/program.h) against the library, under the scheduler, and has all oracles
 * judge it (tests/support/oracle.h).
 */
#ifndef FUZZ_RUN_H
#define FUZZ_RUN_H

#include "program.h"
#include "scheduler.h"
#include "strategy.h"

/* By the programme's own schedule. False: an oracle objects; scheduler_objector() and scheduler_failure() tell. */
bool fuzz_run(const fuzz_program *program);
/* After it: whether the same comes out. */
bool fuzz_run_again(const fuzz_program *program);
/* By any strategy; the programme's own schedule is not looked at. */
bool fuzz_run_by(const fuzz_program *program, scheduler_choose *choose, void *strategy);
/* The next schedule of a search (strategy.h), from where the last one was kept, or from the beginning. */
bool fuzz_run_next(const fuzz_program *program, strategy_search *search);
/* A schedule by priorities or at random, decided by the seed. */
bool fuzz_run_seeded(const fuzz_program *program, uint64_t seed);

/* What a fuzz target does with an input: its own schedule, now and then twice, and `more`, which follow from the input. */
bool fuzz_run_batch(const fuzz_program *program, unsigned more);
/* The most that any target asks for: so many has who looks for what one has found. */
#define FUZZ_BATCH_MAX 15u
/* Of the first of these; the next one's is one higher. */
uint64_t fuzz_batch_seed(const fuzz_program *program);

/* Makes the schedule of the last run the programme's own. */
void fuzz_adopt_last_run(fuzz_program *program);

/* What a call answered, in the order of the calls' ends. The text is valid during the call only. */
typedef struct fuzz_answer {
    unsigned thread;
    fuzz_call call;
    uint64_t begin, end; /* in steps of the run */
    const char *text;
} fuzz_answer;
typedef void fuzz_listener(const fuzz_answer *answer);
/* Is told of every call from now on; NULL: nobody. */
void fuzz_listen(fuzz_listener *listener);

#endif
