#include "hot_keys.h"

#include "mix.h"
#include "tally.h"
#include "text.h"

#include <string.h>

struct hot_keys {
    GHashTable *by_name; /* of scope and hash */
    GPtrArray *all;
    GStringChunk *texts;
    hot others;
    size_t line_count;
    size_t losses_to_sweep; /* looking for cooler lines takes a while: not at every loss */
    tally *writers; /* key, winner's label, winner's thread */
};

static guint hash(gconstpointer key)
{
    const hot *hot = key;
    return mix_hash(hot->hash, hot->scope);
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    const hot *one = a, *other = b;
    return one->hash == other->hash && one->scope == other->scope;
}

hot_keys *hot_keys_create(void)
{
    hot_keys *keys = g_new0(struct hot_keys, 1);
    keys->by_name = g_hash_table_new(hash, equal);
    keys->all = g_ptr_array_new();
    keys->texts = g_string_chunk_new(1 << 16);
    keys->others.name = g_string_chunk_insert(keys->texts, "(others)");
    keys->writers = tally_create();
    return keys;
}

void hot_keys_free(hot_keys *keys)
{
    for (guint i = 0; i < keys->all->len; i++) {
        hot *key = g_ptr_array_index(keys->all, i);
        g_free(key->line);
        g_free(key);
    }
    g_free(keys->others.line);
    g_hash_table_unref(keys->by_name);
    g_ptr_array_unref(keys->all);
    g_string_chunk_free(keys->texts);
    tally_free(keys->writers);
    g_free(keys);
}

static char *keep(hot_keys *keys, char *text)
{
    char *kept = g_string_chunk_insert(keys->texts, text);
    g_free(text);
    return kept;
}

hot *hot_keys_at(hot_keys *keys, uint32_t scope, const event *event)
{
    hot wanted = {.hash = event->key_hash, .scope = scope};
    hot *key = g_hash_table_lookup(keys->by_name, &wanted);
    if (key == NULL) {
        if (keys->all->len >= HOT_KEY_COUNT_MAX)
            return &keys->others;
        key = g_memdup2(&wanted, sizeof wanted);
        g_ptr_array_add(keys->all, key);
        key->number = keys->all->len;
        g_hash_table_add(keys->by_name, key);
    }
    bool is_better = event->key[0] != '\0' && !key->has_text; /* conflict_key tells the first bytes only */
    if (key->name == NULL || is_better) {
        key->name = keep(keys, text_of_key(event));
        key->has_text = event->key[0] != '\0';
    }
    return key;
}

/* --------------------------------------------------------------------------------- heat -- */

static uint64_t losses(const hot *key)
{
    return key->conflicts + key->busy;
}

static void drop_cooler_lines(hot_keys *keys)
{
    uint64_t sum = 0;
    for (guint i = 0; i < keys->all->len; i++) {
        const hot *key = g_ptr_array_index(keys->all, i);
        sum += key->line != NULL ? losses(key) : 0;
    }
    uint64_t mean = sum / MAX(keys->line_count, 1);
    for (guint i = 0; i < keys->all->len; i++) {
        hot *key = g_ptr_array_index(keys->all, i);
        if (key->line != NULL && losses(key) <= mean) {
            g_free(key->line);
            key->line = NULL;
            keys->line_count--;
        }
    }
}

/* A key that got no line, or had to give it back, starts anew with its later losses. */
static void make_line(hot_keys *keys, hot *key)
{
    if (keys->line_count >= HOT_LINE_COUNT_MAX && keys->losses_to_sweep == 0) {
        drop_cooler_lines(keys);
        keys->losses_to_sweep = HOT_LINE_COUNT_MAX;
    }
    if (keys->line_count >= HOT_LINE_COUNT_MAX)
        return;
    keys->line_count++;
    key->line = g_new0(uint32_t, TIME_BUCKET_COUNT);
    if (losses(key) == HOT_EARLY_COUNT + 1)
        for (size_t i = 0; i < HOT_EARLY_COUNT; i++)
            key->line[key->early[i]]++;
}

static void heat(hot_keys *keys, hot *key, size_t bucket)
{
    uint64_t count = losses(key); /* with this one */
    keys->losses_to_sweep -= keys->losses_to_sweep > 0;
    if (count <= HOT_EARLY_COUNT) {
        key->early[count - 1] = (uint8_t)bucket;
        return;
    }
    if (key->line == NULL)
        make_line(keys, key);
    if (key->line != NULL && key->line[bucket] < UINT32_MAX)
        key->line[bucket]++;
}

static void fold_one(hot *key)
{
    for (size_t i = 0; i < HOT_EARLY_COUNT; i++)
        key->early[i] /= 2;
    for (size_t i = 0; key->line != NULL && i < TIME_BUCKET_COUNT; i++)
        key->line[i] = i < TIME_BUCKET_COUNT / 2 ? key->line[2 * i] + key->line[2 * i + 1] : 0;
}

void hot_keys_fold(hot_keys *keys)
{
    for (guint i = 0; i < keys->all->len; i++)
        fold_one(g_ptr_array_index(keys->all, i));
    fold_one(&keys->others);
}

uint64_t hot_keys_heat(const hot *key, size_t bucket)
{
    if (key->line != NULL)
        return key->line[bucket];
    uint64_t count = 0;
    for (size_t i = 0; i < HOT_EARLY_COUNT && i < losses(key); i++)
        count += key->early[i] == bucket;
    return count;
}

/* ------------------------------------------------------------------------------- losses -- */

void hot_keys_lost(hot_keys *keys, const loss *loss, const event *event, size_t bucket)
{
    hot *key = loss->key;
    if (loss->kind == EVENT_BUSY) {
        key->busy++;
    } else {
        key->conflicts++;
        key->lost_reading += !event->update;
        key->lost_unset += event->update && !event->was_set;
        tally_at(keys->writers, key->number, loss->winner_label, loss->winner)->count++;
    }
    heat(keys, key, bucket);
}

/* ------------------------------------------------------------------------------- report -- */

static gint by_losses(gconstpointer a, gconstpointer b)
{
    const hot *one = *(hot *const *)a, *other = *(hot *const *)b;
    if (losses(one) != losses(other))
        return losses(one) > losses(other) ? -1 : 1;
    if (one->wasted_ns != other->wasted_ns)
        return one->wasted_ns > other->wasted_ns ? -1 : 1;
    return one->number < other->number ? -1 : 1;
}

GPtrArray *hot_keys_sorted(const hot_keys *keys)
{
    GPtrArray *sorted = g_ptr_array_new();
    for (guint i = 0; i < keys->all->len; i++) {
        hot *key = g_ptr_array_index(keys->all, i);
        if (losses(key) > 0)
            g_ptr_array_add(sorted, key);
    }
    g_ptr_array_sort(sorted, by_losses);
    if (losses(&keys->others) > 0)
        g_ptr_array_add(sorted, (gpointer)(uintptr_t)&keys->others);
    return sorted;
}

bool hot_keys_overflowed(const hot_keys *keys)
{
    return losses(&keys->others) > 0;
}

/* Entries of the shown keys, by key and then by label. */
static gint by_key_and_label(gconstpointer a, gconstpointer b)
{
    const tally_entry *one = *(tally_entry *const *)a, *other = *(tally_entry *const *)b;
    if (one->a != other->a)
        return one->a < other->a ? -1 : 1;
    return one->b < other->b ? -1 : one->b > other->b;
}

static void fill_writers(const tally_entry *const *entries, size_t count, const names *labels, hot_key *row)
{
    uint64_t best = 0, sum = 0;
    uint32_t best_label = NAME_NONE;
    for (size_t i = 0; i < count; i++) {
        sum = i > 0 && entries[i]->b == entries[i - 1]->b ? sum + entries[i]->count : entries[i]->count;
        if (sum > best) {
            best = sum;
            best_label = entries[i]->b;
        }
        row->writer_count += entries[i]->b != NAME_NONE || entries[i]->c != 0;
    }
    row->top_winner = g_strdup(names_text(labels, best_label));
    row->top_winner_share = row->conflicts > 0 ? (double)best / (double)row->conflicts : 0;
}

static void find_writers(const GPtrArray *entries, const hot *key, const names *labels, hot_key *row)
{
    size_t low = 0, high = entries->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const tally_entry *entry = g_ptr_array_index(entries, middle);
        if (entry->a < key->number)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < entries->len && ((const tally_entry *)g_ptr_array_index(entries, end))->a == key->number)
        end++;
    gpointer *first = end > low ? entries->pdata + low : NULL; /* an empty array has no memory, not even to point to */
    fill_writers((const tally_entry *const *)first, end - low, labels, row);
}

void hot_keys_fill(const hot_keys *keys, const GPtrArray *sorted, size_t top, const names *labels, const pairs *scopes,
                   report *report)
{
    uint64_t all = 0, so_far = 0;
    GPtrArray *writers = tally_entries(keys->writers);
    g_ptr_array_sort(writers, by_key_and_label);
    for (guint i = 0; i < sorted->len; i++)
        all += losses(g_ptr_array_index(sorted, i));
    report->key_count_all = sorted->len;
    report->key_count = MIN(sorted->len, top);
    report->keys = g_new0(hot_key, report->key_count);
    for (size_t i = 0; i < report->key_count; i++) {
        const hot *key = g_ptr_array_index(sorted, i);
        hot_key *row = &report->keys[i];
        so_far += losses(key);
        *row = (hot_key){.name = g_strdup(key->name), .store = pairs_get(scopes, key->scope).second, .hash = key->hash,
                         .conflicts = key->conflicts, .busy = key->busy, .also_changed = key->also_changed,
                         .cumulative_share = (double)so_far / (double)all, .wasted_ns = key->wasted_ns,
                         .lost_reading = key->lost_reading, .lost_unset = key->lost_unset};
        row->process = pairs_get(scopes, key->scope).first;
        find_writers(writers, key, labels, row);
    }
    g_ptr_array_unref(writers);
}

const char *hot_keys_name(const hot_keys *keys, uint32_t number)
{
    return number == 0 ? keys->others.name : ((const hot *)g_ptr_array_index(keys->all, number - 1))->name;
}
