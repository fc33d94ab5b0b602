#include "order.h"

#include "store.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *a, const void *b)
{
    struct stmi_record *left = *(struct stmi_record *const *)a, *right = *(struct stmi_record *const *)b;
    return stmi_bytes_compare(stmi_record_key(left), stmi_record_key(right));
}

static uint64_t number_of(const unsigned char *bytes, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, bytes, size);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static struct stmi_signpost signpost_of(stm_bytes key)
{
    const unsigned char *bytes = key.data;
    if (key.size >= 16)
        return (struct stmi_signpost){number_of(bytes, 8), number_of(bytes + 8, 8)};
    return (struct stmi_signpost){number_of(bytes, key.size < 8 ? key.size : 8),
                                  key.size <= 8 ? 0 : number_of(bytes + 8, key.size - 8)};
}

static bool is_below(struct stmi_signpost a, struct stmi_signpost b)
{
    return a.high < b.high || (a.high == b.high && a.low < b.low);
}

static uint64_t signpost_count(uint64_t key_count)
{
    return (key_count + STMI_SIGNPOST_KEYS - 1) / STMI_SIGNPOST_KEYS;
}

static uint64_t *stragglers(const struct stmi_order *order)
{
    return (uint64_t *)(uintptr_t)(order->records + order->count);
}

static struct stmi_order *order_make(struct stm_store *store, uint64_t count, uint64_t straggler_count)
{
    size_t bytes = sizeof(struct stmi_order) + (size_t)(count + straggler_count) * sizeof(void *) +
                   (size_t)signpost_count(count) * sizeof(struct stmi_signpost);
    struct stmi_order *order = stmi_pages_get(&store->memory, bytes);
    if (order == NULL)
        return NULL;
    order->cell.class = STMI_CLASS_LARGE;
    order->cell.kind = STMI_CELL_PAGES;
    order->bytes = bytes;
    order->count = count;
    order->straggler_count = straggler_count;
    stmi_store(&order->references, 1, RELAXED); /* private until published */
    return order;
}

/* When all records are in their places. */
static void signposts_put_up(struct stmi_order *order)
{
    struct stmi_signpost *posts = (struct stmi_signpost *)(void *)(stragglers(order) + order->straggler_count);
    for (uint64_t i = 0; i < signpost_count(order->count); i++)
        posts[i] = signpost_of(stmi_record_key(order->records[i * STMI_SIGNPOST_KEYS]));
    order->signposts = posts;
}

void stmi_order_put(struct stm_txn *slot, struct stmi_order *order)
{
    /* Release and acquire pair:order -- freed after everybody's last look. */
    if (stmi_sub(&order->references, 1, SEQ_CST) != 1)
        return;
    /* Who found it in the store, before it was replaced there, may still look at its count, in `shared`. */
    stmi_epoch_enter(slot);
    stmi_epoch_retire(slot, &order->cell, order->bytes);
    stmi_epoch_exit(slot);
    stmi_epoch_flush(slot);
}

/* A reference to the shared one, or NULL where there is none. A plain load and add would be too late:
 * the store's reference might be dropped in between. So: under an epoch, and never from zero. */
static struct stmi_order *shared(struct stm_txn *slot)
{
    struct stmi_order *order;
    stmi_epoch_enter(slot);
    for (;;) {
        order = stmi_load(&slot->store->order, ACQUIRE);
        if (order == NULL)
            break;
        uint32_t references = stmi_load(&order->references, RELAXED);
        while (references != 0 && !stmi_cas(&order->references, &references, references + 1, SEQ_CST))
            ;
        if (references != 0)
            break;
    }
    stmi_epoch_exit(slot);
    return order;
}

/* Records that `old` does not have, and where the batches go on in which there are more to come. */
struct fresh {
    struct stmi_record **records;
    uint64_t *late;
    uint64_t count, late_count;
};

/* Acquire pair:record -- its key. */
static bool is_published(struct stm_store *store, uint64_t number)
{
    return stmi_load(&stmi_records_at(&store->records, number)->head, ACQUIRE) != 0;
}

/* From this number to the end of its batch. */
static void visit_batch(struct stm_store *store, uint64_t number, struct fresh *fresh)
{
    uint64_t end = number - number % STMI_RECORDS_AT_ONCE + STMI_RECORDS_AT_ONCE;
    for (; number < end && is_published(store, number); number++)
        fresh->records[fresh->count++] = stmi_records_at(&store->records, number);
    if (number < end)
        fresh->late[fresh->late_count++] = number;
}

static void visit_fresh(struct stm_store *store, const struct stmi_order *old, uint64_t total, struct fresh *fresh)
{
    for (uint64_t i = 0; old != NULL && i < old->straggler_count; i++)
        visit_batch(store, stragglers(old)[i], fresh);
    for (uint64_t number = old == NULL ? 0 : old->covered; number < total; number += STMI_RECORDS_AT_ONCE)
        visit_batch(store, number, fresh);
}

static struct stmi_order *merge(struct stm_store *store, const struct stmi_order *old, uint64_t total,
                                struct fresh *fresh)
{
    uint64_t old_count = old == NULL ? 0 : old->count;
    struct stmi_order *order = order_make(store, old_count + fresh->count, fresh->late_count);
    if (order == NULL)
        return NULL;
    uint64_t i = 0, j = 0, place = 0;
    while (i < old_count || j < fresh->count) {
        bool take_old = j == fresh->count || (i < old_count && by_key(&old->records[i], &fresh->records[j]) <= 0);
        order->records[place++] = take_old ? old->records[i++] : fresh->records[j++];
    }
    memcpy(stragglers(order), fresh->late, fresh->late_count * sizeof *fresh->late);
    order->covered = total;
    signposts_put_up(order);
    return order;
}

/* Puts it in the place of `old`, unless another thread has put one there; the caller keeps a reference. */
static void share(struct stm_txn *slot, struct stmi_order *old, struct stmi_order *order)
{
    struct stm_store *store = slot->store;
    struct stmi_order *expected = old;
    stmi_add(&order->references, 1, RELAXED); /* the store's, to be; ours is held */
    if (!stmi_cas(&store->order, &expected, order, SEQ_CST)) { /* Release pair:order */
        stmi_sub(&order->references, 1, SEQ_CST);
        return;
    }
    if (old != NULL)
        stmi_order_put(slot, old);
}

static struct stmi_order *extend(struct stm_txn *slot, struct stmi_order *old, uint64_t total)
{
    struct stm_store *store = slot->store;
    uint64_t batches = old == NULL ? total / STMI_RECORDS_AT_ONCE
                                   : (total - old->covered) / STMI_RECORDS_AT_ONCE + old->straggler_count;
    uint64_t most = batches * STMI_RECORDS_AT_ONCE;
    size_t bytes = (size_t)most * sizeof(void *) + (size_t)batches * sizeof(uint64_t);
    void *scratch = stmi_pages_get(&store->memory, bytes);
    if (scratch == NULL)
        return NULL;
    struct fresh fresh = {.records = scratch, .late = (uint64_t *)scratch + most};
    visit_fresh(store, old, total, &fresh);
    qsort(fresh.records, fresh.count, sizeof fresh.records[0], by_key);
    struct stmi_order *order = merge(store, old, total, &fresh);
    stmi_pages_put(&store->memory, scratch, bytes);
    if (order != NULL)
        share(slot, old, order);
    return order;
}

static bool is_complete(struct stm_store *store, const struct stmi_order *order, uint64_t total)
{
    bool complete = order->covered == total;
    for (uint64_t i = 0; complete && i < order->straggler_count; i++)
        complete = !is_published(store, stragglers(order)[i]);
    return complete;
}

struct stmi_order *stmi_order_get(struct stm_txn *slot)
{
    struct stmi_order *old = shared(slot);
    uint64_t total = stmi_load(&slot->store->records.count, SEQ_CST);
    if (old != NULL && is_complete(slot->store, old, total))
        return old;
    if (total == 0)
        return order_make(slot->store, 0, 0);
    struct stmi_order *order = extend(slot, old, total);
    if (old != NULL)
        stmi_order_put(slot, old);
    return order;
}

/* How many signposts from `low` on are below this one; or, `with_equal`, are not above it. */
static uint64_t signposts_below(const struct stmi_order *order, uint64_t low, struct stmi_signpost sought, bool with_equal)
{
    uint64_t high = signpost_count(order->count);
    if (with_equal && low < high && is_below(sought, order->signposts[low]))
        return low; /* most often */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct stmi_signpost found = order->signposts[middle];
        if (with_equal ? !is_below(sought, found) : is_below(found, sought))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t stmi_order_find(const struct stmi_order *order, stm_bytes key)
{
    struct stmi_signpost sought = signpost_of(key);
    uint64_t below = signposts_below(order, 0, sought, false);
    uint64_t not_above = signposts_below(order, below, sought, true);
    /* The key at the last signpost below is below, the one at the first above is above. */
    uint64_t low = below == 0 ? 0 : (below - 1) * STMI_SIGNPOST_KEYS + 1;
    uint64_t high = not_above * STMI_SIGNPOST_KEYS < order->count ? not_above * STMI_SIGNPOST_KEYS : order->count;
    for (uint64_t i = low; i < high && i < low + STMI_SIGNPOST_KEYS; i++)
        __builtin_prefetch(order->records[i]);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (stmi_bytes_compare(stmi_record_key(order->records[middle]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void stmi_order_drain(struct stm_store *store)
{
    struct stmi_order *order = stmi_load(&store->order, RELAXED);
    if (order != NULL)
        stmi_pages_put(&store->memory, order, order->bytes);
}
