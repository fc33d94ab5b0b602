/*
 * matrix.c -- who lost to whom: a row a loser, a column a winner, the darker (in the dark: the brighter) the more often.
 *
 * Sums are at the ends: on the right what a loser lost, below what a winner won.
 */
#include <string.h>

#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "svg.h"

#define CELL_WIDTH 50.0
#define CELL_HEIGHT 26.0
#define NAME_COLUMNS ((size_t)20)
#define COLUMN_WIDTH 7.4       /* of a monospaced letter */
#define COUNT_MAX ((size_t)17) /* sixteen and the others */

typedef struct drawing {
    GString *html;
    const matrix *matrix;
    size_t count;
    double names_width, names_height;
    ramp ramp;
} drawing;

static uint64_t at(const drawing *t, size_t row, size_t column)
{
    return t->matrix->conflicts[row * t->matrix->count + column];
}

static double column_x(const drawing *t, size_t column)
{
    return t->names_width + (double)column * CELL_WIDTH;
}

static double row_y(const drawing *t, size_t row)
{
    return t->names_height + (double)row * CELL_HEIGHT;
}

/* Room for the longest name, to the left and, tilted, above. */
static void measure_names(drawing *t)
{
    size_t longest = 6;
    for (size_t i = 0; i < t->count; i++)
        longest = MAX(longest, MIN(strlen(t->matrix->names[i]), NAME_COLUMNS));
    t->names_width = 12 + (double)longest * COLUMN_WIDTH;
    t->names_height = 20 + (double)longest * COLUMN_WIDTH * 0.71;
}

static void write_name(const drawing *t, size_t i)
{
    const char *name = *t->matrix->names[i] ? t->matrix->names[i] : "(no label)";
    g_string_append(t->html, "<title>");
    markup_text(t->html, name);
    g_string_append(t->html, "</title>");
    markup_text_short(t->html, name, NAME_COLUMNS);
}

static void draw_names(const drawing *t)
{
    for (size_t i = 0; i < t->count; i++) {
        double x = column_x(t, i) + CELL_WIDTH / 2 + 4;
        g_string_append_printf(t->html, "<text class=\"key row\" x=\"%.1f\" y=\"%.1f\">", t->names_width - 8,
                               row_y(t, i) + 17);
        write_name(t, i);
        g_string_append_printf(
            t->html, "</text>\n<text class=\"key column\" transform=\"translate(%.1f %.1f) rotate(-45)\">", x,
            t->names_height - 8);
        write_name(t, i);
        g_string_append(t->html, "</text>\n");
    }
    g_string_append_printf(t->html, "<text class=\"total\" x=\"%.1f\" y=\"%.1f\">lost</text>\n",
                           column_x(t, t->count) + 8, t->names_height - 8);
    g_string_append_printf(t->html, "<text class=\"key row total\" x=\"%.1f\" y=\"%.1f\">won</text>\n",
                           t->names_width - 8, row_y(t, t->count) + 17);
}

static void write_cell_title(const drawing *t, size_t row, size_t column)
{
    const matrix *matrix = t->matrix;
    g_string_append(t->html, "<title>");
    markup_text(t->html, matrix->names[row]);
    g_string_append(t->html, " lost to ");
    markup_text(t->html, matrix->names[column]);
    markup_printf(t->html, ": %s conflicts, %s wasted", figure_count(at(t, row, column)).text,
                  figure_duration(matrix->wasted_ns[row * matrix->count + column]).text);
    g_string_append(t->html, "</title>");
}

static void draw_cell(const drawing *t, size_t row, size_t column)
{
    uint64_t conflicts = at(t, row, column);
    unsigned colour = ramp_colour(&t->ramp, conflicts);
    double x = column_x(t, column), y = row_y(t, row);
    if (conflicts == 0) {
        g_string_append_printf(
            t->html, "<rect class=\"ground\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", x, y,
            CELL_WIDTH - 2, CELL_HEIGHT - 2);
        return;
    }
    g_string_append(t->html, "<g>");
    write_cell_title(t, row, column);
    g_string_append_printf(t->html,
                           "<rect class=\"h%u\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>"
                           "<text class=\"t%u\" x=\"%.1f\" y=\"%.1f\">%s</text></g>\n",
                           colour, x, y, CELL_WIDTH - 2, CELL_HEIGHT - 2, colour, x + CELL_WIDTH / 2 - 1,
                           y + 16, figure_short((double)conflicts).text);
}

static void draw_sums(const drawing *t)
{
    for (size_t i = 0; i < t->count; i++) {
        double lost = 0, won = 0;
        for (size_t k = 0; k < t->count; k++) {
            lost += (double)at(t, i, k);
            won += (double)at(t, k, i);
        }
        g_string_append_printf(t->html,
                               "<text class=\"total\" x=\"%.1f\" y=\"%.1f\">%s</text>"
                               "<text class=\"total middle\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                               column_x(t, t->count) + 8, row_y(t, i) + 17, figure_short(lost).text,
                               column_x(t, i) + CELL_WIDTH / 2 - 1, row_y(t, t->count) + 17,
                               figure_short(won).text);
    }
}

static void write_matrix(GString *html, const matrix *matrix, const char *of)
{
    drawing t = {.html = html, .matrix = matrix, .count = MIN(matrix->count, COUNT_MAX)};
    uint64_t most = 0;
    for (size_t row = 0; row < t.count; row++)
        for (size_t column = 0; column < t.count; column++)
            most = MAX(most, at(&t, row, column));
    if (most == 0)
        return;
    t.ramp = ramp_make(most);
    measure_names(&t);
    char *title = g_strdup_printf("By %s: a row a loser, a column a winner", of);
    g_string_append_printf(html, "<figure><figcaption>%s</figcaption>\n", title);
    svg_open(html, "natural", column_x(&t, t.count) + 96, row_y(&t, t.count) + 28, title);
    g_free(title);
    draw_names(&t);
    for (size_t row = 0; row < t.count; row++)
        for (size_t column = 0; column < t.count; column++)
            draw_cell(&t, row, column);
    draw_sums(&t);
    svg_close(html);
    g_string_append(html, "</figure>\n");
}

void matrices_write(GString *html, const report *report)
{
    size_t before = html->len;
    g_string_append(html, "<div class=\"pair\">\n");
    size_t opened = html->len;
    write_matrix(html, &report->by_label, "label");
    write_matrix(html, &report->by_thread, "thread");
    if (html->len > opened) {
        g_string_append(html, "</div>\n");
        return;
    }
    g_string_truncate(html, before);
    nothing_write(html, report->verdict.attempts.conflict > 0 ? "No conflict names its winner."
                                                              : "No conflict: nobody lost to anybody.");
}
