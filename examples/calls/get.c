/*
 * get -- checks a key out for read: commit makes sure that it has not changed, and does not publish it.
 *
 * Here a price is computed from a rate. Two transactions that only read the rate do not disturb
 * each other; but once the rate changes, the price that was computed from the old one is refused.
 */
#include "../check.h"

static stm_txn *begin(stm_store *store, const char *label)
{
    stm_txn *txn;
    CHECK_OK(stm_txn_begin(store, label, &txn));
    return txn;
}

int main(void)
{
    stm_store *store;
    stm_bytes rate;

    CHECK_OK(stm_store_open(NULL, &store));
    stm_txn *bread = begin(store, "price bread");
    stm_txn *cake = begin(store, "price cake");
    stm_txn *bank = begin(store, "change rate");

    CHECK(stm_txn_get(bank, stm_text("no such rate"), &rate) == STM_NOT_FOUND);
    CHECK_OK(stm_txn_set(bank, stm_text("rate"), stm_text("19 %")));
    CHECK_OK(stm_txn_commit(bank));

    CHECK_OK(stm_txn_get(bread, stm_text("rate"), &rate));
    CHECK_OK(stm_txn_get(cake, stm_text("rate"), &rate));
    CHECK(equals(rate, "19 %"));
    CHECK_OK(stm_txn_set(bread, stm_text("bread"), stm_text("1.19")));
    CHECK_OK(stm_txn_set(cake, stm_text("cake"), stm_text("2.38")));

    CHECK_OK(stm_txn_commit(bread)); /* published bread, and left the rate alone */
    CHECK_OK(stm_txn_set(bank, stm_text("rate"), stm_text("7 %")));
    CHECK_OK(stm_txn_commit(bank));
    CHECK(stm_txn_commit(cake) == STM_CONFLICT); /* its rate is no longer true */
    printf("cake: the rate has changed, so its price was not published\n");

    stm_txn_end(bread);
    stm_txn_end(cake);
    stm_txn_end(bank);
    CHECK_OK(stm_store_close(store));
    return 0;
}
