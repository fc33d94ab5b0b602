/*
 * trial.h -- runs a programme in a child process, so that a crash, a sanitizer's report or a run that does not end
 * is a finding like any other.
 */
#ifndef FUZZ_TRIAL_H
#define FUZZ_TRIAL_H

#include "run.h"

typedef struct trial_finding {
    oracle by; /* ORACLE_NONE: nobody objects */
    fuzz_program program; /* with the schedule that fails */
    uint64_t runs; /* made, with the one that failed */
    uint64_t hash; /* of the last run's trace */
    char text[2048];
} trial_finding;

/* By the programme's own schedule; if that is good, and for as long as they are, by `seeds` others from `seed` on. A
 * trial ends after seconds_max. Exits the process where no child can be made. */
oracle trial_run(const fuzz_program *program, uint64_t seed, uint64_t seeds, unsigned seconds_max,
                 trial_finding *finding);

/* Makes up programmes (generate.h), and runs many schedules of each, until an oracle objects or the time is up. */
oracle trial_search(uint64_t seed, double seconds, trial_finding *finding);

/* Makes the finding smaller as long as the same oracle objects: fewer threads, calls, moves, keys. */
void trial_shrink(trial_finding *finding);

#endif
