/*
 * shrink.c -- makes a schedule that fails one of fewer segments: easier to understand. Whole stretches are dropped
 * first, then halves of these, down to single segments (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002); then neighbours are exchanged, each of which then joins its own thread's next.
 */
#include "schedule.h"

#include <string.h>

struct shrinking {
    schedule *best;
    schedule_fails *fails;
    unsigned tries;
};

/* Keeps the changed one if it still fails, and closes the other. */
static bool adopt(struct shrinking *shrinking, schedule *changed)
{
    strategy_script_join(&changed->script);
    bool better = changed->script.count < shrinking->best->script.count && shrinking->tries > 0;
    if (better) {
        shrinking->tries--;
        better = shrinking->fails(changed);
    }
    schedule_close(better ? shrinking->best : changed);
    if (better)
        *shrinking->best = *changed;
    return better;
}

static schedule copy_of(const schedule *from)
{
    schedule copy = {.delayed = from->delayed};
    strategy_script_copy(&copy.script, &from->script);
    return copy;
}

static bool drop(struct shrinking *shrinking, size_t at, size_t count)
{
    schedule less = copy_of(shrinking->best);
    strategy_script *script = &less.script;
    memmove(&script->segments[at], &script->segments[at + count],
            (script->count - at - count) * sizeof script->segments[0]);
    script->count -= count;
    return adopt(shrinking, &less);
}

static bool exchange(struct shrinking *shrinking, size_t at)
{
    schedule other = copy_of(shrinking->best);
    strategy_segment *segments = other.script.segments, kept = segments[at];
    segments[at] = segments[at + 1];
    segments[at + 1] = kept;
    return adopt(shrinking, &other);
}

static bool drop_all(struct shrinking *shrinking)
{
    bool any = false;
    for (size_t count = shrinking->best->script.count; count > 0; count /= 2)
        for (size_t at = shrinking->best->script.count; at-- > 0;) /* the end matters least: begin there */
            if (at + count <= shrinking->best->script.count)
                any |= drop(shrinking, at, count);
    return any;
}

static bool exchange_all(struct shrinking *shrinking)
{
    bool any = false;
    for (size_t at = 0; at + 1 < shrinking->best->script.count;) {
        bool better = exchange(shrinking, at);
        any |= better;
        at = better ? 0 : at + 1;
    }
    return any;
}

void schedule_shrink(schedule *schedule, schedule_fails *fails, unsigned tries)
{
    struct shrinking shrinking = {schedule, fails, tries};
    bool any = true;
    while (any && shrinking.tries > 0) {
        any = drop_all(&shrinking);
        any |= exchange_all(&shrinking);
    }
    strategy_script_rewind(&schedule->script);
}
