#include "analysis.h"

#include "health.h"
#include "hot_keys.h"
#include "lanes.h"
#include "latency.h"
#include "people.h"
#include "prefixes.h"
#include "rules.h"
#include "span.h"
#include "stories.h"
#include "timeline.h"

#include <string.h>

enum { SCOPE_COUNT_MAX = 65536, THREAD_COUNT_MAX = 65536 };

struct analysis {
    const analysis_options *options;
    const trace_facts *facts;
    report *report;
    bool began;                  /* begin_ns and the bounds are known */
    int64_t from_ns, to_ns;      /* of the trace's clock */
    int64_t origin_ns;           /* all times are told relative to it: that of the first event that counts */
    const outcome *committing;   /* during operations_committed */

    names *labels;
    pairs *scopes;               /* process, store */
    pairs *threads;              /* process, thread */
    hot_keys *keys;
    people *people;
    operations *operations;
    winners *winners;
    latency *latency;
    lane_search *lanes;
    stories stories;
    time_buckets line;
};

void analysis_options_key(analysis_options *options, char *text)
{
    size_t size = text != NULL ? strlen(text) : 0;
    options->key = text;
    options->key_is_whole = size == 0 || text[size - 1] != '*';
    if (!options->key_is_whole)
        text[size - 1] = '\0';
}

/* --------------------------------------------------------------- what operations tell -- */

static void wasted(void *context, const loss *loss, int64_t wasted_ns)
{
    analysis *analysis = context;
    verdict *verdict = &analysis->report->verdict;
    span_add(&verdict->wasted_ns, wasted_ns);
    if (wasted_ns >= RULE_STALL_NS) {
        span_add(&verdict->stalled_ns, wasted_ns);
        verdict->stalled++;
    }
    people_wasted(analysis->people, loss, wasted_ns);
    if (loss->key != NULL)
        span_add(&loss->key->wasted_ns, wasted_ns);
}

static void spent(void *context, uint32_t label, int64_t spent_ns)
{
    analysis *analysis = context;
    span_add(&analysis->report->verdict.busy_ns, spent_ns);
    people_spent(analysis->people, label, spent_ns);
}

static void ended(void *context, const operation *operation)
{
    analysis *analysis = context;
    stories_offer(&analysis->stories, operation);
    if (operation->finished)
        latency_committed(analysis->latency, analysis->committing, operation);
}

analysis *analysis_create(const analysis_options *options, const trace_facts *facts)
{
    analysis *analysis = g_new0(struct analysis, 1);
    operations_listener listener = {analysis, wasted, spent, ended};
    analysis->options = options;
    analysis->facts = facts;
    analysis->report = g_new0(report, 1);
    analysis->labels = names_create();
    analysis->scopes = pairs_create(SCOPE_COUNT_MAX);
    analysis->threads = pairs_create(THREAD_COUNT_MAX);
    analysis->keys = hot_keys_create();
    analysis->people = people_create();
    analysis->operations = operations_create(&listener);
    analysis->winners = winners_create();
    analysis->latency = g_new0(latency, 1);
    analysis->lanes = lane_search_create();
    timeline_init(&analysis->line);
    return analysis;
}

static void free_analysis(analysis *analysis)
{
    names_free(analysis->labels);
    pairs_free(analysis->scopes);
    pairs_free(analysis->threads);
    hot_keys_free(analysis->keys);
    people_free(analysis->people);
    operations_free(analysis->operations);
    winners_free(analysis->winners);
    g_free(analysis->latency);
    lane_search_free(analysis->lanes);
    g_free(analysis);
}

/* ------------------------------------------------------------------------------ filters -- */

static void begin(analysis *analysis, int64_t time_ns)
{
    const analysis_options *options = analysis->options;
    int64_t offset_ns = analysis->facts->clock_offset_ns;
    analysis->began = true;
    analysis->from_ns = INT64_MIN;
    analysis->to_ns = INT64_MAX;
    if (options->from.kind != BOUND_NONE)
        analysis->from_ns = bound_resolve(&options->from, time_ns, offset_ns);
    if (options->to.kind != BOUND_NONE)
        analysis->to_ns = bound_resolve(&options->to, time_ns, offset_ns);
}

static bool is_in_time(analysis *analysis, const event *event)
{
    if (!analysis->began)
        begin(analysis, event->time_ns);
    return event->time_ns >= analysis->from_ns && event->time_ns <= analysis->to_ns;
}

static bool has_wanted_label(const analysis *analysis, const event *event)
{
    const char *wanted = analysis->options->label;
    return wanted == NULL || strcmp(event->label, wanted) == 0;
}

static bool is_wanted_key(const analysis *analysis, const hot *key)
{
    const analysis_options *options = analysis->options;
    if (options->key == NULL)
        return true;
    return options->key_is_whole ? strcmp(key->name, options->key) == 0
                                 : strncmp(key->name, options->key, strlen(options->key)) == 0;
}

/* ------------------------------------------------------------------------------- counts -- */

static void count(analysis *analysis, const event *event)
{
    health *health = &analysis->report->health;
    if (health->event_count++ == 0)
        analysis->origin_ns = health->begin_ns = event->time_ns;
    health->kind_counts[event->kind]++;
    int64_t span_ns;
    if (!__builtin_sub_overflow(event->time_ns, health->begin_ns, &span_ns) && span_ns > health->span_ns)
        health->span_ns = span_ns;
}

static int64_t since_origin(const analysis *analysis, int64_t time_ns)
{
    int64_t difference_ns;
    if (__builtin_sub_overflow(time_ns, analysis->origin_ns, &difference_ns))
        return time_ns < 0 ? INT64_MIN / 4 : INT64_MAX / 4;
    /* Room to spare, so that differences of two such times cannot overflow. */
    return CLAMP(difference_ns, INT64_MIN / 4, INT64_MAX / 4);
}

/* An attempt that claims to have begun after its end, or at no time at all, began at its end. */
static outcome resolve(analysis *analysis, const event *event, uint32_t scope)
{
    outcome outcome = {.event = event, .scope = scope, .end_ns = since_origin(analysis, event->time_ns)};
    int64_t begin_ns = event->begin_ns > 0 ? since_origin(analysis, event->begin_ns) : outcome.end_ns;
    outcome.begin_ns = MIN(begin_ns, outcome.end_ns);
    outcome.loss.kind = event->kind;
    outcome.loss.label = names_number(analysis->labels, event->label);
    outcome.loss.thread = pairs_number(analysis->threads, event->pid, event->tid);
    people_thread_name(analysis->people, outcome.loss.thread, event->procname);
    return outcome;
}

/* ------------------------------------------------------------------------------- events -- */

static void lost(analysis *analysis, const event *event, uint32_t scope)
{
    outcome outcome = resolve(analysis, event, scope);
    outcome_counts *counts = &analysis->report->verdict.attempts;
    loss *loss = &outcome.loss;
    loss->key = hot_keys_at(analysis->keys, scope, event);
    if (!is_wanted_key(analysis, loss->key))
        return;
    loss->winner_label = names_number(analysis->labels, event->winner_label);
    if (event->winner_tid != 0)
        loss->winner = pairs_number(analysis->threads, event->pid, event->winner_tid);
    size_t bucket = timeline_reach(&analysis->line, outcome.end_ns, analysis->keys);
    bool is_busy = event->kind == EVENT_BUSY;
    counts->busy += is_busy;
    counts->conflict += !is_busy;
    analysis->line.buckets[bucket].busy += is_busy;
    analysis->line.buckets[bucket].conflict += !is_busy;
    if (!is_busy) {
        analysis->report->avoidable.lost_reading += !event->update;
        analysis->report->avoidable.lost_unset += event->update && !event->was_set;
    }
    hot_keys_lost(analysis->keys, loss, event, bucket);
    people_outcome(analysis->people, &outcome);
    operations_lost(analysis->operations, &outcome);
    latency_outcome(analysis->latency, &outcome);
    lane_search_add(analysis->lanes, &outcome);
}

static void committed(analysis *analysis, const event *event, uint32_t scope)
{
    outcome outcome = resolve(analysis, event, scope);
    size_t bucket = timeline_reach(&analysis->line, outcome.end_ns, analysis->keys);
    analysis->line.buckets[bucket].ok++;
    analysis->report->verdict.attempts.ok++;
    people_outcome(analysis->people, &outcome);
    analysis->committing = &outcome;
    if (!operations_committed(analysis->operations, &outcome))
        latency_committed(analysis->latency, &outcome, NULL);
    latency_outcome(analysis->latency, &outcome);
    lane_search_add(analysis->lanes, &outcome);
    analysis->committing = NULL;
}

static void abandoned(analysis *analysis, const event *event, uint32_t scope)
{
    outcome outcome = resolve(analysis, event, scope);
    if (!operations_abandoned(analysis->operations, &outcome))
        return;
    analysis->report->verdict.abandoned++;
    people_outcome(analysis->people, &outcome);
    lane_search_add(analysis->lanes, &outcome);
}

/* Matching needs all commits and publications, wanted or not. */
static void match(analysis *analysis, const event *event, uint32_t scope)
{
    if (event->kind == EVENT_COMMIT)
        winners_commit(analysis->winners, scope, event->txn);
    else if (event->kind == EVENT_PUBLISH)
        winners_publish(analysis->winners, scope, event);
}

bool analysis_event(void *context, const event *event)
{
    analysis *analysis = context;
    uint32_t scope = event->kind == EVENT_CHECKOUT ? 0 : pairs_number(analysis->scopes, event->pid, event->store);
    bool in_time = is_in_time(analysis, event);
    match(analysis, event, scope);
    if (!in_time)
        return true;
    count(analysis, event);
    switch (event->kind) {
    case EVENT_CONFLICT:
    case EVENT_BUSY:
        if (!has_wanted_label(analysis, event))
            break;
        if (event->kind == EVENT_CONFLICT)
            winners_conflict(analysis->winners, scope, event);
        lost(analysis, event, scope);
        break;
    case EVENT_CONFLICT_KEY:
        hot_keys_at(analysis->keys, scope, event)->also_changed++;
        break;
    case EVENT_COMMIT:
        if (has_wanted_label(analysis, event))
            committed(analysis, event, scope);
        break;
    case EVENT_ABANDON:
        if (has_wanted_label(analysis, event))
            abandoned(analysis, event, scope);
        break;
    default:
        break;
    }
    return true;
}

/* ------------------------------------------------------------------------------- finish -- */

static void finish_verdict(analysis *analysis)
{
    verdict *verdict = &analysis->report->verdict;
    verdict->has_attempts = analysis->report->health.has_commits;
    verdict->wasted_share =
        verdict->has_attempts && verdict->busy_ns > 0 ? (double)verdict->wasted_ns / (double)verdict->busy_ns : 0;
    rules_apply(analysis->report);
}

static size_t count_processes(const pairs *threads)
{
    GHashTable *processes = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (uint32_t i = 1; i <= pairs_count(threads); i++)
        g_hash_table_add(processes, GSIZE_TO_POINTER(pairs_get(threads, i).first));
    size_t count = g_hash_table_size(processes);
    g_hash_table_unref(processes);
    return count;
}

static void finish_health(analysis *analysis, const char *path)
{
    health *health = &analysis->report->health;
    winner_counts winners = winners_count(analysis->winners);
    health->path = g_strdup(path);
    health->process_count = count_processes(analysis->threads);
    health->thread_count = analysis->report->thread_count;
    health->store_count = pairs_count(analysis->scopes);
    health_fill(health, analysis->facts, analysis->options, &winners, hot_keys_overflowed(analysis->keys));
}

/* Where conflicts do not tell it, what was counted is nothing but the default of a member. */
static void finish_avoidable(analysis *analysis)
{
    report *report = analysis->report;
    avoidable *avoidable = &report->avoidable;
    avoidable->has_modes = analysis->facts->tells_modes;
    avoidable->has_sets = avoidable->has_modes && analysis->facts->tells_sets;
    if (!avoidable->has_modes)
        avoidable->lost_reading = 0;
    if (!avoidable->has_sets)
        avoidable->lost_unset = 0;
    for (size_t i = 0; i < report->key_count; i++) {
        report->keys[i].lost_reading *= avoidable->has_modes;
        report->keys[i].lost_unset *= avoidable->has_sets;
    }
}

/* The rules look at more keys than the user may want to see. */
static void keep_top_keys(report *report, size_t top)
{
    while (report->key_count > top) {
        report->key_count--;
        g_free(report->keys[report->key_count].name);
        g_free(report->keys[report->key_count].top_winner);
    }
    report->timeline.heat_row_count = MIN(report->timeline.heat_row_count, report->key_count);
}

report *analysis_finish(analysis *analysis, const char *path)
{
    report *report = analysis->report;
    size_t top = analysis->options->top;
    operations_finish(analysis->operations);
    GPtrArray *sorted = hot_keys_sorted(analysis->keys);
    hot_keys_fill(analysis->keys, sorted, MAX(top, RULE_FEW_KEYS_MAX), analysis->labels, analysis->scopes, report);
    prefixes_fill(sorted, analysis->options->delimiter, top, report);
    people_fill(analysis->people, analysis->keys, analysis->labels, analysis->threads, top, report);
    latency_fill(analysis->latency, report);
    timeline_fill(&analysis->line, sorted, report);
    stories_fill(&analysis->stories, analysis->labels, analysis->scopes, analysis->threads, report);
    lane_search_fill(analysis->lanes, analysis->labels, analysis->threads, report);
    finish_avoidable(analysis);
    finish_health(analysis, path);
    finish_verdict(analysis);
    keep_top_keys(report, top);
    g_ptr_array_unref(sorted);
    free_analysis(analysis);
    return report;
}
