/*
 * prefetch_test.c -- a hint is only a hint.
 *
 * What must not happen: that it makes a key, holds one, changes an answer, clears what sticks, or
 * looks at bytes that are not there.
 */
#include "support.h"

Test(prefetch, neither_makes_nor_holds_a_key)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "hint");
    const stm_bytes keys[] = {stm_text("present"), stm_text("absent")};
    uint64_t version;

    put(store, "present", "value");
    const uint64_t known = stats_of(store).keys_known, checkouts = stats_of(store).checkouts;
    stm_txn_prefetch(txn, keys, COUNT_OF(keys));
    EQUALS(stats_of(store).keys_known, known);
    EQUALS(stats_of(store).checkouts, checkouts);
    ANSWERS(stm_txn_version(txn, keys[0], &version), STM_NOT_FOUND);

    put(store, "present", "later"); /* no conflict: nothing was checked out */
    OK(stm_txn_use(txn, keys[0], NULL));
    OK(stm_txn_commit(txn));

    stm_txn_end(txn);
    close_store(store);
}

Test(prefetch, takes_more_keys_than_it_looks_at_in_one_go)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "hint");
    stm_bytes keys[100];

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        keys[i] = stm_text(i % 2 == 0 ? "even" : "odd");
    put(store, "even", "0");
    stm_txn_prefetch(txn, keys, COUNT_OF(keys));
    stm_txn_prefetch(txn, keys, 0);
    EQUALS(stats_of(store).keys_known, 1);

    stm_txn_end(txn);
    close_store(store);
}

Test(prefetch, ignores_what_is_no_key)
{
    stm_store *store = open_store(&(stm_options){.key_size_max = 8});
    stm_txn *txn = begin(store, "hint");
    const char *far_too_large = "x"; /* one byte is there: reading more would be noticed by AddressSanitizer */
    const stm_bytes keys[] = {{NULL, 0}, {NULL, 5}, {"", 0}, {far_too_large, SIZE_MAX}, {far_too_large, 9}};

    stm_txn_prefetch(txn, keys, COUNT_OF(keys));
    stm_txn_prefetch(txn, NULL, 3);
    stm_txn_prefetch(NULL, keys, COUNT_OF(keys));
    EQUALS(stats_of(store).keys_known, 0);

    stm_txn_end(txn);
    stm_txn_prefetch(txn, keys, COUNT_OF(keys)); /* ended */
    close_store(store);
}

Test(prefetch, leaves_alone_what_sticks_and_what_a_conflict_says)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "hint");
    const stm_bytes key = stm_text("key");

    OK(stm_txn_use(txn, key, NULL));
    put(store, "key", "first");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    stm_txn_prefetch(txn, &key, 1);
    ANSWERS(stm_txn_use(txn, key, NULL), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, NULL, 0), 1);

    stm_txn_end(txn);
    close_store(store);
}
