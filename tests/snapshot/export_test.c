/*
 * export_test.c -- what a file shows of a store: every key and value, of one instant, readable by plain SQLite.
 */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- options ---- */

Test(export, of_a_range_or_a_prefix)
{
    stm_store *store = open_store();
    stm_export_options options = {.size = sizeof(options)};
    static const char *const keys[] = {"a", "b", "b1", "b2", "c"};
    const char *path = path_of("state.db"), *query = "SELECT CAST(key AS TEXT) FROM kv";
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        put_text(store, keys[i], "v");
    put_text(store, "\xff\xff", "v");
    put_text(store, "\xff\xff\x01", "v");
    options.low = stm_text("b1");
    OK(stm_file_export(store, path, &options, NULL, &error));
    SAYS(ask(path, "SELECT count(*) FROM kv"), "5");
    options.high = stm_text("c");
    OK(stm_file_export(store, path, &options, NULL, &error));
    SAYS(ask(path, query), "b1 b2");
    SAYS(ask(path, "SELECT CAST(low AS TEXT), CAST(high AS TEXT) FROM snapshots"), "b1|c");
    options.low = options.high = stm_bytes_of(NULL, 0);
    options.prefix = stm_text("b");
    OK(stm_file_export(store, path, &options, NULL, &error));
    SAYS(ask(path, query), "b b1 b2");
    options.prefix = stm_text("\xff\xff"); /* nothing is behind it */
    OK(stm_file_export(store, path, &options, NULL, &error));
    SAYS(ask(path, "SELECT hex(key) FROM kv"), "FFFF FFFF01");
    options.prefix = stm_text("nothing");
    OK(stm_file_export(store, path, &options, NULL, &error));
    SAYS(ask(path, "SELECT count(*) FROM kv"), "0");
    assert_verified(path);
    close_store(store);
}

Test(export, without_values_or_writers)
{
    stm_store *store = sample_store();
    stm_export_options options = {.size = sizeof(options), .without_values = true, .label = "keys", .page_size = 1024};
    const char *path = path_of("state.db");
    OK(stm_file_export(store, path, &options, NULL, &error));
    SAYS(ask(path, "SELECT CAST(key AS TEXT), value, size, writer_label FROM kv"), "greeting|-|5|put visits|-|8|put");
    SAYS(ask(path, "SELECT label, has_values, has_writers FROM snapshots"), "keys|0|1");
    SAYS(ask(path, "PRAGMA page_size"), "1024");
    assert_verified(path);
    options = (stm_export_options){.size = sizeof(options), .without_writers = true};
    OK(stm_file_export(store, path, &options, NULL, &error));
    SAYS(ask(path, "SELECT value, revision, writer_txn, writer_label, writer_tid FROM kv"), "hello|-|-|-|- 42|-|-|-|-");
    assert_verified(path);
    close_store(store);
}

static bool count_progress(uint64_t done, uint64_t total, void *arg)
{
    uint64_t *seen = arg;
    cr_assert(done > seen[0] && done <= total && total == 5000);
    seen[0] = done;
    return true;
}

Test(export, tells_its_progress)
{
    stm_store *store = open_store();
    uint64_t seen[1] = {0};
    stm_export_options options = {.size = sizeof(options), .progress = count_progress, .progress_arg = seen};
    char key[20];
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "key %u", i);
        put_number(store, key, i);
    }
    OK(stm_file_export(store, path_of("state.db"), &options, NULL, &error));
    EQUALS(seen[0], 4096);
    close_store(store);
}

Test(export, replaces_and_keeps_the_mode)
{
    stm_store *store = sample_store();
    struct stat known;
    const char *path = path_of("state.db"), *link = path_of("link.db");
    OK(stm_file_export(store, path, NULL, NULL, &error));
    cr_assert(chmod(path, 0600) == 0 && symlink("state.db", link) == 0);
    put_number(store, "visits", 43);
    OK(stm_file_export(store, link, NULL, NULL, &error)); /* the file, and not the link, is replaced */
    cr_assert(lstat(link, &known) == 0 && S_ISLNK(known.st_mode));
    cr_assert(stat(path, &known) == 0 && (known.st_mode & 0777) == 0600);
    SAYS(ask(path, "SELECT value FROM kv WHERE type = 1"), "43");
    SAYS(ask(path, "SELECT count(*) FROM snapshots"), "1");
    SAYS(names_in_folder(), "link.db state.db ");
    close_store(store);
}

/* ---- into a connection ---- */

Test(export, into_an_open_connection)
{
    stm_store *store = sample_store();
    sqlite3 *db = NULL;
    stm_export_options options = {.size = sizeof(options), .append = true};
    cr_assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
    stm_snapshot *snapshot = take(store, "debug");
    put_number(store, "visits", 99);
    OK(stm_file_export_into(snapshot, db, NULL, NULL, &error));
    SAYS(ask_open(db, "SELECT key, value FROM kv_text ORDER BY 1"), "greeting|hello visits|42");
    stm_snapshot *later = take(store, "later");

    /* Within the caller's transaction: undone with it. */
    cr_assert(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
    OK(stm_file_export_into(later, db, &options, NULL, &error));
    SAYS(ask_open(db, "SELECT label FROM snapshots"), "debug later");
    cr_assert(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    SAYS(ask_open(db, "SELECT label FROM snapshots"), "debug");
    OK(stm_file_export_into(later, db, NULL, NULL, &error)); /* not appended: the other one is gone, its id too */
    SAYS(ask_open(db, "SELECT id, label FROM snapshots"), "2|later");
    SAYS(ask_open(db, "SELECT count(*) FROM kv_at"), "2");

    stm_store *copy = open_store();
    OK(stm_file_import_from(copy, db, NULL, NULL, &error));
    sqlite3_close(db);
    cr_assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "CREATE TABLE mine(x)", NULL, NULL, NULL) == SQLITE_OK);
    ANSWERS(stm_file_export_into(later, db, NULL, NULL, &error), STM_FILE_NOT_OURS);
    ANSWERS(stm_file_import_from(copy, db, NULL, NULL, &error), STM_FILE_NOT_OURS);
    SAYS(ask_open(db, "SELECT count(*) FROM sqlite_schema"), "1");
    sqlite3_close(db);
    stm_snapshot_release(later);
    stm_snapshot_release(snapshot);
    close_store(copy);
    close_store(store);
}

/* A file from elsewhere may have one, and be opened, and added to. */
Test(export, beside_triggers_on_our_tables)
{
    stm_store *store = sample_store();
    sqlite3 *db = NULL;
    stm_export_options options = {.size = sizeof(options), .append = true};
    stm_snapshot *snapshot = take(store, "debug");
    cr_assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
    OK(stm_file_export_into(snapshot, db, NULL, NULL, &error));
    SAYS(ask_open(db, "CREATE TABLE mine(x)"), "");
    SAYS(ask_open(db, "CREATE TRIGGER wipe AFTER INSERT ON snapshots BEGIN DELETE FROM kv; END"), "");
    SAYS(ask_open(db, "CREATE TRIGGER own AFTER INSERT ON mine BEGIN DELETE FROM mine WHERE x = 1; END"), "");
    OK(stm_file_export_into(snapshot, db, &options, NULL, &error));
    SAYS(ask_open(db, "SELECT count(*) FROM kv"), "2");
    SAYS(ask_open(db, "INSERT INTO mine VALUES(1), (2)"), "");
    SAYS(ask_open(db, "SELECT x FROM mine"), "2"); /* the caller's go on */
    sqlite3_close(db);
    stm_snapshot_release(snapshot);
    close_store(store);
}

/* A table of the caller's that has our name, but in his temporary schema, is not mistaken for ours. */
Test(export, beside_temporary_tables_of_the_same_name)
{
    stm_store *store = sample_store();
    sqlite3 *db = NULL;
    stm_snapshot *snapshot = take(store, "debug");
    cr_assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "CREATE TEMP TABLE kv(x); CREATE TEMP TABLE snapshots(y)", NULL, NULL, NULL) == SQLITE_OK);
    OK(stm_file_export_into(snapshot, db, NULL, NULL, &error));
    SAYS(ask_open(db, "SELECT (SELECT count(*) FROM main.kv), (SELECT count(*) FROM temp.kv)"), "2|0");
    sqlite3_close(db);
    stm_snapshot_release(snapshot);
    close_store(store);
}

/* ---- two layouts ---- */

Test(export, large_values_stand_beside_the_keys)
{
    stm_store *store = open_store();
    const stm_export_options append = {.size = sizeof(append), .append = true};
    const char *path = path_of("state.db");
    static char large[100000];
    memset(large, 'x', sizeof(large) - 1);
    put_text(store, "a", "1");
    put_text(store, "large", large);
    OK(stm_file_export(store, path, NULL, NULL, &error));
    SAYS(ask(path, "SELECT count(*) FROM sqlite_schema WHERE name IN ('kv', 'past') AND sql LIKE '%WITHOUT ROWID%'"), "0");
    put_text(store, "large", "small");
    erase(store, "a");
    OK(stm_file_export(store, path, &append, NULL, &error));
    SAYS(ask(path, "SELECT snapshot, CAST(key AS TEXT), length(value) FROM kv_at ORDER BY 1, 2"),
         "1|a|1 1|large|99999 2|large|5");
    SAYS(ask(path, "SELECT key, size FROM largest"), "large|5");
    assert_verified(path);
    OK(stm_file_export(store, path, NULL, NULL, &error));
    SAYS(ask(path, "SELECT count(*) FROM sqlite_schema WHERE name IN ('kv', 'past') AND sql LIKE '%WITHOUT ROWID%'"), "2");
    close_store(store);
}

Test(export, stale_temporary_files_are_removed)
{
    stm_store *store = sample_store();
    const char *stale = path_of(".state.db.0123456789abcdef.stm-tmp"), *other = path_of(".other.db.0123456789abcdef.stm-tmp");
    const int held = open(path_of(".state.db.fedcba9876543210.stm-tmp"), O_RDWR | O_CREAT, 0600);
    fclose(fopen(stale, "w"));
    fclose(fopen(other, "w"));
    cr_assert(held >= 0 && flock(held, LOCK_EX) == 0); /* of an export that goes on */
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    SAYS(names_in_folder(), ".other.db.0123456789abcdef.stm-tmp .state.db.fedcba9876543210.stm-tmp state.db ");
    close(held);
    close_store(store);
}
