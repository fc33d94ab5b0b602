#define _GNU_SOURCE
#include "engine.h"
#include "machine.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: %s [options] [FILE...]\n"
    "Runs transactions of several threads in many orders, and says if one goes wrong. Without a choice of orders: 1,000\n"
    "at random, 1,000 by priorities, each thread stopped before each step, all orders with one preemption, and of those\n"
    "with two as many as 100,000.\n"
    "\n"
    "      --exhaustive N   all schedules with at most N preemptions\n"
    "      --random N       N schedules at random\n"
    "      --pct N          N schedules by random priorities (PCT, depth 2 to 4)\n"
    "      --freeze         each thread stopped before each of its steps, until all others have ended\n"
    "      --schedule TEXT  this one: \"0*12 1*5 0\"; prints what happened, a column a thread\n"
    "      FILE...          inputs of a fuzzer, such as what it found; prints what happened if one fails\n"
    "      --delay-stores   --random, --pct: stores reach other threads late, as weak memory allows\n"
    "      --seed N         other schedules by chance\n"
    "      --steps N        a run of more accesses is taken to be without end; default 20000\n"
    "      --threads        carry each thread by a real one: for debuggers and thread-local variables; slower\n"
    "      --keep           do not make a schedule that fails small\n"
    "      --to-bytes FILE  write the schedule that failed, or --schedule, as a seed for a fuzzer\n"
    "      --program NAME   only this one; --list lists them\n"
    "  -h, --help           this text\n"
    "  -V, --version        the library's version\n"
    "\n"
    "Exit status: 0 all passed, 1 a run failed, 2 trouble.\n";

static struct {
    const char *path; /* of the program */
    const char *only, *to_bytes;
    bool freeze;
    unsigned preemptions; /* 0: not all */
    bool usual;           /* nothing was chosen */
    uint64_t random, pct;
    const char *schedule;
    stm_testing_plan common;
} options;

#define USUAL_RUNS 1000u
#define USUAL_RUNS_MAX 100000u

static const stm_testing_program *shown; /* whose run it is, should it crash */

__attribute__((format(printf, 1, 2), noreturn)) static void trouble(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", options.path);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

/* ------------------------------------------------------------------------------- telling -- */

static void tell_death(void)
{
    fprintf(stderr, "%s: crashed: %s; its steps so far: \"%s", shown->name, scheduler_failure(),
            options.common.delay_stores ? "delayed: " : "");
    scheduler_print_schedule(stderr);
    fprintf(stderr, "\"\n");
}

static void write_bytes(const stm_testing_result *result)
{
    if (options.to_bytes == NULL)
        return;
    FILE *file = fopen(options.to_bytes, "wb");
    if (file == NULL || fwrite(result->bytes.data, 1, result->bytes.size, file) != result->bytes.size ||
        fclose(file) != 0)
        trouble("%s: %s", options.to_bytes, strerror(errno));
}

static void print_again(const stm_testing_program *program, const stm_testing_result *result)
{
    printf("\nagain: %s --program '%s'%s --schedule \"%s\"\n", options.path, program->name,
           options.common.real_threads ? " --threads" : "", result->schedule);
}

/* ------------------------------------------------------------------------------- running -- */

static bool run_plan(const stm_testing_program *program, const stm_testing_plan *plan, const char *how, bool tells)
{
    stm_testing_result result;
    shown = program;
    double begin = machine_seconds_now();
    if (stm_testing_run(program, plan, &result) != STM_OK)
        trouble("%s: %s", program->name, result.message);
    double took = machine_seconds_now() - begin;
    bool all = plan->strategy != STM_TESTING_EXHAUSTIVE || result.complete;
    printf("%s: %s: %llu schedule%s%s, %.2f s: %s\n", program->name, how, (unsigned long long)result.runs,
           result.runs == 1 ? "" : "s", all || result.failed ? "" : ", not all", took,
           result.failed ? "FAILED" : "passed");
    if (result.failed || tells) {
        putchar('\n');
        stm_testing_print(stdout);
        write_bytes(&result);
    }
    if (result.failed)
        print_again(program, &result);
    else if (tells)
        printf("%llu steps, hash %016llx\n", (unsigned long long)result.steps, (unsigned long long)result.trace_hash);
    return !result.failed;
}

static bool run_some(const stm_testing_program *program, stm_testing_strategy strategy, uint64_t runs, const char *how)
{
    char text[64];
    stm_testing_plan plan = options.common;
    plan.strategy = strategy;
    plan.runs_max = runs;
    snprintf(text, sizeof text, "%s%s", how, plan.delay_stores ? ", stores delayed" : "");
    return runs == 0 || run_plan(program, &plan, text, false);
}

static bool run_all(const stm_testing_program *program, unsigned preemptions, uint64_t runs_max)
{
    char how[64];
    stm_testing_plan plan = options.common;
    plan.delay_stores = false; /* interleavings only */
    plan.strategy = STM_TESTING_EXHAUSTIVE;
    plan.preemptions = preemptions;
    plan.runs_max = runs_max;
    snprintf(how, sizeof how, "with up to %u preemption%s", preemptions, preemptions == 1 ? "" : "s");
    return run_plan(program, &plan, how, false);
}

static bool freeze(const stm_testing_program *program)
{
    stm_testing_plan plan = options.common;
    plan.delay_stores = false;
    plan.strategy = STM_TESTING_FREEZE;
    return run_plan(program, &plan, "each thread stopped before each step", false);
}

static bool run_search(const stm_testing_program *program)
{
    return run_some(program, STM_TESTING_RANDOM, options.random, "at random") &&
           run_some(program, STM_TESTING_PCT, options.pct, "by priorities") &&
           (!options.freeze || freeze(program)) &&
           (options.preemptions == 0 || run_all(program, options.preemptions, 0)) &&
           (!options.usual || (run_all(program, 1, 0) && run_all(program, 2, USUAL_RUNS_MAX)));
}

static bool run_written(const stm_testing_program *program, const char *schedule)
{
    stm_testing_plan plan = options.common;
    plan.delay_stores = false;
    plan.keep_schedule = true; /* it is the one that was asked for */
    plan.strategy = STM_TESTING_SCHEDULE;
    plan.schedule = schedule;
    return run_plan(program, &plan, "as written", true);
}

#define INPUT_SIZE_MAX (1u << 20)

static bool run_file(const stm_testing_program *program, const char *path)
{
    static char data[INPUT_SIZE_MAX];
    stm_testing_plan plan = options.common;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        trouble("%s: %s", path, strerror(errno));
    plan.delay_stores = false;
    plan.strategy = STM_TESTING_BYTES;
    plan.bytes = stm_bytes_of(data, fread(data, 1, sizeof data, file));
    if (ferror(file) != 0)
        trouble("%s: %s", path, strerror(errno));
    fclose(file);
    return run_plan(program, &plan, path, false);
}

static bool run_program(const stm_testing_program *program, char **files)
{
    if (options.schedule != NULL)
        return run_written(program, options.schedule);
    if (*files == NULL)
        return run_search(program);
    bool good = true;
    for (; good && *files != NULL; files++)
        good = run_file(program, *files);
    return good;
}

/* ------------------------------------------------------------------------------ arguments -- */

static uint64_t parse_count(const char *option, const char *text, uint64_t max)
{
    char *end;
    errno = 0;
    unsigned long long count = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || *text == '-' || count > max)
        trouble("--%s %s: must be a number of at most %llu", option, text, (unsigned long long)max);
    return count;
}

enum { EXHAUSTIVE = 256, RANDOM, PCT, FREEZE, SCHEDULE, DELAY, SEED, STEPS, THREADS, KEEP, TO_BYTES, PROGRAM, LIST };

static const struct option long_options[] = {
    {"exhaustive", required_argument, NULL, EXHAUSTIVE}, {"random", required_argument, NULL, RANDOM},
    {"pct", required_argument, NULL, PCT},               {"freeze", no_argument, NULL, FREEZE},
    {"schedule", required_argument, NULL, SCHEDULE},     {"delay-stores", no_argument, NULL, DELAY},
    {"seed", required_argument, NULL, SEED},             {"steps", required_argument, NULL, STEPS},
    {"threads", no_argument, NULL, THREADS},             {"keep", no_argument, NULL, KEEP},
    {"to-bytes", required_argument, NULL, TO_BYTES},     {"program", required_argument, NULL, PROGRAM},
    {"list", no_argument, NULL, LIST},                   {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},                 {NULL, 0, NULL, 0},
};

static void list(const stm_testing_program *programs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        puts(programs[i].name);
    exit(0);
}

static void take_option(int option, const stm_testing_program *programs, size_t count)
{
    switch (option) {
    case EXHAUSTIVE:
        options.preemptions = (unsigned)parse_count("exhaustive", optarg, 100);
        if (options.preemptions == 0)
            trouble("--exhaustive 0: must be at least 1");
        break;
    case RANDOM: options.random = parse_count("random", optarg, UINT64_MAX); break;
    case PCT: options.pct = parse_count("pct", optarg, UINT64_MAX); break;
    case FREEZE: options.freeze = true; break;
    case SCHEDULE: options.schedule = optarg; break;
    case DELAY: options.common.delay_stores = true; break;
    case SEED: options.common.seed = parse_count("seed", optarg, UINT64_MAX); break;
    case STEPS: options.common.steps_max = parse_count("steps", optarg, SCHEDULER_STEP_COUNT_MAX); break;
    case THREADS: options.common.real_threads = true; break;
    case KEEP: options.common.keep_schedule = true; break;
    case TO_BYTES: options.to_bytes = optarg; break;
    case PROGRAM: options.only = optarg; break;
    case LIST: list(programs, count); break;
    case 'h': printf(help, options.path); exit(0);
    case 'V': printf("stm-testing %s\n", stm_version()); exit(0);
    default: trouble("try --help");
    }
}

static void parse(int argc, char **argv, const stm_testing_program *programs, size_t count)
{
    int option;
    memset(&options, 0, sizeof options);
    options.path = argv[0];
    options.common.size = sizeof options.common;
    optind = 0; /* it may have been called before */
    while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1)
        take_option(option, programs, count);
    options.usual = options.preemptions == 0 && options.random == 0 && options.pct == 0 && !options.freeze;
    if (options.usual) {
        options.freeze = true;
        options.random = options.pct = USUAL_RUNS;
    }
}

int stm_testing_main(int argc, char **argv, const stm_testing_program *programs, size_t count)
{
    bool good = true, any = false;
    parse(argc, argv, programs, count);
    setvbuf(stdout, NULL, _IOLBF, 0);
    scheduler_on_death(tell_death);
    for (size_t i = 0; i < count && good; i++) {
        if (options.only != NULL && (programs[i].name == NULL || strcmp(options.only, programs[i].name) != 0))
            continue;
        any = true;
        good = run_program(&programs[i], argv + optind);
    }
    if (!any)
        trouble("%s: there is no such program; --list lists them", options.only == NULL ? "" : options.only);
    return good ? 0 : 1;
}
