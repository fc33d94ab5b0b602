/*
 * cursor -- the keys of a snapshot in order: those of a range [low, high), or with a common prefix.
 */
#include "../check.h"

/* Writes the keys that the cursor goes through to line, each followed by a blank; closes the cursor. */
static void list(stm_cursor *cursor, char *line, size_t size)
{
    stm_entry entry;
    stm_status status;
    size_t used = 0;

    line[0] = '\0';
    while ((status = stm_cursor_next(cursor, &entry)) == STM_OK)
        used += (size_t)snprintf(line + used, size - used, "%.*s ", (int)entry.key.size,
                                 (const char *)entry.key.data);
    CHECK(status == STM_END);
    stm_cursor_close(cursor);
}

int main(void)
{
    static const char *const keys[] = {"tree:oak", "bird:owl", "tree:ash", "bird:jay", "tree:elm", "fish"};
    stm_store *store;
    stm_txn *txn;
    stm_snapshot *snapshot;
    stm_cursor *cursor;
    char line[128];

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "plant", &txn));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        CHECK_OK(stm_txn_set(txn, stm_text(keys[i]), stm_text("alive")));
    CHECK_OK(stm_txn_commit(txn));
    CHECK_OK(stm_snapshot_take(store, "list", &snapshot));

    CHECK_OK(stm_cursor_open_prefix(snapshot, stm_text("tree:"), &cursor));
    list(cursor, line, sizeof(line));
    printf("trees: %s\n", line);
    CHECK(strcmp(line, "tree:ash tree:elm tree:oak ") == 0);

    CHECK_OK(stm_cursor_open(snapshot, stm_text("bird:k"), stm_text("tree:elm"), &cursor));
    list(cursor, line, sizeof(line));
    printf("from bird:k to before tree:elm: %s\n", line);
    CHECK(strcmp(line, "bird:owl fish tree:ash ") == 0);

    stm_snapshot_release(snapshot);
    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    return 0;
}
