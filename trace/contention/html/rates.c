/*
 * rates.c -- how many attempts ended how, a second, over time; and the share of them that was lost.
 *
 * Conflicts stand at the bottom of the stack, where differences are seen best; what went well is on top, and far more, as
 * a rule. Where it is so much more that the losses are a line, the share below still shows them.
 */
#include <inttypes.h>
#include <math.h>

#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "svg.h"

#define TOP 34.0
#define STACK_BOTTOM 214.0
#define SHARE_TOP 252.0
#define SHARE_BOTTOM 312.0
#define BURSTS_SHOWN ((size_t)5)

static double sum(const outcome_counts *t)
{
    return (double)t->conflict + (double)t->busy + (double)t->ok;
}

static double lost_share(const outcome_counts *t)
{
    double all = sum(t);
    return all > 0 ? ((double)t->conflict + (double)t->busy) / all : 0;
}

/* How high the stack's layer reaches: 0 conflict, 1 busy, 2 ok. */
static double height(const outcome_counts *t, unsigned layer)
{
    double height = (double)t->conflict;
    if (layer >= 1)
        height += (double)t->busy;
    if (layer >= 2)
        height += (double)t->ok;
    return height;
}

/* A layer as steps, left to right along its upper edge, and back along the layer below. */
static void draw_layer(GString *html, const timeline *time, const axis *x, const axis *y, unsigned layer,
                       const char *name)
{
    double bucket_s = (double)time->bucket_ns / 1e9;
    g_string_append_printf(html, "<path class=\"%s\" d=\"M%.1f %.1f", name, x->begin, y->begin);
    for (size_t i = 0; i < time->bucket_count; i++)
        g_string_append_printf(html, "V%.1fH%.1f", axis_at(y, height(&time->buckets[i], layer) / bucket_s),
                               axis_at(x, (double)(i + 1) * (double)time->bucket_ns));
    for (size_t i = time->bucket_count; i-- > 0 && layer > 0;)
        g_string_append_printf(html, "V%.1fH%.1f",
                               axis_at(y, height(&time->buckets[i], layer - 1) / bucket_s),
                               axis_at(x, (double)i * (double)time->bucket_ns));
    g_string_append_printf(html, "V%.1fH%.1fZ\"/>\n", y->begin, x->begin);
}

static void draw_stack(GString *html, const report *report, const axis *x)
{
    const timeline *time = &report->timeline;
    double most = 0;
    for (size_t i = 0; i < time->bucket_count; i++)
        most = fmax(most, sum(&time->buckets[i]) / ((double)time->bucket_ns / 1e9));
    axis y = {0, most > 0 ? most : 1, STACK_BOTTOM, TOP};
    axis_draw_amount(html, &y, PLOT_LEFT, PLOT_RIGHT, 4, "/s");
    axis_draw_time(html, x, TOP, STACK_BOTTOM);
    if (report->verdict.has_attempts)
        draw_layer(html, time, x, &y, 2, "ok");
    draw_layer(html, time, x, &y, 1, "busy");
    draw_layer(html, time, x, &y, 0, "conflict");
}

static void draw_share(GString *html, const timeline *time, const axis *x)
{
    double most = 0;
    for (size_t i = 0; i < time->bucket_count; i++)
        most = fmax(most, lost_share(&time->buckets[i]) * 100);
    axis y = {0, fmin(round_up(most), 100), SHARE_BOTTOM, SHARE_TOP};
    axis_draw_amount(html, &y, PLOT_LEFT, PLOT_RIGHT, 2, "\u00a0%");
    g_string_append_printf(html, "<path class=\"lost\" d=\"M%.1f %.1f", x->begin, y.begin);
    for (size_t i = 0; i < time->bucket_count; i++)
        g_string_append_printf(html, "V%.1fH%.1f", axis_at(&y, lost_share(&time->buckets[i]) * 100),
                               axis_at(x, (double)(i + 1) * (double)time->bucket_ns));
    g_string_append_printf(html, "V%.1fH%.1fZ\"/>\n", y.begin, x->begin);
    g_string_append_printf(html, "<text class=\"panel\" x=\"%.1f\" y=\"%.1f\">share lost</text>\n",
                           PLOT_LEFT - 8, SHARE_TOP - 12);
}

static void draw_bursts(GString *html, const timeline *time, const axis *x, double bottom)
{
    for (size_t i = 0; i < time->burst_count && i < BURSTS_SHOWN; i++) {
        const burst *burst = &time->bursts[i];
        double begin = fmax(axis_at(x, (double)burst->from_ns), x->begin);
        double width = fmax(fmin(axis_at(x, (double)burst->to_ns), x->end) - begin, 2);
        g_string_append_printf(
            html,
            "<g class=\"burst\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>"
            "<text x=\"%.1f\" y=\"%.1f\">%zu</text></g>\n",
            begin, TOP, width, bottom - TOP, begin + width / 2, TOP - 6, i + 1);
    }
}

/* Unseen, and as high as the picture: what is in a bucket is told where the pointer rests. */
static void draw_tooltips(GString *html, const report *report, const axis *x, double bottom)
{
    const timeline *time = &report->timeline;
    g_string_append(html, "<g class=\"touch\">");
    for (size_t i = 0; i < time->bucket_count; i++) {
        const outcome_counts *bucket = &time->buckets[i];
        double begin_ns = (double)i * (double)time->bucket_ns, end_ns = begin_ns + (double)time->bucket_ns;
        double begin = axis_at(x, begin_ns);
        g_string_append_printf(html, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"><title>",
                               begin, TOP, axis_at(x, end_ns) - begin, bottom - TOP);
        g_string_append_printf(html, "%s to %s: ", figure_duration(figure_ns(begin_ns)).text,
                               figure_duration(figure_ns(end_ns)).text);
        if (report->verdict.has_attempts)
            markup_printf(html, "%s ok, ", figure_count(bucket->ok).text);
        markup_printf(html, "%s conflicts, %s busy", figure_count(bucket->conflict).text,
                      figure_count(bucket->busy).text);
        if (report->verdict.has_attempts && sum(bucket) > 0)
            markup_printf(html, "; %s lost", figure_share(lost_share(bucket)).text);
        g_string_append(html, "</title></rect>");
    }
    g_string_append(html, "</g>\n");
}

static void write_legend(GString *html, bool has_ok, bool has_bursts)
{
    static const char *const names[] = {"conflict", "busy", "ok"};
    g_string_append(html, "<p class=\"legend\"><span>attempts a second that ended</span>");
    for (size_t i = 0; i < (has_ok ? 3 : 2); i++)
        g_string_append_printf(
            html,
            " <span class=\"step\"><svg class=\"swatch\" width=\"14\" height=\"14\" aria-hidden=\"true\">"
            "<rect class=\"%s\" width=\"14\" height=\"14\"/></svg>%s</span>",
            names[i], names[i]);
    if (has_bursts)
        g_string_append(html, " <span class=\"step\"><svg class=\"swatch burst\" width=\"14\" height=\"14\" "
                              "aria-hidden=\"true\"><rect width=\"14\" height=\"14\"/></svg>burst</span>");
    g_string_append(html, "</p>\n");
}

void rates_write(GString *html, const report *report)
{
    const timeline *time = &report->timeline;
    if (time->bucket_count == 0 || time->bucket_ns <= 0) {
        nothing_write(html, "No attempt ended while this was recorded.");
        return;
    }
    axis x = {0, (double)time->bucket_ns * (double)time->bucket_count, PLOT_LEFT, PLOT_RIGHT};
    bool has_ok = report->verdict.has_attempts;
    double bottom = has_ok ? SHARE_BOTTOM : STACK_BOTTOM;
    svg_open(html, "wide", CANVAS_WIDTH, bottom + 12 + (has_ok ? 0 : 10),
             "Attempts a second over time, by how they ended");
    draw_bursts(html, time, &x, bottom);
    draw_stack(html, report, &x);
    if (has_ok)
        draw_share(html, time, &x);
    draw_tooltips(html, report, &x, bottom);
    svg_close(html);
    write_legend(html, has_ok, time->burst_count > 0);
    if (!has_ok)
        nothing_write(html, "Commits that went well were not recorded: record with --level=commits to see "
                            "what share is lost.");
}
