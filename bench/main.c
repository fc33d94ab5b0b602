/*
 * main.c -- stm-bench: how fast is the store, compared in one run with what it could cost at least?
 *
 * Chooses the variants, lets them take turns round by round, and prints the report. Ends with 0 unless
 * an invariant was broken: it never judges a time.
 */
#include "bench.h"
#include "cpus.h"

#include <ctype.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define VARIANTS_MAX 64
#define TRIES_MAX 3       /* of a measurement that other processes disturb */
#define SHARE_WANTED 0.95 /* of a CPU, for each thread */
#define HELD_COMMITS 1000000
#define HELD_COMMITS_LONG 10000000

typedef struct settings {
    unsigned round_count;
    double milliseconds;
    char pattern[128]; /* "" for all */
    bool json, list, is_long;
    const char *count_name; /* variant to run without timing, or NULL */
    uint64_t count;
} settings;

static const char memory_name[] = "memory"; /* of the figures that are counted */

static bench_result results[VARIANTS_MAX];
static size_t result_count;

_Noreturn void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("stm-bench: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputs("\n", stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

/* ---------------------------------------------------------------------------------- choosing -- */

static void add_variants(const bench_variant *variants)
{
    for (; variants->name != NULL; variants++) {
        if (result_count == VARIANTS_MAX)
            bench_fail("too many variants");
        results[result_count++].variant = variants;
    }
}

static void add_all(void)
{
    add_variants(bench_transfer_variants);
    add_variants(bench_read_variants);
    add_variants(bench_snapshot_variants);
    add_variants(bench_hot_variants);
    add_variants(bench_value_variants);
}

static bool matches(const settings *s, const char *name)
{
    return fnmatch(s->pattern, name, 0) == 0;
}

static bench_result *result_named(const char *name)
{
    for (size_t i = 0; i < result_count; i++) {
        if (strcmp(results[i].variant->name, name) == 0)
            return &results[i];
    }
    return NULL;
}

static void select_result(bench_result *result)
{
    result->selected = true;
    for (unsigned l = 0; l < BENCH_LANES_MAX; l++) {
        const char *against = result->variant->lanes[l].against;
        if (against != NULL && result_named(against) == NULL)
            bench_fail("%s is compared with %s, which there is not", result->variant->name, against);
        if (against != NULL && !result_named(against)->selected)
            select_result(result_named(against));
    }
}

/* Those that match, and those that they are compared with. */
static void select_results(const settings *s)
{
    bool any = matches(s, memory_name);
    for (size_t i = 0; i < result_count; i++) {
        if (!matches(s, results[i].variant->name))
            continue;
        select_result(&results[i]);
        any = true;
    }
    if (!any)
        bench_fail("--only: nothing is named like that; see --list");
}

static void list_names(void)
{
    for (size_t i = 0; i < result_count; i++) {
        if (results[i].selected)
            (void)printf("%-26s %s: %s\n", results[i].variant->name, results[i].variant->group,
                         results[i].variant->lanes[0].title);
    }
    (void)printf("%-26s %s\n", memory_name, "bytes a key, and what a snapshot holds");
}

/* --------------------------------------------------------------------------------- measuring -- */

/* On a terminal only, and gone when the report comes. */
static void show_progress(const settings *s, unsigned round, const char *name)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (name == NULL)
        (void)fputs("\r\033[K", stderr);
    else
        (void)fprintf(stderr, "\r\033[K%u/%u  %s", round, s->round_count, name);
}

/* The least disturbed of a few tries. Returns whether even that one was disturbed. */
static bool measure_result(bench_result *result, unsigned round, double milliseconds)
{
    double best = -1;
    for (unsigned tries = 0; tries < TRIES_MAX && best < SHARE_WANTED; tries++) {
        bench_sample samples[BENCH_LANES_MAX];
        double share = bench_measure(result->variant, milliseconds, samples);
        for (unsigned l = 0; share > best && l < BENCH_LANES_MAX; l++)
            result->samples[l][round] = samples[l];
        best = share > best ? share : best;
    }
    return best < SHARE_WANTED;
}

static unsigned measure_all(const settings *s)
{
    unsigned disturbed_count = 0;
    for (unsigned round = 0; round < s->round_count; round++) {
        for (size_t i = 0; i < result_count; i++) {
            if (!results[i].selected)
                continue;
            show_progress(s, round + 1, results[i].variant->name);
            disturbed_count += measure_result(&results[i], round, s->milliseconds);
        }
    }
    show_progress(s, 0, NULL);
    return disturbed_count;
}

static void allocate_samples(const settings *s)
{
    for (size_t i = 0; i < result_count; i++) {
        for (unsigned l = 0; l < BENCH_LANES_MAX; l++) {
            results[i].samples[l] = calloc(s->round_count, sizeof(bench_sample));
            if (results[i].samples[l] == NULL)
                bench_fail("out of memory");
        }
    }
}

static void free_samples(void)
{
    for (size_t i = 0; i < result_count; i++) {
        for (unsigned l = 0; l < BENCH_LANES_MAX; l++)
            free(results[i].samples[l]);
    }
}

static void run_all(const settings *s)
{
    static bench_facts facts;
    (void)bench_cpu_count(); /* before any thread is pinned */
    if (matches(s, memory_name))
        bench_memory(&facts, s->is_long ? HELD_COMMITS_LONG : HELD_COMMITS);
    allocate_samples(s);
    unsigned disturbed_count = measure_all(s);

    const bench_report report = {.results = results,
                                 .result_count = result_count,
                                 .round_count = s->round_count,
                                 .milliseconds = s->milliseconds,
                                 .disturbed_count = disturbed_count,
                                 .facts = &facts};
    if (s->json)
        bench_report_json(&report);
    else
        bench_report_table(&report);
    free_samples();
}

static void run_count(const settings *s)
{
    const bench_result *result = result_named(s->count_name);
    if (result == NULL || result->variant->lanes[0].threads != 1)
        bench_fail("--count: %s is no variant of one thread; see --list", s->count_name);
    bench_count(result->variant, s->count);
    (void)printf("%s: %llu operations\n", s->count_name, (unsigned long long)s->count);
}

/* ----------------------------------------------------------------------------------- options -- */

static void print_help(void)
{
    (void)puts(
        "usage: stm-bench [options]\n"
        "       stm-bench --count NAME NUMBER\n"
        "\n"
        "Measures libstm against a plain table of the same layout, all in one run, and prints ratios\n"
        "with the figures wanted. Never fails for a time; fails when an invariant is broken.\n"
        "\n"
        "  --rounds N         turns that each variant takes (default 9)\n"
        "  --milliseconds N   of each measurement (default 100)\n"
        "  --only PATTERN     only variants whose name contains PATTERN (* and ? as in a shell), and those\n"
        "                     that they are compared with\n"
        "  --long             hold the snapshot of \"memory\" over ten million commits, not one million\n"
        "  --json             the report as JSON\n"
        "  --list             the names, and nothing else\n"
        "  --count NAME N     run exactly N operations of one variant, untimed: for callgrind, see count.sh\n"
        "  --help");
}

static uint64_t number_of(const char *option, const char *text, uint64_t max)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != '\0' || number == 0 || number > max)
        bench_fail("%s: %s is not a number from 1 to %llu", option, text, (unsigned long long)max);
    return number;
}

static void set_pattern(settings *s, const char *pattern)
{
    if (snprintf(s->pattern, sizeof s->pattern, "*%s*", pattern) >= (int)sizeof s->pattern)
        bench_fail("--only: the pattern is too long");
}

static void parse_count(settings *s, int argc, char **argv)
{
    if (optind + 1 != argc)
        bench_fail("--count takes a name and a number");
    s->count = number_of("--count", argv[optind++], UINT64_C(1) << 40);
}

static settings parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"milliseconds", required_argument, NULL, 'm'},
        {"only", required_argument, NULL, 'o'},
        {"long", no_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},
        {"list", no_argument, NULL, 'n'},
        {"count", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    settings s = {.round_count = 9, .milliseconds = 100, .pattern = "*"};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'r':
            s.round_count = (unsigned)number_of("--rounds", optarg, 10000);
            break;
        case 'm':
            s.milliseconds = (double)number_of("--milliseconds", optarg, 60000);
            break;
        case 'o':
            set_pattern(&s, optarg);
            break;
        case 'l':
            s.is_long = true;
            break;
        case 'j':
            s.json = true;
            break;
        case 'n':
            s.list = true;
            break;
        case 'c':
            s.count_name = optarg;
            break;
        case 'h':
            print_help();
            exit(EXIT_SUCCESS);
        default:
            bench_fail("see --help");
        }
    }
    if (s.count_name != NULL)
        parse_count(&s, argc, argv);
    if (optind != argc)
        bench_fail("%s: see --help", argv[optind]);
    return s;
}

int main(int argc, char **argv)
{
    settings s = parse(argc, argv);
    add_all();
    select_results(&s);
    if (s.list)
        list_names();
    else if (s.count_name != NULL)
        run_count(&s);
    else
        run_all(&s);
    bench_banks_close();
    return EXIT_SUCCESS;
}
