/*
 * sticky_test.c -- failures stick, so that a forgotten check cannot commit half a change.
 *
 * What must not happen: a call after a failure answers anything but that failure, before a reset,
 * or changes the store; or a status that must not stick (NOT_FOUND, WRONG_TYPE, TIMEOUT) does.
 */
#include "support.h"

#define KEY stm_text("key")
#define KEY_COUNT_MAX 8

/* ---- ways to fail ---- */

static stm_status fail_conflict(stm_store *store, stm_txn *txn)
{
    OK(stm_txn_use(txn, KEY, NULL));
    put(store, "key", "changed");
    return stm_txn_commit(txn);
}

static stm_status fail_invalid_key(stm_store *store, stm_txn *txn)
{
    (void)store;
    return stm_txn_use(txn, NO_BYTES, NULL);
}

static stm_status fail_invalid_value(stm_store *store, stm_txn *txn)
{
    (void)store;
    return stm_txn_set(txn, KEY, NO_BYTES);
}

static stm_status fail_key_too_large(stm_store *store, stm_txn *txn)
{
    static const char key[2000];

    (void)store;
    return stm_txn_get(txn, stm_bytes_of(key, sizeof(key)), NULL);
}

static stm_status fail_value_too_large(stm_store *store, stm_txn *txn)
{
    static const char value[2000];

    (void)store;
    return stm_txn_set(txn, KEY, stm_bytes_of(value, sizeof(value)));
}

static stm_status fail_too_many_keys(stm_store *store, stm_txn *txn)
{
    stm_bytes keys[KEY_COUNT_MAX + 1];
    char names[KEY_COUNT_MAX + 1];

    (void)store;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        names[i] = (char)('a' + i);
        keys[i] = stm_bytes_of(&names[i], 1);
    }
    return stm_txn_using(txn, keys, COUNT_OF(keys), NULL);
}

static stm_status fail_foreign_key(stm_store *store, stm_txn *txn)
{
    stm_store *other = open_store(NULL);
    stm_key key;

    (void)store;
    OK(stm_key_resolve(other, KEY, &key));
    const stm_status status = stm_txn_use_key(txn, key, NULL);
    OK(stm_store_close(other));
    return status;
}

static const struct {
    stm_status (*fail)(stm_store *store, stm_txn *txn);
    stm_status status;
} failures[] = {
    {fail_conflict, STM_CONFLICT},         {fail_invalid_key, STM_INVALID},
    {fail_invalid_value, STM_INVALID},     {fail_key_too_large, STM_TOO_LARGE},
    {fail_value_too_large, STM_TOO_LARGE}, {fail_too_many_keys, STM_LIMIT},
    {fail_foreign_key, STM_FOREIGN},
};

/* ---- calls after it ---- */

static const stm_key *handle_of(stm_store *store)
{
    static stm_key key;

    OK(stm_key_resolve(store, KEY, &key));
    return &key;
}

#define CALLS_COUNT 21

static stm_status call(size_t number, stm_store *store, stm_txn *txn)
{
    const stm_bytes keys[] = {KEY, stm_text("other")};
    const stm_key *handle = handle_of(store);
    stm_bytes values[2];
    int64_t integer = 0;
    double real = 0;
    const char *text = "";

    switch (number) {
    case 0: return stm_txn_use(txn, KEY, NULL);
    case 1: return stm_txn_using(txn, keys, 2, NULL);
    case 2: return stm_txn_get(txn, KEY, NULL);
    case 3: return stm_txn_getting(txn, keys, 2, values);
    case 4: return stm_txn_peek(txn, KEY, values);
    case 5: return stm_txn_set(txn, KEY, stm_text("x"));
    case 6: return stm_txn_delete(txn, KEY);
    case 7: return stm_txn_commit(txn);
    case 8: return stm_txn_use_key(txn, *handle, NULL);
    case 9: return stm_txn_using_keys(txn, handle, 1, NULL);
    case 10: return stm_txn_get_key(txn, *handle, NULL);
    case 11: return stm_txn_getting_keys(txn, handle, 1, values);
    case 12: return stm_txn_set_key(txn, *handle, stm_text("x"));
    case 13: return stm_txn_delete_key(txn, *handle);
    case 14: return stm_txn_use_int64(txn, KEY, &integer);
    case 15: return stm_txn_get_double(txn, KEY, &real);
    case 16: return stm_txn_get_string(txn, KEY, &text);
    case 17: return stm_txn_set_int64(txn, KEY, 1);
    case 18: return stm_txn_set_string(txn, KEY, "x");
    case 19: return stm_txn_wait(txn, 0);
    case 20:
        return stm_txn_use(txn, NO_BYTES, NULL); /* wrong in itself, but the first failure stands */
    default: return STM_OK;
    }
}

Test(sticky, every_call_after_a_failure_repeats_it)
{
    const stm_options options = {.value_size_max = 1000, .txn_key_count_max = KEY_COUNT_MAX};

    for (size_t f = 0; f < COUNT_OF(failures); f++) {
        stm_store *store = open_store(&options);
        stm_txn *txn = begin(store, "sticky");

        for (size_t c = 0; c < CALLS_COUNT; c++) {
            put(store, "key", "before");
            ANSWERS(failures[f].fail(store, txn), failures[f].status);
            const uint64_t version = version_now(store, "key");
            for (int again = 0; again < 2; again++) {
                const stm_status status = call(c, store, txn);
                cr_assert(status == failures[f].status, "call %zu after %s answered %s", c,
                          stm_status_name(failures[f].status), stm_status_name(status));
            }
            EQUALS(version_now(store, "key"), version);
            stm_txn_reset(txn);
            OK(stm_txn_set(txn, KEY, stm_text("after")));
            OK(stm_txn_commit(txn));
            stm_txn_reset(txn);
        }

        stm_txn_end(txn);
        close_store(store);
    }
}

/* The checks were forgotten, and the last commit must know it. */
Test(sticky, half_a_change_is_not_committed)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "careless");
    stm_bytes value;

    OK(stm_txn_set(txn, stm_text("debit"), stm_text("-10")));
    ANSWERS(stm_txn_set(txn, NO_BYTES, stm_text("+10")), STM_INVALID);
    ANSWERS(stm_txn_commit(txn), STM_INVALID);
    LACKS(store, "debit");
    OK(stm_txn_value(txn, stm_text("debit"), &value)); /* still there to be looked at */
    IS_TEXT(value, "-10");

    stm_txn_end(txn);
    close_store(store);
}

Test(sticky, what_is_no_failure_does_not_stick)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "goes on");
    stm_bytes value;
    int64_t number = 0;
    uint64_t version;

    put(store, "text", "text");
    ANSWERS(stm_txn_get(txn, KEY, &value), STM_NOT_FOUND);
    ANSWERS(stm_txn_peek(txn, stm_text("absent"), &value), STM_NOT_FOUND);
    ANSWERS(stm_txn_value(txn, stm_text("absent"), &value), STM_NOT_FOUND);
    ANSWERS(stm_txn_version(txn, stm_text("absent"), &version), STM_NOT_FOUND);
    ANSWERS(stm_txn_value(txn, NO_BYTES, &value), STM_INVALID); /* a look, never changes txn */
    ANSWERS(stm_txn_version(txn, NO_BYTES, &version), STM_INVALID);
    ANSWERS(stm_txn_get_int64(txn, stm_text("text"), &number), STM_WRONG_TYPE);
    ANSWERS(stm_txn_use_int64(txn, stm_text("text"), &number), STM_WRONG_TYPE);
    ANSWERS(stm_txn_wait(txn, 0), STM_TIMEOUT);
    OK(stm_txn_set(txn, KEY, stm_text("1")));
    OK(stm_txn_commit(txn));
    HOLDS(store, "key", "1");

    stm_txn_end(txn);
    close_store(store);
}
