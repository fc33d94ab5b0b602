/* sizes.c -- how large the values are: a bar for each doubling. */
#include <math.h>

#include "../text.h"
#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "svg.h"

#define TOP 30.0
#define BOTTOM 190.0
#define HEIGHT 222.0
#define LEFT 70.0
#define BAR_MAX 80.0

static const char *short_size(int64_t size)
{
    static char texts[2][16];
    static unsigned next;
    static const char *const units[] = {"", "K", "M", "G", "T", "P", "E"};
    unsigned unit = 0;
    for (; size >= 1024 && unit + 1 < G_N_ELEMENTS(units); unit++)
        size /= 1024;
    next = !next;
    g_snprintf(texts[next], sizeof texts[next], "%d%s", (int)size, units[unit]);
    return texts[next];
}

static void draw_bar(GString *html, const struct survey *survey, unsigned bucket, double x, double width,
                     const axis *y)
{
    int64_t keys = survey->values[bucket].keys;
    double top = axis_at(y, (double)keys);
    if (keys > 0) {
        top = fmin(top, BOTTOM - 1.5); /* one among a million is seen */
        g_string_append(html, "<g class=\"tile-of\"><title>");
        markup_printf(html, "%s bytes: %s %s", bucket_text(bucket), text_count(keys), KEYS(keys));
        g_string_append_printf(
            html, "</title><rect class=\"plain\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/></g>",
            x + width * 0.08, top, width * 0.84, BOTTOM - top);
        g_string_append_printf(html, "<text class=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text>", x + width / 2,
                               top - 5, figure_short((double)keys).text);
    }
    g_string_append_printf(html, "<text class=\"middle minor-text\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                           x + width / 2, BOTTOM + 18,
                           short_size(bucket == 0 ? 0 : INT64_C(1) << (bucket - 1)));
}

void sizes_write(GString *html, const struct facts *facts)
{
    const struct survey *survey = &facts->survey;
    unsigned first = SURVEY_BUCKETS, last = 0;
    double most = 1;
    for (unsigned i = 0; i < SURVEY_BUCKETS; i++) {
        if (survey->values[i].keys == 0)
            continue;
        first = MIN(first, i);
        last = i;
        most = fmax(most, (double)survey->values[i].keys);
    }
    if (first == SURVEY_BUCKETS)
        return;
    axis y = {0, most, BOTTOM, TOP};
    double width = fmin(BAR_MAX, (CANVAS_WIDTH - LEFT) / (last - first + 1));
    g_string_append(html, "<figure><figcaption>Bytes in a value, and more up to the next bar</figcaption>\n");
    svg_open(html, "wide", CANVAS_WIDTH, HEIGHT, "How many values have which size");
    axis_draw_amount(html, &y, LEFT, LEFT + width * (last - first + 1), most < 4 ? (unsigned)most : 4, "");
    for (unsigned i = first; i <= last; i++)
        draw_bar(html, survey, i, LEFT + (i - first) * width, width, &y);
    svg_close(html);
    g_string_append(html, "</figure>\n");
}
