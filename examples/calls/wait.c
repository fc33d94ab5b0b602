/*
 * wait -- sleeps until a key that the transaction has checked out is changed by somebody.
 *
 * The order is: look, and if it is not there yet, wait, reset, look again. Nothing can be missed
 * between the look and the sleep, because wait compares versions: no lock, no condition variable.
 */
#include "../check.h"

#include <pthread.h>

static void *send_letter(void *store)
{
    stm_txn *txn;
    CHECK_OK(stm_txn_begin(store, "send", &txn));
    CHECK_OK(stm_txn_set(txn, stm_text("letter"), stm_text("Dear reader")));
    CHECK_OK(stm_txn_commit(txn));
    stm_txn_end(txn);
    return NULL;
}

int main(void)
{
    stm_store *store;
    stm_txn *txn;
    pthread_t sender;
    stm_bytes letter;

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "receive", &txn));

    CHECK(stm_txn_get(txn, stm_text("letter"), &letter) == STM_NOT_FOUND); /* the absence is held, */
    CHECK(stm_txn_wait(txn, 1000000) == STM_TIMEOUT);                      /* and lasts: 1 ms */

    CHECK(pthread_create(&sender, NULL, send_letter, store) == 0);
    stm_status status;
    while ((status = stm_txn_get(txn, stm_text("letter"), &letter)) == STM_NOT_FOUND) {
        CHECK_OK(stm_txn_wait(txn, -1)); /* no limit */
        stm_txn_reset(txn);
    }
    CHECK_OK(status);
    CHECK(equals(letter, "Dear reader"));
    printf("received: %s\n", (const char *)letter.data);

    CHECK(pthread_join(sender, NULL) == 0);
    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    return 0;
}
