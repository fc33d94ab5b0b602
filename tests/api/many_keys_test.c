/*
 * many_keys_test.c -- a transaction of many keys finds each of them again, in whatever order it asks.
 *
 * What must not happen: a set, a look or a delete goes to another key than the one named; a commit of many keys, which are
 * put into one order first, leaves one out or publishes one twice.
 */
#include "support.h"

#define COUNT_MAX 600

static char texts[COUNT_MAX][32];

static stm_bytes name_of(size_t i)
{
    return stm_text(texts[i]);
}

/* Of three sizes, and in no order of their bytes. */
static void name_all(void)
{
    for (size_t i = 0; i < COUNT_MAX; i++)
        snprintf(texts[i], sizeof texts[i], "%zu%.*s", i * 7919 % COUNT_MAX, (int)(i % 3 * 8), ":abcdefghijklmnop");
}

/* The i-th key to be set: as checked out, backwards, or here and there. */
static size_t forwards(size_t i, size_t count)
{
    (void)count;
    return i;
}

static size_t backwards(size_t i, size_t count)
{
    return count - 1 - i;
}

static size_t here_and_there(size_t i, size_t count)
{
    return i % 2 == 0 ? i / 2 : count - 1 - i / 2;
}

static size_t (*const orders[])(size_t, size_t) = {forwards, backwards, here_and_there};
static const size_t counts[] = {1, 8, 9, 10, 23, 24, 58, 256, 257, COUNT_MAX};

static void check_out(stm_txn *txn, size_t count)
{
    static stm_bytes names[COUNT_MAX];

    for (size_t i = 0; i < count; i++)
        names[i] = name_of(i);
    OK(stm_txn_using(txn, names, count, NULL));
}

static void assert_numbers(stm_store *store, size_t count, int64_t first, uint64_t version)
{
    stm_txn *txn = begin(store, "look");

    for (size_t i = 0; i < count; i++) {
        int64_t number = -1;
        uint64_t found = 0;
        OK(stm_txn_get_int64(txn, name_of(i), &number));
        OK(stm_txn_version(txn, name_of(i), &found));
        EQUALS(number, first + (int64_t)i);
        EQUALS(found, version);
    }
    stm_txn_end(txn);
}

Test(many_keys, are_set_in_any_order)
{
    stm_store *store = open_store(NULL);
    uint64_t version = 0;
    int64_t first = 0;

    name_all();
    stm_txn *txn = begin(store, "many");
    for (size_t c = COUNT_OF(counts); c-- > 0; version = 0) {
        for (size_t o = 0; o < COUNT_OF(orders); o++) {
            check_out(txn, counts[c]);
            first += 1000;
            for (size_t i = 0; i < counts[c]; i++) {
                const size_t key = orders[o](i, counts[c]);
                OK(stm_txn_set_int64(txn, name_of(key), first + (int64_t)key));
            }
            OK(stm_txn_version(txn, name_of(0), &version));
            OK(stm_txn_commit(txn));
            stm_txn_reset(txn);
            assert_numbers(store, counts[c], first, version + 1);
        }
    }
    stm_txn_end(txn);
    close_store(store);
}

Test(many_keys, are_set_by_handle_in_any_order)
{
    static stm_key handles[COUNT_MAX];
    stm_store *store = open_store(NULL);

    name_all();
    for (size_t i = 0; i < COUNT_MAX; i++)
        OK(stm_key_resolve(store, name_of(i), &handles[i]));
    stm_txn *txn = begin(store, "many");
    for (size_t o = 0; o < COUNT_OF(orders); o++) {
        OK(stm_txn_using_keys(txn, handles, COUNT_MAX, NULL));
        for (size_t i = 0; i < COUNT_MAX; i++) {
            const size_t key = orders[o](i, COUNT_MAX);
            const int64_t number = (int64_t)(o * 1000 + key);
            OK(stm_txn_set_key(txn, handles[key], stm_bytes_of(&number, sizeof number)));
        }
        OK(stm_txn_commit(txn));
        stm_txn_reset(txn);
        for (size_t i = 0; i < COUNT_MAX; i++) {
            stm_bytes value;
            int64_t number;
            OK(stm_txn_get_key(txn, handles[i], &value));
            memcpy(&number, value.data, sizeof number);
            EQUALS(number, o * 1000 + i);
        }
        stm_txn_reset(txn);
    }
    stm_txn_end(txn);
    close_store(store);
}

/* One that is not held is not taken for the one that is expected next, and is checked out with the others. */
Test(many_keys, do_not_hide_one_more)
{
    stm_store *store = open_store(NULL);

    name_all();
    stm_txn *txn = begin(store, "many");
    check_out(txn, 40);
    for (size_t i = 0; i < 40; i += 2) {
        stm_bytes value;
        OK(stm_txn_set_int64(txn, name_of(i), 1));
        ANSWERS(stm_txn_value(txn, name_of(40 + i), &value), STM_NOT_FOUND);
        OK(stm_txn_set_int64(txn, name_of(40 + i), 2));
        OK(stm_txn_delete(txn, name_of(i + 1)));
    }
    OK(stm_txn_commit(txn));
    for (size_t i = 0; i < 40; i += 2) {
        int64_t number = 0;
        OK(stm_txn_use_int64(txn, name_of(i), &number));
        EQUALS(number, 1);
        OK(stm_txn_use_int64(txn, name_of(40 + i), &number));
        EQUALS(number, 2);
        LACKS(store, texts[i + 1]);
        EQUALS(version_now(store, texts[i + 1]), 1);
    }
    stm_txn_end(txn);
    close_store(store);
}
