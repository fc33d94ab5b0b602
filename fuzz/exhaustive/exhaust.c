#define _GNU_SOURCE
#include "exhaust.h"

#include "footprint.h"
#include "memo.h"
#include "strategy.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES_MAX 64u
#define PROGRESS_NS 100000000

/* Written by one child, and read by the parent while it goes on: what it reads then is only told. */
struct part {
    exhaust_tally tally;
    fuzz_program program; /* being run */
    trial_finding finding;
    bool found;
};

static struct shared {
    _Atomic bool stop;
    struct part parts[PROCESSES_MAX];
} *shared;

static struct part *mine; /* the child's own */

/* ------------------------------------------------------------------------------ a child -- */

static void note_finding(void)
{
    trial_finding *finding = &mine->finding;
    finding->by = scheduler_objector();
    finding->runs = mine->tally.schedules;
    finding->hash = scheduler_trace_hash();
    finding->program = mine->program;
    snprintf(finding->text, sizeof finding->text, "%s", scheduler_failure());
    fuzz_adopt_last_run(&finding->program);
    mine->found = true;
    atomic_store(&shared->stop, true);
}

static double processor_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

/* -------------------------------------------------------------------- one programme -- */

static strategy_search search;
static uint64_t schedules; /* of the present pass */
static uint64_t followed;  /* known to follow from where the present run was left; 0: it was not left as known */

/* Asked at each end of a thread. A run that was gone on with passes places anew, behind which there are forks already. */
static bool has_been_here(void)
{
    static char place[SCHEDULER_IMAGE_MAX];
    if (search.run.at < search.fork_count || !scheduler_can_keep())
        return false;
    char *end = strategy_search_describe(&search, scheduler_describe(place));
    followed = memo_visit(place, (size_t)(end - place), search.run.at, schedules);
    return followed > 0;
}

static void begin_pass(void)
{
    strategy_search_restart(&search);
    memo_clear();
    schedules = 0;
}

/* Schedules before a word was found to be in common were of fewer forks: all are run again. */
static bool run_pass(void)
{
    bool more = true;
    begin_pass();
    while (more) {
        followed = 0;
        if (!fuzz_run_next(&mine->program, &search))
            return false;
        mine->tally.runs++;
        schedules += followed > 0 ? followed : 1;
        if (scheduler_footprint_grew()) {
            begin_pass();
        } else {
            more = strategy_search_next(&search);
            memo_leave(search.fork_count, schedules);
        }
    }
    return true;
}

#define LEARNING_RUNS 20u
#define LEARNING_STEPS 60u /* that matter, of a run: about */

/* Most words in common come to light in a few runs at random (within the bounds: no store is late), and nearly all others
 * with one preemption less: then there are few schedules to be run again. */
static bool learn_words(unsigned bound)
{
    footprint_reset();
    mine->program.delayed = false;
    for (uint64_t i = 0; i < LEARNING_RUNS; i++) {
        strategy_pct pct = strategy_pct_open(i, mine->program.thread_count, bound + 1, LEARNING_STEPS);
        mine->tally.runs++;
        if (!fuzz_run_by(&mine->program, strategy_pct_choose, &pct))
            return false;
    }
    mine->program.delayed = search.delays > 0;
    search.bound = bound > 0 ? bound - 1 : 0;
    return run_pass();
}

/* All schedules of the programme. */
static bool run_program(unsigned bound)
{
    bool good = learn_words(bound);
    search.bound = bound;
    good = good && run_pass();
    mine->tally.schedules += schedules;
    return good;
}

static void run_share(const exhaust_task *task, unsigned process, unsigned processes)
{
    search = strategy_search_open(task->preemptions);
    search.delays = task->delays;
    search.keeps = !task->whole;
    scheduler_watch_ends(task->whole ? NULL : has_been_here);
    uint64_t size = grammar_size(&task->shape), kind = 0;
    uint64_t shares = (uint64_t)task->shares * processes, share = task->share + (uint64_t)process * task->shares;
    for (uint64_t number = 0; number < size && !atomic_load_explicit(&shared->stop, memory_order_relaxed); number++) {
        mine->tally.numbers = number + 1;
        if (!grammar_program(&task->shape, number, &mine->program) || kind++ % shares != share)
            continue;
        mine->tally.programs++;
        if (!run_program(task->preemptions)) {
            note_finding();
            break;
        }
        mine->tally.processor_seconds = processor_seconds();
    }
    strategy_search_close(&search);
}

/* ----------------------------------------------------------------------------- the parent -- */

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void add_up(unsigned processes, exhaust_tally *tally)
{
    *tally = (exhaust_tally){0};
    for (unsigned i = 0; i < processes; i++) {
        const exhaust_tally *part = &shared->parts[i].tally;
        tally->programs += part->programs;
        tally->schedules += part->schedules;
        tally->runs += part->runs;
        tally->processor_seconds += part->processor_seconds;
        if (i == 0 || part->numbers < tally->numbers)
            tally->numbers = part->numbers;
    }
}

static pid_t start(const exhaust_task *task, unsigned process, unsigned processes)
{
    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        mine = &shared->parts[process];
        /* A crash is a finding; what a sanitizer says of it is of use only with the schedule: stm-replay shows it. */
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        scheduler_on_death(note_finding);
        run_share(task, process, processes);
        _exit(mine->found ? 1 : 0);
    }
    return child;
}

/* A child that was killed, or has given up, can tell nothing: its programme is the finding. */
static void note_death(struct part *part, int status)
{
    if (part->found || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return;
    part->finding.by = ORACLE_CRASH;
    part->finding.program = part->program;
    snprintf(part->finding.text, sizeof part->finding.text, "the process that ran it has ended with status %d", status);
    part->found = true;
    atomic_store(&shared->stop, true);
}

static void wait_for_all(const exhaust_task *task, pid_t *children, unsigned processes, exhaust_progress *progress)
{
    unsigned left = processes;
    while (left > 0) {
        struct timespec pause = {0, PROGRESS_NS};
        nanosleep(&pause, NULL);
        for (unsigned i = 0; i < processes; i++) {
            int status;
            if (children[i] == 0 || waitpid(children[i], &status, WNOHANG) != children[i])
                continue;
            children[i] = 0;
            left--;
            note_death(&shared->parts[i], status);
        }
        if (progress != NULL) {
            exhaust_tally tally;
            add_up(processes, &tally);
            progress(task, &tally);
        }
    }
}

oracle exhaust_run(const exhaust_task *task, unsigned processes, exhaust_progress *progress, exhaust_tally *tally,
                   trial_finding *finding)
{
    pid_t children[PROCESSES_MAX];
    processes = processes > PROCESSES_MAX ? PROCESSES_MAX : processes;
    if (shared == NULL)
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("mmap");
    memset((void *)shared, 0, sizeof *shared);
    fflush(NULL);
    for (unsigned i = 0; i < processes; i++)
        children[i] = start(task, i, processes);
    wait_for_all(task, children, processes, progress);
    add_up(processes, tally);
    for (unsigned i = 0; i < processes; i++)
        if (shared->parts[i].found) {
            *finding = shared->parts[i].finding;
            return finding->by;
        }
    return ORACLE_NONE;
}
