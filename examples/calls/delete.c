/*
 * set and delete -- give a key a value, and take it away.
 *
 * Both are private until the commit. A delete is a publication like any other: it counts a version,
 * so that nobody who has seen the old value can commit as if nothing had happened.
 */
#include "../check.h"

int main(void)
{
    stm_store *store;
    stm_txn *txn;
    stm_bytes value;
    uint64_t version;
    const stm_bytes note = stm_text("note");

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "notes", &txn));

    CHECK_OK(stm_txn_set(txn, note, stm_text("buy bread"))); /* checks the key out, too */
    CHECK_OK(stm_txn_commit(txn));

    CHECK_OK(stm_txn_delete(txn, note));
    CHECK(stm_txn_get(txn, note, &value) == STM_NOT_FOUND); /* gone in the private copy, */
    stm_txn_reset(txn);                                     /* until we think better of it */
    CHECK_OK(stm_txn_get(txn, note, &value));
    CHECK(equals(value, "buy bread"));

    CHECK_OK(stm_txn_delete(txn, note));
    CHECK_OK(stm_txn_commit(txn));
    CHECK(stm_txn_get(txn, note, &value) == STM_NOT_FOUND);
    CHECK_OK(stm_txn_version(txn, note, &version));
    CHECK(version == 2);
    printf("note has no value, and has been published %d times\n", (int)version);

    CHECK_OK(stm_txn_set(txn, note, stm_text(""))); /* an empty value is a value */
    CHECK_OK(stm_txn_commit(txn));
    CHECK_OK(stm_txn_get(txn, note, &value));
    CHECK(equals(value, ""));

    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    return 0;
}
