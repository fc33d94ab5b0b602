#include "order.h"
#include "store.h"

#include <string.h>

#define CURSOR_MAGIC 0x73746d2063757273u
#define AHEAD 8 /* records prefetched */

/* A cursor lies in the slot that it claims: a handle that was closed can still be told so. */
static stm_status cursor_make(const struct stm_snapshot *snapshot, struct stm_cursor **out)
{
    struct stm_txn *slot = stmi_slot_claim(snapshot->store, STMI_SLOT_READER);
    if (slot == NULL)
        return STM_NO_MEMORY;
    struct stm_cursor *cursor = &slot->cursor;
    cursor->order = stmi_order_get(slot);
    if (cursor->order == NULL) {
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

stm_status stm_cursor_next(stm_cursor *cursor, stm_entry *entry)
{
    if (cursor == NULL || entry == NULL)
        return STM_INVALID;
    if (cursor->magic != CURSOR_MAGIC)
        return STM_ENDED;
    stm_status status = stmi_snapshot_check(cursor->snapshot);
    if (status != STM_OK)
        return status;
    struct stm_txn *slot = slot_of(cursor);
    struct stmi_seen seen;
    struct stmi_record *record = NULL;
    bool found = false;
    if (!stmi_epoch_enter(slot))
        return STM_REENTERED;
    while (!found && cursor->place < cursor->end) {
        if (cursor->place + AHEAD < cursor->end)
            __builtin_prefetch(cursor->order->records[cursor->place + AHEAD]);
        record = cursor->order->records[cursor->place++];
        found = stmi_snapshot_read(cursor->snapshot, record, &seen);
    }
    stmi_epoch_exit(slot);
    if (!found)
        return STM_END;
    stmi_seen_entry(slot->store, record, &seen, entry);
    return STM_OK;
}

void stm_cursor_close(stm_cursor *cursor)
{
    if (cursor == NULL || cursor->magic != CURSOR_MAGIC || stmi_store_check(slot_of(cursor)->store) != STM_OK)
        return;
    cursor->magic = 0;
    stmi_order_put(slot_of(cursor)->store, cursor->order);
    stmi_slot_release(slot_of(cursor));
}
