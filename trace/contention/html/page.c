/*
 * page.c -- the page: its parts in their order, in the frame that all pages have.
 *
 * The page is made in memory, a few megabytes at most, and written at once: so a write can fail in one place only. It is
 * well-formed XML as well as HTML, so that its tests can read it strictly.
 */
#define _POSIX_C_SOURCE 200809L /* newlocale */
#include "html.h"

#include <errno.h>
#include <locale.h>

#include "frame.h"
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

uint64_t losses_of(const report *report)
{
    return report->verdict.attempts.conflict + report->verdict.attempts.busy;
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

static void open_frame(GString *html, const report *report)
{
    GString *title = g_string_new("Contention");
    if (*report->health.program)
        g_string_append_printf(title, ": %s", report->health.program);
    frame_open(html, title->str, NULL);
    g_string_free(title, TRUE);
}

static void write_page(GString *html, const report *report)
{
    open_frame(html, report);
    write_header(html, report);
    warnings_write(html, report);
    verdict_write(html, report);
    tiles_write(html, report);
    write_navigation(html, report);
    for (size_t i = first_part(report); i < PART_COUNT; i++)
        write_part(html, report, &parts[i]);
    write_footer(html);
    frame_close(html);
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
