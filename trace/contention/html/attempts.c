/*
 * attempts.c -- how many attempts an operation needed, and how long it took.
 *
 * Few operations need many attempts, and these are the ones looked for: so the bars are as long as the logarithm of
 * their count. Times, too, are on a logarithmic axis.
 */
#include <inttypes.h>
#include <math.h>

#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "svg.h"
#include "table.h"

#define BARS_MAX ((size_t)40)
#define BAR_HEIGHT 22.0
#define BAR_LEFT 110.0
#define BAR_RIGHT 440.0
#define BARS_WIDTH 560.0
#define LATENCY_LEFT 150.0
#define LATENCY_RIGHT 540.0

static void draw_decades(GString *html, const axis *x, double top, double bottom, figure (*text)(double))
{
    g_string_append(html, "<g class=\"axis time\">");
    for (double decade = ceil(x->from); decade <= x->to + 1e-9; decade++) {
        double at = axis_at(x, decade);
        g_string_append_printf(html, "<path d=\"M%.1f %.1fV%.1f\"/><text x=\"%.1f\" y=\"%.1f\">%s</text>", at,
                               top, bottom, at, bottom + 15, text(pow(10, decade)).text);
    }
    g_string_append(html, "</g>\n");
}

static void write_range(GString *html, const histogram_bar *bar)
{
    if (bar->low == bar->high)
        g_string_append_printf(html, "%" PRIu64, bar->low);
    else if (bar->high == UINT64_MAX)
        g_string_append_printf(html, "%" PRIu64 " and more", bar->low);
    else
        g_string_append_printf(html, "%" PRIu64 "–%" PRIu64, bar->low, bar->high);
}

/* One occurrence must be seen, and log 1 is 0: the axis begins at a half. */
static double logarithm(uint64_t count)
{
    return log10(fmax((double)count, 0.5));
}

static void draw_bar(GString *html, const histogram_bar *bar, const axis *x, double top, uint64_t all)
{
    g_string_append_printf(html, "<text class=\"key\" x=\"%.1f\" y=\"%.1f\">", BAR_LEFT - 8, top + 14);
    write_range(html, bar);
    g_string_append(html, "</text>");
    double end = bar->count > 0 ? axis_at(x, logarithm(bar->count)) : x->begin;
    g_string_append_printf(html,
                           "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>"
                           "<text class=\"total\" x=\"%.1f\" y=\"%.1f\">%s (",
                           bar->low <= 1 ? "ok" : "conflict", x->begin, top + 2, end - x->begin,
                           BAR_HEIGHT - 5, end + 7, top + 14, figure_count(bar->count).text);
    markup_text(html, figure_ratio(bar->count, all).text);
    g_string_append(html, ")</text>\n");
}

static figure short_figure(double value)
{
    return figure_short(value);
}

static void write_attempts(GString *html, const report *report)
{
    const latency_part *latency = &report->latency;
    size_t count = MIN(latency->attempt_bar_count, BARS_MAX);
    uint64_t most = 0, all = 0;
    for (size_t i = 0; i < count; i++) {
        most = MAX(most, latency->attempts[i].count);
        all += latency->attempts[i].count;
    }
    if (all == 0) {
        nothing_write(html, report->health.has_commits ? "No operation was finished."
                                                       : "This needs commits: record with --level=commits.");
        return;
    }
    axis x = {log10(0.5), fmax(ceil(logarithm(most)), 1), BAR_LEFT, BAR_RIGHT};
    double bottom = 8 + (double)count * BAR_HEIGHT;
    g_string_append(html, "<figure><figcaption>Attempts that operations needed (logarithmic)</figcaption>\n");
    svg_open(html, "natural", BARS_WIDTH, bottom + 24,
             "Operations by the attempts they needed, on a logarithmic scale");
    draw_decades(html, &x, 4, bottom, short_figure);
    for (size_t i = 0; i < count; i++)
        draw_bar(html, &latency->attempts[i], &x, 6 + (double)i * BAR_HEIGHT, all);
    svg_close(html);
    g_string_append(html, "</figure>\n");
}

typedef struct quantile_row {
    const char *name, *colour;
    const quantiles *quantiles;
} quantile_row;

static figure duration_figure(double ns)
{
    return figure_duration(figure_ns(ns));
}

static double time_logarithm(uint64_t ns)
{
    return log10(fmax((double)ns, 1));
}

static axis time_axis(const quantile_row *rows, size_t count)
{
    double least = 1e18, most = 1;
    for (size_t i = 0; i < count; i++)
        if (rows[i].quantiles->count > 0) {
            least = fmin(least, (double)rows[i].quantiles->p50);
            most = fmax(most, (double)rows[i].quantiles->max);
        }
    double from = floor(log10(fmax(fmin(least, most), 1))), to = ceil(log10(most));
    return (axis){from, to > from ? to : from + 1, LATENCY_LEFT, LATENCY_RIGHT};
}

/* A line from the median to the slowest, with a mark at each quantile. */
static void draw_quantiles(GString *html, const quantile_row *row, const axis *x, double y)
{
    const quantiles *q = row->quantiles;
    uint64_t marks[] = {q->p50, q->p90, q->p99, q->max};
    static const char *const names[] = {"p50", "p90", "p99", "max"};
    g_string_append_printf(html, "<text class=\"key\" x=\"%.1f\" y=\"%.1f\">%s</text>", LATENCY_LEFT - 10,
                           y + 4, row->name);
    if (q->count == 0)
        return;
    g_string_append_printf(html, "<path class=\"whisker\" d=\"M%.1f %.1fH%.1f\"/>",
                           axis_at(x, time_logarithm(q->p50)), y, axis_at(x, time_logarithm(q->max)));
    for (size_t i = 0; i < 4; i++)
        g_string_append_printf(
            html, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>%s %s</title></circle>",
            row->colour, axis_at(x, time_logarithm(marks[i])), y, 6.5 - (double)i, names[i],
            figure_duration((int64_t)MIN(marks[i], INT64_MAX)).text);
    g_string_append_c(html, '\n');
}

static void write_quantile_picture(GString *html, const quantile_row *rows, size_t count)
{
    axis x = time_axis(rows, count);
    double bottom = 8 + (double)count * 30;
    g_string_append(html, "<figure><figcaption>How long they took (logarithmic)</figcaption>\n");
    svg_open(html, "natural", BARS_WIDTH + 20, bottom + 24, "Quantiles of durations on a logarithmic scale");
    draw_decades(html, &x, 4, bottom, duration_figure);
    for (size_t i = 0; i < count; i++)
        draw_quantiles(html, &rows[i], &x, 8 + 15 + (double)i * 30);
    svg_close(html);
    g_string_append(
        html, "<p class=\"more\">Dots, from large to small: p50, p90, p99, and the slowest.</p></figure>\n");
}

static void write_row(GString *html, const char *name, const quantiles *q, bool is_time)
{
    uint64_t values[] = {q->p50, q->p90, q->p99, q->max};
    if (q->count == 0)
        return;
    table_row_begin(html);
    cell_text(html, name);
    cell_count(html, q->count);
    for (size_t i = 0; i < 4; i++)
        if (is_time)
            cell_duration(html, (int64_t)MIN(values[i], INT64_MAX));
        else
            cell_count(html, values[i]);
    table_row_end(html);
}

static void write_table(GString *html, const latency_part *t)
{
    static const column columns[] = {
        {"What", NULL, 't'}, {"Count", NULL, 'n'}, {"p50", "half are not above this", 'n'},
        {"p90", NULL, 'n'},  {"p99", NULL, 'n'},   {"max", NULL, 'n'},
    };
    table_open(html, "Durations, and keys held", columns, sizeof columns / sizeof *columns);
    write_row(html, "first begin to OK, all attempts together", &t->first_begin_to_ok_ns, true);
    write_row(html, "an attempt that ended OK", &t->attempt_ok_ns, true);
    write_row(html, "an attempt that was lost", &t->attempt_lost_ns, true);
    write_row(html, "keys read by one that ended OK", &t->winner_reads, false);
    write_row(html, "keys held for update by one that ended OK", &t->winner_writes, false);
    write_row(html, "keys read by one that was lost", &t->loser_reads, false);
    write_row(html, "keys held for update by one that was lost", &t->loser_writes, false);
    table_close(html, 0);
}

void attempts_write(GString *html, const report *report)
{
    const latency_part *t = &report->latency;
    const quantile_row rows[] = {
        {"operation to OK", "ok", &t->first_begin_to_ok_ns},
        {"attempt, OK", "ok", &t->attempt_ok_ns},
        {"attempt, lost", "conflict", &t->attempt_lost_ns},
    };
    bool has_durations =
        t->first_begin_to_ok_ns.count + t->attempt_ok_ns.count + t->attempt_lost_ns.count > 0;
    g_string_append(html, "<div class=\"pair\">\n");
    write_attempts(html, report);
    if (has_durations)
        write_quantile_picture(html, rows, sizeof rows / sizeof *rows);
    g_string_append(html, "</div>\n");
    if (has_durations)
        write_table(html, t);
}
