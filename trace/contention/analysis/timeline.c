#include "timeline.h"

#include "rules.h"

void timeline_init(time_buckets *line)
{
    *line = (time_buckets){.bucket_ns = TIME_BUCKET_FIRST_NS};
}

static void fold(time_buckets *line)
{
    for (size_t i = 0; i < TIME_BUCKET_COUNT; i++) {
        outcome_counts sum = {0};
        for (size_t j = 2 * i; j < 2 * i + 2 && j < TIME_BUCKET_COUNT; j++) {
            sum.ok += line->buckets[j].ok;
            sum.conflict += line->buckets[j].conflict;
            sum.busy += line->buckets[j].busy;
        }
        line->buckets[i] = sum;
    }
    line->bucket_ns *= 2;
    line->count = (line->count + 1) / 2;
}

size_t timeline_reach(time_buckets *line, int64_t time_ns, hot_keys *keys)
{
    if (time_ns < 0)
        time_ns = 0;
    while (time_ns / line->bucket_ns >= TIME_BUCKET_COUNT) {
        fold(line);
        hot_keys_fold(keys);
    }
    size_t bucket = (size_t)(time_ns / line->bucket_ns);
    if (bucket >= line->count)
        line->count = bucket + 1;
    return bucket;
}

/* ------------------------------------------------------------------------------- bursts -- */

static uint64_t losses(const outcome_counts *counts)
{
    return counts->conflict + counts->busy;
}

static uint64_t burst_threshold(const time_buckets *line)
{
    uint64_t all = 0;
    for (size_t i = 0; i < line->count; i++)
        all += losses(&line->buckets[i]);
    double mean = line->count > 0 ? (double)all / (double)line->count : 0;
    return MAX((uint64_t)(mean * BURST_TIMES_MEAN), BURST_LOSSES_MIN);
}

static const char *top_key_between(const GPtrArray *sorted, size_t first, size_t last)
{
    const char *name = "";
    uint64_t most = 0;
    for (guint i = 0; i < sorted->len && i < HOT_LINE_COUNT_MAX; i++) {
        const hot *key = g_ptr_array_index(sorted, i);
        if (key->conflicts + key->busy <= most)
            break; /* they are sorted: no later one can have had more here */
        uint64_t count = 0;
        for (size_t bucket = first; bucket <= last; bucket++)
            count += hot_keys_heat(key, bucket);
        if (count > most) {
            most = count;
            name = key->name;
        }
    }
    return name;
}

static burst burst_of(const time_buckets *line, size_t first, size_t last)
{
    burst burst = {.from_ns = (int64_t)first * line->bucket_ns, .to_ns = (int64_t)(last + 1) * line->bucket_ns};
    for (size_t i = first; i <= last; i++) {
        burst.conflicts += line->buckets[i].conflict;
        burst.busy += line->buckets[i].busy;
    }
    return burst;
}

static gint by_losses(gconstpointer a, gconstpointer b)
{
    const burst *one = a, *other = b;
    uint64_t mine = one->conflicts + one->busy, yours = other->conflicts + other->busy;
    if (mine != yours)
        return mine > yours ? -1 : 1;
    return one->from_ns < other->from_ns ? -1 : one->from_ns > other->from_ns;
}

static void fill_bursts(const time_buckets *line, const GPtrArray *sorted, timeline *out)
{
    uint64_t threshold = burst_threshold(line);
    GArray *bursts = g_array_new(FALSE, FALSE, sizeof(burst));
    for (size_t i = 0; i < line->count; i++) {
        if (losses(&line->buckets[i]) < threshold)
            continue;
        size_t first = i;
        while (i + 1 < line->count && losses(&line->buckets[i + 1]) >= threshold)
            i++;
        burst found = burst_of(line, first, i);
        g_array_append_val(bursts, found);
    }
    g_array_sort(bursts, by_losses);
    out->burst_count = MIN(bursts->len, BURST_COUNT_MAX);
    out->bursts = g_new0(burst, out->burst_count);
    for (size_t i = 0; i < out->burst_count; i++) {
        burst *row = &out->bursts[i];
        *row = g_array_index(bursts, burst, i);
        row->top_key = g_strdup(top_key_between(sorted, (size_t)(row->from_ns / line->bucket_ns),
                                                (size_t)(row->to_ns / line->bucket_ns - 1)));
    }
    g_array_unref(bursts);
}

/* ------------------------------------------------------------------------------- report -- */

void timeline_fill(const time_buckets *line, const GPtrArray *sorted, report *report)
{
    timeline *out = &report->timeline;
    out->bucket_ns = line->bucket_ns;
    out->bucket_count = line->count;
    out->buckets = g_memdup2(line->buckets, line->count * sizeof *line->buckets);
    out->heat_row_count = MIN(report->key_count, HEAT_ROW_COUNT_MAX);
    out->heat = g_new0(uint64_t, out->heat_row_count * out->bucket_count);
    for (size_t row = 0; row < out->heat_row_count; row++)
        for (size_t bucket = 0; bucket < out->bucket_count; bucket++)
            out->heat[row * out->bucket_count + bucket] = hot_keys_heat(g_ptr_array_index(sorted, row), bucket);
    fill_bursts(line, sorted, out);
}
