/*
 * page.c -- the page: its head, its parts in their order, and its end.
 *
 * The page is made in memory, a few megabytes at most, and written at once: so a write can fail in one place only. It is
 * well-formed XML as well as HTML, so that its tests can read it strictly.
 *
 * Nothing in it may be loaded, and no script may run but the one whose hash stands in its policy: should text of a trace
 * ever get through as markup, it still could do nothing.
 */
#define _POSIX_C_SOURCE 200809L /* newlocale */
#include "html.h"

#include <errno.h>
#include <locale.h>
#include <string.h>

#include "embedded.h"
#include "figure.h"
#include "markup.h"
#include "parts.h"

typedef struct part {
    const char *id, *name, *title, *hint;
    void (*write[5])(GString *html, const report *report);
} part;

static const part parts[] = {
    {"time",
     "Time",
     "Over time",
     "Both pictures share their time axis; times count from the first event.",
     {rates_write, heat_map_write, bursts_write}},
    {"keys", "Keys", "Keys that are fought for", NULL, {keys_write, prefixes_write}},
    {"winners",
     "Winners",
     "Who loses to whom",
     "A number is how many conflicts the row lost to the column.",
     {matrices_write}},
    {"lanes", "Worst millisecond", "The worst millisecond", NULL, {lanes_write}},
    {"attempts", "Attempts", "Attempts and latency", NULL, {attempts_write}},
    {"labels", "Labels and threads", "Transactions and threads", NULL, {labels_write, threads_write}},
    {"busy", "Busy", "Who kept others busy", NULL, {owners_write}},
    {"avoidable", "Avoidable", "What could be avoided", NULL, {avoidable_write}},
    {"stories",
     "Stories",
     "The worst stories",
     "stm-contention explain DIR TRANSACTION tells all of one.",
     {stories_write}},
    {"events", "Recording", "What was recorded", NULL, {events_write}},
};
#define PART_COUNT (sizeof parts / sizeof *parts)

void nothing_write(GString *html, const char *why)
{
    g_string_append(html, "<p class=\"nothing\">");
    markup_text(html, why);
    g_string_append(html, "</p>\n");
}

uint64_t losses_of(const report *report)
{
    return report->verdict.attempts.conflict + report->verdict.attempts.busy;
}

/* An element's content is hashed as it stands: between these, which hide it from XML and say nothing in CSS and script. */
#define CONTENT_BEGIN "/*<![CDATA[*/\n"
#define CONTENT_END "/*]]>*/"

static char *content_of(const unsigned char *file)
{
    return g_strconcat(CONTENT_BEGIN, (const char *)file, CONTENT_END, NULL);
}

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

static void write_head(GString *html, const report *report, const char *style, const char *script)
{
    char *style_hash = hash_of(style), *script_hash = hash_of(script);
    g_string_append(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    g_string_append_printf(
        html,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action 'none'\"/>\n",
        style_hash, script_hash);
    g_string_append(html, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                          "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>Contention");
    if (*report->health.program) {
        g_string_append(html, ": ");
        markup_text_short(html, report->health.program, 60);
    }
    g_string_append_printf(html, "</title>\n<style>%s</style>\n</head>\n", style);
    g_free(style_hash);
    g_free(script_hash);
}

static void write_header(GString *html, const report *report)
{
    const health *health = &report->health;
    g_string_append(html, "<header>\n<h1>Contention</h1>\n<p class=\"source\">");
    if (*health->program) {
        g_string_append(html, "<code><bdi>");
        markup_text(html, health->program);
        g_string_append(html, "</bdi></code> ");
    }
    if (*health->started_at) {
        g_string_append(html, "<span class=\"minor\">");
        markup_text(html, health->started_at);
        g_string_append(html, "</span> ");
    }
    g_string_append(html, "<span class=\"minor\"><bdi>");
    markup_text(html, health->path);
    g_string_append(html, "</bdi></span></p>\n</header>\n");
}

/* Of a trace without events, only what was recorded. */
static size_t first_part(const report *report)
{
    return report->health.event_count > 0 ? 0 : PART_COUNT - 1;
}

static void write_navigation(GString *html, const report *report)
{
    g_string_append(html, "<nav aria-label=\"Parts\">");
    for (size_t i = first_part(report); i < PART_COUNT; i++)
        g_string_append_printf(html, "<a href=\"#%s\">%s</a> ", parts[i].id, parts[i].name);
    g_string_append(html, "</nav>\n");
}

static void write_part(GString *html, const report *report, const part *part)
{
    g_string_append_printf(html, "<section id=\"%s\">\n<h2>%s</h2>\n", part->id, part->title);
    if (part->hint && losses_of(report) > 0)
        g_string_append_printf(html, "<p class=\"hint\">%s</p>\n", part->hint);
    for (size_t i = 0; i < sizeof part->write / sizeof *part->write && part->write[i]; i++)
        part->write[i](html, report);
    g_string_append(html, "</section>\n");
}

static void write_footer(GString *html)
{
    g_string_append(html,
                    "<footer>\n<p><b>Conflict</b>: a key that was checked out had been changed by another; "
                    "the attempt is lost, "
                    "and starts over. <b>Busy</b>: another transaction was committing a key just then; the "
                    "same call is made "
                    "again. <b>Wasted</b>: from begin to the end of attempts that were lost or abandoned. An "
                    "<b>operation</b> is "
                    "all attempts together.</p>\n"
                    "<p class=\"minor\">Made by stm-contention " STM_CONTENTION_VERSION ".</p>\n</footer>\n");
}

static void write_page(GString *html, const report *report)
{
    char *style = content_of(html_style_css), *script = content_of(html_script_js);
    write_head(html, report, style, script);
    g_string_append(html, "<body>\n<main>\n");
    write_header(html, report);
    warnings_write(html, report);
    verdict_write(html, report);
    tiles_write(html, report);
    write_navigation(html, report);
    for (size_t i = first_part(report); i < PART_COUNT; i++)
        write_part(html, report, &parts[i]);
    write_footer(html);
    g_string_append_printf(html, "</main>\n<script>%s</script>\n</body>\n</html>\n", script);
    g_free(style);
    g_free(script);
}

int report_write_html(const report *report, FILE *out)
{
    /* A comma in a coordinate would break the pictures: numbers are the same in every locale. */
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0)
        return -1;
    locale_t before = uselocale(plain);
    GString *html = g_string_new(NULL);
    write_page(html, report);
    uselocale(before);
    freelocale(plain);

    size_t written = fwrite(html->str, 1, html->len, out);
    int result = written == html->len && fflush(out) == 0 ? 0 : -1;
    g_string_free(html, TRUE);
    return result;
}
