#include "json.h"

#include <errno.h>
#include <glib.h>
#include <jansson.h>
#include <math.h>

/* Jansson's packing takes references and fails as a whole, so a failure is looked for once, at the end: without memory
 * GLib would have ended the program anyway. */

/* JSON's integers are signed here; what does not fit has never been a count of something. */
static json_t *number(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *time_of(int64_t ns)
{
    return json_integer(ns);
}

static json_t *share(double n)
{
    return json_real(isfinite(n) ? round(n * 1e6) / 1e6 : 0);
}

static json_t *outcomes(const outcome_counts *counts)
{
    return json_pack("{s:o, s:o, s:o}", "ok", number(counts->ok), "conflict", number(counts->conflict), "busy",
                     number(counts->busy));
}

static const char *const kind_names[EVENT_KIND_COUNT] = {"starving", "conflict", "busy",         "commit",   "abandon",
                                                         "store",    "snapshot", "conflict_key", "checkout", "publish"};

/* ------------------------------------------------------------------ health and verdict -- */

static json_t *kinds(const health *health)
{
    json_t *counts = json_object();
    for (int i = 0; i < EVENT_KIND_COUNT; i++)
        json_object_set_new(counts, kind_names[i], number(health->kind_counts[i]));
    return counts;
}

static json_t *levels(const health *health)
{
    return json_pack("{s:b, s:b, s:b, s:b, s:b}", "conflicts", health->has_conflicts, "busy", health->has_busy, "commits",
                     health->has_commits, "checkouts", health->has_checkouts, "publishes", health->has_publishes);
}

static json_t *winners(const health *health)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "matched", number(health->winners_matched), "unmatched",
                     number(health->winners_unmatched), "unnamed", number(health->winners_unnamed), "verified",
                     number(health->winners_verified), "contradicted", number(health->winners_contradicted));
}

static json_t *health_part(const health *health)
{
    json_t *notes = json_array();
    for (size_t i = 0; i < health->note_count; i++)
        json_array_append_new(notes, json_string(health->notes[i]));
    char *path = g_utf8_make_valid(health->path, -1); /* a folder's name may be anything */
    json_t *part = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:b, s:o}", "path", path,
        "program", health->program, "started_at", health->started_at, "begin_ns", time_of(health->begin_ns), "span_ns",
        time_of(health->span_ns), "events", number(health->event_count), "events_by_kind", kinds(health),
        "foreign_events", number(health->foreign_count), "processes", number(health->process_count), "threads",
        number(health->thread_count), "stores", number(health->store_count), "levels", levels(health), "truncated",
        health->truncated, "lost_events", number(health->lost_events), "lost_packets", number(health->lost_packets),
        "winners", winners(health), "lower_bounds", health->lower_bounds, "notes", notes);
    g_free(path);
    return part;
}

static const char *const cause_names[] = {
    [CAUSE_NONE] = "none", [CAUSE_HOT_KEY] = "hot_key", [CAUSE_FEW_KEYS] = "few_keys",
    [CAUSE_HOT_PREFIX] = "hot_prefix",
    [CAUSE_READ_ONLY_KEYS] = "read_only_keys", [CAUSE_UNSET_UPDATES] = "unset_updates",
    [CAUSE_LARGE_READ_SETS] = "large_read_sets", [CAUSE_BUSY] = "busy", [CAUSE_STARVED_LABEL] = "starved_label",
    [CAUSE_STALLED] = "stalled", [CAUSE_SPREAD] = "spread"};

static json_t *verdict_part(const verdict *verdict)
{
    json_t *advice = json_array();
    for (size_t i = 0; i < verdict->advice_count; i++)
        json_array_append_new(advice, json_pack("{s:s, s:s, s:s}", "rule", cause_names[verdict->advice[i].rule], "text",
                                                verdict->advice[i].text, "evidence", verdict->advice[i].evidence));
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o}", "has_attempts", verdict->has_attempts, "attempts",
                     outcomes(&verdict->attempts), "abandoned", number(verdict->abandoned), "busy_ns",
                     time_of(verdict->busy_ns), "wasted_ns", time_of(verdict->wasted_ns), "stalled_ns",
                     time_of(verdict->stalled_ns), "stalled", number(verdict->stalled), "wasted_share",
                     share(verdict->wasted_share), "cause", cause_names[verdict->cause], "sentence", verdict->sentence,
                     "advice", advice);
}

/* --------------------------------------------------------------------- keys and people -- */

static json_t *key_rows(const report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->key_count; i++) {
        const hot_key *key = &report->keys[i];
        char hash[32];
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)key->hash);
        json_array_append_new(
            rows, json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "name", key->name,
                            "process", number(key->process), "store", number(key->store), "hash", hash, "conflicts",
                            number(key->conflicts), "busy", number(key->busy), "also_changed", number(key->also_changed),
                            "cumulative_share", share(key->cumulative_share), "wasted_ns", time_of(key->wasted_ns),
                            "writers", number(key->writer_count), "top_winner", key->top_winner, "top_winner_share",
                            share(key->top_winner_share), "lost_reading", number(key->lost_reading), "lost_unset",
                            number(key->lost_unset)));
    }
    return rows;
}

static json_t *prefix_rows(const report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->prefix_count; i++) {
        const hot_prefix *prefix = &report->prefixes[i];
        json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:o, s:o}", "prefix", prefix->prefix, "keys",
                                              number(prefix->key_count), "conflicts", number(prefix->conflicts), "busy",
                                              number(prefix->busy), "wasted_ns", time_of(prefix->wasted_ns)));
    }
    return rows;
}

static json_t *matrix_part(const matrix *matrix)
{
    json_t *names = json_array(), *conflicts = json_array(), *wasted = json_array();
    for (size_t row = 0; row < matrix->count; row++) {
        json_t *counts = json_array(), *times = json_array();
        json_array_append_new(names, json_string(matrix->names[row]));
        for (size_t column = 0; column < matrix->count; column++) {
            json_array_append_new(counts, number(matrix->conflicts[row * matrix->count + column]));
            json_array_append_new(times, time_of(matrix->wasted_ns[row * matrix->count + column]));
        }
        json_array_append_new(conflicts, counts);
        json_array_append_new(wasted, times);
    }
    return json_pack("{s:o, s:o, s:o}", "names", names, "conflicts", conflicts, "wasted_ns", wasted);
}

static json_t *label_rows(const report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->label_count; i++) {
        const label_row *row = &report->labels[i];
        json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "label", row->label,
                                              "commits", number(row->commits), "wins", number(row->wins), "abandoned",
                                              number(row->abandoned), "conflicts", number(row->conflicts), "busy",
                                              number(row->busy), "busy_ns", time_of(row->busy_ns), "wasted_ns",
                                              time_of(row->wasted_ns), "charged_ns", time_of(row->charged_ns)));
    }
    return rows;
}

static json_t *thread_rows(const report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->thread_count; i++) {
        const thread_row *row = &report->threads[i];
        json_array_append_new(rows, json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "tid", number(row->tid),
                                              "pid", number(row->pid), "name", row->name, "commits",
                                              number(row->commits), "wins", number(row->wins), "conflicts",
                                              number(row->conflicts), "busy", number(row->busy), "longest_streak",
                                              number(row->longest_streak), "streak_label", row->streak_label));
    }
    return rows;
}

static json_t *owner_rows(const report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->owner_count; i++) {
        const owner_row *row = &report->owners[i];
        json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:s}", "label", row->label, "tid", number(row->tid),
                                              "busy", number(row->busy), "top_key", row->top_key));
    }
    return rows;
}

/* -------------------------------------------------------------------------------- times -- */

static json_t *quantiles_of(const quantiles *quantiles)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "count", number(quantiles->count), "p50", number(quantiles->p50), "p90",
                     number(quantiles->p90), "p99", number(quantiles->p99), "max", number(quantiles->max));
}

static json_t *latency_of(const latency_part *latency)
{
    json_t *bars = json_array();
    for (size_t i = 0; i < latency->attempt_bar_count; i++) {
        const histogram_bar *bar = &latency->attempts[i];
        json_array_append_new(bars, json_pack("{s:o, s:o, s:o}", "low", number(bar->low), "high", number(bar->high),
                                              "count", number(bar->count)));
    }
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "has_latency", latency->has_latency, "attempts",
                     bars, "first_begin_to_ok_ns", quantiles_of(&latency->first_begin_to_ok_ns), "attempt_ok_ns",
                     quantiles_of(&latency->attempt_ok_ns), "attempt_lost_ns", quantiles_of(&latency->attempt_lost_ns),
                     "winner_reads", quantiles_of(&latency->winner_reads), "winner_writes",
                     quantiles_of(&latency->winner_writes), "loser_reads", quantiles_of(&latency->loser_reads),
                     "loser_writes", quantiles_of(&latency->loser_writes));
}

static json_t *bursts_of(const timeline *timeline)
{
    json_t *bursts = json_array();
    for (size_t i = 0; i < timeline->burst_count; i++) {
        const burst *burst = &timeline->bursts[i];
        json_array_append_new(bursts, json_pack("{s:o, s:o, s:o, s:o, s:s}", "from_ns", time_of(burst->from_ns), "to_ns",
                                                time_of(burst->to_ns), "conflicts", number(burst->conflicts), "busy",
                                                number(burst->busy), "top_key", burst->top_key));
    }
    return bursts;
}

static json_t *timeline_of(const timeline *timeline)
{
    json_t *buckets = json_array(), *heat = json_array();
    for (size_t i = 0; i < timeline->bucket_count; i++)
        json_array_append_new(buckets, outcomes(&timeline->buckets[i]));
    for (size_t row = 0; row < timeline->heat_row_count; row++) {
        json_t *line = json_array();
        for (size_t i = 0; i < timeline->bucket_count; i++)
            json_array_append_new(line, number(timeline->heat[row * timeline->bucket_count + i]));
        json_array_append_new(heat, line);
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "bucket_ns", time_of(timeline->bucket_ns), "buckets", buckets, "bursts",
                     bursts_of(timeline), "heat", heat);
}

/* -------------------------------------------------------------------- stories and lanes -- */

static json_t *step_of(const story_step *step)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:s}", "transaction", number(step->txn),
                     "attempt", number(step->attempt), "begin_ns", time_of(step->begin_ns), "end_ns",
                     time_of(step->end_ns), "outcome", kind_names[step->outcome], "times", number(step->times), "key", step->key, "expected",
                     number(step->expected), "found", number(step->found), "winner_transaction",
                     number(step->winner_txn), "winner_tid", number(step->winner_tid), "winner_label",
                     step->winner_label);
}

static json_t *story_rows(const report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->story_count; i++) {
        const story *story = &report->stories[i];
        json_t *steps = json_array();
        for (size_t j = 0; j < story->step_count; j++)
            json_array_append_new(steps, step_of(&story->steps[j]));
        json_array_append_new(rows, json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:b, s:o}", "store",
                                              number(story->store), "operation", number(story->operation), "tid",
                                              number(story->tid), "label", story->label, "attempts",
                                              number(story->attempts), "elapsed_ns", time_of(story->elapsed_ns),
                                              "wasted_ns", time_of(story->wasted_ns), "finished", story->finished,
                                              "steps", steps));
    }
    return rows;
}

static json_t *lanes_of(const lanes *lanes)
{
    json_t *tids = json_array(), *marks = json_array();
    for (size_t i = 0; i < lanes->lane_count; i++)
        json_array_append_new(tids, number(lanes->tids[i]));
    for (size_t i = 0; i < lanes->mark_count; i++) {
        const lane_mark *mark = &lanes->marks[i];
        json_array_append_new(marks, json_pack("{s:o, s:o, s:o, s:s, s:o, s:s, s:s, s:o}", "lane", number(mark->lane),
                                               "begin_ns", time_of(mark->begin_ns), "end_ns", time_of(mark->end_ns),
                                               "outcome", kind_names[mark->outcome], "transaction", number(mark->txn),
                                               "label", mark->label, "key", mark->key, "winner",
                                               time_of((int64_t)mark->winner)));
    }
    return json_pack("{s:o, s:o, s:o, s:b, s:o}", "from_ns", time_of(lanes->from_ns), "to_ns", time_of(lanes->to_ns),
                     "tids", tids, "cut", lanes->cut, "marks", marks);
}

static json_t *avoidable_of(const avoidable *avoidable)
{
    return json_pack("{s:b, s:b, s:o, s:o}", "has_modes", avoidable->has_modes, "has_sets", avoidable->has_sets,
                     "lost_reading", number(avoidable->lost_reading), "lost_unset", number(avoidable->lost_unset));
}

int json_report_write(const report *report, FILE *file)
{
    json_t *all = json_pack(
        "{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema", (int)JSON_SCHEMA,
        "health", health_part(&report->health), "verdict", verdict_part(&report->verdict), "keys", key_rows(report),
        "keys_all", number(report->key_count_all), "prefixes", prefix_rows(report), "by_label",
        matrix_part(&report->by_label), "by_thread", matrix_part(&report->by_thread), "labels", label_rows(report),
        "threads", thread_rows(report), "owners", owner_rows(report), "latency", latency_of(&report->latency), "timeline",
        timeline_of(&report->timeline), "avoidable", avoidable_of(&report->avoidable), "stories", story_rows(report),
        "lanes", lanes_of(&report->lanes));
    if (all == NULL) {
        errno = ENOMEM;
        return -1;
    }
    int status = json_dumpf(all, file, JSON_INDENT(1) | JSON_REAL_PRECISION(7));
    json_decref(all);
    if (status == 0 && fputc('\n', file) == EOF)
        status = -1;
    return status;
}
