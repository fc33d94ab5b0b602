#include "report.h"

#include <glib.h>

static void free_health(health *health)
{
    g_free(health->path);
    g_free(health->program);
    g_free(health->started_at);
    for (size_t i = 0; i < health->note_count; i++)
        g_free(health->notes[i]);
    g_free(health->notes);
}

static void free_verdict(verdict *verdict)
{
    for (size_t i = 0; i < verdict->advice_count; i++) {
        g_free(verdict->advice[i].text);
        g_free(verdict->advice[i].evidence);
    }
    g_free(verdict->advice);
    g_free(verdict->sentence);
}

static void free_keys(report *report)
{
    for (size_t i = 0; i < report->key_count; i++) {
        g_free(report->keys[i].name);
        g_free(report->keys[i].top_winner);
    }
    for (size_t i = 0; i < report->prefix_count; i++)
        g_free(report->prefixes[i].prefix);
    g_free(report->keys);
    g_free(report->prefixes);
}

static void free_matrix(matrix *matrix)
{
    for (size_t i = 0; i < matrix->count; i++)
        g_free(matrix->names[i]);
    g_free(matrix->names);
    g_free(matrix->conflicts);
    g_free(matrix->wasted_ns);
}

static void free_people(report *report)
{
    for (size_t i = 0; i < report->label_count; i++)
        g_free(report->labels[i].label);
    for (size_t i = 0; i < report->thread_count; i++) {
        g_free(report->threads[i].name);
        g_free(report->threads[i].streak_label);
    }
    for (size_t i = 0; i < report->owner_count; i++) {
        g_free(report->owners[i].label);
        g_free(report->owners[i].top_key);
    }
    g_free(report->labels);
    g_free(report->threads);
    g_free(report->owners);
}

static void free_timeline(timeline *timeline)
{
    for (size_t i = 0; i < timeline->burst_count; i++)
        g_free(timeline->bursts[i].top_key);
    g_free(timeline->bursts);
    g_free(timeline->buckets);
    g_free(timeline->heat);
}

static void free_story(story *story)
{
    for (size_t i = 0; i < story->step_count; i++) {
        g_free(story->steps[i].key);
        g_free(story->steps[i].winner_label);
    }
    g_free(story->steps);
    g_free(story->label);
}

static void free_lanes(lanes *lanes)
{
    for (size_t i = 0; i < lanes->mark_count; i++) {
        g_free(lanes->marks[i].label);
        g_free(lanes->marks[i].key);
    }
    g_free(lanes->marks);
    g_free(lanes->tids);
}

void report_free(report *report)
{
    if (report == NULL)
        return;
    free_health(&report->health);
    free_verdict(&report->verdict);
    free_keys(report);
    free_matrix(&report->by_label);
    free_matrix(&report->by_thread);
    free_people(report);
    g_free(report->latency.attempts);
    free_timeline(&report->timeline);
    for (size_t i = 0; i < report->story_count; i++)
        free_story(&report->stories[i]);
    g_free(report->stories);
    free_lanes(&report->lanes);
    g_free(report);
}
