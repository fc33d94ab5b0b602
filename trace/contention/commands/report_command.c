#define _POSIX_C_SOURCE 200809L
#include "../fail.h"
#include "../html/html.h"
#include "../json/json.h"
#include "../text/text_report.h"
#include "commands.h"
#include "load.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: stm-contention report [options] DIR\n"
    "Says what a recording in DIR, or in folders inside it, tells about contention.\n"
    "\n"
    "      --json FILE    write the report as JSON; - for the standard output, instead of the text\n"
    "      --html FILE    write the report as a page with pictures\n"
    "  -n, --top N        rows in the lists of keys, prefixes and owners (10)\n"
    "  -k, --key PREFIX*  only losses on keys that begin so; without *, on that key\n"
    "  -l, --label LABEL  only attempts of transactions with this label\n"
    "      --from TIME    not before: seconds after the first event, HH:MM:SS, or YYYY-MM-DDTHH:MM:SS\n"
    "      --to TIME      not after\n"
    "  -d, --delimiter C  ends a key's prefix (:)\n"
    "  -q, --quiet        no text; with --json or --html\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit status: 0 done, 1 done, but the recording is incomplete and figures are lower bounds, 2 wrong usage,\n"
    "3 no result.\n";

enum { OPTION_JSON = 256, OPTION_HTML, OPTION_FROM, OPTION_TO, TOP_DEFAULT = 10, TOP_MAX = 100000 };

static const struct option long_options[] = {
    {"json", required_argument, NULL, OPTION_JSON},   {"html", required_argument, NULL, OPTION_HTML},
    {"top", required_argument, NULL, 'n'},            {"key", required_argument, NULL, 'k'},
    {"label", required_argument, NULL, 'l'},          {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},       {"delimiter", required_argument, NULL, 'd'},
    {"quiet", no_argument, NULL, 'q'},                {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

typedef struct wishes {
    analysis_options analysis;
    const char *json, *html;
    bool quiet;
} wishes;

static size_t parse_top(const char *text)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || n < 1 || n > TOP_MAX)
        fail(EXIT_USAGE, "--top %s: must be a whole number from 1 to %d", text, TOP_MAX);
    return (size_t)n;
}

static bound parse_bound(const char *name, const char *text)
{
    bound bound;
    if (!bound_parse(text, &bound))
        fail(EXIT_USAGE, "--%s %s: must be seconds after the first event, HH:MM:SS, or YYYY-MM-DDTHH:MM:SS", name, text);
    return bound;
}

static char parse_delimiter(const char *text)
{
    if (strlen(text) != 1)
        fail(EXIT_USAGE, "--delimiter %s: must be one character of ASCII", text);
    return text[0];
}

static void apply(wishes *wishes, int option)
{
    switch (option) {
    case OPTION_JSON: wishes->json = optarg; break;
    case OPTION_HTML: wishes->html = optarg; break;
    case OPTION_FROM: wishes->analysis.from = parse_bound("from", optarg); break;
    case OPTION_TO: wishes->analysis.to = parse_bound("to", optarg); break;
    case 'n': wishes->analysis.top = parse_top(optarg); break;
    case 'k': analysis_options_key(&wishes->analysis, optarg); break;
    case 'l': wishes->analysis.label = optarg; break;
    case 'd': wishes->analysis.delimiter = parse_delimiter(optarg); break;
    case 'q': wishes->quiet = true; break;
    case 'h':
        fputs(help, stdout);
        exit(EXIT_WHOLE);
    default:
        fail(EXIT_USAGE, "see stm-contention report --help"); /* getopt_long has said what is wrong */
    }
}

/* ------------------------------------------------------------------------------- output -- */

typedef int writer(const report *report, FILE *file);

static void write_file(const char *path, writer *write, const report *report)
{
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *file = is_stdout ? stdout : fopen(path, "w");
    if (file == NULL)
        fail(EXIT_NOTHING, "cannot create %s: %s", path, strerror(errno));
    bool failed = write(report, file) != 0;
    failed |= fflush(file) != 0 || ferror(file) != 0;
    if (!is_stdout)
        failed |= fclose(file) != 0;
    if (failed)
        fail(EXIT_NOTHING, "cannot write %s: %s", is_stdout ? "the report" : path, strerror(errno));
}

static int write_text(const report *report, FILE *file)
{
    text_report_write(report, file);
    return 0;
}

static void write_all(const wishes *wishes, const report *report)
{
    bool taken = (wishes->json != NULL && strcmp(wishes->json, "-") == 0) ||
                 (wishes->html != NULL && strcmp(wishes->html, "-") == 0);
    if (!wishes->quiet && !taken)
        write_file("-", write_text, report);
    if (wishes->json != NULL)
        write_file(wishes->json, json_report_write, report);
    if (wishes->html != NULL)
        write_file(wishes->html, report_write_html, report);
}

int report_main(int argc, char **argv)
{
    wishes wishes = {.analysis = {.top = TOP_DEFAULT, .delimiter = ':'}};
    int option;
    while ((option = getopt_long(argc, argv, "n:k:l:d:qh", long_options, NULL)) != -1)
        apply(&wishes, option);
    if (argc - optind != 1)
        fail(EXIT_USAGE, "report wants one folder; see stm-contention report --help");
    report *report = load_report(argv[optind], &wishes.analysis);
    write_all(&wishes, report);
    int status = load_status(report);
    report_free(report);
    return status;
}
