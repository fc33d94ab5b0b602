/*
 * explorer.h -- which schedules of a program to run, and what to say of them: the main() of a
 * schedule test.
 *
 * Each case is run
 *   at random      changing threads before any access, or before those that the threads have in common
 *   by priorities  Burckhardt et al., "A randomized scheduler with probabilistic guarantees of
 *                  finding bugs", 2010 (PCT): the thread of highest priority runs; at a few random steps
 *                  the running one falls to the lowest
 *   exhaustively   all schedules with at most `bound` preemptions: changes away from a thread that could
 *                  go on (Musuvathi and Qadeer, "Iterative context bounding", 2007). A thread that spins
 *                  is left without counting, or spins on: both are tried.
 *
 * Two things make it few schedules without losing one that differs:
 *   - threads change only before an access to a word in common (footprint.h): one before any other
 *     access is the same as one before the next of these. When a run brings to light a new
 *     word in common, all is done again.
 *   - a thread that was preempted before an access goes on only after somebody has made an access that
 *     conflicts with it: else it could as well have made its own first, and been preempted after it.
 *
 * A failing run prints its schedule and its steps; --schedule runs it again.
 */
#ifndef TESTS_EXPLORER_H
#define TESTS_EXPLORER_H

#include "scheduler.h"

#define EXPLORER_EXPECTED_MAX 6

typedef struct explorer_case {
    scheduler_program program;
    unsigned bound;
    /* Notes that some run must have made, or the exploration proves nothing. */
    const char *expected[EXPLORER_EXPECTED_MAX];
} explorer_case;

/* Counts how the present run came out, under a name of less than 96 bytes. */
void explorer_note(const char *outcome);

/* Explores all cases, or does what the command line says. Returns the exit status of the program. */
int explorer_main(int argc, char **argv, const explorer_case *cases, size_t count);

/* For the explorer's own test: */

/* Says nothing of failures. */
void explorer_be_quiet(void);

typedef struct explorer_tally {
    uint64_t schedules; /* of the last pass */
    uint64_t passes;    /* 1 and as often as a run brought to light a new word in common */
    bool failed;
} explorer_tally;
/* All schedules with at most bound preemptions, up to the first that fails. */
explorer_tally explorer_exhaust(const scheduler_program *program, unsigned bound);

/* Runs one schedule, written "0*12 1*5 0": thread 0 for 12 steps, 1 for 5, then 0 to its end; who is left
 * when it is used up runs in order of numbers. False if the run failed. */
bool explorer_replay(const scheduler_program *program, const char *schedule);

#endif
