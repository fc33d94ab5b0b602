/*
 * snapshot -- the whole store as of one instant, held as long as you like, without stopping anyone.
 *
 * Writers go on and are never disturbed; what they overwrite is kept until the snapshot is released.
 */
#include "../check.h"

static void write_chapter(stm_txn *txn, const char *text)
{
    CHECK_OK(stm_txn_set(txn, stm_text("chapter"), stm_text(text)));
    CHECK_OK(stm_txn_commit(txn));
}

int main(void)
{
    stm_store *store;
    stm_txn *txn;
    stm_snapshot *before, *after;
    stm_entry entry;

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "write", &txn));

    write_chapter(txn, "draft");
    CHECK_OK(stm_snapshot_take(store, "before", &before));
    write_chapter(txn, "final");
    CHECK_OK(stm_snapshot_take(store, "after", &after));

    CHECK_OK(stm_snapshot_get(before, stm_text("chapter"), &entry));
    CHECK(equals(entry.value, "draft") && entry.version == 1);
    CHECK_OK(stm_snapshot_get(after, stm_text("chapter"), &entry));
    CHECK(equals(entry.value, "final") && entry.version == 2);
    CHECK(strcmp(entry.writer.label, "write") == 0);
    CHECK(stm_snapshot_get(after, stm_text("appendix"), &entry) == STM_NOT_FOUND);

    CHECK(stm_snapshot_revision(before) < stm_snapshot_revision(after));
    CHECK(stm_store_close(store) == STM_BUSY); /* nothing may be held when the store is closed */
    printf("the old chapter is still to be read, beside the new one\n");

    stm_snapshot_release(before);
    stm_snapshot_release(after);
    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    return 0;
}
