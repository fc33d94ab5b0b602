#include "prefixes.h"

#include "hot_keys.h"
#include "span.h"

#include <string.h>

static hot_prefix *prefix_of(GHashTable *prefixes, const char *name, char delimiter)
{
    const char *end = strrchr(name, delimiter);
    if (end == NULL)
        return NULL;
    char *text = g_strndup(name, (gsize)(end - name) + 1);
    hot_prefix *prefix = g_hash_table_lookup(prefixes, text);
    if (prefix != NULL) {
        g_free(text);
        return prefix;
    }
    prefix = g_new0(hot_prefix, 1);
    prefix->prefix = text;
    g_hash_table_insert(prefixes, text, prefix);
    return prefix;
}

static gint by_losses(gconstpointer a, gconstpointer b)
{
    const hot_prefix *one = *(hot_prefix *const *)a, *other = *(hot_prefix *const *)b;
    uint64_t losses = one->conflicts + one->busy, other_losses = other->conflicts + other->busy;
    if (losses != other_losses)
        return losses > other_losses ? -1 : 1;
    return strcmp(one->prefix, other->prefix);
}

static void add_all(GHashTable *prefixes, const GPtrArray *sorted, char delimiter)
{
    for (guint i = 0; i < sorted->len; i++) {
        const hot *key = g_ptr_array_index(sorted, i);
        hot_prefix *prefix = prefix_of(prefixes, key->name, delimiter);
        if (prefix == NULL)
            continue;
        prefix->key_count++;
        prefix->conflicts += key->conflicts;
        prefix->busy += key->busy;
        span_add(&prefix->wasted_ns, key->wasted_ns);
    }
}

void prefixes_fill(const GPtrArray *sorted, char delimiter, size_t top, report *report)
{
    GHashTable *prefixes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    GPtrArray *rows = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer prefix;
    add_all(prefixes, sorted, delimiter);
    g_hash_table_iter_init(&iterator, prefixes);
    while (g_hash_table_iter_next(&iterator, NULL, &prefix))
        g_ptr_array_add(rows, prefix);
    g_ptr_array_sort(rows, by_losses);
    report->prefix_count = MIN(rows->len, top);
    report->prefixes = g_new0(hot_prefix, report->prefix_count);
    for (guint i = 0; i < rows->len; i++) {
        hot_prefix *row = g_ptr_array_index(rows, i);
        if (i < report->prefix_count)
            report->prefixes[i] = *row;
        else
            g_free(row->prefix);
    }
    g_ptr_array_unref(rows);
    g_hash_table_unref(prefixes);
}
