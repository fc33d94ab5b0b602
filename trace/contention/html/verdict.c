/* verdict.c -- what comes first: whether to believe it, what is wrong, what to do, and the figures at a glance. */
#include <inttypes.h>

#include "figure.h"
#include "markup.h"
#include "parts.h"

static void write_fact(GString *html, const char *tag, const char *text)
{
    g_string_append_printf(html, "<%s>", tag);
    markup_text(html, text);
    g_string_append_printf(html, "</%s>\n", tag);
}

void warnings_write(GString *html, const report *report)
{
    const health *health = &report->health;
    bool is_grave = health->lower_bounds;
    if (!is_grave && health->note_count == 0)
        return;
    g_string_append_printf(
        html, "<section class=\"warning%s\" role=\"note\" aria-label=\"Can this be believed?\">\n",
        is_grave ? " grave" : "");
    if (is_grave)
        g_string_append(html, "<h2>The figures are lower bounds</h2>\n");
    g_string_append(html, "<ul>\n");
    for (size_t i = 0; i < health->note_count; i++)
        write_fact(html, "li", health->notes[i]);
    g_string_append(html, "</ul></section>\n");
}

void verdict_write(GString *html, const report *report)
{
    const verdict *verdict = &report->verdict;
    g_string_append_printf(html, "<section id=\"verdict\" class=\"verdict %s\" aria-label=\"Verdict\">\n",
                           report->health.event_count == 0 ? "unknown"
                           : verdict->cause == CAUSE_NONE  ? "fine"
                                                           : "lossy");
    g_string_append(html, "<p class=\"sentence\">");
    markup_text(html, verdict->sentence);
    g_string_append(html, "</p>\n");
    if (verdict->advice_count > 0)
        g_string_append(html, "<h2>What to do</h2>\n<ol class=\"advice\">\n");
    for (size_t i = 0; i < verdict->advice_count; i++) {
        g_string_append(html, "<li>");
        write_fact(html, "p", verdict->advice[i].text);
        g_string_append(html, "<p class=\"evidence\">");
        markup_text(html, verdict->advice[i].evidence);
        g_string_append(html, "</p></li>\n");
    }
    if (verdict->advice_count > 0)
        g_string_append(html, "</ol>\n");
    g_string_append(html, "</section>\n");
}

static void tile(GString *html, const char *tile_class, const char *name, const char *value, const char *more)
{
    g_string_append_printf(html, "<div class=\"tile %s\"><dt>%s</dt><dd>", tile_class, name);
    markup_text(html, value);
    g_string_append(html, "<small>");
    markup_text(html, more);
    g_string_append(html, "</small></dd></div>\n");
}

/* Every digit, while these fit. */
static figure tile_count(uint64_t count)
{
    return count < 10000000 ? figure_count(count) : figure_short((double)count);
}

static void outcome_tile(GString *html, const char *tile_class, const char *name, uint64_t count,
                         uint64_t all)
{
    char more[64] = "";
    if (all > 0)
        g_snprintf(more, sizeof more, "%s of attempts", figure_ratio(count, all).text);
    tile(html, tile_class, name, tile_count(count).text, more);
}

/* Of every attempt where commits were recorded; else only how often. */
static void outcome_tiles(GString *html, const verdict *verdict, bool has_busy)
{
    const outcome_counts *t = &verdict->attempts;
    uint64_t all = verdict->has_attempts ? t->ok + t->conflict + t->busy : 0;
    char abandoned[64];
    g_snprintf(abandoned, sizeof abandoned, "and %s abandoned", figure_count(verdict->abandoned).text);
    if (verdict->has_attempts)
        tile(html, "", "Attempts", tile_count(all).text,
             verdict->abandoned > 0 ? abandoned : "ended OK, CONFLICT or BUSY");
    if (verdict->has_attempts)
        outcome_tile(html, "ok", "OK", t->ok, all);
    else
        tile(html, "ok", "OK", "?", "needs --level=commits");
    outcome_tile(html, "conflict", "Conflict", t->conflict, all);
    if (has_busy || t->busy > 0)
        outcome_tile(html, "busy", "Busy", t->busy, all);
    else
        tile(html, "busy", "Busy", "?", "needs --level=contention");
}

static void wasted_tile(GString *html, const verdict *verdict)
{
    char more[64];
    g_snprintf(more, sizeof more, "%s in lost attempts", figure_duration(verdict->wasted_ns).text);
    if (verdict->has_attempts)
        tile(html, "wasted", "Time wasted", figure_share(verdict->wasted_share).text, more);
    else
        tile(html, "wasted", "Time wasted", figure_duration(verdict->wasted_ns).text, "in lost attempts");
}

void tiles_write(GString *html, const report *report)
{
    const health *health = &report->health;
    char more[120];
    g_string_append(html, "<dl class=\"tiles\" aria-label=\"Key figures\">\n");
    outcome_tiles(html, &report->verdict, health->has_busy);
    wasted_tile(html, &report->verdict);
    g_snprintf(more, sizeof more, "%s events", figure_count(health->event_count).text);
    tile(html, "", "Recorded", figure_duration(health->span_ns).text, more);
    g_snprintf(more, sizeof more, "in %zu process%s, %zu store%s", health->process_count,
               health->process_count == 1 ? "" : "es", health->store_count,
               health->store_count == 1 ? "" : "s");
    tile(html, "", "Threads", figure_count(health->thread_count).text, more);
    g_string_append(html, "</dl>\n");
}
