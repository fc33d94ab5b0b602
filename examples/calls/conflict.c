/*
 * commit, conflict, explain -- two people edit the same page; the second is told who was first.
 *
 * After a CONFLICT nothing has been changed, the private copies can still be read, and every key
 * that changed is named, with its winner. The remedy: reset, check out again, edit again.
 */
#include "../check.h"

int main(void)
{
    stm_store *store;
    stm_txn *anna, *bert;
    stm_bytes value;
    const stm_bytes page = stm_text("page");

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "anna's edit", &anna));
    CHECK_OK(stm_txn_begin(store, "bert's edit", &bert));

    CHECK_OK(stm_txn_use(anna, page, NULL));
    CHECK_OK(stm_txn_use(bert, page, NULL));
    CHECK_OK(stm_txn_set(anna, page, stm_text("by anna")));
    CHECK_OK(stm_txn_set(bert, page, stm_text("by bert")));
    const uint64_t winner = stm_txn_id(anna);
    CHECK_OK(stm_txn_commit(anna));
    CHECK(stm_txn_commit(bert) == STM_CONFLICT);

    char sentence[256];
    stm_txn_explain(bert, sentence, sizeof(sentence));
    printf("%s\n", sentence);

    stm_conflict conflict;
    CHECK(stm_txn_conflicts(bert, &conflict, 1) == 1);
    CHECK(equals(conflict.key, "page") && conflict.update);
    CHECK(conflict.expected == 0 && conflict.found == 1);
    CHECK(conflict.winner.txn == winner && strcmp(conflict.winner.label, "anna's edit") == 0);
    CHECK_OK(stm_txn_value(bert, page, &value));
    CHECK(equals(value, "by bert"));

    stm_txn_reset(bert);
    CHECK_OK(stm_txn_use(bert, page, &value));
    CHECK(equals(value, "by anna"));
    CHECK_OK(stm_txn_set(bert, page, stm_text("by anna and bert")));
    CHECK_OK(stm_txn_commit(bert));

    stm_txn_end(anna);
    stm_txn_end(bert);
    CHECK_OK(stm_store_close(store));
    return 0;
}
