#include "../fail.h"
#include "../format.h"
#include "../text/style.h"
#include "commands.h"
#include "comparison.h"
#include "comparison_json.h"
#include "load.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define SMALL_SHARE 0.001

static const char help[] =
    "usage: stm-contention diff [options] BEFORE AFTER\n"
    "Compares two recordings of a program, before a change and after it: did it help?\n"
    "Record both at the same level, with the same work, and for a few seconds.\n"
    "\n"
    "      --json     write JSON instead of text\n"
    "  -n, --top N    keys and labels to compare (10)\n"
    "  -h, --help     this text\n"
    "\n"
    "Exit status: 0 done, 1 done, but a recording is incomplete and its figures are lower bounds, 2 wrong usage,\n"
    "3 no result. It does not tell the verdict.\n";

enum { OPTION_JSON = 256, TOP_MAX = 1000, KEYS_LOOKED_AT = 100000 };

/* ---------------------------------------------------------------------------------- rows -- */

static void print_row(const page *page, const char *name, const char *before, const char *after, const char *change)
{
    fprintf(page->file, "  %-30s %16s %16s %12s\n", name, before, after, change);
}

static const char *change_of(double before, double after)
{
    static char text[32];
    if (before <= 0)
        return "";
    snprintf(text, sizeof text, "%+.0f %%", (after / before - 1) * 100);
    return text;
}

static void print_rate(const page *page, const char *name, double before, double after)
{
    print_row(page, name, format_rate(before), format_rate(after), change_of(before, after));
}

static void print_share(const page *page, const char *name, double before, double after)
{
    print_row(page, name, format_percent(before), format_percent(after), change_of(before, after));
}

static void print_time(const page *page, const char *name, uint64_t before, uint64_t after)
{
    if (before != 0 || after != 0)
        print_row(page, name, format_duration((int64_t)before), format_duration((int64_t)after),
                  change_of((double)before, (double)after));
}

static void print_figures(const page *page, const comparison *comparison)
{
    const side *before = &comparison->before, *after = &comparison->after;
    const latency_part *was = &before->report->latency, *is = &after->report->latency;
    fprintf(page->file, "\n%s", page_tone(page, TONE_QUIET));
    print_row(page, "", "before", "after", "change");
    fputs(page_plain(page), page->file);
    print_row(page, "recorded", format_duration(before->report->health.span_ns), format_duration(after->report->health.span_ns),
              "");
    if (!comparison->by_share) {
        print_rate(page, "losses a second", before->losses_a_second, after->losses_a_second);
        return;
    }
    print_rate(page, "attempts a second", before->attempts_a_second, after->attempts_a_second);
    print_rate(page, "commits a second", before->commits_a_second, after->commits_a_second);
    print_share(page, "lost", before->lost_share, after->lost_share);
    print_share(page, "  conflict", before->conflict_share, after->conflict_share);
    print_share(page, "  busy", before->busy_share, after->busy_share);
    print_share(page, "time wasted", before->report->verdict.wasted_share, after->report->verdict.wasted_share);
    print_time(page, "first begin to OK, half", was->first_begin_to_ok_ns.p50, is->first_begin_to_ok_ns.p50);
    print_time(page, "first begin to OK, 99 of 100", was->first_begin_to_ok_ns.p99, is->first_begin_to_ok_ns.p99);
}

/* ---------------------------------------------------------------------- keys and labels -- */

static uint64_t losses_on(const report *report, const char *name)
{
    for (size_t i = 0; i < report->key_count; i++)
        if (strcmp(report->keys[i].name, name) == 0)
            return report->keys[i].conflicts + report->keys[i].busy;
    return 0;
}

/* Losses on a key, as a share of attempts or a second, in each of the two. */
typedef struct key_losses {
    const char *name;
    double was, is;
} key_losses;

static key_losses losses_of(const comparison *comparison, const char *name)
{
    return (key_losses){name,
        comparison_of_losses(comparison, &comparison->before, losses_on(comparison->before.report, name)),
        comparison_of_losses(comparison, &comparison->after, losses_on(comparison->after.report, name))};
}

/* One attempt in a thousand is not worth a line. */
static bool is_small(const comparison *comparison, const key_losses *losses)
{
    return comparison->by_share && losses->was < SMALL_SHARE && losses->is < SMALL_SHARE;
}

static void print_losses(const page *page, const comparison *comparison, const key_losses *losses)
{
    fputs("  ", page->file);
    page_name(page, losses->name, 30);
    fprintf(page->file, " %16s %16s %12s\n",
            comparison->by_share ? format_percent(losses->was) : format_rate(losses->was),
            comparison->by_share ? format_percent(losses->is) : format_rate(losses->is),
            change_of(losses->was, losses->is));
}

static bool was_shown(const report *before, size_t top, const char *name)
{
    for (size_t i = 0; i < before->key_count && i < top; i++)
        if (strcmp(before->keys[i].name, name) == 0)
            return true;
    return false;
}

/* The hottest before, and then those that were not among them and are hot now. */
static void print_keys(const page *page, const comparison *comparison, size_t top)
{
    const report *before = comparison->before.report, *after = comparison->after.report;
    size_t small = 0;
    if (before->key_count == 0 && after->key_count == 0)
        return;
    page_heading(page, comparison->by_share ? "Keys: attempts lost on them" : "Keys: losses a second");
    for (size_t i = 0; i < before->key_count + after->key_count; i++) {
        bool is_before = i < before->key_count;
        size_t rank = is_before ? i : i - before->key_count;
        const char *name = is_before ? before->keys[rank].name : after->keys[rank].name;
        if (rank >= top || (!is_before && was_shown(before, top, name)))
            continue;
        key_losses losses = losses_of(comparison, name);
        if (is_small(comparison, &losses))
            small++;
        else
            print_losses(page, comparison, &losses);
    }
    if (small > 0)
        fprintf(page->file, "  ... and others, each with less than 0.1 %% before and after\n");
}

static const label_row *label_of(const report *report, const char *name)
{
    for (size_t i = 0; i < report->label_count; i++)
        if (strcmp(report->labels[i].label, name) == 0)
            return &report->labels[i];
    return NULL;
}

static double lost_share_of(const label_row *row)
{
    if (row == NULL)
        return 0;
    double lost = (double)row->conflicts + (double)row->busy, all = lost + (double)row->commits;
    return all > 0 ? lost / all : 0;
}

static void print_labels(const page *page, const comparison *comparison, size_t top)
{
    const report *before = comparison->before.report, *after = comparison->after.report;
    if (!comparison->by_share || before->label_count == 0)
        return;
    page_heading(page, "Transactions: their attempts that were lost");
    for (size_t i = 0; i < before->label_count && i < top; i++) {
        const label_row *row = &before->labels[i], *now = label_of(after, row->label);
        double was = lost_share_of(row), is = lost_share_of(now);
        fputs("  ", page->file);
        page_name(page, row->label, 30);
        fprintf(page->file, " %16s %16s %12s\n", format_percent(was), now != NULL ? format_percent(is) : "(none)",
                now != NULL ? change_of(was, is) : "");
    }
}

/* -------------------------------------------------------------------------------- command -- */

static void print_warnings(const page *page, const comparison *comparison)
{
    const health *before = &comparison->before.report->health, *after = &comparison->after.report->health;
    if (before->has_commits != after->has_commits)
        page_paragraph(page, TONE_WARNING, "  ! ", 4, "Commits were recorded in one of them only, so that losses are compared by "
                       "the second and not by attempts. Record both at the same level.");
    if (before->has_busy != after->has_busy)
        page_paragraph(page, TONE_WARNING, "  ! ", 4, "BUSY was recorded in one of them only. Record both at the same level.");
    if (before->has_checkouts != after->has_checkouts)
        page_paragraph(page, TONE_WARNING, "  ! ", 4, "Checkouts were recorded in one of them only: recording more makes a "
                       "program slower. Record both at the same level.");
    if (before->lower_bounds || after->lower_bounds)
        page_paragraph(page, TONE_WARNING, "  ! ", 4, "A recording is incomplete: its figures are lower bounds.");
    if (before->lower_bounds || after->lower_bounds || before->has_commits != after->has_commits ||
        before->has_busy != after->has_busy || before->has_checkouts != after->has_checkouts)
        fputc('\n', page->file);
}

static void print_comparison(const comparison *comparison, size_t top)
{
    page page = page_open(stdout);
    print_warnings(&page, comparison);
    page_paragraph(&page, TONE_STRONG, "", 0, comparison->sentence);
    print_figures(&page, comparison);
    print_keys(&page, comparison, top);
    print_labels(&page, comparison, top);
}

static int diff(const char *before_path, const char *after_path, size_t top, bool as_json)
{
    analysis_options options = {.top = KEYS_LOOKED_AT, .delimiter = ':'};
    report *before = load_report(before_path, &options), *after = load_report(after_path, &options);
    comparison comparison = comparison_make(before, after);
    if (as_json)
        comparison_json_write(&comparison, top, stdout);
    else
        print_comparison(&comparison, top);
    int status = MAX(load_status(before), load_status(after));
    comparison_free(&comparison);
    report_free(before);
    report_free(after);
    close_output();
    return status;
}

int diff_main(int argc, char **argv)
{
    static const struct option long_options[] = {{"json", no_argument, NULL, OPTION_JSON},
                                                 {"top", required_argument, NULL, 'n'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    guint64 top = 10;
    bool as_json = false;
    int option;
    while ((option = getopt_long(argc, argv, "n:h", long_options, NULL)) != -1) {
        if (option == OPTION_JSON) {
            as_json = true;
        } else if (option == 'n') {
            if (!g_ascii_string_to_unsigned(optarg, 10, 1, TOP_MAX, &top, NULL))
                fail(EXIT_USAGE, "--top %s: must be a whole number from 1 to %d", optarg, TOP_MAX);
        } else if (option == 'h') {
            fputs(help, stdout);
            return EXIT_WHOLE;
        } else {
            fail(EXIT_USAGE, "see stm-contention diff --help");
        }
    }
    if (argc - optind != 2)
        fail(EXIT_USAGE, "diff wants two folders, before and after; see stm-contention diff --help");
    return diff(argv[optind], argv[optind + 1], (size_t)top, as_json);
}
