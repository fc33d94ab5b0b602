/*
 * heat_map.c -- which key was lost when: a row a key, most losses on top, a column a bucket of time.
 *
 * The colours are steps of equal factors, since keys differ by orders of magnitude; a cell without losses is not drawn.
 */
#include <inttypes.h>

#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "svg.h"

#define ROWS_MAX ((size_t)32)
#define ROW_HEIGHT 20.0
#define NAME_COLUMNS ((size_t)24)

static uint64_t most_in_a_cell(const timeline *time, size_t row_count)
{
    uint64_t most = 0;
    for (size_t i = 0; i < row_count * time->bucket_count; i++)
        most = MAX(most, time->heat[i]);
    return most;
}

static void draw_cells(GString *html, const timeline *time, const hot_key *key, const uint64_t *heat,
                       const ramp *ramp, double top)
{
    axis x = {0, (double)time->bucket_count, PLOT_LEFT, PLOT_RIGHT};
    double width = axis_at(&x, 1) - axis_at(&x, 0);
    double gap = width > 12 ? 1 : 0;
    for (size_t i = 0; i < time->bucket_count; i++) {
        if (heat[i] == 0)
            continue;
        g_string_append_printf(
            html, "<rect class=\"h%u\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"><title>",
            ramp_colour(ramp, heat[i]), axis_at(&x, (double)i), top, width - gap, ROW_HEIGHT - 2);
        markup_text_short(html, key->name, 80);
        g_string_append_printf(html, ", %s to %s: %s lost</title></rect>",
                               figure_duration(figure_ns((double)i * (double)time->bucket_ns)).text,
                               figure_duration(figure_ns((double)(i + 1) * (double)time->bucket_ns)).text,
                               figure_count(heat[i]).text);
    }
}

static void draw_row(GString *html, const timeline *time, const hot_key *key, const uint64_t *heat,
                     const ramp *ramp, double top)
{
    g_string_append_printf(html,
                           "<rect class=\"ground\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                           PLOT_LEFT, top, PLOT_RIGHT - PLOT_LEFT, ROW_HEIGHT - 2);
    g_string_append_printf(html, "<text class=\"key\" x=\"%.1f\" y=\"%.1f\"><title>", PLOT_LEFT - 8,
                           top + 13);
    markup_text(html, key->name);
    g_string_append(html, "</title>");
    markup_text_short(html, key->name, NAME_COLUMNS);
    g_string_append(html, "</text>");
    draw_cells(html, time, key, heat, ramp, top);
    g_string_append_printf(html, "<text class=\"total\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", PLOT_RIGHT + 8,
                           top + 13, figure_short((double)key->conflicts + (double)key->busy).text);
}

void heat_map_write(GString *html, const report *report)
{
    const timeline *time = &report->timeline;
    size_t row_count = MIN(MIN(time->heat_row_count, report->key_count), ROWS_MAX);
    uint64_t most = most_in_a_cell(time, row_count);
    if (most == 0) {
        nothing_write(html, "No key was fought for.");
        return;
    }
    ramp ramp = ramp_make(most);
    double bottom = 24 + (double)row_count * ROW_HEIGHT;
    axis x = {0, (double)time->bucket_ns * (double)time->bucket_count, PLOT_LEFT, PLOT_RIGHT};
    svg_open(html, "wide heat", CANVAS_WIDTH, bottom + 24,
             "Losses by key and time: a row a key, a column an interval");
    g_string_append_printf(html, "<text class=\"total\" x=\"%.1f\" y=\"14\">lost</text>", PLOT_RIGHT + 8);
    for (size_t row = 0; row < row_count; row++)
        draw_row(html, time, &report->keys[row], time->heat + row * time->bucket_count, &ramp,
                 24 + (double)row * ROW_HEIGHT);
    axis_draw_time(html, &x, bottom - 2, bottom + 2);
    svg_close(html);
    ramp_write_legend(html, &ramp, "conflicts and busy in a cell");
}
