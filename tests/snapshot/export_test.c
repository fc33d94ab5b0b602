/*
 * export_test.c -- what a file shows of a store: every key and value, of one instant, readable by plain SQLite.
 */
#include "support.h"

#include <math.h>
#include <string.h>

static stm_store *sample_store(void)
{
    stm_store *store = open_store();
    put_number(store, "visits", 41);
    put_number(store, "visits", 42);
    put_text(store, "greeting", "hello");
    return store;
}

Test(export, shows_keys_values_versions_and_writers)
{
    stm_store *store = sample_store();
    stm_export_result result;

    OK(stm_file_export(store, path_of("state.db"), NULL, &result, &error));
    EQUALS(result.snapshot, 1);
    EQUALS(result.parent, 0);
    EQUALS(result.key_count, 2);
    EQUALS(result.bytes, 6 + 8 + 8 + 5);
    SAYS(ask(path_of("state.db"), "SELECT key, type, value, version, writer FROM kv_text ORDER BY key"),
         "greeting|string|hello|1|put visits|int64|42|2|put");
    SAYS(ask(path_of("state.db"), "SELECT typeof(key), typeof(value), size, since FROM kv"),
         "blob|text|5|1 blob|integer|8|1");
    SAYS(ask(path_of("state.db"), "SELECT id, label, key_count, bytes, parent, length(store) FROM snapshots"),
         "1|export|2|27|-|16");
    SAYS(ask(path_of("state.db"), "PRAGMA application_id"), "1937009953");
    SAYS(ask(path_of("state.db"), "PRAGMA user_version"), "1");
    SAYS(ask(path_of("state.db"), "PRAGMA integrity_check"), "ok");
    SAYS(ask(path_of("state.db"), "SELECT value FROM stats WHERE name = 'keys_live'"), "2");
    SAYS(names_in_folder(), "state.db ");
    assert_verified(path_of("state.db"));
    close_store(store);
}

Test(export, of_an_empty_store)
{
    stm_store *store = open_store();
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    SAYS(ask(path_of("state.db"), "SELECT count(*), (SELECT count(*) FROM snapshots) FROM kv"), "0|1");
    assert_verified(path_of("state.db"));
    close_store(store);
}
