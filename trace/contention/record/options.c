#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stm/stm.h>

#include "say.h"

static const char help[] =
    "usage: stm-contention record [options] [--] PROGRAM [ARGUMENT ...]\n"
    "Runs PROGRAM, traces what its libstm transactions do to each other, and reports.\n"
    "PROGRAM need not be changed or recompiled; its input, output and exit status stay its own.\n"
    "\n"
    "  -l, --level=LEVEL      what to record; each level has those before it (contention)\n"
    "                           conflicts    attempts that were lost, and to whom\n"
    "                           contention   and attempts that met a busy key\n"
    "                           commits      and commits, abandoned attempts, snapshots\n"
    "                           all          and each key checked out or published\n"
    "  -o, --output=DIR       folder for the recording, new or empty (stm-trace-PROGRAM-DATE)\n"
    "  -f, --flight           write nothing, but keep the last moments in memory; save them when\n"
    "                         a thread starves, on SIGUSR1, and when PROGRAM ends\n"
    "      --no-save-at-end   flight: not when PROGRAM ends\n"
    "      --save-interval=S  flight: save for a starving thread at most every S seconds (10)\n"
    "      --buffer-size=SIZE memory for events not yet written, such as 64M (128M a processor,\n"
    "                         less where memory is short)\n"
    "      --block            let threads wait for room in the buffers, rather than lose events\n"
    "      --strict           exit with 125 unless the recording is complete\n"
    "      --provider=FILE    the libstm-trace.so to preload (the one installed with this command)\n"
    "      --no-report        record only\n"
    "  -q, --quiet            say only what went wrong; implies --no-report\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "Exit status: PROGRAM's own; 128 + N if signal N killed it. Else: 125 the recording failed or is\n"
    "not usable, 126 PROGRAM cannot be run, 127 there is no PROGRAM.\n"
    "DIR/recording.json says how complete the recording is.\n";

static const char *const level_names[LEVEL_COUNT] = {"conflicts", "contention", "commits", "all"};

const char *record_level_name(record_level level)
{
    return level_names[level];
}

enum {
    OPTION_NO_SAVE = 256,
    OPTION_INTERVAL,
    OPTION_BUFFER,
    OPTION_BLOCK,
    OPTION_STRICT,
    OPTION_PROVIDER,
    OPTION_NO_REPORT
};

static const struct option long_options[] = {
    {"level", required_argument, NULL, 'l'},
    {"output", required_argument, NULL, 'o'},
    {"flight", no_argument, NULL, 'f'},
    {"no-save-at-end", no_argument, NULL, OPTION_NO_SAVE},
    {"save-interval", required_argument, NULL, OPTION_INTERVAL},
    {"buffer-size", required_argument, NULL, OPTION_BUFFER},
    {"block", no_argument, NULL, OPTION_BLOCK},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"provider", required_argument, NULL, OPTION_PROVIDER},
    {"no-report", no_argument, NULL, OPTION_NO_REPORT},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static bool parse_level(const char *text, record_level *level)
{
    for (int i = 0; i < LEVEL_COUNT; i++)
        if (strcmp(text, level_names[i]) == 0) {
            *level = (record_level)i;
            return true;
        }
    record_warn("--level=%s: must be conflicts, contention, commits or all", text);
    return false;
}

/* How far a unit of K, M or G shifts; -1 if it is none of them. */
static int unit_shift(const char *unit)
{
    static const char units[] = "KMG";
    if (*unit == '\0')
        return 0;
    const char *const found = strchr(units, toupper((unsigned char)*unit));
    return found != NULL && unit[1] == '\0' ? 10 * (int)(found - units + 1) : -1;
}

static bool parse_size(const char *text, uint64_t *bytes)
{
    char *end;
    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    const int shift = unit_shift(end);
    if (!isdigit((unsigned char)*text) || errno != 0 || n == 0 || shift < 0 || n > UINT64_MAX >> (shift + 1)) {
        record_warn("--buffer-size=%s: must be a number of bytes above 0, or one with K, M or G behind it", text);
        return false;
    }
    *bytes = (uint64_t)n << shift;
    return true;
}

static bool parse_interval(const char *text, unsigned *seconds)
{
    char *end;
    errno = 0;
    const unsigned long n = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != '\0' || errno != 0 || n > 86400) {
        record_warn("--save-interval=%s: must be a whole number of seconds up to 86400", text);
        return false;
    }
    *seconds = (unsigned)n;
    return true;
}

static bool apply(record_options *o, int option)
{
    switch (option) {
    case 'l':
        return parse_level(optarg, &o->level);
    case 'o':
        o->output = optarg;
        return true;
    case 'f':
        o->flight = true;
        return true;
    case OPTION_NO_SAVE:
        o->save_at_end = false;
        return true;
    case OPTION_INTERVAL:
        return parse_interval(optarg, &o->save_interval_s);
    case OPTION_BUFFER:
        return parse_size(optarg, &o->buffer_bytes);
    case OPTION_BLOCK:
        o->block = true;
        return true;
    case OPTION_STRICT:
        o->strict = true;
        return true;
    case OPTION_PROVIDER:
        o->provider = optarg;
        return true;
    case OPTION_NO_REPORT:
        o->report = false;
        return true;
    case 'q':
        o->quiet = true;
        o->report = false;
        return true;
    default:
        record_warn("see stm-contention record --help"); /* getopt_long has said what is wrong */
        return false;
    }
}

static bool check(const record_options *o)
{
    if (o->flight && o->block)
        record_warn("--flight and --block exclude each other: a buffer that is overwritten never fills up");
    else if (o->output != NULL && *o->output == '\0')
        record_warn("--output: the name of the folder is empty");
    else if (o->program[0] == NULL)
        record_warn("there is no PROGRAM to record: see stm-contention record --help");
    else
        return true;
    return false;
}

static int print_and_exit(const char *text)
{
    return fputs(text, stdout) == EOF || fflush(stdout) != 0 ? EXIT_RECORD_FAILED : EXIT_SUCCESS;
}

int record_options_parse(int argc, char **argv, record_options *o)
{
    static char name[] = "stm-contention record";
    int option;

    *o = (record_options){.level = LEVEL_CONTENTION, .save_at_end = true, .save_interval_s = 10, .report = true};
    argv[0] = name; /* for getopt's own messages */
    optind = 0;     /* 0 rather than 1: whoever called us may have used getopt before */
    /* +: the first word that is no option is the program, and what follows belongs to it. */
    while ((option = getopt_long(argc, argv, "+l:o:fqhV", long_options, NULL)) != -1) {
        if (option == 'h')
            return print_and_exit(help);
        if (option == 'V') {
            printf("stm-contention (libstm %d.%d.%d)\n", STM_VERSION_MAJOR, STM_VERSION_MINOR, STM_VERSION_PATCH);
            return print_and_exit("");
        }
        if (!apply(o, option))
            return EXIT_RECORD_FAILED;
    }
    o->program = argv + optind;
    return check(o) ? -1 : EXIT_RECORD_FAILED;
}
