/*
 * key_handle_test.c -- a resolved key is the same key as its name.
 *
 * What must not happen: a transaction holds a key twice because it was named once and once given
 * by handle; a handle goes stale while the store is open, whatever becomes of its key.
 */
#include "support.h"

#include <pthread.h>

#define KEY stm_text("key")

static stm_key resolved(stm_store *store, const char *key)
{
    stm_key handle;

    OK(stm_key_resolve(store, stm_text(key), &handle));
    cr_assert(same_bytes(stm_key_name(handle), stm_text(key)));
    return handle;
}

Test(key_handle, resolving_makes_the_key_without_a_value)
{
    stm_store *store = open_store(NULL);
    const stm_key key = resolved(store, "key");
    stm_txn *txn = begin(store, "new");
    stm_bytes value;
    uint64_t version;

    EQUALS(stats_of(store).keys_known, 1);
    EQUALS(stats_of(store).keys_live, 0);
    ANSWERS(stm_txn_get_key(txn, key, &value), STM_NOT_FOUND);
    IS_NOTHING(value);
    OK(stm_txn_use_key(txn, key, &value));
    IS_NOTHING(value);
    OK(stm_txn_version(txn, KEY, &version));
    EQUALS(version, 0);

    stm_txn_end(txn);
    close_store(store);
}

Test(key_handle, and_name_hold_one_private_copy)
{
    stm_store *store = open_store(NULL);
    const stm_key key = resolved(store, "key"), again = resolved(store, "key");
    stm_txn *txn = begin(store, "mixed");
    stm_bytes value;

    OK(stm_txn_set(txn, KEY, stm_text("by name")));
    OK(stm_txn_use_key(txn, key, &value));
    IS_TEXT(value, "by name");
    OK(stm_txn_set_key(txn, again, stm_text("by handle")));
    OK(stm_txn_value(txn, KEY, &value));
    IS_TEXT(value, "by handle");
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"), 1);
    OK(stm_txn_delete_key(txn, key));
    ANSWERS(stm_txn_get(txn, KEY, &value), STM_NOT_FOUND);
    OK(stm_txn_commit(txn));
    LACKS(store, "key");

    stm_txn_end(txn);
    close_store(store);
}

/* One of another store's, and one never resolved. */
Test(key_handle, that_is_none_of_the_store_is_refused)
{
    stm_store *store = open_store(NULL), *other = open_store(NULL);
    const stm_key foreign = resolved(other, "key"), empty = {.store = store};
    stm_txn *txn = begin(store, "refused");
    stm_bytes value;

    ANSWERS(stm_txn_use_key(txn, foreign, &value), STM_FOREIGN);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_use_key(txn, empty, &value), STM_INVALID);
    stm_txn_reset(txn);
    EQUALS(stats_of(store).keys_known, 0);
    OK(stm_txn_use_key(txn, resolved(store, "key"), &value));

    stm_txn_end(txn);
    OK(stm_store_close(other));
    close_store(store);
}

Test(key_handle, many_at_one_instant)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "many");
    const stm_key keys[] = {resolved(store, "b"), resolved(store, "absent"), resolved(store, "a"),
                            resolved(store, "b")};
    stm_bytes values[4];

    put(store, "a", "of a");
    put(store, "b", "of b");
    OK(stm_txn_getting_keys(txn, keys, 4, values));
    IS_TEXT(values[0], "of b");
    IS_NOTHING(values[1]);
    IS_TEXT(values[2], "of a");
    IS_TEXT(values[3], "of b");
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "b"), 1); /* only read */
    stm_txn_reset(txn);
    OK(stm_txn_using_keys(txn, keys, 4, values));
    IS_TEXT(values[2], "of a");
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "b"), 2);
    EQUALS(version_now(store, "absent"), 1);
    put(store, "a", "changed");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);

    stm_txn_end(txn);
    close_store(store);
}

Test(key_handle, conflicts_and_promotes_as_its_name_does)
{
    stm_store *store = open_store(NULL);
    const stm_key key = resolved(store, "key");
    stm_txn *txn = begin(store, "same");
    stm_conflict conflict;
    stm_bytes value;

    put(store, "key", "1");
    OK(stm_txn_get_key(txn, key, &value));
    IS_TEXT(value, "1");
    OK(stm_txn_set_key(txn, key, stm_text("2")));
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"), 2);
    put(store, "key", "3");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, &conflict, 1), 1);
    cr_assert(same_bytes(conflict.key, KEY));
    cr_assert(conflict.update);

    stm_txn_end(txn);
    close_store(store);
}

/* Deleted, made again, and the index grown under it many times: still the same key. */
Test(key_handle, stays_valid_until_the_store_is_closed)
{
    stm_store *store = open_store(NULL);
    const stm_key key = resolved(store, "key");
    stm_txn *txn = begin(store, "stays");
    stm_bytes value;

    for (int round = 0; round < 10; round++) {
        put(store, "key", "there");
        for (int i = 0; i < 3000; i++) {
            const int name[2] = {round, i};
            OK(stm_txn_set(txn, stm_bytes_of(name, sizeof(name)), stm_text("x")));
        }
        OK(stm_txn_commit(txn));
        stm_txn_reset(txn);
        OK(stm_txn_use_key(txn, key, &value));
        IS_TEXT(value, "there");
        OK(stm_txn_delete_key(txn, key));
        OK(stm_txn_commit(txn));
        LACKS(store, "key");
        stm_txn_reset(txn);
    }
    EQUALS(version_now(store, "key"), 20);
    cr_assert(same_bytes(stm_key_name(key), KEY));

    stm_txn_end(txn);
    close_store(store);
}

struct resolver {
    stm_store *store;
    stm_key keys[500];
    int failed;
};

static void *resolve_all(void *arg)
{
    struct resolver *resolver = arg;

    for (int i = 0; i < 500; i++)
        resolver->failed +=
            stm_key_resolve(resolver->store, stm_bytes_of(&i, sizeof(i)), &resolver->keys[i]) != STM_OK;
    return NULL;
}

/* Two threads that resolve the same new keys at the same time must mean the same keys. */
Test(key_handle, resolved_by_two_threads_is_one_key)
{
    static struct resolver resolvers[2];
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "both");
    pthread_t threads[2];

    for (size_t t = 0; t < 2; t++) {
        resolvers[t].store = store;
        cr_assert_eq(pthread_create(&threads[t], NULL, resolve_all, &resolvers[t]), 0);
    }
    for (size_t t = 0; t < 2; t++)
        pthread_join(threads[t], NULL);
    EQUALS(resolvers[0].failed + resolvers[1].failed, 0);
    for (int i = 0; i < 500; i++) {
        stm_bytes value;
        OK(stm_txn_set_key(txn, resolvers[0].keys[i], stm_bytes_of(&i, sizeof(i))));
        OK(stm_txn_use_key(txn, resolvers[1].keys[i], &value));
        IS_BYTES(value, stm_bytes_of(&i, sizeof(i)));
    }
    OK(stm_txn_commit(txn));
    EQUALS(stats_of(store).keys_known, 500);

    stm_txn_end(txn);
    close_store(store);
}
