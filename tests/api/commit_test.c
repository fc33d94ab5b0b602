/*
 * commit_test.c -- what a commit publishes, and what it leaves of the transaction.
 *
 * What must not happen: a commit that answers OK leaves one of its keys out, publishes one twice or
 * publishes one only read; a transaction that was reset or ended leaves a trace in the store; an
 * id or operation is used for two different things.
 */
#include "support.h"

#include <pthread.h>

#define KEY stm_text("key")

Test(commit, of_nothing_succeeds)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "nothing");

    OK(stm_txn_commit(txn));
    OK(stm_txn_using(txn, NULL, 0, NULL));
    OK(stm_txn_commit(txn));

    stm_txn_end(txn);
    close_store(store);
}

Test(commit, publishes_keys_for_update_once_and_keys_for_read_not)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "both");
    stm_bytes value;

    put(store, "read", "r");
    put(store, "used", "u");
    put(store, "deleted", "d");
    OK(stm_txn_get(txn, stm_text("read"), &value));
    OK(stm_txn_use(txn, stm_text("used"), &value));
    OK(stm_txn_set(txn, stm_text("set"), stm_text("1")));
    OK(stm_txn_set(txn, stm_text("set"), stm_text("2")));
    OK(stm_txn_delete(txn, stm_text("deleted")));
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "read"), 1);
    EQUALS(version_now(store, "used"), 2);
    EQUALS(version_now(store, "set"), 1);
    EQUALS(version_now(store, "deleted"), 2);
    HOLDS(store, "read", "r");
    HOLDS(store, "used", "u");
    HOLDS(store, "set", "2");
    LACKS(store, "deleted");

    stm_txn_end(txn);
    close_store(store);
}

Test(commit, of_reads_only_changes_nothing_and_can_be_repeated)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "reads");
    stm_bytes value;

    put(store, "key", "1");
    OK(stm_txn_get(txn, KEY, &value));
    ANSWERS(stm_txn_get(txn, stm_text("absent"), &value), STM_NOT_FOUND);
    for (int i = 0; i < 5; i++)
        OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"), 1);
    EQUALS(version_now(store, "absent"), 0);
    put(store, "absent", "no more");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);

    stm_txn_end(txn);
    close_store(store);
}

Test(commit, delete_and_set_in_any_order)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "order");

    OK(stm_txn_delete(txn, KEY)); /* never had a value: fine, and published */
    OK(stm_txn_commit(txn));
    LACKS(store, "key");
    OK(stm_txn_delete(txn, KEY));
    OK(stm_txn_set(txn, KEY, stm_text("1")));
    OK(stm_txn_commit(txn));
    HOLDS(store, "key", "1");
    OK(stm_txn_set(txn, KEY, stm_text("2")));
    OK(stm_txn_delete(txn, KEY));
    OK(stm_txn_commit(txn));
    LACKS(store, "key");
    EQUALS(version_now(store, "key"), 3);

    stm_txn_end(txn);
    close_store(store);
}

/* The same transaction, a hundred times, never checking out again. */
Test(commit, leaves_the_transaction_current)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "current");
    uint64_t version;

    for (uint64_t i = 1; i <= 100; i++) {
        OK(stm_txn_set_int64(txn, KEY, (int64_t)i));
        OK(stm_txn_use(txn, stm_text("other"), NULL));
        OK(stm_txn_commit(txn));
        OK(stm_txn_version(txn, KEY, &version));
        EQUALS(version, i);
        OK(stm_txn_version(txn, stm_text("other"), &version));
        EQUALS(version, i);
    }

    stm_txn_end(txn);
    close_store(store);
}

Test(commit, reset_and_end_abandon_what_was_not_committed)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "abandon");
    stm_bytes value;

    OK(stm_txn_set(txn, KEY, stm_text("1")));
    stm_txn_reset(txn);
    OK(stm_txn_commit(txn));
    LACKS(store, "key");
    ANSWERS(stm_txn_value(txn, KEY, &value), STM_NOT_FOUND);
    OK(stm_txn_set(txn, KEY, stm_text("2")));
    stm_txn_end(txn);
    LACKS(store, "key");
    EQUALS(version_now(store, "key"), 0);
    stm_txn_reset(NULL);
    stm_txn_end(NULL);

    close_store(store);
}

Test(commit, id_is_new_and_operation_constant_over_attempts)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "numbers"), *other = begin(store, "numbers");
    const uint64_t first = stm_txn_id(txn);

    cr_assert_neq(first, 0);
    cr_assert_neq(first, stm_txn_id(other));
    EQUALS(stm_txn_operation(txn), first);

    OK(stm_txn_use(txn, KEY, NULL));
    put(store, "key", "1");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    stm_txn_reset(txn);
    const uint64_t second = stm_txn_id(txn);
    cr_assert_neq(second, first);
    EQUALS(stm_txn_operation(txn), first); /* the same wish, tried again */

    OK(stm_txn_set(txn, KEY, stm_text("2")));
    OK(stm_txn_commit(txn));
    const uint64_t third = stm_txn_id(txn);
    cr_assert_neq(third, second);
    cr_assert_neq(third, first);
    EQUALS(stm_txn_operation(txn), third); /* done; what comes now is another one */

    stm_txn_reset(txn);
    cr_assert_neq(stm_txn_id(txn), third);
    EQUALS(stm_txn_operation(txn), stm_txn_id(txn));
    cr_assert_str_eq(stm_txn_label(txn), "numbers");

    stm_txn_end(txn);
    stm_txn_end(other);
    close_store(store);
}

Test(commit, ids_are_unique_in_the_store)
{
    enum { IDS = 3000 };
    static uint64_t ids[IDS];
    stm_store *store = open_store(NULL);

    for (size_t i = 0; i < IDS; i += 3) { /* handles come and go, and serve several transactions each */
        stm_txn *txn = begin(store, "id");
        ids[i] = stm_txn_id(txn);
        OK(stm_txn_set(txn, KEY, stm_text("x")));
        OK(stm_txn_commit(txn));
        ids[i + 1] = stm_txn_id(txn);
        stm_txn_reset(txn);
        ids[i + 2] = stm_txn_id(txn);
        stm_txn_end(txn);
    }
    for (size_t i = 0; i < IDS; i++) {
        cr_assert_neq(ids[i], 0);
        for (size_t j = 0; j < i; j++)
            cr_assert(ids[i] != ids[j], "transactions %zu and %zu have the same id", j, i);
    }

    close_store(store);
}

Test(commit, label_is_copied)
{
    stm_store *store = open_store(NULL);
    char label[] = "transfer";
    stm_txn *txn = begin(store, label);

    memset(label, 'x', sizeof(label) - 1);
    cr_assert_str_eq(stm_txn_label(txn), "transfer");
    const char *kept = stm_txn_label(txn);
    stm_txn_end(txn);
    cr_assert_str_eq(kept, "transfer"); /* until the store is closed */

    close_store(store);
}

struct errand {
    stm_txn *txn;
    stm_status status;
};

static void *commit_elsewhere(void *arg)
{
    struct errand *errand = arg;

    errand->status = stm_txn_set(errand->txn, stm_text("elsewhere"), stm_text("2"));
    if (errand->status == STM_OK)
        errand->status = stm_txn_commit(errand->txn);
    return NULL;
}

/* Begun here, edited and committed there, gone on with here. */
Test(commit, transaction_moves_between_threads)
{
    stm_store *store = open_store(NULL);
    struct errand errand = {begin(store, "moves"), STM_INVALID};
    pthread_t thread;

    OK(stm_txn_set(errand.txn, KEY, stm_text("1")));
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(pthread_create(&thread, NULL, commit_elsewhere, &errand), 0);
        cr_assert_eq(pthread_join(thread, NULL), 0);
        OK(errand.status);
        OK(stm_txn_commit(errand.txn));
    }
    HOLDS(store, "key", "1");
    HOLDS(store, "elsewhere", "2");
    EQUALS(version_now(store, "elsewhere"), 6);

    stm_txn_end(errand.txn);
    close_store(store);
}

/* Many handles open at once, each with something private; ended in another order than begun. */
Test(commit, a_thousand_transactions_open_at_once)
{
    enum { OPEN = 1000 };
    static stm_txn *txns[OPEN];
    stm_store *store = open_store(NULL);

    for (size_t i = 0; i < OPEN; i++) {
        txns[i] = begin(store, "open");
        OK(stm_txn_set(txns[i], stm_bytes_of(&i, sizeof(i)), stm_bytes_of(&i, sizeof(i))));
    }
    EQUALS(stats_of(store).transactions, OPEN);
    for (size_t i = 0; i < OPEN; i++) {
        const size_t at = i * 7 % OPEN;
        OK(stm_txn_commit(txns[at]));
        stm_txn_end(txns[at]);
    }
    for (size_t i = 0; i < OPEN; i++)
        cr_assert(holds(store, stm_bytes_of(&i, sizeof(i)), stm_bytes_of(&i, sizeof(i))));
    EQUALS(stats_of(store).transactions, 0);

    close_store(store);
}

/* Many keys, every other one only read: a change of any that was read is found, and those that were not set by anybody
 * else are not taken for changed. */
Test(commit, of_many_keys_checks_those_only_read)
{
    enum { MANY = 40 };
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "every other one");

    for (unsigned changed = 0; changed <= MANY; changed++) { /* in the end none */
        stm_conflict conflict;
        for (unsigned i = 0; i < MANY; i++) {
            const stm_bytes key = stm_bytes_of(&i, sizeof(i));
            if (i % 2 == 0)
                OK(stm_txn_set(txn, key, key));
            else
                cr_assert(stm_txn_get(txn, key, NULL) <= STM_NOT_FOUND);
        }
        if (changed == MANY) {
            OK(stm_txn_commit(txn));
            break;
        }
        put_bytes(store, stm_bytes_of(&changed, sizeof(changed)), stm_text("theirs"));
        ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
        EQUALS(stm_txn_conflicts(txn, &conflict, 1), 1);
        cr_assert(same_bytes(conflict.key, stm_bytes_of(&changed, sizeof(changed))));
        EQUALS(conflict.update, changed % 2 == 0);
        stm_txn_reset(txn);
    }

    stm_txn_end(txn);
    close_store(store);
}
