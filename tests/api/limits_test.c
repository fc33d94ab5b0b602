/*
 * limits_test.c -- bad input gets a clear status, and nothing is lost by it.
 *
 * What must not happen: a crash, a hang or a silent cut where an argument is NULL, too large, one
 * too many, foreign or no longer alive; or a refusal one short of the limit that the header names.
 */
#include "support.h"

#include <stm/probe.h>

#include <stdlib.h>

#define KEY stm_text("key")

/* ---- opening and closing ---- */

static void *some_alloc(void *context, size_t size, size_t alignment)
{
    (void)context;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void some_free(void *context, void *memory, size_t size)
{
    (void)context;
    (void)size;
    free(memory);
}

Test(limits, options_that_make_no_sense_are_invalid)
{
    static const stm_observer deaf = {.size = sizeof(deaf)}; /* nothing to call */
    const size_t size = sizeof(stm_options);
    const stm_options bad[] = {
        {.size = 0},
        {.size = size, .allocator = {.alloc = some_alloc}},
        {.size = size, .allocator = {.free = some_free}},
        {.size = size, .key_size_max = STM_KEY_SIZE_MAX + 1},
        {.size = size, .key_size_max = SIZE_MAX},
        {.size = size, .value_size_max = (size_t)STM_VALUE_SIZE_MAX + 1},
        {.size = size, .value_size_max = SIZE_MAX},
        {.size = size, .txn_key_count_max = SIZE_MAX},
        {.size = size, .key_count_hint = UINT64_MAX},
        {.size = size, .observer = &deaf},
    };
    const stm_options good[] = {
        {.size = size},
        {.size = size, .allocator = {.alloc = some_alloc, .free = some_free}},
        {.size = size, .key_size_max = STM_KEY_SIZE_MAX, .value_size_max = STM_VALUE_SIZE_MAX},
        {.size = size, .key_size_max = 1, .value_size_max = 1, .txn_key_count_max = 1},
        {.size = size, .key_count_hint = 1, .seed = 1},
        {.size = size, .key_count_hint = 1000000, .seed = UINT64_MAX},
    };
    stm_store *store;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        store = (stm_store *)&store;
        const stm_status status = stm_store_open(&bad[i], &store);
        cr_assert(status == STM_INVALID, "options %zu: %s", i, stm_status_name(status));
        cr_assert_null(store);
    }
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        OK(stm_store_open(&good[i], &store));
        put(store, "k", "v");
        HOLDS(store, "k", "v");
        close_store(store);
    }
    ANSWERS(stm_store_open(NULL, NULL), STM_INVALID);
    ANSWERS(stm_store_close(NULL), STM_INVALID);
}

Test(limits, close_with_live_handles_is_busy_and_closes_nothing)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "live");
    stm_cursor *cursor;
    stm_entry entry;

    OK(stm_txn_set(txn, KEY, stm_text("1")));
    ANSWERS(stm_store_close(store), STM_BUSY);
    OK(stm_txn_commit(txn));
    stm_txn_end(txn);

    stm_snapshot *snapshot = take(store, "live");
    ANSWERS(stm_store_close(store), STM_BUSY);
    SHOWS(snapshot, "key", "1");
    OK(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &cursor));
    ANSWERS(stm_store_close(store), STM_BUSY);
    OK(stm_cursor_next(cursor, &entry));
    stm_cursor_close(cursor);
    ANSWERS(stm_store_close(store), STM_BUSY);
    stm_snapshot_release(snapshot);

    close_store(store);
}

/* ---- sizes ---- */

/* Every call that takes a key by its bytes, given this one. */
static stm_status give_key(size_t call, stm_store *store, stm_txn *txn, const stm_snapshot *snapshot,
                           stm_bytes key)
{
    stm_bytes value;
    stm_key handle;
    stm_entry entry;
    int64_t number = 0;
    double real = 0;
    const char *text;

    switch (call) {
    case 0: return stm_txn_use(txn, key, &value);
    case 1: return stm_txn_using(txn, &key, 1, &value);
    case 2: return stm_txn_get(txn, key, &value);
    case 3: return stm_txn_getting(txn, &key, 1, &value);
    case 4: return stm_txn_peek(txn, key, &value);
    case 5: return stm_txn_set(txn, key, stm_text("v"));
    case 6: return stm_txn_delete(txn, key);
    case 7: return stm_key_resolve(store, key, &handle);
    case 8: return stm_snapshot_get(snapshot, key, &entry);
    case 9: return stm_txn_use_int64(txn, key, &number);
    case 10: return stm_txn_get_double(txn, key, &real);
    case 11: return stm_txn_use_string(txn, key, &text);
    case 12: return stm_txn_set_string(txn, key, "v");
    case 13: return stm_txn_set_typed(txn, key, stm_text("v"), STM_STRING);
    default: return STM_OK;
    }
}

Test(limits, keys_too_small_and_too_large)
{
    enum { CALLS = 14 };
    static const size_t limits[] = {0, 1, 8, 16, 17, 1024, STM_KEY_SIZE_MAX};
    static const char bytes[STM_KEY_SIZE_MAX + 2];

    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        const stm_options options = {.key_size_max = limits[i]};
        const size_t limit = limits[i] == 0 ? 1024 : limits[i];
        stm_store *store = open_store(&options);
        stm_txn *txn = begin(store, "sizes");
        stm_snapshot *snapshot = take(store, "sizes");
        const struct {
            stm_bytes key;
            stm_status status;
        } keys[] = {
            {NO_BYTES, STM_INVALID},
            {stm_bytes_of(bytes, 0), STM_INVALID},
            {stm_bytes_of(NULL, 3), STM_INVALID},
            {stm_bytes_of(bytes, limit + 1), STM_TOO_LARGE},
            {stm_bytes_of(bytes, STM_KEY_SIZE_MAX + 1), STM_TOO_LARGE},
            {stm_bytes_of(bytes, SIZE_MAX), STM_TOO_LARGE},
        };

        for (size_t k = 0; k < COUNT_OF(keys); k++) {
            for (size_t call = 0; call < CALLS; call++) {
                const stm_status status = give_key(call, store, txn, snapshot, keys[k].key);
                cr_assert(status == keys[k].status, "limit %zu, key %zu, call %zu: %s", limit, k, call,
                          stm_status_name(status));
                stm_txn_reset(txn);
            }
        }
        EQUALS(stats_of(store).keys_known, 0);
        for (size_t call = 0; call < CALLS; call++) {
            const stm_status status = give_key(call, store, txn, snapshot, stm_bytes_of(bytes, limit));
            cr_assert(status == STM_OK || status == STM_NOT_FOUND, "limit %zu, call %zu: %s", limit, call,
                      stm_status_name(status));
            stm_txn_reset(txn);
        }

        stm_snapshot_release(snapshot);
        stm_txn_end(txn);
        close_store(store);
    }
}

Test(limits, value_and_version_refuse_an_empty_key)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "empty");
    stm_bytes value;
    uint64_t version;

    ANSWERS(stm_txn_value(txn, NO_BYTES, &value), STM_INVALID);
    ANSWERS(stm_txn_version(txn, NO_BYTES, &version), STM_INVALID);

    stm_txn_end(txn);
    close_store(store);
}

Test(limits, values_too_large)
{
    static const size_t limits[] = {1, 8, 16, 17, 300, 100000};
    static const char bytes[100001];

    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        const stm_options options = {.value_size_max = limits[i]};
        stm_store *store = open_store(&options);
        stm_txn *txn = begin(store, "sizes");
        stm_key key;

        OK(stm_key_resolve(store, KEY, &key));
        OK(stm_txn_set(txn, KEY, stm_bytes_of(bytes, limits[i])));
        OK(stm_txn_commit(txn));
        ANSWERS(stm_txn_set(txn, KEY, stm_bytes_of(bytes, limits[i] + 1)), STM_TOO_LARGE);
        stm_txn_reset(txn);
        ANSWERS(stm_txn_set(txn, KEY, stm_bytes_of(bytes, SIZE_MAX)), STM_TOO_LARGE);
        stm_txn_reset(txn);
        ANSWERS(stm_txn_set_key(txn, key, stm_bytes_of(bytes, limits[i] + 1)), STM_TOO_LARGE);
        stm_txn_reset(txn);
        ANSWERS(stm_txn_set(txn, KEY, NO_BYTES), STM_INVALID);
        stm_txn_reset(txn);
        ANSWERS(stm_txn_set(txn, KEY, stm_bytes_of(NULL, 1)), STM_INVALID);
        stm_txn_reset(txn);
        cr_assert(holds(store, KEY, stm_bytes_of(bytes, limits[i])));

        stm_txn_end(txn);
        close_store(store);
    }
}

Test(limits, value_of_16_mib_by_default)
{
    const size_t limit = (size_t)16 << 20;
    char *bytes = calloc(1, limit + 1);
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "large");

    cr_assert_not_null(bytes);
    ANSWERS(stm_txn_set(txn, KEY, stm_bytes_of(bytes, limit + 1)), STM_TOO_LARGE);
    stm_txn_reset(txn);
    OK(stm_txn_set(txn, KEY, stm_bytes_of(bytes, limit)));
    OK(stm_txn_commit(txn));
    cr_assert(holds(store, KEY, stm_bytes_of(bytes, limit)));

    stm_txn_end(txn);
    free(bytes);
    close_store(store);
}

/* ---- counts ---- */

Test(limits, too_many_keys_in_a_transaction)
{
    enum { LIMIT = 10 };
    const stm_options options = {.txn_key_count_max = LIMIT};
    stm_store *store = open_store(&options);
    stm_txn *txn = begin(store, "keys");
    stm_bytes keys[LIMIT + 1], value;
    static const char names[] = "abcdefghijk";

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        keys[i] = stm_bytes_of(&names[i], 1);

    OK(stm_txn_using(txn, keys, LIMIT, NULL));
    OK(stm_txn_using(txn, keys, LIMIT, NULL)); /* all held: no more of them */
    OK(stm_txn_set(txn, keys[3], stm_text("x")));
    ANSWERS(stm_txn_peek(txn, keys[LIMIT], &value), STM_NOT_FOUND); /* peek holds nothing */
    ANSWERS(stm_txn_use(txn, keys[LIMIT], NULL), STM_LIMIT);
    OK(stm_txn_value(txn, keys[3], &value));
    stm_txn_reset(txn);

    ANSWERS(stm_txn_using(txn, keys, LIMIT + 1, NULL), STM_LIMIT);
    ANSWERS(stm_txn_value(txn, keys[0], &value), STM_NOT_FOUND);
    stm_txn_reset(txn);

    keys[LIMIT] = keys[0]; /* named twice, held once */
    OK(stm_txn_using(txn, keys, LIMIT + 1, NULL));
    OK(stm_txn_commit(txn));

    stm_txn_end(txn);
    close_store(store);
}

/* Whatever room a transaction happens to have: the limit is the limit. */
Test(limits, keys_in_a_transaction_are_counted_exactly)
{
    for (size_t limit = 1; limit <= 70; limit++) {
        const stm_options options = {.txn_key_count_max = limit};
        stm_store *store = open_store(&options);
        stm_txn *txn = begin(store, "exact");

        for (size_t i = 0; i < limit; i++)
            OK(stm_txn_use(txn, stm_bytes_of(&i, sizeof(i)), NULL));
        ANSWERS(stm_txn_get(txn, KEY, NULL), STM_LIMIT);
        stm_txn_reset(txn);
        OK(stm_txn_set(txn, KEY, stm_text("v")));
        OK(stm_txn_commit(txn));

        stm_txn_end(txn);
        OK(stm_store_close(store));
    }
    assert_no_leak();
}

Test(limits, keys_in_a_transaction_by_default)
{
    enum { LIMIT = 65536 };
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "keys");
    stm_bytes *keys = calloc(LIMIT + 1, sizeof(*keys));
    uint32_t *names = calloc(LIMIT + 1, sizeof(*names));

    cr_assert(keys != NULL && names != NULL);
    for (uint32_t i = 0; i <= LIMIT; i++) {
        names[i] = i;
        keys[i] = stm_bytes_of(&names[i], sizeof(names[i]));
    }
    OK(stm_txn_using(txn, keys, LIMIT, NULL));
    OK(stm_txn_set(txn, keys[LIMIT - 1], stm_text("last")));
    OK(stm_txn_commit(txn));
    ANSWERS(stm_txn_use(txn, keys[LIMIT], NULL), STM_LIMIT);
    stm_txn_reset(txn);
    cr_assert(holds(store, keys[LIMIT - 1], stm_text("last")));

    stm_txn_end(txn);
    free(keys);
    free(names);
    close_store(store);
}

static stm_status set_nothing(stm_txn *txn, void *arg)
{
    (void)txn;
    (void)arg;
    return STM_OK;
}

Test(limits, labels_missing_empty_and_too_long)
{
    char longest[STM_LABEL_SIZE_MAX + 2];
    stm_store *store = open_store(NULL);

    memset(longest, 'l', sizeof(longest));
    longest[STM_LABEL_SIZE_MAX + 1] = '\0';
    const struct {
        const char *label;
        stm_status status;
    } labels[] = {
        {NULL, STM_INVALID},   {"", STM_INVALID}, {longest, STM_TOO_LARGE},
        {longest + 1, STM_OK}, {"l", STM_OK},
    };
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        stm_txn *txn = NULL;
        stm_snapshot *snapshot = NULL;
        ANSWERS(stm_txn_begin(store, labels[i].label, &txn), labels[i].status);
        ANSWERS(stm_snapshot_take(store, labels[i].label, &snapshot), labels[i].status);
        ANSWERS(stm_atomically(store, labels[i].label, NULL, set_nothing, NULL), labels[i].status);
        cr_assert((txn != NULL) == (labels[i].status == STM_OK));
        cr_assert((snapshot != NULL) == (labels[i].status == STM_OK));
        if (txn != NULL)
            cr_assert_str_eq(stm_txn_label(txn), labels[i].label);
        stm_txn_end(txn);
        stm_snapshot_release(snapshot);
    }

    close_store(store);
}

Test(limits, labels_beyond_the_last)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = NULL;
    char label[24];

    for (int i = 0; i < STM_LABEL_COUNT_MAX; i++) {
        snprintf(label, sizeof(label), "label %d", i);
        OK(stm_txn_begin(store, label, &txn));
        cr_assert_str_eq(stm_txn_label(txn), label);
        stm_txn_end(txn);
    }
    ANSWERS(stm_txn_begin(store, "one more", &txn), STM_LIMIT);
    OK(stm_txn_begin(store, "label 0", &txn)); /* known ones serve on */
    OK(stm_txn_set(txn, KEY, stm_text("v")));
    OK(stm_txn_commit(txn));
    stm_txn_end(txn);
    OK(stm_txn_begin(store, label, &txn));
    cr_assert_str_eq(stm_txn_label(txn), label);
    stm_txn_end(txn);

    close_store(store);
}

Test(limits, snapshots_beyond_the_last)
{
    stm_store *store = open_store(NULL);
    stm_snapshot *snapshots[STM_SNAPSHOT_COUNT_MAX], *more = NULL;
    stm_bytes value;

    put(store, "key", "v");
    for (size_t i = 0; i < STM_SNAPSHOT_COUNT_MAX; i++)
        snapshots[i] = take(store, "held");
    ANSWERS(stm_snapshot_take(store, "one more", &more), STM_LIMIT);
    ANSWERS(stm_store_dump(store, stderr), STM_LIMIT);
    stm_txn *txn = begin(store, "goes on"); /* transactions need no snapshot */
    OK(stm_txn_use(txn, KEY, &value));
    OK(stm_txn_commit(txn));
    stm_txn_end(txn);
    stm_snapshot_release(snapshots[17]);
    snapshots[17] = take(store, "one more");
    ANSWERS(stm_snapshot_take(store, "one more", &more), STM_LIMIT);
    for (size_t i = 0; i < STM_SNAPSHOT_COUNT_MAX; i++) {
        SHOWS(snapshots[i], "key", "v");
        stm_snapshot_release(snapshots[i]);
    }

    close_store(store);
}

/* ---- handles ---- */

Test(limits, key_handle_of_another_store_is_foreign)
{
    stm_store *store = open_store(NULL), *other = open_store(NULL);
    stm_txn *txn = begin(store, "foreign");
    stm_key keys[2];
    stm_bytes values[2];

    OK(stm_key_resolve(store, KEY, &keys[0]));
    OK(stm_key_resolve(other, KEY, &keys[1]));
    for (int call = 0; call < 6; call++) {
        ANSWERS(call == 0   ? stm_txn_use_key(txn, keys[1], values)
                : call == 1 ? stm_txn_using_keys(txn, keys, 2, values)
                : call == 2 ? stm_txn_get_key(txn, keys[1], values)
                : call == 3 ? stm_txn_getting_keys(txn, keys, 2, values)
                : call == 4 ? stm_txn_set_key(txn, keys[1], stm_text("x"))
                            : stm_txn_delete_key(txn, keys[1]),
                STM_FOREIGN);
        ANSWERS(stm_txn_value(txn, KEY, values), STM_NOT_FOUND);
        stm_txn_reset(txn);
    }
    LACKS(other, "key");

    stm_txn_end(txn);
    OK(stm_store_close(other));
    close_store(store);
}

Test(limits, key_handle_never_resolved_is_refused)
{
    const stm_key nothing = {NULL, NULL};
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "zero");
    const stm_status status = stm_txn_use_key(txn, nothing, NULL);

    cr_assert(status == STM_INVALID || status == STM_FOREIGN, "%s", stm_status_name(status));
    IS_NOTHING(stm_key_name(nothing));

    stm_txn_end(txn);
    close_store(store);
}

Test(limits, ended_transaction_is_told)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "ended");
    const stm_bytes key = KEY;
    stm_bytes value;
    stm_key handle;
    stm_conflict conflict;
    uint64_t version;
    int64_t number;
    char text[200];

    OK(stm_key_resolve(store, KEY, &handle));
    OK(stm_txn_set(txn, KEY, stm_text("v")));
    stm_txn_end(txn);

    ANSWERS(stm_txn_use(txn, KEY, &value), STM_ENDED);
    ANSWERS(stm_txn_using(txn, &key, 1, &value), STM_ENDED);
    ANSWERS(stm_txn_get(txn, KEY, &value), STM_ENDED);
    ANSWERS(stm_txn_getting(txn, &key, 1, &value), STM_ENDED);
    ANSWERS(stm_txn_peek(txn, KEY, &value), STM_ENDED);
    ANSWERS(stm_txn_value(txn, KEY, &value), STM_ENDED);
    ANSWERS(stm_txn_version(txn, KEY, &version), STM_ENDED);
    ANSWERS(stm_txn_set(txn, KEY, stm_text("x")), STM_ENDED);
    ANSWERS(stm_txn_delete(txn, KEY), STM_ENDED);
    ANSWERS(stm_txn_commit(txn), STM_ENDED);
    ANSWERS(stm_txn_use_key(txn, handle, &value), STM_ENDED);
    ANSWERS(stm_txn_set_key(txn, handle, stm_text("x")), STM_ENDED);
    ANSWERS(stm_txn_get_int64(txn, KEY, &number), STM_ENDED);
    ANSWERS(stm_txn_wait(txn, -1), STM_ENDED);
    EQUALS(stm_txn_id(txn), 0);
    EQUALS(stm_txn_operation(txn), 0);
    EQUALS(stm_txn_conflicts(txn, &conflict, 1), 0);
    stm_txn_explain(txn, text, sizeof(text));
    stm_txn_reset(txn);
    stm_txn_end(txn);
    LACKS(store, "key");

    close_store(store);
}

Test(limits, ended_snapshot_and_cursor_are_told)
{
    stm_store *store = open_store(NULL);
    stm_snapshot *snapshot = take(store, "ended");
    stm_cursor *cursor;
    stm_entry entry;

    put(store, "key", "v");
    OK(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &cursor));
    stm_cursor_close(cursor);
    ANSWERS(stm_cursor_next(cursor, &entry), STM_ENDED);
    stm_cursor_close(cursor);
    stm_snapshot_release(snapshot);
    ANSWERS(stm_snapshot_get(snapshot, KEY, &entry), STM_ENDED);
    ANSWERS(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &cursor), STM_ENDED);
    EQUALS(stm_snapshot_revision(snapshot), 0);
    stm_snapshot_release(snapshot);

    close_store(store);
}

/* ---- NULL ---- */

static bool visit_all(const stm_entry *entry, void *arg)
{
    (void)entry;
    (void)arg;
    return true;
}

Test(limits, null_subjects_are_invalid)
{
    const stm_bytes key = KEY;
    const stm_key handle = {NULL, NULL};
    stm_bytes value;
    stm_txn *txn;
    stm_snapshot *snapshot;
    stm_cursor *cursor;
    stm_entry entry;
    stm_stats stats;
    stm_key resolved;
    stm_hot_key hot;
    stm_conflict conflict;
    uint64_t version;
    stm_type type;
    char text[200];

    ANSWERS(stm_txn_begin(NULL, "null", &txn), STM_INVALID);
    ANSWERS(stm_txn_use(NULL, KEY, &value), STM_INVALID);
    ANSWERS(stm_txn_using(NULL, &key, 1, &value), STM_INVALID);
    ANSWERS(stm_txn_get(NULL, KEY, &value), STM_INVALID);
    ANSWERS(stm_txn_getting(NULL, &key, 1, &value), STM_INVALID);
    ANSWERS(stm_txn_peek(NULL, KEY, &value), STM_INVALID);
    ANSWERS(stm_txn_value(NULL, KEY, &value), STM_INVALID);
    ANSWERS(stm_txn_version(NULL, KEY, &version), STM_INVALID);
    ANSWERS(stm_txn_set(NULL, KEY, key), STM_INVALID);
    ANSWERS(stm_txn_delete(NULL, KEY), STM_INVALID);
    ANSWERS(stm_txn_commit(NULL), STM_INVALID);
    ANSWERS(stm_txn_use_key(NULL, handle, &value), STM_INVALID);
    ANSWERS(stm_txn_using_keys(NULL, &handle, 1, &value), STM_INVALID);
    ANSWERS(stm_txn_get_key(NULL, handle, &value), STM_INVALID);
    ANSWERS(stm_txn_getting_keys(NULL, &handle, 1, &value), STM_INVALID);
    ANSWERS(stm_txn_set_key(NULL, handle, key), STM_INVALID);
    ANSWERS(stm_txn_delete_key(NULL, handle), STM_INVALID);
    ANSWERS(stm_txn_set_int64(NULL, KEY, 1), STM_INVALID);
    ANSWERS(stm_txn_type(NULL, KEY, &type), STM_INVALID);
    ANSWERS(stm_txn_wait(NULL, 0), STM_INVALID);
    ANSWERS(stm_key_resolve(NULL, KEY, &resolved), STM_INVALID);
    ANSWERS(stm_atomically(NULL, "null", NULL, set_nothing, NULL), STM_INVALID);
    ANSWERS(stm_snapshot_take(NULL, "null", &snapshot), STM_INVALID);
    ANSWERS(stm_snapshot_get(NULL, KEY, &entry), STM_INVALID);
    ANSWERS(stm_snapshot_scan(NULL, visit_all, NULL), STM_INVALID);
    ANSWERS(stm_cursor_open(NULL, NO_BYTES, NO_BYTES, &cursor), STM_INVALID);
    ANSWERS(stm_cursor_open_prefix(NULL, KEY, &cursor), STM_INVALID);
    ANSWERS(stm_cursor_next(NULL, &entry), STM_INVALID);
    ANSWERS(stm_store_stats(NULL, &stats), STM_INVALID);
    ANSWERS(stm_store_dump(NULL, stderr), STM_INVALID);
    EQUALS(stm_store_hottest(NULL, &hot, 1), 0);
    EQUALS(stm_txn_conflicts(NULL, &conflict, 1), 0);
    EQUALS(stm_txn_id(NULL), 0);
    EQUALS(stm_txn_operation(NULL), 0);
    EQUALS(stm_snapshot_revision(NULL), 0);
    stm_txn_label(NULL);
    stm_txn_explain(NULL, text, sizeof(text));
    EQUALS(strnlen(text, sizeof(text)) < sizeof(text), true);
    stm_txn_reset(NULL);
    stm_txn_end(NULL);
    stm_snapshot_release(NULL);
    stm_cursor_close(NULL);
}

Test(limits, null_inputs_and_outputs_are_invalid)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "null");
    stm_snapshot *snapshot = take(store, "null");
    stm_cursor *cursor;
    stm_bytes value;

    ANSWERS(stm_txn_begin(store, "null", NULL), STM_INVALID);
    ANSWERS(stm_snapshot_take(store, "null", NULL), STM_INVALID);
    ANSWERS(stm_snapshot_get(snapshot, KEY, NULL), STM_INVALID);
    ANSWERS(stm_snapshot_scan(snapshot, NULL, NULL), STM_INVALID);
    ANSWERS(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, NULL), STM_INVALID);
    ANSWERS(stm_cursor_open_prefix(snapshot, KEY, NULL), STM_INVALID);
    OK(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &cursor));
    ANSWERS(stm_cursor_next(cursor, NULL), STM_INVALID);
    stm_cursor_close(cursor);
    ANSWERS(stm_key_resolve(store, KEY, NULL), STM_INVALID);
    ANSWERS(stm_atomically(store, "null", NULL, NULL, NULL), STM_INVALID);
    ANSWERS(stm_store_stats(store, NULL), STM_INVALID);
    ANSWERS(stm_store_dump(store, NULL), STM_INVALID);
    EQUALS(stm_store_hottest(store, NULL, 0), 0);
    ANSWERS(stm_txn_using(txn, NULL, 1, &value), STM_INVALID);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_getting(txn, NULL, 1, &value), STM_INVALID);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_using_keys(txn, NULL, 1, &value), STM_INVALID);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_set_string(txn, KEY, NULL), STM_INVALID);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_peek(txn, KEY, NULL), STM_INVALID);
    stm_txn_reset(txn);
    OK(stm_txn_using_keys(txn, NULL, 0, NULL)); /* none of no keys: nothing is wrong with that */
    ANSWERS(stm_cursor_open_prefix(snapshot, NO_BYTES, &cursor), STM_INVALID);
    ANSWERS(stm_store_options(NULL, NULL), STM_INVALID);
    ANSWERS(stm_txn_using(NULL, NULL, 1, &value), STM_INVALID);
    EQUALS(stm_txn_attempt(NULL), 0);
    OK(stm_txn_use(txn, KEY, NULL)); /* here a NULL is a wish: no value wanted */
    OK(stm_txn_commit(txn));
    ANSWERS(stm_txn_value(txn, KEY, NULL), STM_INVALID);
    ANSWERS(stm_txn_version(txn, KEY, NULL), STM_INVALID);
    ANSWERS(stm_txn_type(txn, KEY, NULL), STM_INVALID);
    ANSWERS(stm_txn_value(txn, stm_bytes_of("", 0), &value), STM_INVALID);
    EQUALS(stats_of(store).transactions, 1);
    EQUALS(stats_of(store).snapshots, 1);

    stm_snapshot_release(snapshot);
    stm_txn_end(txn);
    close_store(store);
}

/* Zeros where a store should be: memory that was cleared, or never was one. */
Test(limits, what_is_no_store_has_ended)
{
    static _Alignas(64) char zeros[1 << 16];
    stm_store *store = (stm_store *)(void *)zeros;
    stm_txn *txn = NULL;

    ANSWERS(stm_txn_begin(store, "none", &txn), STM_ENDED);
    ANSWERS(stm_store_close(store), STM_ENDED);
    cr_assert_null(txn);
}

/* More than any machine has: refused, or given by one that promises all; but never a crash. */
Test(limits, room_for_all_keys_in_the_world)
{
    const stm_options options = {.size = sizeof(options), .key_count_hint = UINT64_C(1) << 36};
    stm_store *store = NULL;
    const stm_status status = stm_store_open(&options, &store);

    if (status == STM_OK)
        close_store(store);
    else
        ANSWERS(status, STM_NO_MEMORY);
}

/* Keys of the same length and nearly the same hash are still different keys. */
Test(limits, many_names_of_one_length_stay_apart)
{
    const unsigned count = SLOWED_DOWN ? 20000 : 200000;
    const stm_options options = {.size = sizeof(options), .seed = 1};
    stm_store *store = open_store(&options);
    stm_txn *txn = begin(store, "names");
    char name[16];

    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "%012u", i * 2654435761u); /* the first word differs */
        OK(stm_txn_set_int64(txn, stm_text(name), i));
        OK(stm_txn_commit(txn));
        stm_txn_reset(txn);
    }
    EQUALS(stats_of(store).keys_live, count);
    for (unsigned i = 0; i < count; i++) {
        int64_t value = -1;
        snprintf(name, sizeof(name), "%012u", i * 2654435761u);
        OK(stm_txn_get_int64(txn, stm_text(name), &value));
        EQUALS(value, i);
        stm_txn_reset(txn);
    }

    stm_txn_end(txn);
    close_store(store);
}
