/*
 * cursor.c -- the keys of a snapshot in their order. Records lie there in no order, so a cursor reads some ahead,
 * all of whose lines it has asked for beforehand: few at first, since a range may be short.
 */
#include "order.h"
#include "scan.h"
#include "store.h"

#include <string.h>

#define CURSOR_MAGIC 0x73746d2063757273u
#define AHEAD_FIRST 4
#define AHEAD_MAX 16 /* keys read at once */

struct stmi_ahead {
    struct stmi_cell cell;
    struct stmi_scan scan;
    unsigned next, count; /* shown, found */
    unsigned wanted;      /* to find the next time */
    stm_entry entries[AHEAD_MAX];
};

static struct stmi_ahead *ahead_make(struct stm_txn *slot, const struct stm_snapshot *snapshot)
{
    struct stmi_ahead *ahead = stmi_pool_get(slot, stmi_class_of(sizeof *ahead));
    if (ahead != NULL) {
        ahead->scan = stmi_scan_of(snapshot, STMI_EVERYTHING);
        ahead->next = ahead->count = 0;
        ahead->wanted = AHEAD_FIRST;
    }
    return ahead;
}

/* A cursor lies in the slot that it claims: a handle that was closed can still be told so. */
static stm_status cursor_make(const struct stm_snapshot *snapshot, struct stm_cursor **out)
{
    struct stm_txn *slot = stmi_slot_claim(snapshot->store, STMI_SLOT_READER);
    if (slot == NULL)
        return STM_NO_MEMORY;
    struct stm_cursor *cursor = &slot->cursor;
    cursor->order = stmi_order_get(slot);
    cursor->ahead = cursor->order == NULL ? NULL : ahead_make(slot, snapshot);
    if (cursor->ahead == NULL) {
        if (cursor->order != NULL)
            stmi_order_put(slot, cursor->order);
        stmi_slot_release(slot);
        return STM_NO_MEMORY;
    }
    cursor->magic = CURSOR_MAGIC;
    cursor->snapshot = snapshot;
    *out = cursor;
    return STM_OK;
}

static struct stm_txn *slot_of(struct stm_cursor *cursor)
{
    return STMI_CONTAINER(cursor, struct stm_txn, cursor);
}

/* Twice what is wanted the next time: memory is slower than the one who looks at the keys between. */
static void ahead_prefetch(struct stm_cursor *cursor)
{
    uint64_t left = cursor->end - cursor->place, window = 2 * (uint64_t)cursor->ahead->wanted;
    uint64_t until = cursor->place + (left < window ? left : window);
    for (; cursor->asked < until; cursor->asked++)
        __builtin_prefetch(cursor->order->records[cursor->asked]);
}

stm_status stm_cursor_open(const stm_snapshot *snapshot, stm_bytes low, stm_bytes high, stm_cursor **out)
{
    stm_status status = stmi_snapshot_check(snapshot);
    if (status == STM_OK)
        status = out == NULL ? STM_INVALID : cursor_make(snapshot, out);
    if (status != STM_OK)
        return status;
    struct stm_cursor *cursor = *out;
    cursor->place = low.data == NULL ? 0 : stmi_order_find(cursor->order, low);
    cursor->end = high.data == NULL ? cursor->order->count : stmi_order_find(cursor->order, high);
    if (cursor->end < cursor->place)
        cursor->end = cursor->place; /* high is below low */
    cursor->asked = cursor->place;
    ahead_prefetch(cursor);
    return STM_OK;
}

static bool has_prefix(struct stmi_record *record, stm_bytes prefix)
{
    stm_bytes key = stmi_record_key(record);
    return key.size >= prefix.size && memcmp(key.data, prefix.data, prefix.size) == 0;
}

/* The first place from `low` on whose key does not begin with prefix: they stand together. */
static uint64_t prefix_end(const struct stmi_order *order, uint64_t low, stm_bytes prefix)
{
    uint64_t high = order->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (has_prefix(order->records[middle], prefix))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

stm_status stm_cursor_open_prefix(const stm_snapshot *snapshot, stm_bytes prefix, stm_cursor **out)
{
    stm_status status = stmi_snapshot_check(snapshot);
    if (status == STM_OK)
        status = prefix.data == NULL ? STM_INVALID : stm_cursor_open(snapshot, prefix, stm_bytes_of(NULL, 0), out);
    if (status == STM_OK)
        (*out)->end = prefix_end((*out)->order, (*out)->place, prefix);
    return status;
}

/* The next keys that have a value; none are left over. False: there are none. Not inlined, so that the calls between
 * need few registers. */
static __attribute__((noinline)) bool ahead_read(struct stm_cursor *cursor, struct stm_txn *slot)
{
    struct stmi_ahead *ahead = cursor->ahead;
    struct stmi_record *const *records = cursor->order->records;
    stm_entry *entry = ahead->entries;
    const stm_entry *full = entry + ahead->wanted;
    uint64_t place = cursor->place, end = cursor->end;
    stmi_epoch_enter(slot);
    while (entry < full && place < end)
        entry += stmi_scan_entry(&ahead->scan, records[place++], entry);
    stmi_epoch_exit(slot);
    cursor->place = place;
    ahead->next = 0;
    ahead->count = (unsigned)(entry - ahead->entries);
    ahead->wanted = ahead->wanted * 2 < AHEAD_MAX ? ahead->wanted * 2 : AHEAD_MAX;
    ahead_prefetch(cursor);
    return ahead->count != 0;
}

static void entry_copy(const stm_entry *from, stm_entry *to)
{
    *to = *from;
    if (from->value.data == from->small)
        to->value.data = to->small;
}

/* What stmi_snapshot_check finds out, without a call. */
static bool is_sound(const struct stm_snapshot *snapshot)
{
    return snapshot->magic == STMI_SNAPSHOT_MAGIC && snapshot->store->magic == STMI_STORE_MAGIC &&
           snapshot->store->fork_count == stmi_peek(&stmi_fork_count);
}

stm_status stm_cursor_next(stm_cursor *cursor, stm_entry *entry)
{
    if (cursor == NULL || entry == NULL)
        return STM_INVALID;
    if (cursor->magic != CURSOR_MAGIC)
        return STM_ENDED;
    if (stmi_unlikely(!is_sound(cursor->snapshot)))
        return stmi_snapshot_check(cursor->snapshot);
    struct stm_txn *slot = slot_of(cursor);
    struct stmi_ahead *ahead = cursor->ahead;
    if (stmi_peek(&slot->epoch) != 0)
        return STM_REENTERED;
    if (ahead->next == ahead->count && !ahead_read(cursor, slot))
        return STM_END;
    entry_copy(&ahead->entries[ahead->next++], entry);
    return STM_OK;
}

void stm_cursor_close(stm_cursor *cursor)
{
    if (cursor == NULL || cursor->magic != CURSOR_MAGIC || stmi_store_check(slot_of(cursor)->store) != STM_OK)
        return;
    cursor->magic = 0;
    stmi_order_put(slot_of(cursor), cursor->order);
    stmi_pool_put(slot_of(cursor), &cursor->ahead->cell);
    stmi_slot_release(slot_of(cursor));
}
