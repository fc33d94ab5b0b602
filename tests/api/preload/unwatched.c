/*
 * unwatched.c -- a program that knows nothing of observers: two commits, one of them a conflict's
 * winner. preload_test runs it with watcher.c preloaded, and alone.
 */
#include <stm/stm.h>

int main(void)
{
    stm_store *store;
    stm_txn *slow, *fast;

    if (stm_store_open(NULL, &store) != STM_OK || stm_txn_begin(store, "slow", &slow) != STM_OK ||
        stm_txn_begin(store, "fast", &fast) != STM_OK)
        return 1;
    if (stm_txn_use(slow, stm_text("key"), NULL) != STM_OK ||
        stm_txn_use(fast, stm_text("key"), NULL) != STM_OK)
        return 2;
    if (stm_txn_commit(fast) != STM_OK || stm_txn_commit(fast) != STM_OK ||
        stm_txn_commit(slow) != STM_CONFLICT)
        return 3;
    stm_txn_end(slow);
    stm_txn_end(fast);
    if (stm_store_close(store) != STM_OK)
        return 4;
    puts("done");
    return 0;
}
