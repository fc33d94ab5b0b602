#include "sketch.h"

#include "store.h"

#include <stdlib.h>

/* Written by the slot's user only; who reads it meanwhile gets a count that is a little old. */
void stmi_sketch_note(struct stm_txn *txn, struct stmi_record *record)
{
    struct stmi_sketch_entry *least = &txn->sketch[0];
    for (unsigned i = 0; i < STMI_SKETCH_SIZE; i++) {
        struct stmi_sketch_entry *entry = &txn->sketch[i];
        if (stmi_peek(&entry->record) == record) {
            stmi_tally(&entry->count, 1);
            return;
        }
        if (stmi_peek(&entry->count) < stmi_peek(&least->count))
            least = entry;
    }
    stmi_store(&least->error, stmi_peek(&least->count), RELAXED); /* statistics: no order needed */
    stmi_store(&least->record, record, RELEASE);
    stmi_tally(&least->count, 1);
}

#define MERGED_MAX 256

struct merged {
    struct stmi_record *record;
    uint64_t count, error;
};

static size_t merge(struct merged *list, size_t size, struct stmi_record *record, uint64_t count, uint64_t error)
{
    for (size_t i = 0; i < size; i++)
        if (list[i].record == record) {
            list[i].count += count;
            list[i].error += error;
            return size;
        }
    if (size == MERGED_MAX) { /* as in the sketches: the smallest gives way */
        struct merged *least = &list[0];
        for (size_t i = 1; i < size; i++)
            if (list[i].count < least->count)
                least = &list[i];
        if (least->count < count)
            *least = (struct merged){record, count, error};
        return size;
    }
    list[size] = (struct merged){record, count, error};
    return size + 1;
}

/* A slot whose sketch is full may have met the key, and forgotten it, as often as its least one. */
static void add_forgotten(struct merged *key, struct stm_txn *slot)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < STMI_SKETCH_SIZE; i++) {
        if (stmi_load(&slot->sketch[i].record, RELAXED) == key->record)
            return;
        uint64_t count = stmi_peek(&slot->sketch[i].count);
        least = count < least ? count : least;
    }
    key->count += least;
    key->error += least;
}

static int by_count(const void *a, const void *b)
{
    uint64_t left = ((const struct merged *)a)->count, right = ((const struct merged *)b)->count;
    return (left < right) - (left > right);
}

size_t stm_store_hottest(const stm_store *store, stm_hot_key *keys, size_t capacity)
{
    struct merged list[MERGED_MAX];
    size_t size = 0;
    if (stmi_store_check(store) != STM_OK || keys == NULL)
        return 0;
    stm_store *open = (stm_store *)(uintptr_t)store; /* const is a promise: only atomic loads follow */
    for (struct stm_txn *slot = stmi_load(&open->slots, ACQUIRE); slot != NULL; slot = slot->next_slot)
        for (unsigned i = 0; i < STMI_SKETCH_SIZE; i++) {
            struct stmi_record *record = stmi_load(&slot->sketch[i].record, ACQUIRE);
            if (record != NULL)
                size = merge(list, size, record, stmi_peek(&slot->sketch[i].count), stmi_peek(&slot->sketch[i].error));
        }
    for (struct stm_txn *slot = stmi_load(&open->slots, ACQUIRE); slot != NULL; slot = slot->next_slot)
        for (size_t i = 0; i < size; i++)
            add_forgotten(&list[i], slot);
    qsort(list, size, sizeof list[0], by_count);
    if (size > capacity)
        size = capacity;
    for (size_t i = 0; i < size; i++)
        keys[i] = (stm_hot_key){stmi_record_key(list[i].record), list[i].count, list[i].error};
    return size;
}
