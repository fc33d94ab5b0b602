/*
 * forgetful.c -- an stm_atomically that forgets to commit now and then: linked into a wordcount that
 * must notice it. A verification that was never seen to fail verifies nothing.
 */
#include <stm/stm.h>

enum { FORGET_EVERY = 500 };

stm_status stm_atomically(stm_store *store, const char *label, const stm_policy *policy, stm_body *body,
                          void *arg)
{
    static _Thread_local unsigned call_count;
    stm_txn *txn;

    (void)policy;
    call_count++;
    stm_status status = stm_txn_begin(store, label, &txn);
    if (status != STM_OK)
        return status;
    do {
        stm_txn_reset(txn);
        status = body(txn, arg);
        if (status == STM_OK && call_count % FORGET_EVERY != 0)
            status = stm_txn_commit(txn);
    } while (status == STM_CONFLICT || status == STM_BUSY);
    stm_txn_end(txn);
    return status;
}
