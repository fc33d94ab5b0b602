#include "totals.h"

#include "fail.h"

#include <inttypes.h>
#include <stdlib.h>

enum { COMPLAINT_COUNT_MAX = 5 };

static void append(totals *t, const vocabulary *v, const stm_entry *entry)
{
    int64_t count;
    total *item = &t->items[t->count];

    if (!vocabulary_find(v, entry->key, &item->word) || t->count == v->word_count)
        fail("there is a strange key in the store: %.*s", (int)entry->key.size,
             (const char *)entry->key.data);
    if (entry->type != STM_INT64 || entry->value.size != sizeof(count))
        fail("%.*s is not a number", (int)entry->key.size, (const char *)entry->key.data);
    memcpy(&count, entry->value.data, sizeof(count));
    item->count = (uint64_t)count;
    t->count++;
}

void totals_read(totals *t, stm_store *store, const vocabulary *v)
{
    stm_snapshot *snapshot;
    stm_cursor *cursor;
    stm_entry entry;
    stm_status status;

    t->items = resized(NULL, v->word_count + 1, sizeof(*t->items));
    t->count = 0;
    must(stm_snapshot_take(store, "totals", &snapshot), "take a snapshot");
    must(stm_cursor_open_prefix(snapshot, stm_bytes_of(v->prefix, v->prefix_size), &cursor), "open a cursor");
    while ((status = stm_cursor_next(cursor, &entry)) == STM_OK)
        append(t, v, &entry);
    if (status != STM_END)
        must(status, "read the totals");
    stm_cursor_close(cursor);
    stm_snapshot_release(snapshot);
}

void totals_free(totals *t)
{
    free(t->items);
}

size_t totals_verify(const totals *t, const vocabulary *v, const uint64_t *right)
{
    size_t wrong_count = 0;
    uint64_t *counted = resized(NULL, v->word_count, sizeof(*counted));

    memset(counted, 0, v->word_count * sizeof(*counted));
    for (size_t i = 0; i < t->count; i++)
        counted[t->items[i].word] = t->items[i].count;
    for (uint32_t i = 0; i < v->word_count; i++) {
        const stm_bytes word = vocabulary_text(v, i);
        if (counted[i] != right[i] && ++wrong_count <= COMPLAINT_COUNT_MAX)
            fprintf(stderr, "wordcount: \"%.*s\" was counted %" PRIu64 " times, must be %" PRIu64 "\n",
                    (int)word.size, (const char *)word.data, counted[i], right[i]);
    }
    free(counted);
    return wrong_count;
}

static int by_count_then_word(const void *left, const void *right)
{
    const total *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->word < b->word ? -1 : a->word > b->word;
}

void totals_sort(totals *t)
{
    qsort(t->items, t->count, sizeof(*t->items), by_count_then_word);
}
