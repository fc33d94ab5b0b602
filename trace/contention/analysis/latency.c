#include "latency.h"

#include <glib.h>

void latency_outcome(latency *latency, const outcome *outcome)
{
    const event *event = outcome->event;
    bool is_ok = event->kind == EVENT_COMMIT;
    if (event->begin_ns > 0)
        histogram_add(is_ok ? &latency->ok : &latency->lost, (uint64_t)(outcome->end_ns - outcome->begin_ns));
    histogram_add(is_ok ? &latency->ok_reads : &latency->lost_reads, event->read_count);
    histogram_add(is_ok ? &latency->ok_writes : &latency->lost_writes, event->write_count);
}

void latency_committed(latency *latency, const outcome *outcome, const operation *operation)
{
    const event *event = outcome->event;
    histogram_add(&latency->attempts, MAX(event->attempt, 1));
    if (event->begin_ns <= 0)
        return;
    if (operation != NULL && operation->seen_from_start)
        histogram_add(&latency->first_begin_to_ok, (uint64_t)(operation->end_ns - operation->begin_ns));
    else if (operation == NULL && event->attempt <= 1)
        histogram_add(&latency->first_begin_to_ok, (uint64_t)(outcome->end_ns - outcome->begin_ns));
}

/* One to eight by one, and then up to the next power of two. */
static void fill_bars(const histogram *attempts, latency_part *part)
{
    part->attempts = g_new0(histogram_bar, 8 + 64);
    uint64_t low = 1, high = 1;
    while (low <= attempts->max && attempts->count > 0) {
        part->attempts[part->attempt_bar_count++] =
            (histogram_bar){low, high, histogram_count_between(attempts, low, high)};
        low = high + 1;
        if (low == 0)
            break;
        high = low <= 8 ? low : low == 9 ? 15 : low + (low - 1);
    }
}

void latency_fill(const latency *latency, report *report)
{
    latency_part *part = &report->latency;
    part->has_latency = latency->attempts.count > 0;
    fill_bars(&latency->attempts, part);
    part->first_begin_to_ok_ns = histogram_quantiles(&latency->first_begin_to_ok);
    part->attempt_ok_ns = histogram_quantiles(&latency->ok);
    part->attempt_lost_ns = histogram_quantiles(&latency->lost);
    part->winner_reads = histogram_quantiles(&latency->ok_reads);
    part->winner_writes = histogram_quantiles(&latency->ok_writes);
    part->loser_reads = histogram_quantiles(&latency->lost_reads);
    part->loser_writes = histogram_quantiles(&latency->lost_writes);
}
