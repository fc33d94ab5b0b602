#define _GNU_SOURCE
#include "trial.h"

#include "footprint.h"
#include "generate.h"
#include "machine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static trial_finding *shared; /* written by the child */

static void note_run(const fuzz_program *program)
{
    shared->by = scheduler_objector();
    shared->hash = scheduler_trace_hash();
    snprintf(shared->text, sizeof shared->text, "%s", scheduler_failure());
    if (shared->by == ORACLE_NONE)
        return;
    shared->program = *program;
    fuzz_adopt_last_run(&shared->program);
}

/* A run that ended before its time. */
static const fuzz_program *running;

static void on_death(void)
{
    note_run(running);
}

static void run_all(const fuzz_program *program, uint64_t seed, uint64_t seeds)
{
    running = program;
    footprint_reset();
    shared->runs = 1;
    bool good = fuzz_run(program) && fuzz_run_again(program); /* and the seeds as in fuzz_run_batch */
    for (uint64_t i = 0; i < seeds && good; i++) {
        shared->runs++;
        good = fuzz_run_seeded(program, seed + i);
    }
    note_run(program);
}

static void silence(void)
{
    if (freopen("/dev/null", "w", stderr) == NULL || freopen("/dev/null", "w", stdout) == NULL)
        _exit(2);
}

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* What the child does. */
struct errand {
    const fuzz_program *program; /* NULL: made up, from the seed */
    uint64_t seed, seeds;
    double seconds;
};

static void search(const struct errand *errand);

/* Runs it in a child; a child that is killed can tell nothing: then the schedule is not known, and this is the
 * finding. */
static oracle send(const struct errand *errand, unsigned seconds_max, trial_finding *finding)
{
    if (shared == NULL) {
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
            die("mmap");
    }
    memset(shared, 0, sizeof *shared);
    shared->by = ORACLE_CRASH;
    if (errand->program != NULL)
        shared->program = *errand->program;
    snprintf(shared->text, sizeof shared->text, "the run was killed, or did not end within %u seconds", seconds_max);
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        silence();
        alarm(seconds_max);
        scheduler_on_death(on_death);
        if (errand->program != NULL)
            run_all(errand->program, errand->seed, errand->seeds);
        else
            search(errand);
        _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child)
        die("waitpid");
    *finding = *shared;
    return oracle_is_silent(finding->by) ? ORACLE_NONE : finding->by;
}

oracle trial_run(const fuzz_program *program, uint64_t seed, uint64_t seeds, unsigned seconds_max,
                 trial_finding *finding)
{
    struct errand errand = {.program = program, .seed = seed, .seeds = seeds};
    return send(&errand, seconds_max, finding);
}

/* ----------------------------------------------------------------------------- searching -- */

#define SCHEDULES 48u /* of a programme that is made up */

static void search(const struct errand *errand)
{
    static fuzz_program program;
    double end = machine_seconds_now() + errand->seconds;
    bool good = true;
    running = &program;
    for (uint64_t i = 0; good && machine_seconds_now() < end; i++) {
        fuzz_generate(errand->seed + i, &program);
        footprint_reset(); /* addresses mean other things in another programme */
        shared->runs += 2;
        good = fuzz_run(&program) && fuzz_run_again(&program);
        for (uint64_t j = 0; j < SCHEDULES && good; j++) {
            shared->runs++;
            good = fuzz_run_seeded(&program, (errand->seed + i) * SCHEDULES + j);
        }
    }
    note_run(&program);
}

oracle trial_search(uint64_t seed, double seconds, trial_finding *finding)
{
    struct errand errand = {.seed = seed, .seconds = seconds};
    return send(&errand, (unsigned)seconds + 30, finding);
}
