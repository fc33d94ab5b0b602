/*
 * stm-exhaust -- runs every schedule, within bounds, of every programme of a small grammar (grammar.h), and has all oracles
 * judge each. What it says in the end is a sentence that testing at random cannot say: up to these bounds there is no
 * anomaly.
 */
#define _GNU_SOURCE
#include "exhaust.h"
#include "machine.h"
#include "mutants.h"

#include <stm/stm.h>

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: stm-exhaust [options]\n"
    "Runs every schedule, up to a number of preemptions, of every programme of a small grammar over two keys, on the\n"
    "testing build of libstm, and has all oracles judge each; then the same where stores reach other threads late.\n"
    "Without --threads and --transactions: two threads of two transactions each, and three of one; of stores that arrive\n"
    "late, two threads of one, and three of one with one preemption. Prints the first programme that an oracle objects\n"
    "to, made small, as a text that stm-replay runs.\n"
    "\n"
    "      --threads N        of a programme: 2 to 4\n"
    "      --transactions N   of a thread: 1 to 3\n"
    "      --preemptions N    of a schedule, at most (2)\n"
    "      --delayed N        stores held back in a schedule, at most; 0: none, and not the second part (1)\n"
    "      --share K/N        only the K-th of N shares of the programmes: for several machines (1/1)\n"
    "      --whole            run each schedule from its beginning to its end, to compare: takes twice as long\n"
    "  -j, --jobs N           processes (one a processor)\n"
    "      --mutant NAME      with a bug on purpose; stm-mutants --list lists them\n"
    "      --list             print the programmes of --threads and --transactions, and run none\n"
    "      --json             a line of JSON for each part\n"
    "  -h, --help             this text\n"
    "  -V, --version          the library's version\n"
    "\n"
    "Exit status: 0 nobody objects; 1 an oracle does; 2 trouble.\n";

static struct {
    unsigned threads, transactions; /* 0: not given */
    unsigned preemptions, delayed, jobs, share, shares;
    bool json, list, whole;
} options = {.preemptions = 2, .delayed = 1, .shares = 1};

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "stm-exhaust: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(2);
}

/* ------------------------------------------------------------------------------ telling -- */

static bool on_terminal(void)
{
    return isatty(STDERR_FILENO) != 0;
}

static void show_progress(const exhaust_task *task, const exhaust_tally *tally)
{
    fprintf(stderr, "\r%u x %u%s: %3.0f %%, %llu programmes, %llu schedules ", task->shape.thread_count,
            task->shape.transaction_count, task->delays > 0 ? ", stores delayed" : "",
            100.0 * (double)tally->numbers / (double)grammar_size(&task->shape), (unsigned long long)tally->programs,
            (unsigned long long)tally->schedules);
}

static void clear_progress(void)
{
    if (on_terminal())
        fprintf(stderr, "\r\033[K");
}

static void tell(const exhaust_task *task, const exhaust_tally *tally, double seconds, oracle by)
{
    double rate = tally->processor_seconds > 0 ? (double)tally->schedules / tally->processor_seconds : 0;
    if (options.json)
        printf("{\"threads\": %u, \"transactions\": %u, \"preemptions\": %u, \"delayed\": %u, \"programmes\": %llu, "
               "\"schedules\": %llu, \"runs\": %llu, \"seconds\": %.1f, \"processor_seconds\": %.1f, "
               "\"objector\": \"%s\"}\n",
               task->shape.thread_count, task->shape.transaction_count, task->preemptions, task->delays,
               (unsigned long long)tally->programs, (unsigned long long)tally->schedules,
               (unsigned long long)tally->runs, seconds, tally->processor_seconds,
               by == ORACLE_NONE ? "" : oracle_name(by));
    else
        printf("%u threads x %u transactions, up to %u preemptions, %u stores held back: %llu programmes, %llu schedules, "
               "%.1f s (%.0f schedules a second of processor time)\n",
               task->shape.thread_count, task->shape.transaction_count, task->preemptions, task->delays,
               (unsigned long long)tally->programs, (unsigned long long)tally->schedules, seconds, rate);
    fflush(stdout);
}

static void tell_finding(trial_finding *finding)
{
    char text[FUZZ_TEXT_SIZE_MAX];
    trial_shrink(finding);
    fuzz_program_to_text(&finding->program, text);
    FILE *stream = options.json ? stderr : stdout;
    fprintf(stream, "# %s objects: ", oracle_name(finding->by));
    for (const char *at = finding->text; *at != '\0'; at++)
        fprintf(stream, "%c%s", *at, *at == '\n' ? "# " : ""); /* a comment of the programme */
    fprintf(stream, "\n%s", text);
}

static void list(const grammar_shape *shape)
{
    static fuzz_program program;
    char text[FUZZ_TEXT_SIZE_MAX];
    uint64_t count = 0;
    for (uint64_t number = 0; number < grammar_size(shape); number++) {
        if (!grammar_program(shape, number, &program))
            continue;
        fuzz_program_to_text(&program, text);
        printf("# %llu\n%s\n", (unsigned long long)++count, text);
    }
}

/* ------------------------------------------------------------------------------- the work -- */

static bool run_part(const grammar_shape *shape, unsigned preemptions, unsigned delays)
{
    static trial_finding finding;
    exhaust_task task = {*shape, preemptions, delays, options.whole, options.share, options.shares};
    exhaust_tally tally;
    double begin = machine_seconds_now();
    oracle by = exhaust_run(&task, options.jobs, on_terminal() ? show_progress : NULL, &tally, &finding);
    clear_progress();
    tell(&task, &tally, machine_seconds_now() - begin, by);
    if (by != ORACLE_NONE)
        tell_finding(&finding);
    return by == ORACLE_NONE;
}

static bool run_shape(unsigned threads, unsigned transactions)
{
    grammar_shape shape = {threads, transactions};
    if (grammar_size(&shape) == 0)
        fail("%u threads of %u transactions: must be 2 to 4 of 1 to 3", threads, transactions);
    if (options.list) {
        list(&shape);
        return true;
    }
    return run_part(&shape, options.preemptions, 0) &&
           (options.delayed == 0 || run_part(&shape, options.preemptions, options.delayed));
}

/* What takes two minutes on two processors. A store that may be late multiplies the schedules by ten: so fewer
 * transactions, or preemptions. */
static bool run_all(void)
{
    static const grammar_shape twice = {2, 2}, three = {3, 1}, two = {2, 1};
    unsigned fewer = options.preemptions > 0 ? options.preemptions - 1 : 0;
    return run_part(&twice, options.preemptions, 0) && run_part(&three, options.preemptions, 0) &&
           (options.delayed == 0 || (run_part(&two, options.preemptions, options.delayed) &&
                                     run_part(&three, fewer, options.delayed)));
}

/* -------------------------------------------------------------------------------- main -- */

enum { THREADS = 256, TRANSACTIONS, PREEMPTIONS, DELAYED, SHARE, MUTANT, LIST, JSON, WHOLE };

static const struct option long_options[] = {
    {"threads", required_argument, NULL, THREADS},
    {"transactions", required_argument, NULL, TRANSACTIONS},
    {"preemptions", required_argument, NULL, PREEMPTIONS},
    {"delayed", required_argument, NULL, DELAYED},
    {"share", required_argument, NULL, SHARE},
    {"jobs", required_argument, NULL, 'j'},
    {"mutant", required_argument, NULL, MUTANT},
    {"whole", no_argument, NULL, WHOLE},
    {"list", no_argument, NULL, LIST},
    {"json", no_argument, NULL, JSON},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static unsigned parse_number(const char *option, const char *text, unsigned low, unsigned high)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value < low || value > high)
        fail("--%s %s: must be a number from %u to %u", option, text, low, high);
    return (unsigned)value;
}

static void parse_share(const char *text)
{
    int end = 0;
    if (sscanf(text, "%u/%u%n", &options.share, &options.shares, &end) != 2 || text[end] != '\0' ||
        options.share < 1 || options.share > options.shares)
        fail("--share %s: must be K/N, with K from 1 to N", text);
    options.share--;
}

static void take_option(int option)
{
    switch (option) {
    case THREADS: options.threads = parse_number("threads", optarg, 2, FUZZ_THREAD_COUNT_MAX); break;
    case TRANSACTIONS: options.transactions = parse_number("transactions", optarg, 1, 3); break;
    case PREEMPTIONS: options.preemptions = parse_number("preemptions", optarg, 0, 100); break;
    case DELAYED: options.delayed = parse_number("delayed", optarg, 0, 100); break;
    case SHARE: parse_share(optarg); break;
    case 'j': options.jobs = parse_number("jobs", optarg, 1, 64); break;
    case LIST: options.list = true; break;
    case WHOLE: options.whole = true; break;
    case JSON: options.json = true; break;
    case MUTANT:
        if (mutant_named(optarg) == 0)
            fail("--mutant %s: there is no such mutant; stm-mutants --list lists them", optarg);
        mutant_choose(mutant_named(optarg));
        break;
    case 'h': fputs(help, stdout); exit(0);
    case 'V': printf("stm-exhaust %s\n", stm_version()); exit(0);
    default: fail("try --help");
    }
}

int main(int argc, char **argv)
{
    int option;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    options.jobs = processors < 1 ? 1 : (unsigned)processors;
    while ((option = getopt_long(argc, argv, "j:hV", long_options, NULL)) != -1)
        take_option(option);
    if (optind < argc)
        fail("%s: takes options only; try --help", argv[optind]);
    bool good;
    if (options.list && options.threads == 0 && options.transactions == 0)
        fail("--list: needs --threads and --transactions");
    if (options.threads != 0 || options.transactions != 0)
        good = run_shape(options.threads == 0 ? 2 : options.threads,
                         options.transactions == 0 ? 1 : options.transactions);
    else
        good = run_all();
    return good ? 0 : 1;
}
