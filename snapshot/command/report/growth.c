/*
 * growth.c -- the snapshots one after the other: how much there was, and what happened between them. Both
 * pictures have the same horizontal axis: a step a snapshot, however long it took, since exports are seldom
 * regular.
 */
#include <math.h>

#include "../text.h"
#include "figure.h"
#include "markup.h"
#include "parts.h"
#include "svg.h"

#define LEFT 80.0
#define RIGHT 1150.0
#define TOP 12.0
#define BOTTOM 150.0
#define HEIGHT 186.0
#define LABELS 8

static const struct instant *instant_at(const struct facts *facts, guint i)
{
    return &g_array_index(facts->instants, struct instant, i);
}

static axis across(const struct facts *facts)
{
    return (axis){0, (double)facts->instants->len, LEFT, RIGHT};
}

/* "11-23 13:05" of "2026-11-23T13:05:52.362Z"; whatever else it is, as it is. */
static void write_moment(GString *html, const char *taken_at)
{
    GString *text = text_escaped(stm_text(taken_at), 24);
    if (text->len >= 16 && text->str[10] == 'T')
        markup_printf(html, "%.5s %.5s", text->str + 5, text->str + 11);
    else
        markup_text_short(html, text->str, 12);
    g_string_free(text, TRUE);
}

static void draw_moments(GString *html, const struct facts *facts, const axis *x)
{
    guint count = facts->instants->len, step = (count + LABELS - 1) / LABELS;
    g_string_append(html, "<g class=\"axis\">");
    for (guint i = 0; i < count; i += step) {
        double at = axis_at(x, i + 0.5);
        g_string_append_printf(html, "<text x=\"%.1f\" y=\"%.1f\">%lld</text><text x=\"%.1f\" y=\"%.1f\">",
                               at, BOTTOM + 15, (long long)instant_at(facts, i)->snapshot.id, at,
                               BOTTOM + 30);
        write_moment(html, instant_at(facts, i)->snapshot.taken_at);
        g_string_append(html, "</text>");
    }
    g_string_append(html, "</g>\n");
}

static void write_title(GString *html, const struct instant *instant)
{
    GString *label = text_escaped(stm_text(instant->snapshot.label), 64);
    g_string_append(html, "<title>");
    markup_printf(html, "%lld: ", (long long)instant->snapshot.id);
    markup_text(html, label->str);
    markup_printf(html, ", %s: %s %s, %s; %s added, ", instant->snapshot.taken_at,
                  text_count(instant->snapshot.key_count), KEYS(instant->snapshot.key_count),
                  text_size(instant->snapshot.bytes), text_count(instant->added));
    markup_printf(html, "%s changed, %s removed", text_count(instant->changed), text_count(instant->removed));
    g_string_append(html, "</title>");
    g_string_free(label, TRUE);
}

/* What is pointed at: a strip a snapshot, over all that is drawn. */
static void draw_touch(GString *html, const struct facts *facts, const axis *x)
{
    g_string_append(html, "<g class=\"touch\">");
    for (guint i = 0; i < facts->instants->len; i++) {
        g_string_append_printf(html, "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\">",
                               axis_at(x, i), TOP, axis_at(x, i + 1) - axis_at(x, i), BOTTOM - TOP);
        write_title(html, instant_at(facts, i));
        g_string_append(html, "</rect>");
    }
    g_string_append(html, "</g>\n");
}

static double amount_of(const struct instant *instant, bool bytes)
{
    return (double)(bytes ? instant->snapshot.bytes : instant->snapshot.key_count);
}

/* Nothing here comes in halves. */
static unsigned lines_for(double most)
{
    return most < 4 ? (unsigned)most : 4;
}

/* Lines of bytes are at round figures of 1,000, as those of keys; their unit says so. */
static void draw_amounts(GString *html, const struct facts *facts, bool bytes)
{
    double most = 1;
    for (guint i = 0; i < facts->instants->len; i++)
        most = fmax(most, amount_of(instant_at(facts, i), bytes));
    axis x = across(facts), y = {0, most, BOTTOM, TOP};
    svg_open(html, "wide", CANVAS_WIDTH, HEIGHT,
             bytes ? "Bytes of keys and values in each snapshot" : "Keys in each snapshot");
    axis_draw_amount(html, &y, LEFT, RIGHT, lines_for(most), !bytes ? "" : most < 1000 ? "\u00a0B" : "B");
    g_string_append_printf(html, "<path class=\"plain\" d=\"M%.1f %.1f", LEFT, BOTTOM);
    for (guint i = 0; i < facts->instants->len; i++)
        g_string_append_printf(html, "V%.1fH%.1f", axis_at(&y, amount_of(instant_at(facts, i), bytes)),
                               axis_at(&x, i + 1));
    g_string_append_printf(html, "V%.1fZ\"/>\n", BOTTOM);
    draw_moments(html, facts, &x);
    draw_touch(html, facts, &x);
    svg_close(html);
}

void growth_write(GString *html, const struct facts *facts)
{
    if (facts->instants->len < 2) {
        nothing_write(
            html,
            "There is one snapshot only. Exports that append to the file (stm_export_options.append) make a "
            "history, which shows here how the store grows, and what changes.");
        return;
    }
    if (facts->instant_count > (int64_t)facts->instants->len)
        g_string_append_printf(html, "<p class=\"hint\">The last %u of %s snapshots.</p>\n",
                               facts->instants->len, text_count(facts->instant_count));
    g_string_append(html, "<figure><figcaption>Keys</figcaption>\n");
    draw_amounts(html, facts, false);
    g_string_append(html, "</figure>\n<figure><figcaption>Bytes of keys and values</figcaption>\n");
    draw_amounts(html, facts, true);
    g_string_append(html, "</figure>\n");
}

/* ------------------------------------------------------------------------------- happenings -- */

static void draw_part(GString *html, const char *part, double x, double width, const axis *y, double from,
                      double to)
{
    double top = axis_at(y, to), bottom = axis_at(y, from);
    if (to > from)
        g_string_append_printf(html,
                               "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>",
                               part, x, top, width, fmax(bottom - top, 1));
}

/* A first snapshot adds everything, and would dwarf the others. */
static void draw_stacks(GString *html, const struct facts *facts, const axis *x, const axis *y)
{
    for (guint i = 1; i < facts->instants->len; i++) {
        const struct instant *each = instant_at(facts, i);
        double wide = axis_at(x, i + 1) - axis_at(x, i), gap = wide > 4 ? wide * 0.1 : 0;
        double left = axis_at(x, i) + gap, width = fmin(wide - 2 * gap, 60);
        double removed = (double)each->removed, changed = removed + (double)each->changed,
               added = changed + (double)each->added;
        left += (wide - 2 * gap - width) / 2;
        draw_part(html, "removed", left, width, y, 0, removed);
        draw_part(html, "changed", left, width, y, removed, changed);
        draw_part(html, "added", left, width, y, changed, added);
    }
}

static void write_legend(GString *html)
{
    static const char *const parts[] = {"added", "changed", "removed"};
    g_string_append(html, "<p class=\"legend\">");
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_string_append_printf(html,
                               "<span class=\"step\"><svg class=\"swatch\" width=\"14\" height=\"14\" "
                               "aria-hidden=\"true\"><rect "
                               "class=\"%s\" width=\"14\" height=\"14\"/></svg>%s</span> ",
                               parts[i], parts[i]);
    g_string_append(html, "<span>Published again with the same value counts as changed here. The first "
                          "snapshot, where all is new, is left out.</span></p>\n");
}

void happenings_write(GString *html, const struct facts *facts)
{
    double most = 1;
    if (facts->instants->len < 2)
        return;
    for (guint i = 1; i < facts->instants->len; i++) {
        const struct instant *each = instant_at(facts, i);
        most = fmax(most, (double)each->added + (double)each->changed + (double)each->removed);
    }
    axis x = across(facts), y = {0, most, BOTTOM, TOP};
    g_string_append(html, "<figure><figcaption>Changes since the snapshot before</figcaption>\n");
    svg_open(html, "wide", CANVAS_WIDTH, HEIGHT, "Keys added, changed and removed between the snapshots");
    axis_draw_amount(html, &y, LEFT, RIGHT, lines_for(most), "");
    draw_stacks(html, facts, &x, &y);
    draw_moments(html, facts, &x);
    draw_touch(html, facts, &x);
    svg_close(html);
    write_legend(html);
    g_string_append(html, "</figure>\n");
}
