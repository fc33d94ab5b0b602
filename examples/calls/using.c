/*
 * using -- checks several keys out for update at one instant, and commits them all at once.
 *
 * Nobody can ever see a coin in both purses, or in none.
 */
#include "../check.h"

int main(void)
{
    stm_store *store;
    stm_txn *txn;
    const stm_bytes purses[] = {stm_text("purse:anna"), stm_text("purse:bert")};
    stm_bytes coins[2];

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "give", &txn));

    CHECK_OK(stm_txn_using(txn, purses, 2, coins));
    CHECK(equals(coins[0], NULL) && equals(coins[1], NULL));
    CHECK_OK(stm_txn_set(txn, purses[0], stm_text("one coin")));
    CHECK_OK(stm_txn_set(txn, purses[1], stm_text("")));
    CHECK_OK(stm_txn_commit(txn));

    stm_txn_reset(txn); /* the handle serves the next transaction too */
    CHECK_OK(stm_txn_using(txn, purses, 2, coins));
    CHECK(equals(coins[0], "one coin") && equals(coins[1], ""));
    CHECK_OK(stm_txn_set(txn, purses[0], stm_text("")));
    CHECK_OK(stm_txn_set(txn, purses[1], stm_text("one coin")));
    CHECK_OK(stm_txn_commit(txn));

    CHECK_OK(stm_txn_using(txn, purses, 2, coins));
    CHECK(equals(coins[0], "") && equals(coins[1], "one coin"));
    printf("anna has \"%s\", bert has \"%s\"\n", (const char *)coins[0].data, (const char *)coins[1].data);

    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    return 0;
}
