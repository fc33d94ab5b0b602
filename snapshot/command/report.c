/* report -- a page about a snapshot and its history: one HTML file, that needs nothing else. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "fail.h"
#include "report/parts.h"

/* Made in memory, a few megabytes at most, and written at once: a failure leaves no half a page. */
static void write_file(const GString *html, const char *path)
{
    FILE *out = fopen(path, "we");
    if (out == NULL)
        fail(EXIT_TROUBLE, "cannot write %s: %s", path, strerror(errno));
    bool written = fwrite(html->str, 1, html->len, out) == html->len;
    int error = errno;
    if (fclose(out) != 0) {
        error = errno;
        written = false;
    }
    if (!written)
        fail(EXIT_TROUBLE, "cannot write %s: %s", path, strerror(error));
}

static GString *make_page(const struct options *options)
{
    struct file file;
    struct snapshot snapshot;
    struct facts facts;
    GString *html = g_string_new(NULL);
    file_open_at(&file, options->operands[0], options->at, &snapshot);
    facts_gather(&facts, &file, &snapshot, options);
    page_write(html, &facts);
    facts_free(&facts);
    snapshot_free(&snapshot);
    file_close(&file);
    return html;
}

static int run(const struct options *options)
{
    if (options->html == NULL)
        fail(EXIT_USAGE, "say where to write the page: --html FILE, or --html - for the standard output");
    setlocale(LC_NUMERIC, "C"); /* a comma in a coordinate would break the pictures */
    GString *html = make_page(options);
    if (strcmp(options->html, "-") == 0)
        fwrite(html->str, 1, html->len, stdout);
    else
        write_file(html, options->html);
    g_string_free(html, TRUE);
    return EXIT_FINE;
}

const struct command command_report = {
    .name = "report",
    .operands = "FILE[:ID]",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "--html FILE: a page with pictures of all of it",
    .accepts = "aodsk",
    .text = "One file that needs no network: sizes by prefix, growth over the snapshots, what has changed. "
            "For its figures as\n"
            "JSON, see stat, list and diff.\n",
    .run = run,
};
