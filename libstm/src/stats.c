#include "store.h"

#include <string.h>

static void add_slot(struct stm_txn *slot, stm_stats *stats)
{
    const struct stmi_counters *counters = &slot->counters;
    stats->commits += stmi_peek(&counters->commits);
    stats->conflicts += stmi_peek(&counters->conflicts);
    stats->busy += stmi_peek(&counters->busy);
    stats->checkouts += stmi_peek(&counters->checkouts);
    stats->aborts += stmi_peek(&counters->aborts);
    stats->keys_known += stmi_peek(&counters->keys_known);
    stats->keys_live += stmi_peek(&counters->keys_live);
    stats->versions_old += stmi_peek(&counters->versions_old);
    stats->bytes_waiting += stmi_peek(&slot->limbo.bytes_waiting);
    stats->bytes_cached += stmi_peek(&slot->cache.bytes);
    stats->transactions += stmi_load(&slot->state, RELAXED) == STMI_SLOT_TXN;
}

/* Places may be withdrawn and taken anew while we read: then it is one or the other that we show. */
static void add_snapshots(struct stm_store *store, stm_stats *stats)
{
    uint64_t held = stmi_load(&store->snapshots_held, ACQUIRE);
    int64_t now_ns = stmi_now_ns();
    for (; held != 0; held &= held - 1) {
        struct stm_snapshot *snapshot = &store->snapshots[__builtin_ctzll(held)];
        uint64_t revision = stmi_load(&snapshot->revision, ACQUIRE) & ~STMI_ANNOUNCED;
        stats->snapshots++;
        if (stats->oldest_snapshot_revision != 0 && stats->oldest_snapshot_revision <= revision)
            continue;
        const struct stmi_label *label = stmi_load(&snapshot->label, RELAXED); /* labels stay for good */
        stats->oldest_snapshot_revision = revision;
        stats->oldest_snapshot_age_ns = now_ns - stmi_load(&snapshot->taken_ns, RELAXED);
        strcpy(stats->oldest_snapshot_label, label->text);
    }
}

stm_status stm_store_stats(const stm_store *store, stm_stats *stats)
{
    stm_status status = stmi_store_check(store);
    if (status != STM_OK)
        return status;
    if (stats == NULL)
        return STM_INVALID;
    stm_store *open = (stm_store *)(uintptr_t)store; /* const is a promise: only atomic loads follow */
    *stats = (stm_stats){0};
    for (struct stm_txn *slot = stmi_load(&open->slots, ACQUIRE); slot != NULL; slot = slot->next_slot)
        add_slot(slot, stats);
    stats->bytes_used = stmi_load(&open->memory.bytes_used, RELAXED); /* statistics: no order needed */
    stats->bytes_cached += stmi_load(&open->depot.bytes, RELAXED);
    stats->revision = stmi_load(&open->clock, RELAXED);
    add_snapshots(open, stats);
    return STM_OK;
}
