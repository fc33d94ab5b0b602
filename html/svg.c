#include "svg.h"

#include <math.h>
#include <stdbool.h>

#include "figure.h"
#include "markup.h"

void svg_open(GString *html, const char *picture_class, double width, double height, const char *description)
{
    g_string_append(html, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    markup_text(html, description);
    g_string_append_printf(
        html,
        "\"><svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" "
        "aria-label=\"",
        picture_class, width, height, width, height);
    markup_text(html, description);
    g_string_append(html, "\">\n");
}

void svg_close(GString *html)
{
    g_string_append(html, "</svg></div>\n");
}

double axis_at(const axis *t, double value)
{
    if (!(t->to > t->from))
        return t->begin;
    return t->begin + (value - t->from) / (t->to - t->from) * (t->end - t->begin);
}

double round_up(double value)
{
    if (!(value > 0))
        return 1;
    double power = pow(10, floor(log10(value)));
    static const double steps[] = {1, 2, 5, 10};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (power * steps[i] >= value * (1 - 1e-9))
            return power * steps[i];
    return power * 10;
}

#define CLOCK_FROM_NS 120e9

/* Beyond a minute, round means something else. */
static double round_time_up(double ns)
{
    static const double seconds[] = {15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200};
    if (ns <= CLOCK_FROM_NS / 10)
        return round_up(ns);
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        if (seconds[i] * 1e9 >= ns)
            return seconds[i] * 1e9;
    return ceil(ns / 86400e9) * 86400e9;
}

void axis_draw_time(GString *html, const axis *t, double top, double bottom)
{
    double step = round_time_up((t->to - t->from) / 10);
    bool is_clock = t->to - t->from > CLOCK_FROM_NS;
    g_string_append(html, "<g class=\"axis time\">");
    for (double number = ceil(t->from / step - 1e-9); number * step <= t->to * (1 + 1e-9); number++) {
        double x = axis_at(t, number * step);
        int64_t ns = figure_ns(number * step);
        g_string_append_printf(html, "<path d=\"M%.1f %.1fV%.1f\"/><text x=\"%.1f\" y=\"%.1f\">%s</text>", x,
                               top, bottom, x, bottom + 15,
                               is_clock ? figure_clock(ns).text : figure_duration(ns).text);
    }
    g_string_append(html, "</g>\n");
}

void axis_draw_amount(GString *html, const axis *t, double left, double right, unsigned line_count_max,
                      const char *unit)
{
    double step = round_up((t->to - t->from) / line_count_max);
    g_string_append(html, "<g class=\"axis amount\">");
    for (double number = 0; number * step <= t->to * (1 + 1e-9); number++) {
        double y = axis_at(t, number * step);
        g_string_append_printf(html, "<path d=\"M%.1f %.1fH%.1f\"/><text x=\"%.1f\" y=\"%.1f\">%s", left, y,
                               right, left - 8, y + 4, figure_short(number * step).text);
        markup_text(html, number > 0 ? unit : "");
        g_string_append(html, "</text>");
    }
    g_string_append(html, "</g>\n");
}

ramp ramp_make(uint64_t max)
{
    ramp t = {.max = max};
    for (unsigned k = 0; k < RAMP_COLOURS && max > 0; k++) {
        uint64_t from =
            max <= RAMP_COLOURS ? k + 1 : (uint64_t)ceil(pow((double)max, (double)k / RAMP_COLOURS) - 1e-9);
        if (from > max || (t.level_count > 0 && from <= t.from[t.level_count - 1]))
            continue;
        t.from[t.level_count++] = from;
    }
    for (size_t i = 0; i < t.level_count; i++)
        t.colour[i] = t.level_count == 1 ? 5 : (unsigned)(1 + i * (RAMP_COLOURS - 1) / (t.level_count - 1));
    return t;
}

unsigned ramp_colour(const ramp *t, uint64_t amount)
{
    unsigned colour = 0;
    for (size_t i = 0; i < t->level_count && t->from[i] <= amount; i++)
        colour = t->colour[i];
    return colour;
}

void ramp_write_legend(GString *html, const ramp *t, const char *unit)
{
    g_string_append(html, "<p class=\"legend\"><span>");
    markup_text(html, unit);
    g_string_append(html, ":</span>");
    for (size_t i = 0; i < t->level_count; i++) {
        uint64_t last = i + 1 < t->level_count ? t->from[i + 1] - 1 : t->max;
        g_string_append_printf(
            html,
            " <span class=\"step\"><svg class=\"swatch\" width=\"14\" height=\"14\" "
            "aria-hidden=\"true\"><rect class=\"h%u\" width=\"14\" height=\"14\"/></svg>%s",
            t->colour[i], figure_short((double)t->from[i]).text);
        if (last > t->from[i])
            g_string_append_printf(html, "–%s", figure_short((double)last).text);
        g_string_append(html, "</span>");
    }
    g_string_append(html, "</p>\n");
}
