#include "table.h"

#include <inttypes.h>

#include "figure.h"
#include "markup.h"

/* style.css hides the others. */
#define PAPER_ROWS_MAX 40

void table_open(GString *html, const char *caption, const column *columns, size_t column_count)
{
    g_string_append(html, "<div class=\"scroll table\" tabindex=\"0\" role=\"region\" aria-label=\"");
    markup_text(html, caption);
    g_string_append(html, "\"><table class=\"sortable\"><caption>");
    markup_text(html, caption);
    g_string_append(html, "</caption><thead><tr>");
    for (size_t i = 0; i < column_count; i++) {
        g_string_append_printf(html, "<th scope=\"col\" class=\"%c\"", columns[i].of);
        if (columns[i].hint) {
            g_string_append(html, " title=\"");
            markup_text(html, columns[i].hint);
            g_string_append_c(html, '"');
        }
        g_string_append_c(html, '>');
        markup_text(html, columns[i].title);
        g_string_append(html, "</th>");
    }
    g_string_append(html, "</tr></thead><tbody>\n");
}

void table_row_begin(GString *html)
{
    g_string_append(html, "<tr>");
}

void table_row_end(GString *html)
{
    g_string_append(html, "</tr>\n");
}

void table_close(GString *html, size_t row_count_all)
{
    g_string_append(html, "</tbody></table></div>\n");
    if (row_count_all > PAPER_ROWS_MAX)
        g_string_append_printf(html, "<p class=\"more paper\">On paper, the first %s.</p>\n",
                               figure_count(PAPER_ROWS_MAX).text);
    if (row_count_all > TABLE_ROWS_MAX)
        g_string_append_printf(html,
                               "<p class=\"more\">The first %s of %s; the report as JSON has them all.</p>\n",
                               figure_count(TABLE_ROWS_MAX).text, figure_count(row_count_all).text);
}

void cell_name(GString *html, const char *name)
{
    g_string_append(html, "<td class=\"name\"><bdi>");
    markup_text(html, *name ? name : "–");
    g_string_append(html, "</bdi></td>");
}

void cell_text(GString *html, const char *text)
{
    g_string_append(html, "<td>");
    markup_text(html, text);
    g_string_append(html, "</td>");
}

void cell_count(GString *html, uint64_t count)
{
    g_string_append_printf(html, "<td class=\"n\" data-v=\"%" PRIu64 "\">%s</td>", count,
                           figure_count(count).text);
}

void cell_count_if(GString *html, bool is_known, uint64_t count)
{
    if (is_known)
        cell_count(html, count);
    else
        cell_unknown(html);
}

void cell_number(GString *html, uint64_t number)
{
    g_string_append_printf(html, "<td class=\"n\" data-v=\"%" PRIu64 "\">%" PRIu64 "</td>", number, number);
}

void cell_duration(GString *html, int64_t ns)
{
    g_string_append_printf(html, "<td class=\"n\" data-v=\"%" PRId64 "\">%s</td>", ns,
                           figure_duration(ns).text);
}

void cell_moment(GString *html, int64_t ns)
{
    g_string_append_printf(html, "<td class=\"n\" data-v=\"%" PRId64 "\">%s</td>", ns,
                           figure_moment(ns).text);
}

void cell_span(GString *html, int64_t from_ns, int64_t to_ns)
{
    g_string_append_printf(html, "<td class=\"n\" data-v=\"%.0f\">%s</td>", (double)to_ns - (double)from_ns,
                           figure_span(from_ns, to_ns).text);
}

static void share(GString *html, double value, figure f)
{
    g_string_append_printf(html, "<td class=\"n\" data-v=\"%.6f\">", value);
    markup_text(html, f.text);
    g_string_append(html, "</td>");
}

void cell_share(GString *html, double value)
{
    share(html, value, figure_share(value));
}

void cell_ratio(GString *html, uint64_t part, uint64_t whole)
{
    if (whole == 0)
        cell_unknown(html);
    else
        share(html, (double)part / (double)whole, figure_ratio(part, whole));
}

void cell_unknown(GString *html)
{
    g_string_append(html, "<td class=\"n\" data-v=\"-1\">–</td>");
}

#define BAR_WIDTH 90.0

void cell_losses(GString *html, uint64_t conflicts, uint64_t busy, uint64_t most)
{
    double unit = most > 0 ? BAR_WIDTH / (double)most : 0;
    g_string_append_printf(
        html,
        "<td class=\"bar\" data-v=\"%.0f\"><svg width=\"%.0f\" height=\"10\" role=\"img\" "
        "aria-label=\"%s conflicts, %s busy\"><rect class=\"conflict\" width=\"%.1f\" height=\"10\"/>"
        "<rect class=\"busy\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/></svg></td>",
        (double)conflicts + (double)busy, BAR_WIDTH, figure_count(conflicts).text, figure_count(busy).text,
        (double)conflicts * unit, (double)conflicts * unit, (double)busy * unit);
}
