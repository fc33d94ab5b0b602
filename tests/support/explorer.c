#define _GNU_SOURCE
#include "explorer.h"

#include "footprint.h"
#include "random.h"
#include "sanitizer.h"
#include "strategy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOTE_COUNT_MAX 32
#define EVERYWHERE_ONE_IN 8    /* random runs that change threads anywhere */
#define REPLAY_ONE_IN 16       /* random runs that are run again, for the same trace */
#define PCT_DEPTH 4
#define TOLD_STEPS 4000

static struct {
    char text[96]; /* "": free */
    uint64_t count;
} notes[NOTE_COUNT_MAX];

static struct {
    const char *program_path;
    const char *only;     /* case */
    const char *schedule; /* to replay */
    uint64_t runs;        /* at random, and again by priorities */
    uint64_t seed;
    int bound;            /* -1: each case's own */
    bool quiet;
} options;

static const char *found_by = "";
static const scheduler_program *present;

/* ----------------------------------------------------------------------------- telling -- */

void explorer_note(const char *outcome)
{
    for (unsigned i = 0; i < NOTE_COUNT_MAX; i++) {
        if (notes[i].text[0] == '\0')
            snprintf(notes[i].text, sizeof notes[i].text, "%s", outcome);
        if (strcmp(notes[i].text, outcome) == 0) {
            notes[i].count++;
            return;
        }
    }
}

void explorer_be_quiet(void)
{
    options.quiet = true;
}

static void tell_failure(void)
{
    if (options.quiet)
        return;
    fprintf(stderr, "%s: FAILED: %s: %s\n  found by: %s\n", present->name, oracle_name(scheduler_objector()),
            scheduler_failure(), found_by);
    fprintf(stderr, "  again: %s --case %s --schedule \"", options.program_path, present->name);
    scheduler_print_schedule(stderr);
    fprintf(stderr, "\"\n");
    scheduler_print_steps(stderr, TOLD_STEPS);
}

/* Exchanges two neighbouring segments, each of which then joins its own thread's next. */
static strategy_script exchanged(const strategy_script *script, size_t at)
{
    strategy_script result;
    strategy_script_copy(&result, script);
    strategy_segment kept = result.segments[at];
    result.segments[at] = result.segments[at + 1];
    result.segments[at + 1] = kept;
    strategy_script_join(&result);
    return result;
}

/* Makes the failing schedule one of fewer changes, as long as it still fails: easier to understand. */
static void shrink(const scheduler_program *program)
{
    strategy_script script;
    strategy_script_of_last_run(&script);
    for (size_t at = 0; at + 1 < script.count;) {
        strategy_script fewer = exchanged(&script, at);
        bool better = fewer.count < script.count && !scheduler_run(program, strategy_script_choose, &fewer);
        strategy_script_close(better ? &script : &fewer);
        at = better ? 0 : at + 1;
        if (better)
            script = fewer;
    }
    strategy_script_rewind(&script);
    scheduler_run(program, strategy_script_choose, &script);
    strategy_script_close(&script);
}

static bool run_one(const scheduler_program *program, scheduler_choose *choose, void *strategy)
{
    present = program;
    if (scheduler_run(program, choose, strategy))
        return true;
    if (!options.quiet && options.schedule == NULL)
        shrink(program);
    tell_failure();
    return false;
}

/* ----------------------------------------------------------------------------- running -- */

static bool run_script(const scheduler_program *program, strategy_script *script)
{
    bool good = run_one(program, strategy_script_choose, script);
    strategy_script_close(script);
    return good;
}

bool explorer_replay(const scheduler_program *program, const char *schedule)
{
    strategy_script script;
    if (!strategy_script_parse(&script, schedule)) {
        fprintf(stderr, "not a schedule: %s\n", schedule);
        return false;
    }
    return run_script(program, &script);
}

/* What has just been run gives the same trace when it is run as written. */
static bool run_again(const scheduler_program *program)
{
    uint64_t hash = scheduler_trace_hash();
    strategy_script script;
    strategy_script_of_last_run(&script);
    if (!run_script(program, &script))
        return false;
    if (scheduler_trace_hash() == hash)
        return true;
    scheduler_object(ORACLE_TRACE, "the same schedule gave another trace: the program is not deterministic");
    tell_failure();
    return false;
}

static bool run_at_random(const scheduler_program *program, uint64_t *longest)
{
    for (uint64_t i = 0; i < options.runs; i++) {
        strategy_random random =
            strategy_random_open(random_mix(options.seed + i), i % EVERYWHERE_ONE_IN == 0);
        found_by = "random choice";
        if (!run_one(program, strategy_random_choose, &random))
            return false;
        *longest = scheduler_step_count() > *longest ? scheduler_step_count() : *longest;
        if (i % REPLAY_ONE_IN == 0 && !run_again(program))
            return false;
    }
    return true;
}

static bool run_by_priorities(const scheduler_program *program, uint64_t longest)
{
    for (uint64_t i = 0; i < options.runs; i++) {
        unsigned depth = 2 + (unsigned)(i % (PCT_DEPTH - 1));
        strategy_pct pct =
            strategy_pct_open(random_mix(~options.seed + i), program->thread_count, depth, longest);
        found_by = "random priorities";
        if (!run_one(program, strategy_pct_choose, &pct))
            return false;
    }
    return true;
}

explorer_tally explorer_exhaust(const scheduler_program *program, unsigned bound)
{
    explorer_tally tally = {0, 1, false};
    strategy_search search = strategy_search_open(bound);
    found_by = "exhaustive search";
    bool more = true;
    while (more) {
        tally.failed = !run_one(program, strategy_search_choose, &search);
        tally.schedules++;
        if (tally.failed) {
            more = false;
        } else if (scheduler_footprint_grew()) { /* the schedules so far were of fewer forks */
            strategy_search_restart(&search);
            tally.passes++;
            tally.schedules = 0;
        } else {
            more = strategy_search_next(&search);
        }
    }
    strategy_search_close(&search);
    return tally;
}

/* ------------------------------------------------------------------------------- cases -- */

static double seconds(void)
{
    struct timespec now; /* not clock_gettime: that is the scheduled threads' own (machine.h) */
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool all_expected(const explorer_case *tried)
{
    bool good = true;
    for (unsigned i = 0; i < EXPLORER_EXPECTED_MAX && tried->expected[i] != NULL; i++) {
        bool seen = false;
        for (unsigned j = 0; j < NOTE_COUNT_MAX && notes[j].text[0] != '\0'; j++)
            seen |= strcmp(notes[j].text, tried->expected[i]) == 0;
        if (!seen) {
            fprintf(stderr, "%s: FAILED: in no run: %s\n", tried->program.name, tried->expected[i]);
            good = false;
        }
    }
    return good;
}

static bool explore(const explorer_case *tried)
{
    const scheduler_program *program = &tried->program;
    double begin = seconds();
    uint64_t longest = 0;
    memset(notes, 0, sizeof notes);
    footprint_reset();
    if (!run_at_random(program, &longest) || !run_by_priorities(program, longest))
        return false;
    unsigned bound = options.bound >= 0 ? (unsigned)options.bound : tried->bound;
    if (UNDER_TSAN || UNDER_ASAN)
        bound -= options.bound < 0 && bound > 1; /* ten times slower, and each run looks at more */
    explorer_tally tally = explorer_exhaust(program, bound);
    if (tally.failed)
        return false;
    if (options.quiet)
        return all_expected(tried);
    printf("%s: %u threads, up to %llu steps, %zu words in common; %llu schedules with up to %u preemptions"
           " (pass %llu), 2 x %llu at random, %.1f s\n", program->name, program->thread_count,
           (unsigned long long)longest, footprint_common_count(), (unsigned long long)tally.schedules, bound,
           (unsigned long long)tally.passes, (unsigned long long)options.runs, seconds() - begin);
    for (unsigned i = 0; i < NOTE_COUNT_MAX && notes[i].text[0] != '\0'; i++)
        printf("    %9llu  %s\n", (unsigned long long)notes[i].count, notes[i].text);
    return all_expected(tried);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: %s [--case NAME] [--bound PREEMPTIONS] [--runs COUNT] [--seed NUMBER] [--carrier stacks|threads]\n"
            "       %s --case NAME --schedule \"0*12 1*5 0\"\n",
            options.program_path, options.program_path);
    return 2;
}

static bool parse(int argc, char **argv)
{
    options.program_path = argv[0];
    options.runs = UNDER_TSAN || UNDER_ASAN ? 200 : 2000;
    options.seed = 1;
    options.bound = -1;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return false;
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--case") == 0)
            options.only = value;
        else if (strcmp(argv[i], "--schedule") == 0)
            options.schedule = value;
        else if (strcmp(argv[i], "--runs") == 0)
            options.runs = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--carrier") == 0)
            scheduler_use_threads(strcmp(value, "threads") == 0);
        else if (strcmp(argv[i], "--bound") == 0)
            options.bound = atoi(value);
        else
            return false;
    }
    return options.schedule == NULL || options.only != NULL;
}

static bool replay(const scheduler_program *program)
{
    found_by = "the given schedule";
    if (!explorer_replay(program, options.schedule))
        return false;
    scheduler_print_steps(stdout, TOLD_STEPS);
    printf("%s: no failure\n", program->name);
    return true;
}

int explorer_main(int argc, char **argv, const explorer_case *cases, size_t count)
{
    if (!parse(argc, argv))
        return usage();
    scheduler_on_death(tell_failure);
    setvbuf(stdout, NULL, _IOLBF, 0);
    bool good = true, any = false;
    for (size_t i = 0; i < count; i++) {
        if (options.only != NULL && strcmp(options.only, cases[i].program.name) != 0)
            continue;
        any = true;
        good &= options.schedule != NULL ? replay(&cases[i].program) : explore(&cases[i]);
    }
    if (!any)
        return usage();
    return good ? 0 : 1;
}
