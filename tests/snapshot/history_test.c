/*
 * history_test.c -- several snapshots in one file: each is shown whole, as it was, at the price of what changed.
 */
#include "support.h"

#include <string.h>

static const stm_export_options append = {.size = sizeof(stm_export_options), .append = true};

/* Of every snapshot: its keys with their values, from the view that anyone can ask. */
static const char *all_of(const char *path, int id)
{
    char query[200];
    snprintf(query, sizeof(query),
             "SELECT CAST(key AS TEXT), value, version FROM kv_at WHERE snapshot = %d ORDER BY key", id);
    return ask(path, query);
}

Test(history, shows_each_snapshot_as_it_was)
{
    stm_store *store = open_store();
    const char *path = path_of("state.db");
    stm_export_result result;

    put_text(store, "a", "1");
    put_text(store, "b", "1");
    OK(stm_file_export(store, path, &append, &result, &error));
    EQUALS(result.incremental, false);
    put_text(store, "b", "2");
    put_text(store, "c", "1");
    erase(store, "a");
    OK(stm_file_export(store, path, &append, &result, &error));
    EQUALS(result.incremental, true);
    EQUALS(result.change_count, 3);
    EQUALS(result.parent, 1);
    OK(stm_file_export(store, path, &append, &result, &error));
    EQUALS(result.change_count, 0);
    put_text(store, "a", "again");
    OK(stm_file_export(store, path, &append, &result, &error));

    SAYS(all_of(path, 1), "a|1|1 b|1|1");
    SAYS(all_of(path, 2), "b|2|2 c|1|1");
    SAYS(all_of(path, 3), "b|2|2 c|1|1");
    SAYS(all_of(path, 4), "a|again|3 b|2|2 c|1|1");
    SAYS(ask(path, "SELECT CAST(key AS TEXT), value FROM kv"), "a|again b|2 c|1");
    SAYS(ask(path, "SELECT id, parent, key_count, change_count FROM snapshots"), "1|-|2|2 2|1|2|3 3|2|2|0 4|3|3|1");
    assert_verified(path);
    close_store(store);
}
