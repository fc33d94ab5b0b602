#include "../format.h"
#include "sections.h"

#include <glib.h>

/* ------------------------------------------------------------------------------- latency -- */

static void print_times(const page *page, const char *name, const quantiles *quantiles)
{
    if (quantiles->count == 0)
        return;
    fprintf(page->file, "  %-28s %11s %11s %11s %11s %12s\n", name, format_duration((int64_t)quantiles->p50),
            format_duration((int64_t)quantiles->p90), format_duration((int64_t)quantiles->p99),
            format_duration((int64_t)quantiles->max), format_count(quantiles->count));
}

static void print_sizes(const page *page, const char *name, const quantiles *quantiles)
{
    if (quantiles->count == 0)
        return;
    fprintf(page->file, "  %-28s %11s %11s %11s %11s %12s\n", name, format_count(quantiles->p50), format_count(quantiles->p90),
            format_count(quantiles->p99), format_count(quantiles->max), format_count(quantiles->count));
}

static void print_attempts(const page *page, const latency_part *latency)
{
    uint64_t all = 0;
    for (size_t i = 0; i < latency->attempt_bar_count; i++)
        all += latency->attempts[i].count;
    for (size_t i = 0; i < latency->attempt_bar_count; i++) {
        const histogram_bar *bar = &latency->attempts[i];
        char range[48];
        if (bar->count == 0)
            continue;
        snprintf(range, sizeof range, bar->low == bar->high ? "%s" : "%s to %s", format_count(bar->low), format_count(bar->high));
        fprintf(page->file, "  %-16s %14s %9s  ", range, format_count(bar->count), format_part(bar->count, all));
        page_bar(page, TONE_OK, (double)bar->count / (double)all, page->width - 48);
        fputc('\n', page->file);
    }
}

void section_latency(const page *page, const report *report)
{
    const latency_part *latency = &report->latency;
    page_heading(page, "Attempts an operation needed");
    if (!latency->has_latency)
        page_missing(page, "Needs commits: record with --level=commits.");
    else
        print_attempts(page, latency);
    page_heading(page, "Times and sizes");
    fprintf(page->file, "%s  %-28s %11s %11s %11s %11s %12s%s\n", page_tone(page, TONE_QUIET), "", "half", "9 of 10", "99 of 100",
            "longest", "of", page_plain(page));
    print_times(page, "first begin to OK", &latency->first_begin_to_ok_ns);
    print_times(page, "an attempt that committed", &latency->attempt_ok_ns);
    print_times(page, "an attempt that was lost", &latency->attempt_lost_ns);
    print_sizes(page, "keys read, committed", &latency->winner_reads);
    print_sizes(page, "keys read, lost", &latency->loser_reads);
    print_sizes(page, "keys for update, committed", &latency->winner_writes);
    print_sizes(page, "keys for update, lost", &latency->loser_writes);
}

/* ------------------------------------------------------------------------------ time line -- */

enum { LINE_NAME_WIDTH = 18, HEAT_ROWS = 5 };

/* Darker and darker. */
static const char shades[] = " .:-=+*#%@";

typedef uint64_t amount(const timeline *timeline, size_t row, size_t bucket);

static uint64_t ok_amount(const timeline *timeline, size_t row, size_t bucket)
{
    (void)row;
    return timeline->buckets[bucket].ok;
}

static uint64_t conflict_amount(const timeline *timeline, size_t row, size_t bucket)
{
    (void)row;
    return timeline->buckets[bucket].conflict;
}

static uint64_t busy_amount(const timeline *timeline, size_t row, size_t bucket)
{
    (void)row;
    return timeline->buckets[bucket].busy;
}

static uint64_t heat_amount(const timeline *timeline, size_t row, size_t bucket)
{
    return timeline->heat[row * timeline->bucket_count + bucket];
}

/* As many columns as fit, each of the same number of buckets. */
static void print_line(const page *page, const timeline *timeline, const char *name, tone tone, amount *amount, size_t row)
{
    size_t columns = page->width - LINE_NAME_WIDTH - 15;
    size_t step = (timeline->bucket_count + columns - 1) / columns;
    uint64_t sums[256] = {0}, most = 0;
    size_t count = 0;
    for (size_t bucket = 0; bucket < timeline->bucket_count; bucket++) {
        count = bucket / step + 1;
        sums[count - 1] += amount(timeline, row, bucket);
        most = MAX(most, sums[count - 1]);
    }
    if (most == 0)
        return;
    fputs("  ", page->file);
    page_name(page, name, LINE_NAME_WIDTH);
    fprintf(page->file, " |%s", page_tone(page, tone));
    for (size_t i = 0; i < count; i++) {
        size_t shade = sums[i] == 0 ? 0 : 1 + (size_t)((double)sums[i] / (double)most * (double)(sizeof shades - 3));
        fputc(shades[MIN(shade, sizeof shades - 2)], page->file);
    }
    fprintf(page->file, "%s| %s\n", page_plain(page), format_count(most));
}

static void print_bursts(const page *page, const timeline *timeline)
{
    for (size_t i = 0; i < timeline->burst_count; i++) {
        const burst *burst = &timeline->bursts[i];
        fprintf(page->file, "  burst at %s for %s: %s losses%s%s\n", format_moment(burst->from_ns),
                format_duration(burst->to_ns - burst->from_ns), format_count(burst->conflicts + burst->busy),
                burst->top_key[0] != '\0' ? ", most on " : "", burst->top_key);
    }
}

void section_timeline(const page *page, const report *report)
{
    const timeline *timeline = &report->timeline;
    if (timeline->bucket_count == 0)
        return;
    size_t columns = page->width - LINE_NAME_WIDTH - 15;
    size_t step = (timeline->bucket_count + columns - 1) / columns;
    page_heading(page, "Time line");
    print_line(page, timeline, "ok", TONE_OK, ok_amount, 0);
    print_line(page, timeline, "conflict", TONE_CONFLICT, conflict_amount, 0);
    print_line(page, timeline, "busy", TONE_BUSY, busy_amount, 0);
    for (size_t row = 0; row < timeline->heat_row_count && row < HEAT_ROWS; row++)
        print_line(page, timeline, report->keys[row].name, TONE_CONFLICT, heat_amount, row);
    fprintf(page->file, "%s  a column is %s; at the end of a line, how many its darkest one has%s\n", page_tone(page, TONE_QUIET),
            format_duration(timeline->bucket_ns * (int64_t)step), page_plain(page));
    print_bursts(page, timeline);
}
