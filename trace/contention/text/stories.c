#include "../format.h"
#include "sections.h"

#include <glib.h>

static const char *const outcome_names[EVENT_KIND_COUNT] = {
    [EVENT_COMMIT] = "ok", [EVENT_CONFLICT] = "conflict", [EVENT_BUSY] = "busy", [EVENT_ABANDON] = "abandoned"};

static tone tone_of(event_kind outcome)
{
    return outcome == EVENT_COMMIT ? TONE_OK : outcome == EVENT_CONFLICT ? TONE_CONFLICT : TONE_BUSY;
}

static void print_step(const page *page, const story_step *step)
{
    fprintf(page->file, "    %14s %4s. %9s  %s%-9s%s", format_moment(step->begin_ns), format_count(step->attempt),
            format_duration(step->end_ns - step->begin_ns), page_tone(page, tone_of(step->outcome)),
            outcome_names[step->outcome], page_plain(page));
    if (step->outcome == EVENT_CONFLICT || step->outcome == EVENT_BUSY) {
        fputs(" on ", page->file);
        page_name(page, step->key, MIN((size_t)24, (size_t)g_utf8_strlen(step->key, -1)));
    }
    if (step->times > 1)
        fprintf(page->file, ", %s times", format_count(step->times));
    if (step->winner_txn != 0)
        fprintf(page->file, ", %s %s (thread %llu)", step->outcome == EVENT_BUSY ? "held by" : "won by",
                step->winner_label[0] != '\0' ? step->winner_label : "(no label)", (unsigned long long)step->winner_tid);
    fputc('\n', page->file);
}

static void print_story(const page *page, const story *story, size_t number)
{
    fprintf(page->file, "  %zu. %s, operation %llu, thread %llu: %s attempt%s in %s, %s wasted%s\n", number,
            story->label[0] != '\0' ? story->label : "(no label)", (unsigned long long)story->operation,
            (unsigned long long)story->tid, format_count(story->attempts), format_plural(story->attempts),
            format_duration(story->elapsed_ns), format_duration(story->wasted_ns),
            story->finished ? "" : ", and never committed");
    for (size_t i = 0; i < story->step_count; i++) {
        if (i > 0 && story->steps[i].attempt > story->steps[i - 1].attempt + 1)
            fprintf(page->file, "%s    %14s%s\n", page_tone(page, TONE_QUIET), "...", page_plain(page));
        print_step(page, &story->steps[i]);
    }
}

void section_stories(const page *page, const report *report)
{
    if (report->story_count == 0)
        return;
    page_heading(page, "The worst stories (stm-contention explain tells more)");
    for (size_t i = 0; i < report->story_count; i++)
        print_story(page, &report->stories[i], i + 1);
}
