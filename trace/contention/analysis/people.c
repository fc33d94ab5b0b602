#include "people.h"

#include "span.h"
#include "tally.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct thread {
    thread_row row;
    uint64_t streak;
    uint32_t streak_label; /* of the longest one */
} thread;

struct people {
    GArray *labels;  /* label_row by number */
    GArray *threads; /* thread by number */
    tally *by_label, *by_thread; /* loser, winner */
    tally *owners;               /* label, thread, key */
};

people *people_create(void)
{
    people *people = g_new0(struct people, 1);
    people->labels = g_array_new(FALSE, TRUE, sizeof(label_row));
    people->threads = g_array_new(FALSE, TRUE, sizeof(thread));
    people->by_label = tally_create();
    people->by_thread = tally_create();
    people->owners = tally_create();
    return people;
}

void people_free(people *people)
{
    for (guint i = 0; i < people->threads->len; i++)
        g_free(g_array_index(people->threads, thread, i).row.name);
    g_array_unref(people->labels);
    g_array_unref(people->threads);
    tally_free(people->by_label);
    tally_free(people->by_thread);
    tally_free(people->owners);
    g_free(people);
}

static label_row *label_at(people *people, uint32_t number)
{
    if (number >= people->labels->len)
        g_array_set_size(people->labels, number + 1);
    return &g_array_index(people->labels, label_row, number);
}

static thread *thread_at(people *people, uint32_t number)
{
    if (number >= people->threads->len)
        g_array_set_size(people->threads, number + 1);
    return &g_array_index(people->threads, thread, number);
}

void people_thread_name(people *people, uint32_t number, const char *name)
{
    thread *thread = thread_at(people, number);
    if (thread->row.name == NULL && name[0] != '\0')
        thread->row.name = text_clean(name);
}

/* ----------------------------------------------------------------------------- outcomes -- */

static void lose(people *people, const outcome *outcome)
{
    const loss *loss = &outcome->loss;
    label_row *label = label_at(people, loss->label);
    thread *thread = thread_at(people, loss->thread);
    bool is_busy = loss->kind == EVENT_BUSY;
    label->busy += is_busy;
    label->conflicts += !is_busy;
    thread->row.busy += is_busy;
    thread->row.conflicts += !is_busy;
    if (++thread->streak > thread->row.longest_streak) {
        thread->row.longest_streak = thread->streak;
        thread->streak_label = loss->label;
    }
    if (is_busy) {
        tally_at(people->owners, loss->winner_label, loss->winner, loss->key->number)->count++;
        return;
    }
    label_at(people, loss->winner_label)->wins++;
    thread_at(people, loss->winner)->row.wins++;
    tally_at(people->by_label, loss->label, loss->winner_label, 0)->count++;
    tally_at(people->by_thread, loss->thread, loss->winner, 0)->count++;
}

void people_outcome(people *people, const outcome *outcome)
{
    switch (outcome->event->kind) {
    case EVENT_COMMIT:
        label_at(people, outcome->loss.label)->commits++;
        thread_at(people, outcome->loss.thread)->row.commits++;
        thread_at(people, outcome->loss.thread)->streak = 0;
        break;
    case EVENT_ABANDON:
        label_at(people, outcome->loss.label)->abandoned++;
        break;
    default:
        lose(people, outcome);
    }
}

void people_wasted(people *people, const loss *loss, int64_t wasted_ns)
{
    span_add(&label_at(people, loss->label)->wasted_ns, wasted_ns);
    if (loss->kind == EVENT_ABANDON)
        return;
    span_add(&label_at(people, loss->winner_label)->charged_ns, wasted_ns);
    if (loss->kind == EVENT_CONFLICT) {
        span_add(&tally_at(people->by_label, loss->label, loss->winner_label, 0)->wasted_ns, wasted_ns);
        span_add(&tally_at(people->by_thread, loss->thread, loss->winner, 0)->wasted_ns, wasted_ns);
    }
}

void people_spent(people *people, uint32_t label, int64_t spent_ns)
{
    span_add(&label_at(people, label)->busy_ns, spent_ns);
}

/* ------------------------------------------------------------------------------- matrix -- */

typedef char *name_of(const void *context, uint32_t number);

static char *label_name(const void *context, uint32_t number)
{
    return g_strdup(number == NAME_NONE ? "(no label)" : names_text(context, number));
}

static char *thread_name(const void *context, uint32_t number)
{
    return number == 0 ? g_strdup("(unknown)") : g_strdup_printf("%" PRIu64, pairs_get(context, number).second);
}

typedef struct weight {
    uint32_t number;
    uint64_t conflicts;
} weight;

static gint by_conflicts(gconstpointer a, gconstpointer b)
{
    const weight *one = a, *other = b;
    if (one->conflicts != other->conflicts)
        return one->conflicts > other->conflicts ? -1 : 1;
    return one->number < other->number ? -1 : 1;
}

static void weigh(GHashTable *weights, uint32_t number, uint64_t conflicts)
{
    weight *weight = g_hash_table_lookup(weights, GUINT_TO_POINTER(number));
    if (weight == NULL) {
        weight = g_new0(struct weight, 1);
        weight->number = number;
        g_hash_table_insert(weights, GUINT_TO_POINTER(number), weight);
    }
    weight->conflicts += conflicts;
}

/* Who took part in conflicts on either side, those in most of them first. */
static GArray *weights_of(const GPtrArray *entries)
{
    GHashTable *weights = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    GArray *sorted = g_array_new(FALSE, FALSE, sizeof(weight));
    GHashTableIter iterator;
    gpointer found;
    for (guint i = 0; i < entries->len; i++) {
        const tally_entry *entry = g_ptr_array_index(entries, i);
        weigh(weights, entry->a, entry->count);
        weigh(weights, entry->b, entry->count);
    }
    g_hash_table_iter_init(&iterator, weights);
    while (g_hash_table_iter_next(&iterator, NULL, &found))
        g_array_append_vals(sorted, found, 1);
    g_array_sort(sorted, by_conflicts);
    g_hash_table_unref(weights);
    return sorted;
}

static size_t place_of(GHashTable *places, uint32_t number, size_t count)
{
    gpointer place = g_hash_table_lookup(places, GUINT_TO_POINTER(number));
    return place != NULL ? GPOINTER_TO_SIZE(place) - 1 : count - 1; /* the last one is that of all others */
}

static void fill_matrix(const tally *tally, name_of *name, const void *context, matrix *matrix)
{
    GPtrArray *entries = tally_entries(tally);
    GArray *weights = weights_of(entries);
    GHashTable *places = g_hash_table_new(g_direct_hash, g_direct_equal);
    bool has_others = weights->len > MATRIX_SIZE_MAX;
    size_t count = matrix->count = has_others ? MATRIX_SIZE_MAX : weights->len;
    matrix->names = g_new0(char *, count);
    matrix->conflicts = g_new0(uint64_t, count * count);
    matrix->wasted_ns = g_new0(int64_t, count * count);
    for (size_t i = 0; i < count; i++) {
        uint32_t number = g_array_index(weights, weight, i).number;
        bool is_others = has_others && i == count - 1;
        matrix->names[i] = is_others ? g_strdup("(others)") : name(context, number);
        if (!is_others)
            g_hash_table_insert(places, GUINT_TO_POINTER(number), GSIZE_TO_POINTER(i + 1));
    }
    for (guint i = 0; i < entries->len; i++) {
        const tally_entry *entry = g_ptr_array_index(entries, i);
        size_t cell = place_of(places, entry->a, count) * count + place_of(places, entry->b, count);
        matrix->conflicts[cell] += entry->count;
        matrix->wasted_ns[cell] += entry->wasted_ns;
    }
    g_hash_table_unref(places);
    g_array_unref(weights);
    g_ptr_array_unref(entries);
}

/* --------------------------------------------------------------------------------- rows -- */

static gint by_wasted(gconstpointer a, gconstpointer b)
{
    const label_row *one = a, *other = b;
    if (one->wasted_ns != other->wasted_ns)
        return one->wasted_ns > other->wasted_ns ? -1 : 1;
    uint64_t losses = one->conflicts + one->busy, other_losses = other->conflicts + other->busy;
    if (losses != other_losses)
        return losses > other_losses ? -1 : 1;
    return strcmp(one->label, other->label);
}

static bool took_part(const label_row *row)
{
    return row->commits + row->wins + row->abandoned + row->conflicts + row->busy > 0 || row->charged_ns > 0;
}

static void fill_labels(const people *people, const names *labels, report *report)
{
    report->labels = g_new0(label_row, people->labels->len);
    for (guint i = 0; i < people->labels->len; i++) {
        label_row row = g_array_index(people->labels, label_row, i);
        if (!took_part(&row))
            continue;
        row.label = label_name(labels, i);
        report->labels[report->label_count++] = row;
    }
    if (report->label_count > 0)
        qsort(report->labels, report->label_count, sizeof *report->labels, by_wasted);
}

static gint by_losses(gconstpointer a, gconstpointer b)
{
    const thread_row *one = a, *other = b;
    uint64_t losses = one->conflicts + one->busy, other_losses = other->conflicts + other->busy;
    if (losses != other_losses)
        return losses > other_losses ? -1 : 1;
    return one->tid < other->tid ? -1 : one->tid > other->tid;
}

static void fill_threads(const people *people, const names *labels, const pairs *threads, report *report)
{
    report->threads = g_new0(thread_row, people->threads->len);
    for (guint i = 1; i < people->threads->len; i++) {
        const thread *from = &g_array_index(people->threads, thread, i);
        thread_row row = from->row;
        if (row.commits + row.wins + row.conflicts + row.busy == 0)
            continue;
        row.pid = pairs_get(threads, i).first;
        row.tid = pairs_get(threads, i).second;
        row.name = g_strdup(row.name != NULL ? row.name : "");
        row.streak_label = g_strdup(names_text(labels, from->streak_label));
        report->threads[report->thread_count++] = row;
    }
    if (report->thread_count > 0)
        qsort(report->threads, report->thread_count, sizeof *report->threads, by_losses);
}

/* ------------------------------------------------------------------------------- owners -- */

static gint by_owner(gconstpointer a, gconstpointer b)
{
    const tally_entry *one = *(tally_entry *const *)a, *other = *(tally_entry *const *)b;
    if (one->a != other->a)
        return one->a < other->a ? -1 : 1;
    if (one->b != other->b)
        return one->b < other->b ? -1 : 1;
    return one->count > other->count ? -1 : one->count < other->count;
}

static gint by_busy(gconstpointer a, gconstpointer b)
{
    const owner_row *one = a, *other = b;
    if (one->busy != other->busy)
        return one->busy > other->busy ? -1 : 1;
    return strcmp(one->label, other->label);
}


static void fill_owners(const people *people, const hot_keys *keys, const names *labels, const pairs *threads, size_t top,
                        report *report)
{
    GPtrArray *entries = tally_entries(people->owners);
    g_ptr_array_sort(entries, by_owner);
    owner_row *rows = g_new0(owner_row, entries->len);
    size_t count = 0;
    for (guint i = 0; i < entries->len; i++) {
        const tally_entry *entry = g_ptr_array_index(entries, i);
        const tally_entry *last = i > 0 ? g_ptr_array_index(entries, i - 1) : NULL;
        if (last == NULL || last->a != entry->a || last->b != entry->b)
            rows[count++] = (owner_row){.label = label_name(labels, entry->a), .tid = pairs_get(threads, entry->b).second,
                                        .top_key = g_strdup(hot_keys_name(keys, entry->c))};
        rows[count - 1].busy += entry->count;
    }
    if (count > 0)
        qsort(rows, count, sizeof *rows, by_busy);
    for (size_t i = top; i < count; i++) {
        g_free(rows[i].label);
        g_free(rows[i].top_key);
    }
    report->owners = rows;
    report->owner_count = MIN(count, top);
    g_ptr_array_unref(entries);
}

void people_fill(const people *people, const hot_keys *keys, const names *labels, const pairs *threads, size_t top,
                 report *report)
{
    fill_labels(people, labels, report);
    fill_threads(people, labels, threads, report);
    fill_owners(people, keys, labels, threads, top, report);
    fill_matrix(people->by_label, label_name, labels, &report->by_label);
    fill_matrix(people->by_thread, thread_name, threads, &report->by_thread);
}
