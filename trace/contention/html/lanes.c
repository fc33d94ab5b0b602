/*
 * lanes.c -- the worst millisecond: a lane a thread, a bar an attempt, an arrow from who won to who lost by it.
 *
 * A bar begins at the attempt's first checkout and ends with a mark that tells how: the winner's event may be written
 * after the loser's, and then its arrow goes back in time. Where many attempts meet, the picture is made wider than its
 * column, and scrolls.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "svg.h"

#define LANES_MAX ((size_t)64)
#define MARKS_MAX ((size_t)2000)
#define TOP 12.0
#define LANE_HEIGHT 34.0
#define LANE_HEIGHT_OF_MANY 22.0
#define MANY_LANES ((size_t)16)
#define MANY_MARKS ((size_t)300) /* arrows are fainter from here on */
#define MARK_WIDTH 10.0          /* that an attempt needs to be seen */
#define WIDTH_MAX 6000.0

typedef struct drawing {
    GString *html;
    const lanes *lanes;
    const report *report;
    size_t lane_count, mark_count;
    double lane_height;
    axis x;
} drawing;

static double lane_y(const drawing *t, size_t lane)
{
    return TOP + ((double)lane + 0.5) * t->lane_height;
}

static double time_x(const drawing *t, int64_t ns)
{
    return axis_at(&t->x, fmin(fmax((double)ns, t->x.from), t->x.to));
}

static const char *outcome_name(event_kind outcome)
{
    switch (outcome) {
    case EVENT_COMMIT:
        return "ok";
    case EVENT_CONFLICT:
        return "conflict";
    case EVENT_BUSY:
        return "busy";
    default:
        return "abandoned";
    }
}

static const char *thread_name(const report *report, uint64_t tid)
{
    for (size_t i = 0; i < report->thread_count; i++)
        if (report->threads[i].tid == tid)
            return report->threads[i].name;
    return "";
}

static void draw_lane(const drawing *t, size_t lane)
{
    double y = lane_y(t, lane);
    uint64_t tid = t->lanes->tids[lane];
    g_string_append_printf(
        t->html, "<path class=\"lane\" d=\"M%.1f %.1fH%.1f\"/><text class=\"key\" x=\"%.1f\" y=\"%.1f\">",
        t->x.begin, y, t->x.end, PLOT_LEFT - 8, y + 4);
    const char *name = thread_name(t->report, tid);
    markup_text_short(t->html, *name ? name : "thread", 15);
    g_string_append_printf(t->html, " %" PRIu64 "</text>\n", tid);
}

static void write_title(const drawing *t, const lane_mark *mark)
{
    g_string_append(t->html, "<title>");
    markup_text(t->html, *mark->label ? mark->label : "(no label)");
    g_string_append_printf(t->html, ", transaction %" PRIu64 ": %s", mark->txn, outcome_name(mark->outcome));
    if (*mark->key) {
        g_string_append(t->html, mark->outcome == EVENT_BUSY ? ", key was held: " : " over key ");
        markup_text(t->html, mark->key);
    }
    if (mark->winner >= 0 && (size_t)mark->winner < t->mark_count) {
        const lane_mark *winner = &t->lanes->marks[mark->winner];
        g_string_append_printf(t->html, ", by transaction %" PRIu64 " ", winner->txn);
        markup_text(t->html, winner->label);
    }
    markup_printf(t->html, "; began at %s, took %s", figure_moment(mark->begin_ns).text,
                  figure_span(mark->begin_ns, mark->end_ns).text);
    g_string_append(t->html, "</title>");
}

/* Circle: ok. Cross: conflict. Square: busy. Ring: abandoned. The shapes tell them apart without colours, too. */
static void draw_end(const drawing *t, event_kind outcome, double x, double y)
{
    switch (outcome) {
    case EVENT_COMMIT:
        g_string_append_printf(t->html, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>", x, y);
        break;
    case EVENT_CONFLICT:
        g_string_append_printf(t->html, "<path class=\"cross\" d=\"M%.1f %.1fl8 8m0 -8l-8 8\"/>", x - 4,
                               y - 4);
        break;
    case EVENT_BUSY:
        g_string_append_printf(t->html, "<rect x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\"/>", x - 3.5,
                               y - 3.5);
        break;
    default:
        g_string_append_printf(t->html, "<circle class=\"ring\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>", x, y);
    }
}

/* Bent to one side, so that arrows there and back do not cover each other. */
static void draw_arrow(const drawing *t, const lane_mark *winner, const lane_mark *loser)
{
    double x0 = time_x(t, winner->end_ns), y0 = lane_y(t, winner->lane);
    double x1 = time_x(t, loser->end_ns), y1 = lane_y(t, loser->lane);
    double dx = x1 - x0, dy = y1 - y0, length = sqrt(dx * dx + dy * dy);
    double bend = fmin(length * 0.2, 40);
    double nx = length > 0 ? -dy / length : 0, ny = length > 0 ? dx / length : -1;
    double cx = (x0 + x1) / 2 + nx * bend, cy = (y0 + y1) / 2 + ny * bend;
    if (winner->lane == loser->lane)
        cy = y0 - t->lane_height / 2;
    double ex = x1 - cx, ey = y1 - cy, left = sqrt(ex * ex + ey * ey);
    if (left > 0) { /* leave room for the loser's mark */
        x1 -= ex / left * 6;
        y1 -= ey / left * 6;
    }
    g_string_append_printf(
        t->html, "<path class=\"arrow\" marker-end=\"url(#head)\" d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\"/>", x0,
        y0, cx, cy, x1, y1);
}

static void draw_mark(const drawing *t, const lane_mark *mark)
{
    double begin = time_x(t, mark->begin_ns), end = time_x(t, mark->end_ns), y = lane_y(t, mark->lane);
    g_string_append_printf(t->html, "<g class=\"mark %s\">", outcome_name(mark->outcome));
    write_title(t, mark);
    g_string_append_printf(t->html,
                           "<rect class=\"span\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"10\"/>", begin,
                           y - 5, fmax(end - begin, 1.5));
    draw_end(t, mark->outcome, end, y);
    if (mark->winner >= 0 && (size_t)mark->winner < t->mark_count &&
        t->lanes->marks[mark->winner].lane < t->lane_count)
        draw_arrow(t, &t->lanes->marks[mark->winner], mark);
    g_string_append(t->html, "</g>\n");
}

static size_t most_in_a_lane(const drawing *t)
{
    size_t counts[LANES_MAX] = {0}, most = 0;
    for (size_t i = 0; i < t->mark_count; i++)
        if (t->lanes->marks[i].lane < t->lane_count)
            most = MAX(most, ++counts[t->lanes->marks[i].lane]);
    return most;
}

static void write_legend(GString *html)
{
    static const event_kind outcomes[] = {EVENT_COMMIT, EVENT_CONFLICT, EVENT_BUSY, EVENT_ABANDON};
    g_string_append(html, "<p class=\"legend\"><span>a bar is an attempt, and its end</span>");
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        const char *name = outcome_name(outcomes[i]);
        drawing t = {.html = html};
        g_string_append_printf(
            html,
            " <span class=\"step\"><svg class=\"swatch\" width=\"26\" height=\"14\" aria-hidden=\"true\">"
            "<g class=\"mark %s\"><rect class=\"span\" x=\"0\" y=\"2\" width=\"20\" height=\"10\"/>",
            name);
        draw_end(&t, outcomes[i], 20, 7);
        g_string_append_printf(html, "</g></svg>%s</span>", name);
    }
    g_string_append(
        html, " <span class=\"step\"><svg class=\"swatch\" width=\"30\" height=\"14\" aria-hidden=\"true\">"
              "<path class=\"arrow\" marker-end=\"url(#head)\" d=\"M1 7H24\"/></svg>from the winner to the "
              "loser</span></p>\n");
}

static void draw(const drawing *t)
{
    double bottom = TOP + (double)t->lane_count * t->lane_height;
    axis since_begin = {0, t->x.to - t->x.from, t->x.begin, t->x.end};
    g_string_append(t->html,
                    "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"6\" refY=\"4\" markerWidth=\"7\" "
                    "markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"head\" "
                    "d=\"M0 0L8 4L0 8Z\"/></marker></defs>\n");
    axis_draw_time(t->html, &since_begin, TOP, bottom);
    g_string_append_printf(t->html, "<g%s>\n", t->mark_count > MANY_MARKS ? " class=\"dense\"" : "");
    for (size_t lane = 0; lane < t->lane_count; lane++)
        draw_lane(t, lane);
    for (size_t i = 0; i < t->mark_count; i++)
        if (t->lanes->marks[i].lane < t->lane_count)
            draw_mark(t, &t->lanes->marks[i]);
    g_string_append(t->html, "</g>\n");
}

void lanes_write(GString *html, const report *report)
{
    const lanes *lanes = &report->lanes;
    drawing t = {.html = html, .lanes = lanes, .report = report};
    t.lane_count = MIN(lanes->lane_count, LANES_MAX);
    t.mark_count = MIN(lanes->mark_count, MARKS_MAX);
    if (t.lane_count == 0 || t.mark_count == 0 || lanes->to_ns <= lanes->from_ns) {
        nothing_write(html, losses_of(report) > 0 ? "No attempt is known well enough to be drawn."
                                                  : "Nobody lost, so no millisecond is the worst.");
        return;
    }
    double plot = fmin(fmax(PLOT_RIGHT - PLOT_LEFT, (double)most_in_a_lane(&t) * MARK_WIDTH), WIDTH_MAX);
    t.x = (axis){(double)lanes->from_ns, (double)lanes->to_ns, PLOT_LEFT, PLOT_LEFT + plot};
    t.lane_height = t.lane_count > MANY_LANES ? LANE_HEIGHT_OF_MANY : LANE_HEIGHT;
    g_string_append_printf(
        html,
        "<p class=\"hint\">It begins %s after the first event. Rest the pointer on a bar to see "
        "what it was about.</p>\n",
        figure_moment(lanes->from_ns).text);
    bool is_long = plot > PLOT_RIGHT - PLOT_LEFT;
    svg_open(html, is_long ? "long lanes" : "wide lanes", t.x.end + CANVAS_WIDTH - PLOT_RIGHT,
             TOP + (double)t.lane_count * t.lane_height + 24,
             "Attempts of each thread in the worst millisecond");
    draw(&t);
    svg_close(html);
    write_legend(html);
    if (lanes->cut)
        g_string_append_printf(html,
                               "<p class=\"more\">There were more attempts; the first %s are drawn.</p>\n",
                               figure_count(t.mark_count).text);
    if (!report->verdict.has_attempts)
        nothing_write(html,
                      "Winners were not recorded: record with --level=commits to see them, and the arrows.");
}
