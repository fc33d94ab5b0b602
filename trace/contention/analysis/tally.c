#include "tally.h"

#include "mix.h"

#include <stdbool.h>

struct tally {
    GHashTable *entries;
};

static guint hash(gconstpointer key)
{
    const tally_entry *entry = key;
    return mix_hash((uint64_t)entry->a << 32 | entry->b, entry->c);
}

static gboolean equal(gconstpointer x, gconstpointer y)
{
    const tally_entry *one = x, *other = y;
    return one->a == other->a && one->b == other->b && one->c == other->c;
}

tally *tally_create(void)
{
    tally *tally = g_new0(struct tally, 1);
    tally->entries = g_hash_table_new_full(hash, equal, NULL, g_free);
    return tally;
}

void tally_free(tally *tally)
{
    g_hash_table_unref(tally->entries);
    g_free(tally);
}

tally_entry *tally_at(tally *tally, uint32_t a, uint32_t b, uint32_t c)
{
    tally_entry wanted = {.a = a, .b = b, .c = c};
    tally_entry *entry = g_hash_table_lookup(tally->entries, &wanted);
    if (entry != NULL)
        return entry;
    bool is_full = g_hash_table_size(tally->entries) >= TALLY_COUNT_MAX;
    if (is_full && (a != 0 || b != 0 || c != 0))
        return tally_at(tally, 0, 0, 0);
    entry = g_memdup2(&wanted, sizeof wanted);
    g_hash_table_add(tally->entries, entry);
    return entry;
}

GPtrArray *tally_entries(const tally *tally)
{
    GPtrArray *all = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer entry;
    g_hash_table_iter_init(&iterator, tally->entries);
    while (g_hash_table_iter_next(&iterator, &entry, NULL))
        g_ptr_array_add(all, entry);
    return all;
}
