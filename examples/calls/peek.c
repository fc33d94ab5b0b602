/*
 * peek -- looks at a key without checking it out.
 *
 * What was peeked at may change without any conflict, and need not belong to the same instant as
 * the rest of the transaction: good for hints and displays, wrong for anything that is computed from.
 */
#include "../check.h"

int main(void)
{
    stm_store *store;
    stm_txn *reader, *writer;
    stm_bytes value;
    const stm_bytes mood = stm_text("mood");

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "reader", &reader));
    CHECK_OK(stm_txn_begin(store, "writer", &writer));

    CHECK(stm_txn_peek(reader, mood, &value) == STM_NOT_FOUND);

    CHECK_OK(stm_txn_set(writer, mood, stm_text("calm")));
    CHECK_OK(stm_txn_commit(writer));
    CHECK_OK(stm_txn_peek(reader, mood, &value));
    CHECK(equals(value, "calm"));

    CHECK_OK(stm_txn_set(reader, stm_text("diary"), stm_text("a quiet day")));
    CHECK_OK(stm_txn_set(writer, mood, stm_text("stormy")));
    CHECK_OK(stm_txn_commit(writer));
    CHECK_OK(stm_txn_commit(reader)); /* no conflict: mood was only peeked at */

    CHECK_OK(stm_txn_peek(reader, mood, &value));
    CHECK(equals(value, "stormy"));
    printf("mood = %s\n", (const char *)value.data);

    stm_txn_end(reader);
    stm_txn_end(writer);
    CHECK_OK(stm_store_close(store));
    return 0;
}
