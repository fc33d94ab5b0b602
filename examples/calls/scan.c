/*
 * scan -- shows every key of a snapshot that has a value, in memory order: the fastest way to see all, and by rows
 * faster still, if keys and values are enough.
 */
#include "../check.h"

typedef struct census {
    size_t key_count;
    size_t value_size;
} census;

static bool count_entry(const stm_entry *entry, void *arg)
{
    census *all = arg;
    all->key_count++;
    all->value_size += entry->value.size;
    return true; /* go on */
}

static bool count_rows(const stm_row *rows, size_t count, void *arg)
{
    census *all = arg;
    all->key_count += count;
    for (size_t i = 0; i < count; i++)
        all->value_size += stm_row_value(&rows[i]).size;
    return true;
}

static bool stop_at_first(const stm_entry *entry, void *arg)
{
    (void)entry;
    ++*(int *)arg;
    return false;
}

int main(void)
{
    stm_store *store;
    stm_txn *txn;
    stm_snapshot *snapshot;
    census all = {0, 0}, again = {0, 0};
    int seen = 0;

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "fill", &txn));
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key:%d", i);
        CHECK_OK(stm_txn_set(txn, stm_text(key), stm_text("four")));
    }
    CHECK_OK(stm_txn_delete(txn, stm_text("key:7"))); /* no value: not shown */
    CHECK_OK(stm_txn_commit(txn));

    CHECK_OK(stm_snapshot_take(store, "census", &snapshot));
    CHECK_OK(stm_snapshot_scan(snapshot, count_entry, &all));
    CHECK(all.key_count == 999 && all.value_size == 4 * 999);
    CHECK_OK(stm_snapshot_scan_rows(snapshot, count_rows, &again));
    CHECK(again.key_count == all.key_count && again.value_size == all.value_size);
    CHECK_OK(stm_snapshot_scan(snapshot, stop_at_first, &seen));
    CHECK(seen == 1);
    printf("%zu keys, %zu bytes of values\n", all.key_count, all.value_size);

    stm_snapshot_release(snapshot);
    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    return 0;
}
