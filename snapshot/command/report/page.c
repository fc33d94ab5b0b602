/* page.c -- the page: its parts in their order, in the frame that all pages have. */
#include "../text.h"
#include "markup.h"
#include "parts.h"

extern const unsigned char html_report_css[];

static const struct part {
    const char *id, *title;
    void (*write[4])(GString *html, const struct facts *facts);
    size_t beside; /* from this one on, side by side where there is room */
} parts[] = {
    {"room", "What takes the room", {treemap_write, sizes_write, prefixes_write, types_write}, 2},
    {"growth", "Over the snapshots", {growth_write, happenings_write, instants_write}, 3},
    {"changes", "What has changed", {differences_write}, 1},
    {"keys", "Keys that stand out", {largest_write, published_write}, 0},
    {"store", "Writers and conflicts", {writers_write, hot_keys_write, counters_write}, 0},
};

static void write_name(GString *html, const struct facts *facts)
{
    GString *path = text_escaped(stm_text(facts->path), 200);
    markup_text(html, path->str);
    g_string_append_printf(html, ":%lld", (long long)facts->snapshot.id);
    g_string_free(path, TRUE);
}

static void write_header(GString *html, const struct facts *facts)
{
    GString *label = text_escaped(stm_text(facts->snapshot.label), 80);
    GString *taken_at = text_escaped(stm_text(facts->snapshot.taken_at), 40);
    g_string_append(html, "<header>\n<h1>Snapshot</h1>\n<p class=\"source\"><code><bdi>");
    write_name(html, facts);
    g_string_append(html, "</bdi></code> <span class=\"minor\"><bdi>");
    markup_text(html, label->str);
    g_string_append(html, "</bdi></span> <span class=\"minor\">");
    markup_text(html, taken_at->str);
    g_string_append(html, "</span></p>\n");
    if (!facts->snapshot.is_whole)
        nothing_write(html, "This snapshot is of a part of the store's keys only.");
    if (!facts->snapshot.has_values)
        nothing_write(html,
                      "This snapshot was exported without values: changes are told by size and version.");
    g_string_append(html, "</header>\n");
    g_string_free(label, TRUE);
    g_string_free(taken_at, TRUE);
}

static void write_part(GString *html, const struct facts *facts, const struct part *part)
{
    size_t i = 0;
    for (; i < part->beside && part->write[i] != NULL; i++)
        part->write[i](html, facts);
    g_string_append(html, "<div class=\"pair\">\n");
    for (; i < G_N_ELEMENTS(part->write) && part->write[i] != NULL; i++) {
        g_string_append(html, "<div>\n");
        part->write[i](html, facts);
        g_string_append(html, "</div>\n");
    }
    g_string_append(html, "</div>\n");
}

static void write_parts(GString *html, const struct facts *facts)
{
    g_string_append(html, "<nav aria-label=\"Parts\">");
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_string_append_printf(html, "<a href=\"#%s\">%s</a> ", parts[i].id, parts[i].title);
    g_string_append(html, "</nav>\n");
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_string_append_printf(html, "<section id=\"%s\">\n<h2>%s</h2>\n", parts[i].id, parts[i].title);
        write_part(html, facts, &parts[i]);
        g_string_append(html, "</section>\n");
    }
}

static void write_footer(GString *html)
{
    g_string_append(
        html,
        "<footer>\n<p><b>Snapshot</b>: the store as of one instant. <b>Version</b>: how often a key has been "
        "published. <b>Revision</b>: the store's order of commits. Bytes that do not print are shown as "
        "\\xNN, a "
        "backslash as \\\\.</p>\n");
    g_string_append_printf(html, "<p class=\"minor\">Made by stm-snapshot %s.</p>\n</footer>\n",
                           stm_version());
}

static void open_frame(GString *html, const struct facts *facts)
{
    GString *path = text_escaped(stm_text(facts->path), 60), *title = g_string_new(NULL);
    g_string_printf(title, "Snapshot %s:%lld", path->str, (long long)facts->snapshot.id);
    frame_open(html, title->str, html_report_css);
    g_string_free(path, TRUE);
    g_string_free(title, TRUE);
}

void page_write(GString *html, const struct facts *facts)
{
    open_frame(html, facts);
    write_header(html, facts);
    summary_write(html, facts);
    write_parts(html, facts);
    write_footer(html);
    frame_close(html);
}
