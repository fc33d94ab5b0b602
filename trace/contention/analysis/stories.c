#include "stories.h"

static bool is_worse(const operation *one, const operation *other)
{
    if (one->wasted_ns != other->wasted_ns)
        return one->wasted_ns > other->wasted_ns;
    return one->attempts > other->attempts;
}

void stories_offer(stories *stories, const operation *operation)
{
    size_t place = stories->count;
    while (place > 0 && is_worse(operation, &stories->worst[place - 1]))
        place--;
    if (place == STORY_COUNT_MAX)
        return;
    if (stories->count < STORY_COUNT_MAX)
        stories->count++;
    for (size_t i = stories->count - 1; i > place; i--)
        stories->worst[i] = stories->worst[i - 1];
    stories->worst[place] = *operation;
}

static story_step step_of(const step *step, const names *labels)
{
    return (story_step){.txn = step->txn, .attempt = step->attempt, .begin_ns = step->begin_ns, .end_ns = step->end_ns,
                        .outcome = step->outcome, .key = g_strdup(step->key != NULL ? step->key->name : ""),
                        .expected = step->expected, .found = step->found, .winner_txn = step->winner_txn,
                        .winner_tid = step->winner_tid, .times = step->times, .winner_label = g_strdup(names_text(labels, step->winner_label))};
}

void stories_fill(const stories *stories, const names *labels, const pairs *scopes, const pairs *threads, report *report)
{
    report->story_count = stories->count;
    report->stories = g_new0(story, stories->count);
    for (size_t i = 0; i < stories->count; i++) {
        const operation *from = &stories->worst[i];
        story *to = &report->stories[i];
        *to = (story){.store = pairs_get(scopes, from->scope).second, .operation = from->number,
                      .tid = pairs_get(threads, from->thread).second, .label = g_strdup(names_text(labels, from->label)),
                      .attempts = from->attempts, .elapsed_ns = from->end_ns - from->begin_ns,
                      .wasted_ns = from->wasted_ns, .finished = from->finished, .step_count = from->step_count};
        to->steps = g_new0(story_step, from->step_count);
        for (size_t j = 0; j < from->step_count; j++)
            to->steps[j] = step_of(&from->steps[j], labels);
    }
}
