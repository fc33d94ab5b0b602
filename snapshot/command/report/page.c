/*
 * page.c -- the page: its head, its parts in their order, and its end. Well-formed XML as well as HTML.
 *
 * Nothing in it may be loaded, and no script may run but the one whose hash stands in its policy: should text
 * of a file ever get through as markup, it still could do nothing.
 */
#include <string.h>

#include "../text.h"
#include "embedded.h"
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

void nothing_write(GString *html, const char *why)
{
    g_string_append(html, "<p class=\"nothing\">");
    markup_text(html, why);
    g_string_append(html, "</p>\n");
}

/* An element's content is hashed as it stands: between these, which hide it from XML and say nothing in CSS
 * and script. */
#define CONTENT_BEGIN "/*<![CDATA[*/\n"
#define CONTENT_END "/*]]>*/"

static char *hash_of(const char *content)
{
    guint8 digest[32];
    gsize size = sizeof digest;
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)content, (gssize)strlen(content));
    g_checksum_get_digest(checksum, digest, &size);
    g_checksum_free(checksum);
    return g_base64_encode(digest, size);
}

static void write_name(GString *html, const struct facts *facts)
{
    GString *path = text_escaped(stm_text(facts->path), 200);
    markup_text(html, path->str);
    g_string_append_printf(html, ":%lld", (long long)facts->snapshot.id);
    g_string_free(path, TRUE);
}

static void write_head(GString *html, const struct facts *facts, const char *style, const char *script)
{
    char *style_hash = hash_of(style), *script_hash = hash_of(script);
    g_string_append(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    g_string_append_printf(
        html,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action 'none'\"/>\n",
        style_hash, script_hash);
    g_string_append(html, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                          "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>Snapshot ");
    write_name(html, facts);
    g_string_append_printf(html, "</title>\n<style>%s</style>\n</head>\n", style);
    g_free(style_hash);
    g_free(script_hash);
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

void page_write(GString *html, const struct facts *facts)
{
    char *style = g_strconcat(CONTENT_BEGIN, (const char *)html_style_css, (const char *)html_report_css,
                              CONTENT_END, NULL);
    char *script = g_strconcat(CONTENT_BEGIN, (const char *)html_script_js, CONTENT_END, NULL);
    write_head(html, facts, style, script);
    g_string_append(html, "<body>\n<main>\n");
    write_header(html, facts);
    summary_write(html, facts);
    write_parts(html, facts);
    write_footer(html);
    g_string_append_printf(html, "</main>\n<script>%s</script>\n</body>\n</html>\n", script);
    g_free(style);
    g_free(script);
}
