/*
 * stm-mutants -- puts one bug after the other into the library (libstm/src/mutant.h), and has the explorer look for each:
 * which oracle says no, after how long. A bug that survives is one that the tests could not find in earnest.
 */
#define _GNU_SOURCE
#include "machine.h"
#include "mutants.h"
#include "trial.h"

#include <stm/stm.h>

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: stm-mutants [options] [MUTANT ...]\n"
    "Puts one bug after the other into the testing build of libstm, and looks for it by random programmes and\n"
    "schedules. Prints who killed which, how fast, by which oracle. Without names: all of them, and first none,\n"
    "which must survive.\n"
    "\n"
    "      --seconds S       look for each so long, and a quarter of it where there is none (10)\n"
    "      --seed N          of the programmes (1)\n"
    "      --silence ORACLE  its objections do not count; may be repeated\n"
    "      --shrink FOLDER   write each killed one's programme, made small, to FOLDER/NAME.txt\n"
    "      --json            a line of JSON each\n"
    "      --list            the mutants, and what is wrong with each\n"
    "  -h, --help            this text\n"
    "  -V, --version         the library's version\n"
    "\n"
    "Exit status: 0 all are killed, and no mutant is no bug; 1 one survives, or the library itself is objected to;\n"
    "2 trouble.\n";

#define NO_MUTANT 0u

static struct {
    double seconds;
    uint64_t seed;
    const char *folder;
    bool json;
} options = {.seconds = 10, .seed = 1};

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "stm-mutants: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(2);
}

/* ------------------------------------------------------------------------------ telling -- */

static void tell_head(void)
{
    if (!options.json)
        printf("%-24s %-10s %8s %10s\n", "mutant", "killed by", "seconds", "schedules");
}

static void tell(unsigned mutant, const trial_finding *finding, oracle by, double seconds)
{
    const char *killer = by == ORACLE_NONE ? "-" : oracle_name(by);
    if (options.json)
        printf("{\"mutant\": \"%s\", \"killed_by\": \"%s\", \"seconds\": %.3f, \"schedules\": %llu}\n",
               mutant_name(mutant), by == ORACLE_NONE ? "" : killer, seconds, (unsigned long long)finding->runs);
    else
        printf("%-24s %-10s %8.2f %10llu%s\n", mutant_name(mutant), killer, seconds,
               (unsigned long long)finding->runs,
               (by == ORACLE_NONE) == (mutant == NO_MUTANT) ? ""
               : mutant == NO_MUTANT                          ? "  <- A BUG"
                                                                     : "  <- SURVIVES");
    fflush(stdout);
}

static void write_small(unsigned mutant, trial_finding *finding)
{
    char path[4096], text[FUZZ_TEXT_SIZE_MAX];
    snprintf(path, sizeof path, "%s/%s.txt", options.folder, mutant_name(mutant));
    for (char *at = strrchr(path, '/') + 1; *at != '\0'; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    trial_shrink(finding);
    fuzz_program_to_text(&finding->program, text);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        fail("%s: cannot be written", path);
    fprintf(file, "# mutant %s: %s\n# killed by %s\n%s", mutant_name(mutant), mutant_wrong(mutant),
            oracle_name(finding->by), text);
    if (fclose(file) != 0)
        fail("%s: cannot be written", path);
}

/* ---------------------------------------------------------------------------- searching -- */

/* True: it is as it should be. */
static bool hunt(unsigned mutant)
{
    static trial_finding finding;
    double begin = machine_seconds_now();
    mutant_choose(mutant);
    double seconds = mutant == NO_MUTANT ? options.seconds / 4 : options.seconds;
    oracle by = trial_search(options.seed, seconds, &finding);
    tell(mutant, &finding, by, machine_seconds_now() - begin);
    if (by != ORACLE_NONE && options.folder != NULL)
        write_small(mutant, &finding);
    else if (by != ORACLE_NONE && mutant == NO_MUTANT)
        printf("%s\n", finding.text);
    return (by == ORACLE_NONE) == (mutant == NO_MUTANT);
}

static unsigned must_be_named(const char *name)
{
    unsigned mutant = mutant_named(name);
    if (mutant == NO_MUTANT && strcmp(name, mutant_name(NO_MUTANT)) != 0)
        fail("%s: there is no such mutant; --list lists them", name);
    return mutant;
}

/* -------------------------------------------------------------------------------- main -- */

enum { SECONDS = 256, SEED, SILENCE, SHRINK, JSON, LIST };

static const struct option long_options[] = {
    {"seconds", required_argument, NULL, SECONDS}, {"seed", required_argument, NULL, SEED},
    {"silence", required_argument, NULL, SILENCE}, {"shrink", required_argument, NULL, SHRINK},
    {"json", no_argument, NULL, JSON},             {"list", no_argument, NULL, LIST},
    {"help", no_argument, NULL, 'h'},              {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void list(void)
{
    for (unsigned i = 1; i <= mutant_count(); i++)
        printf("%-24s %s\n", mutant_name(i), mutant_wrong(i));
}

static double parse_positive(const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value > 0 && value < 1e9))
        fail("--%s %s: must be a number above 0", option, text);
    return value;
}

static void take_option(int option)
{
    switch (option) {
    case SECONDS: options.seconds = parse_positive("seconds", optarg); break;
    case SEED: options.seed = (uint64_t)parse_positive("seed", optarg); break;
    case SHRINK: options.folder = optarg; break;
    case JSON: options.json = true; break;
    case LIST: list(); exit(0);
    case 'h': fputs(help, stdout); exit(0);
    case 'V': printf("stm-mutants %s\n", stm_version()); exit(0);
    case SILENCE:
        if (oracle_named(optarg) == ORACLE_NONE)
            fail("--silence %s: there is no such oracle; stm-replay --oracles lists them", optarg);
        oracle_silence(oracle_named(optarg));
        break;
    default: fail("try --help");
    }
}

int main(int argc, char **argv)
{
    int option, count = 0, good = 0;
    while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1)
        take_option(option);
    tell_head();
    for (int i = optind; i < argc; i++, count++)
        good += hunt(must_be_named(argv[i]));
    for (unsigned i = NO_MUTANT; optind == argc && i <= mutant_count(); i++, count++)
        good += hunt(i);
    if (!options.json)
        printf("%d of %d as they should be\n", good, count);
    return good == count ? 0 : 1;
}
