#include "../format.h"
#include "sections.h"

#include <glib.h>

static void print_origin(const page *page, const health *health)
{
    const char *program = health->program[0] != '\0' ? health->program : health->path;
    fprintf(page->file, "%s", page_tone(page, TONE_STRONG));
    page_name(page, program, page->width - 28);
    fprintf(page->file, "%s %27s\n", page_plain(page), health->started_at);
    fprintf(page->file, "%s%s in %s; %s thread%s%s%s\n", health->event_count == 1 ? "1 event" : format_count(health->event_count),
            health->event_count == 1 ? "" : " events", format_duration(health->span_ns), format_count(health->thread_count),
            format_plural(health->thread_count), health->process_count > 1 ? " of several processes" : "",
            health->store_count > 1 ? ", several stores" : "");
}

static void print_warnings(const page *page, const health *health)
{
    for (size_t i = 0; i < health->note_count; i++)
        page_paragraph(page, health->lower_bounds && i == 0 ? TONE_WARNING : TONE_PLAIN, "  ! ", 4, health->notes[i]);
    if (health->note_count > 0)
        fputc('\n', page->file);
}

static void print_advice(const page *page, const verdict *verdict)
{
    if (verdict->advice_count == 0)
        return;
    page_heading(page, "What to do");
    for (size_t i = 0; i < verdict->advice_count; i++) {
        char number[32];
        snprintf(number, sizeof number, " %2zu. ", i + 1);
        page_paragraph(page, TONE_PLAIN, number, 5, verdict->advice[i].text);
        page_paragraph(page, TONE_QUIET, "     ", 5, verdict->advice[i].evidence);
    }
}

static void print_outcome(const page *page, const char *name, uint64_t count, uint64_t all, tone tone)
{
    fprintf(page->file, "  %-12s %14s %9s  ", name, format_count(count), all > 0 ? format_part(count, all) : "");
    page_bar(page, tone, all > 0 ? (double)count / (double)all : 0, page->width - 44);
    fputc('\n', page->file);
}

static void print_outcomes(const page *page, const report *report)
{
    const verdict *verdict = &report->verdict;
    const outcome_counts *counts = &verdict->attempts;
    uint64_t all = verdict->has_attempts ? counts->ok + counts->conflict + counts->busy : 0;
    page_heading(page, "Attempts");
    if (verdict->has_attempts)
        print_outcome(page, "ok", counts->ok, all, TONE_OK);
    print_outcome(page, "conflict", counts->conflict, all, TONE_CONFLICT);
    if (report->health.has_busy)
        print_outcome(page, "busy", counts->busy, all, TONE_BUSY);
    if (verdict->abandoned > 0)
        fprintf(page->file, "  %-12s %14s\n", "abandoned", format_count(verdict->abandoned));
    fprintf(page->file, "  %-12s %14s", "time wasted", format_duration(verdict->wasted_ns));
    if (verdict->has_attempts)
        fprintf(page->file, " %9s  of %s in attempts", format_percent(verdict->wasted_share),
                format_duration(verdict->busy_ns));
    fputc('\n', page->file);
    if (verdict->stalled > 0)
        fprintf(page->file, "  %-12s %14s %9s  in %s attempt%s of a millisecond or more\n", "  of that",
                format_duration(verdict->stalled_ns),
                format_percent((double)verdict->stalled_ns / (double)verdict->wasted_ns), format_count(verdict->stalled), format_plural(verdict->stalled));
}

void section_summary(const page *page, const report *report)
{
    print_origin(page, &report->health);
    fputc('\n', page->file);
    print_warnings(page, &report->health);
    page_paragraph(page, TONE_STRONG, "", 0, report->verdict.sentence);
    print_advice(page, &report->verdict);
    print_outcomes(page, report);
}

/* ------------------------------------------------------------------------------- health -- */

static void print_winners(const page *page, const health *health)
{
    uint64_t named = health->winners_matched + health->winners_unmatched;
    if (health->has_commits && named > 0)
        fprintf(page->file, "  winners whose commit is in the trace %s of %s", format_count(health->winners_matched),
                format_count(named));
    else
        fprintf(page->file, "  winners as the store named them; commits were not recorded");
    if (health->winners_verified > 0)
        fprintf(page->file, "\n  winners by the version published: %s right, %s wrong", format_count(health->winners_verified),
                format_count(health->winners_contradicted));
    fputc('\n', page->file);
}

void section_health(const page *page, const report *report)
{
    const health *health = &report->health;
    page_heading(page, "The recording");
    fprintf(page->file, "  recorded: conflicts%s%s%s%s\n", health->has_busy ? ", busy" : "", health->has_commits ? ", commits" : "",
            health->has_checkouts ? ", checkouts" : "", health->has_publishes ? ", publications" : "");
    fprintf(page->file, "  lost: %s event%s, %s packet%s%s\n", format_count(health->lost_events), format_plural(health->lost_events),
            format_count(health->lost_packets), format_plural(health->lost_packets),
            health->truncated ? "; a part could not be read" : "");
    if (report->verdict.attempts.conflict > 0)
        print_winners(page, health);
    if (health->foreign_count > 0)
        fprintf(page->file, "  events of other providers: %s\n", format_count(health->foreign_count));
}
