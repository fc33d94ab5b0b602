/*
 * import_test.c -- what was exported comes back: keys, values, types and versions; and nothing that was not exported
 * comes in.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void set_typed(stm_store *store, stm_bytes key, stm_bytes value, stm_type type)
{
    stm_txn *txn;
    STORE_OK(stm_txn_begin(store, "set", &txn));
    STORE_OK(stm_txn_set_typed(txn, key, value, type));
    STORE_OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

/* Keys and values of every kind that a file must bring back bit by bit. */
static void fill_with_everything(stm_store *store)
{
    static char large[70000];
    static const uint64_t numbers[] = {0, 1, UINT64_MAX, 0x8000000000000000, 0x7fffffffffffffff,
                                       0x7ff0000000000000 /* inf */, 0x7ff8000000000001 /* a NaN */,
                                       0xfff4000000000000 /* another */, 0x3ff0000000000000 /* 1.0 */};
    static const char *const texts[] = {"", "plain", "h\xc3\xa4", "\xff not UTF-8", "\xed\xa0\x80 a surrogate",
                                        "\xc0\x80 overlong", "\xf4\x90\x80\x80 beyond", "\xe2\x82 cut"};
    char key[40];
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        for (unsigned type = 0; type <= 7; type++) {
            snprintf(key, sizeof(key), "number %zu as %u", i, type);
            set_typed(store, stm_text(key), stm_bytes_of(&numbers[i], sizeof(numbers[i])), (stm_type)type);
            snprintf(key, sizeof(key), "short %zu as %u", i, type);
            set_typed(store, stm_text(key), stm_bytes_of(&numbers[i], 3), (stm_type)type);
        }
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (unsigned type = 0; type <= 7; type++) {
            snprintf(key, sizeof(key), "text %zu as %u", i, type);
            set_typed(store, stm_text(key), stm_text(texts[i]), (stm_type)type);
        }
    set_typed(store, stm_text("with a NUL"), stm_bytes_of("a\0b", 3), STM_STRING);
    set_typed(store, stm_bytes_of("\0", 1), stm_text("key of a NUL"), STM_STRING);
    set_typed(store, stm_bytes_of("\xff\xff", 2), stm_text("key of 0xff"), STM_STRING);
    memset(large, 'x', sizeof(large));
    set_typed(store, stm_text("large"), stm_bytes_of(large, sizeof(large)), STM_BYTES);
    set_typed(store, stm_bytes_of(large, 1024), stm_text("long key"), STM_STRING);
    for (unsigned i = 0; i < 5; i++)
        put_number(store, "often", i);
    erase(store, "plain");
}

static bool same_entry(const stm_entry *a, const stm_entry *b)
{
    return a->type == b->type && a->version == b->version && a->value.size == b->value.size &&
           memcmp(a->value.data, b->value.data, a->value.size) == 0;
}

/* Every key of one in the other, and as many. */
static void assert_same(stm_store *one, stm_store *other)
{
    stm_snapshot *snapshots[2] = {take(one, "one"), take(other, "other")};
    stm_cursor *cursor;
    stm_entry entry, found;
    stm_status status;
    STORE_OK(stm_cursor_open(snapshots[0], stm_bytes_of(NULL, 0), stm_bytes_of(NULL, 0), &cursor));
    while ((status = stm_cursor_next(cursor, &entry)) == STM_OK) {
        const stm_status there = stm_snapshot_get(snapshots[1], entry.key, &found);
        cr_assert(there == STM_OK && same_entry(&entry, &found), "key \"%.*s\" is not the same", (int)entry.key.size,
                  (const char *)entry.key.data);
    }
    cr_assert(status == STM_END);
    stm_cursor_close(cursor);
    for (unsigned i = 0; i < 2; i++)
        stm_snapshot_release(snapshots[i]);
    stm_stats stats[2];
    STORE_OK(stm_store_stats(one, &stats[0]));
    STORE_OK(stm_store_stats(other, &stats[1]));
    EQUALS(stats[0].keys_live, stats[1].keys_live);
}

Test(import, brings_everything_back)
{
    stm_store *store = open_store(), *copy = open_store();
    stm_export_result first, second;
    stm_import_result result;
    fill_with_everything(store);
    OK(stm_file_export(store, path_of("first.db"), NULL, &first, &error));
    OK(stm_file_import(copy, path_of("first.db"), NULL, &result, &error));
    EQUALS(result.imported, first.key_count);
    EQUALS(result.renumbered, 0);
    EQUALS(result.commits, 1);
    assert_same(store, copy);
    OK(stm_file_export(copy, path_of("second.db"), NULL, &second, &error));
    cr_assert(memcmp(first.checksum, second.checksum, sizeof(first.checksum)) == 0);
    assert_verified(path_of("first.db"));
    assert_verified(path_of("second.db"));
    close_store(copy);
    close_store(store);
}

Test(import, round_trip_without_writers_gives_equal_tables)
{
    stm_store *store = open_store(), *copy = open_store();
    const stm_export_options bare = {.size = sizeof(bare), .without_writers = true};
    char command[1000];
    fill_with_everything(store);
    OK(stm_file_export(store, path_of("first.db"), &bare, NULL, &error));
    OK(stm_file_import(copy, path_of("first.db"), NULL, NULL, &error));
    OK(stm_file_export(copy, path_of("second.db"), &bare, NULL, &error));
    /* The sqlite3 shell's own digest of a table, if the shell is there. */
    snprintf(command, sizeof(command),
             "command -v sqlite3 >/dev/null || exit 0; a=$(sqlite3 '%s' '.sha3sum kv'); b=$(sqlite3 '%s' '.sha3sum kv');"
             " test -n \"$a\" && test \"$a\" = \"$b\"", path_of("first.db"), path_of("second.db"));
    cr_assert(system(command) == 0);
    SAYS(ask(path_of("first.db"), "SELECT count(*) FROM kv WHERE revision IS NOT NULL OR writer_label IS NOT NULL"), "0");
    close_store(copy);
    close_store(store);
}

Test(import, of_any_snapshot_and_range)
{
    stm_store *store = open_store(), *then = open_store(), *part = open_store();
    const stm_export_options append = {.size = sizeof(append), .append = true};
    stm_import_options options = {.size = sizeof(options), .snapshot = 1};
    stm_txn *txn;
    put_text(store, "a", "1");
    put_text(store, "b", "1");
    OK(stm_file_export(store, path_of("state.db"), &append, NULL, &error));
    put_text(store, "b", "2");
    erase(store, "a");
    put_text(store, "c", "1");
    OK(stm_file_export(store, path_of("state.db"), &append, NULL, &error));

    OK(stm_file_import(then, path_of("state.db"), &options, NULL, &error));
    OK(stm_file_export(then, path_of("then.db"), NULL, NULL, &error));
    SAYS(ask(path_of("then.db"), "SELECT key, value, version FROM kv_text ORDER BY key"), "a|1|1 b|1|1");
    options = (stm_import_options){.size = sizeof(options), .prefix = stm_text("b")};
    OK(stm_file_import(part, path_of("state.db"), &options, NULL, &error));
    OK(stm_file_export(part, path_of("part.db"), NULL, NULL, &error));
    SAYS(ask(path_of("part.db"), "SELECT key, value, version FROM kv_text ORDER BY key"), "b|2|2");
    options = (stm_import_options){.size = sizeof(options), .snapshot = 9};
    ANSWERS(stm_file_import(part, path_of("state.db"), &options, NULL, &error), STM_FILE_NOT_FOUND);

    STORE_OK(stm_txn_begin(then, "look", &txn));
    STORE_OK(stm_txn_use(txn, stm_text("b"), NULL));
    STORE_OK(stm_txn_commit(txn));
    stm_txn_end(txn);
    close_store(store);
    close_store(then);
    close_store(part);
}

/* ---- policies ---- */

static const char *after_import(stm_import_policy policy, stm_import_result *result, stm_file_status expected)
{
    stm_store *from = open_store(), *to = open_store();
    const stm_import_options options = {.size = sizeof(options), .policy = policy};
    static char answer[400];
    put_text(from, "newer in the file", "f1");
    put_text(from, "newer in the file", "f2");
    put_text(from, "newer in the file", "f3");
    put_text(from, "older in the file", "f");
    put_text(from, "only in the file", "f");
    put_text(from, "only in the file", "f");
    put_text(from, "deleted in the store", "f");
    put_text(to, "newer in the file", "s1");
    put_text(to, "older in the file", "s1");
    put_text(to, "older in the file", "s2");
    put_text(to, "deleted in the store", "s");
    erase(to, "deleted in the store");
    OK(stm_file_export(from, path_of("from.db"), NULL, NULL, &error));
    ANSWERS(stm_file_import(to, path_of("from.db"), &options, result, &error), expected);
    OK(stm_file_export(to, path_of("to.db"), NULL, NULL, &error));
    snprintf(answer, sizeof(answer), "%s", ask(path_of("to.db"), "SELECT value, version FROM kv ORDER BY key"));
    close_store(from);
    close_store(to);
    return answer;
}

Test(import, refuses_by_default_and_changes_nothing)
{
    stm_import_result result;
    SAYS(after_import(STM_IMPORT_REFUSE, &result, STM_FILE_EXISTS), "s1|1 s2|2");
    EQUALS(result.commits, 0);
}

Test(import, newer_wins)
{
    stm_import_result result;
    SAYS(after_import(STM_IMPORT_NEWER, &result, STM_FILE_OK), "f3|3 s2|2 f|2");
    EQUALS(result.imported, 2);
    EQUALS(result.kept, 2);
    EQUALS(result.renumbered, 0);
}

Test(import, overwrites)
{
    stm_import_result result;
    SAYS(after_import(STM_IMPORT_OVERWRITE, &result, STM_FILE_OK), "f|3 f3|3 f|3 f|2");
    EQUALS(result.imported, 4);
    EQUALS(result.renumbered, 2); /* the deleted one and the older one */
}

Test(import, keeps)
{
    stm_import_result result;
    SAYS(after_import(STM_IMPORT_KEEP, &result, STM_FILE_OK), "f|3 s1|1 s2|2 f|2");
    EQUALS(result.imported, 2);
    EQUALS(result.kept, 2);
    EQUALS(result.renumbered, 1);
}

/* ---- batches ---- */

Test(import, in_batches_where_a_transaction_does_not_take_all)
{
    stm_store *store = open_store(), *small = NULL;
    const stm_options limits = {.size = sizeof(limits), .txn_key_count_max = 100};
    stm_import_options options = {.size = sizeof(options), .atomic = true};
    stm_import_result result;
    char key[20];
    for (unsigned i = 0; i < 1050; i++) {
        snprintf(key, sizeof(key), "key %u", i);
        put_number(store, key, i);
    }
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    small = open_store_with(&limits);
    ANSWERS(stm_file_import(small, path_of("state.db"), &options, &result, &error), STM_FILE_TOO_LARGE);
    EQUALS(result.commits, 0);
    OK(stm_file_import(small, path_of("state.db"), NULL, &result, &error));
    EQUALS(result.commits, 11);
    EQUALS(result.imported, 1050);
    assert_same(store, small);
    close_store(small);
    close_store(store);
}

static bool stop_at(uint64_t done, uint64_t total, void *arg)
{
    cr_assert(done <= total);
    return done < *(const uint64_t *)arg;
}

Test(import, can_be_cancelled)
{
    stm_store *store = open_store(), *copy = open_store();
    uint64_t limit = 2048;
    stm_import_options options = {.size = sizeof(options), .progress = stop_at, .progress_arg = &limit};
    stm_import_result result;
    stm_stats stats;
    char key[20];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(key, sizeof(key), "key %u", i);
        put_number(store, key, i);
    }
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    ANSWERS(stm_file_import(copy, path_of("state.db"), &options, &result, &error), STM_FILE_CANCELLED);
    EQUALS(result.commits, 0);
    STORE_OK(stm_store_stats(copy, &stats));
    EQUALS(stats.keys_live, 0);
    close_store(copy);
    close_store(store);
}

/* ---- hostile files ---- */

/* Changes a file that was good, and must not get any of it in. */
static void refuse_file(const char *statements, stm_file_status expected)
{
    stm_store *store = open_store(), *copy = open_store();
    stm_stats stats;
    put_text(store, "a", "1");
    put_number(store, "b", 2);
    unlink(path_of("bad.db"));
    OK(stm_file_export(store, path_of("bad.db"), NULL, NULL, &error));
    change(path_of("bad.db"), statements);
    ANSWERS(stm_file_import(copy, path_of("bad.db"), NULL, NULL, &error), expected);
    STORE_OK(stm_store_stats(copy, &stats));
    cr_assert(stats.keys_live == 0, "%s\n    something came in", statements);
    close_store(copy);
    close_store(store);
}

Test(import, believes_nothing)
{
    static const char *const damages[] = {
        "UPDATE kv SET value = 'changed' WHERE value = '1'",
        "UPDATE kv SET version = 99",
        "UPDATE kv SET version = 0",
        "UPDATE kv SET version = -1",
        "UPDATE kv SET version = 9223372036854775807",
        "UPDATE kv SET version = 'one'",
        "UPDATE kv SET type = 8",
        "UPDATE kv SET type = -1",
        "UPDATE kv SET type = 1.5",
        "UPDATE kv SET type = x'00'",
        "UPDATE kv SET type = 2",
        "UPDATE kv SET size = 3",
        "UPDATE kv SET size = -1",
        "UPDATE kv SET size = 'many'",
        "UPDATE kv SET value = NULL",
        "UPDATE kv SET value = zeroblob(100000)",
        "UPDATE kv SET value = 1.5, size = 8",
        "UPDATE kv SET key = 'text' WHERE type = 3",
        "UPDATE kv SET key = 5 WHERE type = 3",
        "UPDATE kv SET key = x'' WHERE type = 3",
        "UPDATE kv SET key = zeroblob(5000) WHERE type = 3",
        "UPDATE kv SET since = 'always'",
        "INSERT INTO past SELECT key, type, size, version, revision, writer_txn, writer_label, writer_tid, 1, 2, value FROM kv",
        "DELETE FROM kv WHERE type = 3",
        "UPDATE snapshots SET checksum = zeroblob(16)",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'size', 'sise') WHERE name = 'kv'",
        "ALTER TABLE kv ADD COLUMN more",
        "ALTER TABLE kv RENAME COLUMN size TO sise",
        "ALTER TABLE kv RENAME TO kw; CREATE VIEW kv AS SELECT * FROM kw",
        "DROP TABLE past",
        "DROP VIEW kv_at",
        "PRAGMA user_version = 0",
    };
    for (size_t i = 0; i < COUNT_OF(damages); i++)
        refuse_file(damages[i], STM_FILE_DAMAGED);
    refuse_file("DELETE FROM snapshots", STM_FILE_NOT_FOUND);
    refuse_file("UPDATE snapshots SET has_values = 0", STM_FILE_INVALID);
    refuse_file("PRAGMA user_version = 2", STM_FILE_NEWER);
    refuse_file("PRAGMA application_id = 1", STM_FILE_NOT_OURS);
}

Test(import, what_was_edited_on_purpose)
{
    stm_store *store = open_store(), *copy = open_store();
    const stm_import_options options = {.size = sizeof(options), .edited = true};
    put_text(store, "a", "1");
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    change(path_of("state.db"), "UPDATE kv SET value = 'edited', size = 6");
    OK(stm_file_import(copy, path_of("state.db"), &options, NULL, &error));
    OK(stm_file_export(copy, path_of("again.db"), NULL, NULL, &error));
    SAYS(ask(path_of("again.db"), "SELECT value, version FROM kv"), "edited|1");
    close_store(copy);
    close_store(store);
}

Test(import, extras_and_triggers_of_others_do_nothing)
{
    stm_store *store = open_store(), *copy = open_store();
    put_text(store, "a", "1");
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    change(path_of("state.db"), "CREATE TABLE notes(text); CREATE INDEX by_label ON kv(writer_label);"
                                "CREATE TRIGGER spy AFTER INSERT ON snapshots BEGIN DELETE FROM kv; END;");
    OK(stm_file_import(copy, path_of("state.db"), NULL, NULL, &error));
    const stm_export_options append = {.size = sizeof(append), .append = true};
    OK(stm_file_export(store, path_of("state.db"), &append, NULL, &error));
    SAYS(ask(path_of("state.db"), "SELECT count(*) FROM kv"), "1");
    assert_verified(path_of("state.db"));
    close_store(copy);
    close_store(store);
}

Test(import, values_over_the_stores_limit)
{
    stm_store *store = open_store(), *small = NULL;
    stm_options limits = {.size = sizeof(limits), .value_size_max = 10};
    static char large[3000000];
    memset(large, 'x', sizeof(large));
    set_typed(store, stm_text("a"), stm_bytes_of(large, 11), STM_BYTES);
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    small = open_store_with(&limits);
    ANSWERS(stm_file_import(small, path_of("state.db"), NULL, NULL, &error), STM_FILE_STORE);
    EQUALS(error.store, STM_TOO_LARGE);
    set_typed(store, stm_text("a"), stm_bytes_of(large, sizeof(large)), STM_BYTES);
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    ANSWERS(stm_file_import(small, path_of("state.db"), NULL, NULL, &error), STM_FILE_STORE);
    EQUALS(error.store, STM_TOO_LARGE);
    close_store(small);
    limits = (stm_options){.size = sizeof(limits), .key_size_max = 3};
    put_text(store, "a long key", "v");
    erase(store, "a");
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    small = open_store_with(&limits);
    ANSWERS(stm_file_import(small, path_of("state.db"), NULL, NULL, &error), STM_FILE_STORE);
    EQUALS(error.store, STM_TOO_LARGE);
    close_store(small);
    close_store(store);
}
