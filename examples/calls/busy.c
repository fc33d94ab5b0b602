/*
 * busy -- the loop around a transaction that is written by hand, and what each status asks for.
 *
 * CONFLICT: what was checked out is no longer true: reset, check out, and edit again.
 * BUSY: all is still true, another commit holds a key at this very moment: commit again.
 * Four threads count in one key; each of their 4 x 5,000 increments must be there in the end.
 */
#include "../check.h"

#include <pthread.h>

enum { THREAD_COUNT = 4, INCREMENT_COUNT = 5000 };

static stm_status increment(stm_txn *txn)
{
    for (;;) {
        int64_t count = 0;
        stm_status status = stm_txn_use_int64(txn, stm_text("count"), &count);
        if (status == STM_OK)
            status = stm_txn_set_int64(txn, stm_text("count"), count + 1);
        if (status == STM_OK) {
            do
                status = stm_txn_commit(txn);
            while (status == STM_BUSY);
        }
        stm_txn_reset(txn);
        if (status != STM_CONFLICT && status != STM_BUSY)
            return status; /* OK, or something that trying again will not mend */
    }
}

static void *count(void *store)
{
    stm_txn *txn;
    CHECK_OK(stm_txn_begin(store, "count", &txn));
    for (int i = 0; i < INCREMENT_COUNT; i++)
        CHECK_OK(increment(txn));
    stm_txn_end(txn);
    return NULL;
}

int main(void)
{
    stm_store *store;
    stm_txn *txn;
    pthread_t threads[THREAD_COUNT];
    int64_t total = 0;

    CHECK_OK(stm_store_open(NULL, &store));
    for (int i = 0; i < THREAD_COUNT; i++)
        CHECK(pthread_create(&threads[i], NULL, count, store) == 0);
    for (int i = 0; i < THREAD_COUNT; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);

    CHECK_OK(stm_txn_begin(store, "look", &txn));
    CHECK_OK(stm_txn_get_int64(txn, stm_text("count"), &total));
    CHECK(total == THREAD_COUNT * INCREMENT_COUNT);
    printf("count = %d\n", (int)total);

    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    return 0;
}
