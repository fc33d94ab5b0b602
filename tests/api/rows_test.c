/*
 * rows_test.c -- a scan by rows shows what a scan shows: the same keys, the same values, in the same order.
 *
 * What must not happen: a value of one size is read as one of another, an old version shows the record's newest
 * value, a key without a value is shown, or a visitor is called for nothing.
 */
#include "support.h"

#define KEY_COUNT 600 /* several blocks of rows, and not a whole number of them */

typedef struct copy {
    size_t key_size, value_size;
    char key[64];
    char value[1100];
    stm_type type;
} copy;

typedef struct list {
    copy copies[KEY_COUNT];
    size_t count, calls, stop_after;
} list;

static list by_entry, by_row;

static void add(list *l, stm_bytes key, stm_bytes value, stm_type type)
{
    cr_assert(l->count < KEY_COUNT && key.size <= sizeof(l->copies[0].key) &&
              value.size <= sizeof(l->copies[0].value) && value.data != NULL);
    copy *c = &l->copies[l->count++];
    *c = (copy){.key_size = key.size, .value_size = value.size, .type = type};
    memcpy(c->key, key.data, key.size);
    memcpy(c->value, value.data, value.size);
}

static bool add_entry(const stm_entry *entry, void *arg)
{
    add(arg, entry->key, entry->value, entry->type);
    return true;
}

static bool add_rows(const stm_row *rows, size_t count, void *arg)
{
    list *l = arg;
    cr_assert(count > 0);
    l->calls++;
    for (size_t i = 0; i < count; i++)
        add(l, stm_row_key(&rows[i]), stm_row_value(&rows[i]), stm_row_type(&rows[i]));
    return l->calls != l->stop_after;
}

static void assert_same(const stm_snapshot *snapshot)
{
    by_entry.count = by_row.count = by_row.calls = 0;
    OK(stm_snapshot_scan(snapshot, add_entry, &by_entry));
    OK(stm_snapshot_scan_rows(snapshot, add_rows, &by_row));
    EQUALS(by_row.count, by_entry.count);
    for (size_t i = 0; i < by_row.count; i++) {
        const copy *one = &by_row.copies[i], *other = &by_entry.copies[i];
        cr_assert(memcmp(one, other, sizeof *one) == 0, "place %zu: %.*s and %.*s", i, (int)one->key_size, one->key,
                  (int)other->key_size, other->key);
    }
}

/* Keys of 3 to 40 bytes, values of 0 to 39 and some of 1000: each way in which a record can hold them. */
static void write_all(stm_store *store, char salt)
{
    stm_txn *txn = begin(store, "write");
    char value[1000];
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        char key[48];
        int size = snprintf(key, sizeof key, "%03u%*s", i, (int)(i % 38), "");
        memset(value, salt + (char)(i % 20), sizeof value);
        OK(stm_txn_set(txn, stm_bytes_of(key, (size_t)size), stm_bytes_of(value, i % 50 == 49 ? 1000 : i % 40)));
        if (i % 7 == 0)
            OK(stm_txn_set_int64(txn, stm_bytes_of(key, (size_t)size), (int64_t)i));
        if (i % 11 == 0)
            OK(stm_txn_delete(txn, stm_bytes_of(key, (size_t)size)));
    }
    OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

Test(rows, show_what_entries_show)
{
    stm_store *store = open_store(NULL);

    write_all(store, 'a');
    stm_snapshot *old = take(store, "old");
    assert_same(old);
    EQUALS(by_row.count, KEY_COUNT - (KEY_COUNT + 10) / 11);
    EQUALS(by_row.copies[0].key_size, 4); /* "001 ": the key numbered 0 has been deleted */
    EQUALS(by_row.copies[0].value_size, 1);
    EQUALS(by_row.copies[0].value[0], 'b');
    write_all(store, 'A');
    assert_same(old); /* from the history now */
    EQUALS(by_row.copies[0].value[0], 'b');
    stm_snapshot *fresh = take(store, "fresh");
    assert_same(fresh);
    EQUALS(by_row.copies[0].value[0], 'B');

    stm_snapshot_release(old);
    stm_snapshot_release(fresh);
    close_store(store);
}

Test(rows, stop_when_told)
{
    stm_store *store = open_store(NULL);

    write_all(store, 'a');
    stm_snapshot *snapshot = take(store, "stop");
    by_row.stop_after = 2;
    OK(stm_snapshot_scan_rows(snapshot, add_rows, &by_row));
    EQUALS(by_row.calls, 2);
    cr_assert(by_row.count < KEY_COUNT / 2);

    stm_snapshot_release(snapshot);
    close_store(store);
}

Test(rows, of_nothing_are_not_shown)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "look");
    stm_snapshot *snapshot = take(store, "none");

    OK(stm_snapshot_scan_rows(snapshot, add_rows, &by_row));
    stm_snapshot_release(snapshot);
    put(store, "key", "value");
    erase(store, "key");
    OK(stm_txn_use(txn, stm_text("never set"), NULL));
    snapshot = take(store, "none");
    OK(stm_snapshot_scan_rows(snapshot, add_rows, &by_row));
    EQUALS(by_row.calls, 0);
    ANSWERS(stm_snapshot_scan_rows(snapshot, NULL, NULL), STM_INVALID);
    ANSWERS(stm_snapshot_scan_rows(NULL, add_rows, &by_row), STM_INVALID);

    stm_snapshot_release(snapshot);
    stm_txn_end(txn);
    close_store(store);
}
