/*
 * STM_ATOMICALLY -- "atomically using account_one, account_two": a block of code as a transaction.
 *
 * The keys are checked out at one instant, the block runs, and is committed; after CONFLICT or
 * BUSY it runs again. Two threads move money to and fro; what they share is always 100.
 */
#include "../check.h"

#include <pthread.h>

enum { MOVE_COUNT = 5000 };

static void move(stm_store *store, int64_t amount)
{
    STM_ATOMICALLY(store, txn, "move", "account_one", "account_two") {
        int64_t one = 0, two = 0;
        CHECK_OK(stm_txn_use_int64(txn, stm_text("account_one"), &one));
        CHECK_OK(stm_txn_use_int64(txn, stm_text("account_two"), &two));
        CHECK_OK(stm_txn_set_int64(txn, stm_text("account_one"), one - amount));
        CHECK_OK(stm_txn_set_int64(txn, stm_text("account_two"), two + amount));
    }
    CHECK_OK(stm_atomically_status());
}

static void *move_back(void *store)
{
    for (int i = 0; i < MOVE_COUNT; i++)
        move(store, -1);
    return NULL;
}

int main(void)
{
    stm_store *store;
    pthread_t other;

    CHECK_OK(stm_store_open(NULL, &store));
    STM_ATOMICALLY(store, txn, "open accounts", "account_one", "account_two") {
        CHECK_OK(stm_txn_set_int64(txn, stm_text("account_one"), 100));
        CHECK_OK(stm_txn_set_int64(txn, stm_text("account_two"), 0));
    }
    CHECK_OK(stm_atomically_status());

    CHECK(pthread_create(&other, NULL, move_back, store) == 0);
    for (int i = 0; i < MOVE_COUNT; i++)
        move(store, 1);
    CHECK(pthread_join(other, NULL) == 0);

    int64_t one = 0, two = 0;
    STM_ATOMICALLY(store, txn, "look", "account_one", "account_two") {
        CHECK_OK(stm_txn_get_int64(txn, stm_text("account_one"), &one));
        CHECK_OK(stm_txn_get_int64(txn, stm_text("account_two"), &two));
        stm_txn_reset(txn); /* publish nothing */
    }
    CHECK(one == 100 && two == 0);
    printf("after %d moves each way: %d and %d\n", MOVE_COUNT, (int)one, (int)two);

    CHECK_OK(stm_store_close(store));
    return 0;
}
