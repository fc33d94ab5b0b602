/*
 * typed helpers -- integers, doubles and strings instead of bytes.
 *
 * A key without a value leaves the variable alone, so that it may start with its default. Another
 * type is WRONG_TYPE, never a silent conversion.
 */
#include "../check.h"

int main(void)
{
    stm_store *store;
    stm_txn *txn;
    int64_t visits = 0;
    double share = 0.0;
    const char *name = "nobody";

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "visit", &txn));

    CHECK_OK(stm_txn_use_int64(txn, stm_text("visits"), &visits));
    CHECK_OK(stm_txn_use_string(txn, stm_text("visitor"), &name));
    CHECK(visits == 0 && strcmp(name, "nobody") == 0); /* not there yet: the defaults */

    CHECK_OK(stm_txn_set_int64(txn, stm_text("visits"), visits + 1));
    CHECK_OK(stm_txn_set_double(txn, stm_text("share"), 0.25));
    CHECK_OK(stm_txn_set_string(txn, stm_text("visitor"), "Ada"));
    CHECK_OK(stm_txn_commit(txn));

    stm_txn_reset(txn);
    CHECK_OK(stm_txn_get_int64(txn, stm_text("visits"), &visits));
    CHECK_OK(stm_txn_get_double(txn, stm_text("share"), &share));
    CHECK_OK(stm_txn_get_string(txn, stm_text("visitor"), &name));
    CHECK(visits == 1 && share == 0.25 && strcmp(name, "Ada") == 0);
    printf("visit %d by %s, share %.2f\n", (int)visits, name, share);

    CHECK(stm_txn_get_int64(txn, stm_text("visitor"), &visits) == STM_WRONG_TYPE);
    stm_type type;
    CHECK_OK(stm_txn_type(txn, stm_text("visitor"), &type)); /* the transaction is still good */
    CHECK(type == STM_STRING);

    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    return 0;
}
