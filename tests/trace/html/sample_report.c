#include "sample_report.h"

#include <math.h>
#include <string.h>

const char *const sample_names[SAMPLE_KIND_COUNT] = {"tiny",           "usual", "huge",    "calm",
                                                     "conflicts-only", "lossy", "hostile", "empty"};

const char sample_hostile_text[] =
    "\"'><script>alert(1)</script>&amp;]]>\x01\x7f\xff\u202eyek\u2028<img src=x>";

static void *take(sample *t, size_t count, size_t size)
{
    void *memory = g_malloc0_n(count > 0 ? count : 1, size);
    g_ptr_array_add(t->memory, memory);
    return memory;
}

static char *text(sample *t, const char *format, ...) G_GNUC_PRINTF(2, 3);

static char *text(sample *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *made = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(t->memory, made);
    return made;
}

/* The same in every run, and shaped like real ones: a hash of its arguments between 0 and 1. */
static double noise(uint64_t a, uint64_t b)
{
    uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) ^ b * UINT64_C(0xc2b2ae3d27d4eb4f);
    x = (x ^ (x >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 32;
    return (double)(x >> 11) / 9007199254740992.0;
}

typedef struct size {
    size_t keys, labels, threads, buckets, marks, bars, prefixes, bursts, owners, stories;
    bool long_names;
} size;

static const size sizes[SAMPLE_KIND_COUNT] = {
    [SAMPLE_TINY] = {.keys = 1, .labels = 2, .threads = 2, .buckets = 8, .marks = 7, .bars = 2, .stories = 1},
    [SAMPLE_USUAL] = {20, 3, 4, 120, 60, 9, 4, 2, 3, 3, false},
    [SAMPLE_HUGE] = {1000, 300, 600, 240, 2000, 30, 200, 12, 500, 5, true},
    [SAMPLE_CALM] = {.labels = 2, .threads = 4, .buckets = 60, .bars = 1},
    [SAMPLE_CONFLICTS_ONLY] = {6, 2, 4, 80, 24, 0, 2, 1, 0, 2, false},
    [SAMPLE_LOSSY] = {12, 3, 4, 100, 40, 6, 3, 1, 2, 2, false},
    [SAMPLE_HOSTILE] = {5, 3, 3, 30, 20, 3, 2, 1, 2, 2, false},
    [SAMPLE_EMPTY] = {0},
};

static const char *const words[] = {"the", "of",   "and", "to", "a",   "in", "that", "is", "was", "he",
                                    "for", "with", "it",  "as", "his", "on", "be",   "at", "by",  "I"};
static const char *const label_words[] = {"count", "merge", "transfer"};

static char *key_name(sample *t, sample_kind kind, size_t i)
{
    if (kind == SAMPLE_HOSTILE)
        return text(t, "%s%zu", sample_hostile_text, i);
    if (sizes[kind].long_names)
        return text(t, "tenant:%04zu:region:eu-central:account:%08zu:balance:pending", i % 40, i * 7919);
    return text(t, "%s", words[i % G_N_ELEMENTS(words)]);
}

static char *label_name(sample *t, sample_kind kind, size_t i)
{
    if (kind == SAMPLE_HOSTILE)
        return text(t, "%s%zu", sample_hostile_text, i);
    if (sizes[kind].long_names)
        return text(t, "service-%zu.handle-request.update-balance", i);
    return text(t, "%s", label_words[i % G_N_ELEMENTS(label_words)]);
}

static void fill_keys(sample *t, sample_kind kind)
{
    report *report = &t->report;
    uint64_t all = 0, before = 0;
    report->key_count = sizes[kind].keys;
    report->key_count_all = kind == SAMPLE_HUGE ? 123456 : sizes[kind].keys;
    report->keys = take(t, report->key_count, sizeof *report->keys);
    for (size_t i = 0; i < report->key_count; i++) {
        hot_key *key = &report->keys[i];
        const timeline *time = &report->timeline;
        uint64_t losses = 0;
        for (size_t k = 0; k < time->bucket_count; k++)
            losses += time->heat[i * time->bucket_count + k];
        key->name = key_name(t, kind, i);
        key->store = 1;
        key->busy = kind == SAMPLE_CONFLICTS_ONLY ? 0 : losses / 13;
        key->conflicts = losses - key->busy;
        key->wasted_ns = (int64_t)key->conflicts * 41000;
        key->writer_count = 1 + i % 7;
        key->top_winner = label_name(t, kind, i % 2);
        key->top_winner_share = 0.4 + 0.5 * noise(i, 1);
        key->lost_reading = key->conflicts / 5;
        key->lost_unset = key->conflicts / 9;
        all += key->conflicts + key->busy;
    }
    for (size_t i = 0; i < report->key_count; i++) {
        before += report->keys[i].conflicts + report->keys[i].busy;
        report->keys[i].cumulative_share = (double)before / (double)all;
    }
    report->prefix_count = sizes[kind].prefixes;
    report->prefixes = take(t, report->prefix_count, sizeof *report->prefixes);
    for (size_t i = 0; i < report->prefix_count; i++)
        report->prefixes[i] = (hot_prefix){.prefix = text(t, "%s:", key_name(t, kind, i)),
                                           .key_count = 40 - i % 40,
                                           .conflicts = 9000 / (i + 1),
                                           .busy = 100 / (i + 1),
                                           .wasted_ns = 4100000 / (int64_t)(i + 1)};
}

static void fill_matrix(sample *t, matrix *matrix, size_t count, char *(*name)(sample *, sample_kind, size_t),
                        sample_kind kind)
{
    matrix->count = count;
    matrix->names = take(t, count, sizeof *matrix->names);
    matrix->conflicts = take(t, count * count, sizeof *matrix->conflicts);
    matrix->wasted_ns = take(t, count * count, sizeof *matrix->wasted_ns);
    for (size_t i = 0; i < count; i++) {
        matrix->names[i] = kind == SAMPLE_HUGE && i + 1 == count ? text(t, "(others)") : name(t, kind, i);
        for (size_t k = 0; k < count; k++) {
            double base = kind == SAMPLE_TINY ? (i != k ? 3 : 0)
                                              : (kind == SAMPLE_HUGE ? 2e6 : 4000) * pow(noise(i, k + 7), 5);
            matrix->conflicts[i * count + k] = (uint64_t)base;
            matrix->wasted_ns[i * count + k] = (int64_t)base * 41000;
        }
    }
}

static char *thread_label(sample *t, sample_kind kind, size_t i)
{
    return kind == SAMPLE_HOSTILE ? text(t, "%s", sample_hostile_text) : text(t, "wordcount %zu", 4711 + i);
}

static void fill_people(sample *t, sample_kind kind)
{
    report *report = &t->report;
    bool calm = kind == SAMPLE_CALM;
    report->label_count = sizes[kind].labels;
    report->labels = take(t, report->label_count, sizeof *report->labels);
    for (size_t i = 0; i < report->label_count; i++) {
        label_row *row = &report->labels[i];
        int64_t nth = (int64_t)i + 1;
        *row = (label_row){
            .label = label_name(t, kind, i), .commits = 90000 / (i + 1), .busy_ns = 4000000000 / nth};
        if (calm)
            continue;
        row->wins = 7000 / (i + 1);
        row->abandoned = i;
        row->conflicts = 8000 / (i + 1);
        row->busy = 300 / (i + 1);
        row->wasted_ns = 900000000 / nth;
        row->charged_ns = 800000000 / nth;
    }
    report->thread_count = sizes[kind].threads;
    report->threads = take(t, report->thread_count, sizeof *report->threads);
    for (size_t i = 0; i < report->thread_count; i++) {
        thread_row *row = &report->threads[i];
        const char *name = kind == SAMPLE_HOSTILE ? sample_hostile_text : "wordcount";
        *row = (thread_row){.tid = 4711 + i, .pid = 4710, .name = text(t, "%s", name), .commits = 25000 - i};
        row->streak_label = calm ? text(t, "%s", "") : label_name(t, kind, i);
        if (calm)
            continue;
        row->wins = 2000 - i;
        row->conflicts = 2300 - i;
        row->busy = 60;
        row->longest_streak = 17 - i % 13;
    }
    report->owner_count = sizes[kind].owners;
    report->owners = take(t, report->owner_count, sizeof *report->owners);
    for (size_t i = 0; i < report->owner_count; i++)
        report->owners[i] = (owner_row){.label = label_name(t, kind, i),
                                        .tid = 4711 + i,
                                        .busy = 900 / (i + 1),
                                        .top_key = key_name(t, kind, i)};
    if (calm || kind == SAMPLE_EMPTY)
        return;
    fill_matrix(t, &report->by_label, MIN(sizes[kind].labels, 16), label_name, kind);
    fill_matrix(t, &report->by_thread, MIN(sizes[kind].threads, 16), thread_label, kind);
}

static void fill_timeline(sample *t, sample_kind kind)
{
    timeline *time = &t->report.timeline;
    time->bucket_count = sizes[kind].buckets;
    time->bucket_ns = kind == SAMPLE_TINY ? 25000 : kind == SAMPLE_HUGE ? 1500000000 : 25000000;
    time->buckets = take(t, time->bucket_count, sizeof *time->buckets);
    time->heat_row_count = sizes[kind].keys;
    time->heat = take(t, time->heat_row_count * time->bucket_count, sizeof *time->heat);
    double scale = kind == SAMPLE_TINY ? 2 : kind == SAMPLE_HUGE ? 1e6 : 2000;
    for (size_t i = 0; i < time->bucket_count; i++) {
        double swell = 0.55 + 0.45 * sin((double)i / 11) * noise(i, 3) + (i % 50 > 40 ? 0.8 : 0);
        bool has_ok = kind != SAMPLE_CONFLICTS_ONLY;
        time->buckets[i].ok = has_ok ? (uint64_t)(scale * (1 + 0.1 * noise(i, 4))) : 0;
        if (kind == SAMPLE_CALM)
            continue;
        uint64_t losses = 0;
        for (size_t row = 0; row < time->heat_row_count; row++) {
            uint64_t *cell = &time->heat[row * time->bucket_count + i];
            *cell = kind == SAMPLE_TINY
                        ? i % 3 == 1
                        : (uint64_t)round(scale * 0.2 * swell * noise(row, i) / pow((double)row + 1, 1.3));
            losses += *cell;
        }
        time->buckets[i].busy = kind == SAMPLE_CONFLICTS_ONLY ? 0 : losses / 13;
        time->buckets[i].conflict = losses - time->buckets[i].busy;
    }
    time->burst_count = sizes[kind].bursts;
    time->bursts = take(t, time->burst_count, sizeof *time->bursts);
    for (size_t i = 0; i < time->burst_count; i++) {
        int64_t from = (int64_t)(20 + 18 * i) * time->bucket_ns;
        time->bursts[i] = (burst){.from_ns = from,
                                  .to_ns = from + 9 * time->bucket_ns,
                                  .conflicts = 9000 / (i + 1),
                                  .busy = 100,
                                  .top_key = key_name(t, kind, i)};
    }
}

static void fill_latency(sample *t, sample_kind kind)
{
    latency_part *latency = &t->report.latency;
    latency->has_latency = kind != SAMPLE_CONFLICTS_ONLY && kind != SAMPLE_EMPTY;
    latency->attempt_bar_count = sizes[kind].bars;
    latency->attempts = take(t, sizes[kind].bars, sizeof *latency->attempts);
    double scale = kind == SAMPLE_TINY ? 4 : kind == SAMPLE_HUGE ? 9e7 : 90000;
    for (size_t i = 0; i < sizes[kind].bars; i++)
        latency->attempts[i] = (histogram_bar){.low = i < 8 ? i + 1 : (UINT64_C(1) << (i - 5)) + 1,
                                               .high = i < 8 ? i + 1 : UINT64_C(1) << (i - 4),
                                               .count = (uint64_t)(scale / pow(5, (double)i))};
    if (latency->has_latency) {
        latency->first_begin_to_ok_ns = (quantiles){98000, 4100, 19000, 310000, 48000000};
        latency->attempt_ok_ns = (quantiles){98000, 3200, 6100, 24000, 3900000};
        latency->winner_reads = (quantiles){98000, 0, 2, 4, 9};
        latency->winner_writes = (quantiles){98000, 6, 12, 16, 16};
    }
    if (t->report.key_count > 0) {
        latency->attempt_lost_ns = (quantiles){21000, 5300, 11000, 71000, 9100000};
        latency->loser_reads = (quantiles){21000, 0, 2, 5, 9};
        latency->loser_writes = (quantiles){21000, 9, 14, 16, 16};
    }
}

static void fill_lanes(sample *t, sample_kind kind)
{
    lanes *lanes = &t->report.lanes;
    size_t count = sizes[kind].marks;
    if (count == 0)
        return;
    lanes->from_ns = 73000000;
    lanes->to_ns = 74000000;
    lanes->lane_count = MIN(sizes[kind].threads, 64);
    lanes->tids = take(t, lanes->lane_count, sizeof *lanes->tids);
    for (size_t i = 0; i < lanes->lane_count; i++)
        lanes->tids[i] = 4711 + i;
    lanes->marks = take(t, count, sizeof *lanes->marks);
    lanes->mark_count = count;
    lanes->cut = kind == SAMPLE_HUGE;
    for (size_t i = 0; i < count; i++) {
        lane_mark *mark = &lanes->marks[i];
        double which = noise(i, 11);
        mark->lane = (i * 7 + i / 5) % lanes->lane_count;
        mark->end_ns = lanes->from_ns + (int64_t)((double)(i + 1) * 1e6 / (double)(count + 1));
        mark->begin_ns = mark->end_ns - (int64_t)(1e6 / (double)count * (double)lanes->lane_count *
                                                  (0.4 + 0.5 * noise(i, 5)));
        mark->outcome = kind == SAMPLE_CONFLICTS_ONLY ? EVENT_CONFLICT
                        : which < 0.55                ? EVENT_COMMIT
                        : which < 0.85                ? EVENT_CONFLICT
                        : which < 0.95                ? (kind == SAMPLE_TINY ? EVENT_CONFLICT : EVENT_BUSY)
                                                      : EVENT_ABANDON;
        mark->txn = 1048577 + i;
        mark->label = label_name(t, kind, mark->lane);
        mark->key =
            mark->outcome == EVENT_COMMIT ? text(t, "%s", "") : key_name(t, kind, i % sizes[kind].keys);
        mark->winner = -1;
        for (size_t k = i; k-- > 0 && mark->outcome == EVENT_CONFLICT;)
            if (lanes->marks[k].outcome == EVENT_COMMIT && lanes->marks[k].lane != mark->lane) {
                mark->winner = (ptrdiff_t)k;
                break;
            }
    }
}

/* The last attempt of a finished story is OK, of the others every fifth was busy. */
static void fill_step(sample *t, sample_kind kind, const story *story, story_step *step, size_t k)
{
    bool is_last = k + 1 == story->step_count;
    bool is_ok = is_last && story->finished;
    int64_t begin_ns = 73000000 + (int64_t)k * 280000;
    *step = (story_step){
        .txn = 1048577 + k * 3, .attempt = k + 1, .begin_ns = begin_ns, .end_ns = begin_ns + 210000};
    step->outcome = is_ok ? EVENT_COMMIT : k % 5 == 3 ? EVENT_BUSY : EVENT_CONFLICT;
    step->key = is_ok ? text(t, "%s", "") : key_name(t, kind, k % sizes[kind].keys);
    step->expected = 40 + k;
    step->found = 43 + k;
    step->winner_txn = is_last ? 0 : 1048900 + k;
    step->winner_tid = is_last ? 0 : 4712;
    step->winner_label = is_last ? text(t, "%s", "") : label_name(t, kind, k);
}

static void fill_stories(sample *t, sample_kind kind)
{
    report *report = &t->report;
    report->story_count = sizes[kind].stories;
    report->stories = take(t, report->story_count, sizeof *report->stories);
    for (size_t i = 0; i < report->story_count; i++) {
        story *story = &report->stories[i];
        *story =
            (struct story){.store = 1, .operation = 77 + i, .tid = 4711 + i, .label = label_name(t, kind, i)};
        story->attempts = kind == SAMPLE_TINY ? 3 : 29 - i;
        story->elapsed_ns = 4800000;
        story->wasted_ns = 4100000;
        story->finished = i != 1;
        story->step_count = kind == SAMPLE_TINY ? 3 : 16;
        story->steps = take(t, story->step_count, sizeof *story->steps);
        for (size_t k = 0; k < story->step_count; k++)
            fill_step(t, kind, story, &story->steps[k], k);
    }
}

static void fill_health(sample *t, sample_kind kind)
{
    health *health = &t->report.health;
    bool hostile = kind == SAMPLE_HOSTILE;
    health->path = text(t, "%s", hostile ? sample_hostile_text : "stm-trace-wordcount-20260102-030405");
    health->program = text(t, "%s",
                           hostile                ? sample_hostile_text
                           : kind == SAMPLE_EMPTY ? ""
                                                  : "wordcount --threads 4 moby-dick.txt");
    health->started_at = text(t, "%s", kind == SAMPLE_EMPTY ? "" : "2026-01-02T03:04:05+01:00");
    health->has_conflicts = kind != SAMPLE_EMPTY;
    health->has_busy = health->has_conflicts && kind != SAMPLE_CONFLICTS_ONLY;
    health->has_commits = health->has_busy;
    health->begin_ns = 1000;
    health->span_ns = (int64_t)sizes[kind].buckets * t->report.timeline.bucket_ns;
    health->process_count = kind != SAMPLE_EMPTY;
    health->store_count = health->process_count;
    health->thread_count = sizes[kind].threads;
    for (size_t i = 0; i < sizes[kind].buckets; i++) {
        health->kind_counts[EVENT_COMMIT] += t->report.timeline.buckets[i].ok;
        health->kind_counts[EVENT_CONFLICT] += t->report.timeline.buckets[i].conflict;
        health->kind_counts[EVENT_BUSY] += t->report.timeline.buckets[i].busy;
    }
    health->event_count = health->kind_counts[EVENT_COMMIT] + health->kind_counts[EVENT_CONFLICT] +
                          health->kind_counts[EVENT_BUSY];
    health->winners_matched = health->has_commits ? health->kind_counts[EVENT_CONFLICT] : 0;
    if (kind == SAMPLE_LOSSY) {
        health->truncated = health->lower_bounds = true;
        health->lost_events = 1234567;
        health->lost_packets = 3;
        health->winners_unmatched = 812;
        health->winners_matched -= 812;
    }
    health->notes = take(t, 3, sizeof *health->notes);
    if (hostile)
        health->notes[health->note_count++] = text(t, "%s", sample_hostile_text);
    if (kind != SAMPLE_LOSSY)
        return;
    health->notes[health->note_count++] =
        text(t, "1,234,567 events were lost while recording: all figures are lower bounds.");
    health->notes[health->note_count++] =
        text(t, "The trace could not be read to its end; what could be read is reported.");
    health->notes[health->note_count++] =
        text(t, "The commits of the winners of 812 conflicts are not in the trace.");
}

static void fill_verdict(sample *t, sample_kind kind)
{
    static const char *const sentences[SAMPLE_KIND_COUNT] = {
        [SAMPLE_TINY] = "3 of 19 attempts were lost, all of them over \"the\".",
        [SAMPLE_USUAL] = "21 % of all attempts are lost, and with them 18 % of the time: most of it over the "
                         "one key \"the\".",
        [SAMPLE_HUGE] = "22 % of all attempts are lost, and 31 % of the time: 40 prefixes share them, "
                        "\"tenant:0000:\" leads.",
        [SAMPLE_CALM] = "Nobody lost anything: 120,000 commits, no conflict, no busy.",
        [SAMPLE_CONFLICTS_ONLY] = "Two thirds of 11,000 conflicts are over the one key \"the\".",
        [SAMPLE_LOSSY] = "At least 21 % of all attempts are lost, most of them over the one key \"the\".",
        [SAMPLE_HOSTILE] = sample_hostile_text,
        [SAMPLE_EMPTY] = "There is no event in this trace.",
    };
    verdict *verdict = &t->report.verdict;
    const health *health = &t->report.health;
    verdict->has_attempts = health->has_commits;
    verdict->attempts =
        (outcome_counts){health->kind_counts[EVENT_COMMIT], health->kind_counts[EVENT_CONFLICT],
                         health->kind_counts[EVENT_BUSY]};
    verdict->abandoned = kind == SAMPLE_USUAL ? 17 : 0;
    uint64_t lost = verdict->attempts.conflict + verdict->attempts.busy;
    verdict->wasted_ns = (int64_t)lost * 41000;
    verdict->busy_ns = verdict->wasted_ns + (int64_t)verdict->attempts.ok * 38000;
    verdict->wasted_share = verdict->busy_ns > 0 ? (double)verdict->wasted_ns / (double)verdict->busy_ns : 0;
    verdict->cause = lost > 0 ? CAUSE_HOT_KEY : CAUSE_NONE;
    verdict->sentence = text(t, "%s", sentences[kind]);
    if (lost == 0)
        return;
    verdict->advice_count = kind == SAMPLE_TINY ? 1 : 2;
    verdict->advice = take(t, 2, sizeof *verdict->advice);
    verdict->advice[0] =
        (advice){CAUSE_HOT_KEY,
                 text(t, "Split the key %s: a counter for each thread, added up when it is read.",
                      t->report.keys[0].name),
                 text(t, "It is behind 63 %% of all losses.")};
    verdict->advice[1] =
        (advice){CAUSE_UNSET_UPDATES, text(t, "Read with stm_txn_get what is not going to be set."),
                 text(t, "11 %% of the losers held the key for update and had not set it.")};
    t->report.avoidable = (avoidable){.has_modes = true,
                                      .has_sets = kind != SAMPLE_CONFLICTS_ONLY,
                                      .lost_reading = lost / 5,
                                      .lost_unset = kind != SAMPLE_CONFLICTS_ONLY ? lost / 9 : 0};
}

sample *sample_make(sample_kind kind)
{
    sample *t = g_new0(sample, 1);
    t->memory = g_ptr_array_new_with_free_func(g_free);
    fill_timeline(t, kind);
    fill_keys(t, kind);
    fill_people(t, kind);
    fill_latency(t, kind);
    fill_lanes(t, kind);
    fill_stories(t, kind);
    fill_health(t, kind);
    fill_verdict(t, kind);
    return t;
}

void sample_free(sample *t)
{
    g_ptr_array_free(t->memory, TRUE);
    g_free(t);
}
