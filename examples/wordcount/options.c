#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include "../number.h"
#include "fail.h"
#include "saving.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: wordcount [options] [file or folder ...]\n"
    "Counts the words of a text by several threads in one store, and verifies the totals.\n"
    "The text: files, folders, - for the standard input; /usr/share/common-licenses by default.\n"
    "\n"
    "  -t, --threads N      threads that count (4)\n"
    "  -w, --words N        words in a transaction (8)\n"
    "  -s, --seconds S      count for so long (3)\n"
    "  -p, --passes N       count the text so often, instead\n"
    "  -k, --key PATTERN    key of a word; %s stands for the word (word:%s)\n"
    "  -n, --top N          rows in the lists of words and keys (10)\n"
    "      --snapshot FILE  in the end, save the store as a SQLite file\n"
    "      --json           report as JSON\n"
    "      --totals         print only each word's count, like sort | uniq -c; 1 pass by default\n"
    "  -q, --quiet          no progress line, no report\n"
    "  -h, --help           this text\n"
    "  -V, --version        the library's version\n"
    "\n"
    "Exit status: 0 the totals are right, 1 they are not, 2 trouble.\n";

enum { KEY_PATTERN_SIZE_MAX = 512, OPTION_JSON = 256, OPTION_TOTALS, OPTION_SNAPSHOT };

static const struct option long_options[] = {
    {"threads", required_argument, NULL, 't'}, {"words", required_argument, NULL, 'w'},
    {"seconds", required_argument, NULL, 's'}, {"passes", required_argument, NULL, 'p'},
    {"key", required_argument, NULL, 'k'},     {"top", required_argument, NULL, 'n'},
    {"json", no_argument, NULL, OPTION_JSON},  {"totals", no_argument, NULL, OPTION_TOTALS},
    {"snapshot", required_argument, NULL, OPTION_SNAPSHOT},
    {"quiet", no_argument, NULL, 'q'},         {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},       {NULL, 0, NULL, 0},
};

static uint64_t parse_count(const char *name, const char *text, uint64_t min, uint64_t max)
{
    uint64_t n = 0;
    if (!parse_number(text, min, max, &n))
        fail("--%s %s: must be a whole number from %s to %s", name, text, GROUPED(min), GROUPED(max));
    return n;
}

static double parse_seconds(const char *text)
{
    char *end;
    const double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(seconds) || seconds <= 0.0 || seconds > 1e6)
        fail("--seconds %s: must be a number above 0, up to 1,000,000", text);
    return seconds;
}

/* Cuts the pattern in two at its %s. */
static void parse_key_pattern(char *pattern, options *o)
{
    char *word = strstr(pattern, "%s");
    if (word == NULL || strstr(word + 2, "%s") != NULL)
        fail("--key %s: must contain %%s once, where the word goes", pattern);
    if (strlen(pattern) > KEY_PATTERN_SIZE_MAX)
        fail("--key: must not be longer than %d bytes", KEY_PATTERN_SIZE_MAX);
    *word = '\0';
    o->key_prefix = pattern;
    o->key_suffix = word + 2;
}

static void set_output(options *o, output wanted)
{
    if (o->output != OUTPUT_REPORT && o->output != wanted)
        fail("--json and --totals exclude each other");
    o->output = wanted;
}

static void apply(options *o, int option)
{
    switch (option) {
    case 't':
        o->thread_count = parse_count("threads", optarg, 1, 1024);
        break;
    case 'w':
        o->batch_size = parse_count("words", optarg, 1, BATCH_SIZE_MAX);
        break;
    case 's':
        o->seconds = parse_seconds(optarg);
        break;
    case 'p':
        o->pass_count = parse_count("passes", optarg, 1, UINT32_MAX);
        break;
    case 'k':
        parse_key_pattern(optarg, o);
        break;
    case 'n':
        o->top_count = parse_count("top", optarg, 0, TOP_COUNT_MAX);
        break;
    case OPTION_JSON:
        set_output(o, OUTPUT_JSON);
        break;
    case OPTION_TOTALS:
        set_output(o, OUTPUT_TOTALS);
        break;
    case OPTION_SNAPSHOT:
        if (!saving_is_built())
            fail("--snapshot: this wordcount was built without libstm-snapshot");
        o->snapshot_path = optarg;
        break;
    case 'q':
        o->quiet = true;
        break;
    case 'h':
        fputs(help, stdout);
        exit(EXIT_SUCCESS);
    case 'V':
        printf("wordcount (libstm %s)\n", stm_version());
        exit(EXIT_SUCCESS);
    default:
        fail("see wordcount --help"); /* getopt_long has said what is wrong */
    }
}

/* Either passes or seconds; totals can only be compared with something after whole passes. */
static void choose_duration(options *o)
{
    if (o->pass_count > 0 && o->seconds > 0.0)
        fail("--passes and --seconds exclude each other");
    if (o->output == OUTPUT_TOTALS && o->seconds > 0.0)
        fail("--totals wants whole passes: use --passes instead of --seconds");
    if (o->output == OUTPUT_TOTALS && o->pass_count == 0)
        o->pass_count = 1;
    if (o->pass_count == 0 && o->seconds <= 0.0)
        o->seconds = 3.0;
}

options options_parse(int argc, char **argv)
{
    static char default_path[] = "/usr/share/common-licenses";
    static char *default_paths[] = {default_path, NULL};
    options o = {
        .thread_count = 4, .batch_size = 8, .key_prefix = "word:", .key_suffix = "", .top_count = 10};
    int option;

    while ((option = getopt_long(argc, argv, "t:w:s:p:k:n:qhV", long_options, NULL)) != -1)
        apply(&o, option);
    choose_duration(&o);
    o.paths = optind < argc ? argv + optind : default_paths;
    return o;
}
