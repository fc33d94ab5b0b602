/*
 * use -- checks one key out for update, edits the private copy, and commits it.
 *
 * Nobody sees the new value before the commit, and everybody after it. The commit counts a new
 * version, and the same transaction is then current: it may be set and committed again.
 */
#include "../check.h"

int main(void)
{
    stm_store *store;
    stm_txn *txn;
    stm_bytes value;
    uint64_t version;
    const stm_bytes greeting = stm_text("greeting");

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "greet", &txn));

    CHECK_OK(stm_txn_use(txn, greeting, &value));
    CHECK(equals(value, NULL)); /* an absent key has no value, */
    CHECK_OK(stm_txn_version(txn, greeting, &version));
    CHECK(version == 0); /* and version 0 */

    CHECK_OK(stm_txn_set(txn, greeting, stm_text("hello")));
    CHECK_OK(stm_txn_commit(txn));
    CHECK_OK(stm_txn_version(txn, greeting, &version));
    CHECK(version == 1);

    CHECK_OK(stm_txn_set(txn, greeting, stm_text("hello, world")));
    CHECK_OK(stm_txn_commit(txn));

    CHECK_OK(stm_txn_use(txn, greeting, &value));
    CHECK(equals(value, "hello, world"));
    printf("greeting = %s\n", (const char *)value.data); /* values end with a NUL */

    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    return 0;
}
