#include "pairs.h"

#include "mix.h"

#include <glib.h>

struct pairs {
    GHashTable *by_value;
    GPtrArray *by_number;
    uint32_t count_max;
    const pair *last; /* the same one is asked for again and again */
};

static guint hash(gconstpointer key)
{
    const pair *pair = key;
    return mix_hash(pair->first, pair->second);
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    const pair *one = a, *other = b;
    return one->first == other->first && one->second == other->second;
}

pairs *pairs_create(uint32_t count_max)
{
    pairs *pairs = g_new0(struct pairs, 1);
    pairs->by_value = g_hash_table_new_full(hash, equal, NULL, g_free);
    pairs->by_number = g_ptr_array_new();
    pairs->count_max = count_max;
    return pairs;
}

void pairs_free(pairs *pairs)
{
    g_hash_table_unref(pairs->by_value);
    g_ptr_array_unref(pairs->by_number);
    g_free(pairs);
}

uint32_t pairs_number(pairs *pairs, uint64_t first, uint64_t second)
{
    pair wanted = {first, second, 0};
    if (pairs->last != NULL && equal(pairs->last, &wanted))
        return pairs->last->number;
    pair *found = g_hash_table_lookup(pairs->by_value, &wanted);
    if (found == NULL) {
        if (pairs->by_number->len >= pairs->count_max)
            return 0;
        wanted.number = pairs->by_number->len + 1;
        found = g_memdup2(&wanted, sizeof wanted);
        g_hash_table_add(pairs->by_value, found);
        g_ptr_array_add(pairs->by_number, found);
    }
    pairs->last = found;
    return found->number;
}

pair pairs_get(const pairs *pairs, uint32_t number)
{
    return number == 0 ? (pair){0} : *(const pair *)g_ptr_array_index(pairs->by_number, number - 1);
}

uint32_t pairs_count(const pairs *pairs)
{
    return pairs->by_number->len;
}
