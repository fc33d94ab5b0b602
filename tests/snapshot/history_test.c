/*
 * history_test.c -- several snapshots in one file: each is shown whole, as it was, at the price of what changed.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* ---- prune and compact ---- */

static void make_history(stm_store *store, const char *path)
{
    char text[20];
    for (int i = 1; i <= 5; i++) {
        snprintf(text, sizeof(text), "%d", i);
        put_text(store, "always", text);
        if (i % 2 == 0)
            put_text(store, "sometimes", text);
        if (i == 3)
            erase(store, "sometimes");
        put_text(store, text, "new");
        OK(stm_file_export(store, path, &append, NULL, &error));
    }
}

/* Whichever snapshots go: those that stay are as they were, and nothing is kept that none of them shows. */
Test(history, prune_of_every_selection)
{
    stm_store *store = open_store();
    const char *path = path_of("state.db");
    static char whole[6][500];
    make_history(store, path);
    for (int id = 1; id <= 5; id++)
        snprintf(whole[id], sizeof(whole[id]), "%s", all_of(path, id));
    for (unsigned mask = 1; mask < 31; mask++) {
        const char *copy = path_of("copy.db");
        char command[1000], query[300];
        int64_t gone[5];
        size_t count = 0;
        snprintf(command, sizeof(command), "cp '%s' '%s'", path, copy);
        cr_assert(system(command) == 0);
        for (int id = 1; id <= 5; id++)
            if ((mask >> (id - 1) & 1) != 0)
                gone[count++] = id;
        OK(stm_file_prune(copy, gone, count, &error));
        for (int id = 1; id <= 5; id++)
            SAYS(all_of(copy, id), (mask >> (id - 1) & 1) != 0 ? "" : whole[id]);
        assert_verified(copy);
        snprintf(query, sizeof(query), "SELECT count(*) FROM past WHERE NOT EXISTS (SELECT 1 FROM snapshots"
                                       " WHERE id >= since AND id < until)");
        SAYS(ask(copy, query), "0");
        SAYS(ask(copy, "SELECT count(*) FROM stats WHERE snapshot NOT IN (SELECT id FROM snapshots)"), "0");
        /* The next export goes on from what is left, with an id of its own. */
        stm_export_result result;
        put_text(store, "after", "prune");
        OK(stm_file_export(store, copy, &append, &result, &error));
        EQUALS(result.snapshot, 6);
        EQUALS(result.incremental, true);
        assert_verified(copy);
    }
    close_store(store);
}

Test(history, prune_refuses)
{
    static const int64_t all[] = {1, 2, 3, 4, 5}, unknown[] = {2, 9};
    stm_store *store = open_store();
    const char *path = path_of("state.db");
    make_history(store, path);
    ANSWERS(stm_file_prune(path, all, COUNT_OF(all), &error), STM_FILE_INVALID);
    ANSWERS(stm_file_prune(path, unknown, COUNT_OF(unknown), &error), STM_FILE_NOT_FOUND);
    SAYS(ask(path, "SELECT count(*) FROM snapshots"), "5");
    OK(stm_file_prune(path, NULL, 0, &error));
    assert_verified(path);
    close_store(store);
}

Test(history, compact_gives_the_room_back)
{
    stm_store *store = open_store();
    const char *path = path_of("state.db");
    static const int64_t first = 1;
    static char large[200000];
    struct stat before, after;
    char whole[500];
    memset(large, 'x', sizeof(large) - 1);
    put_text(store, "large", large);
    OK(stm_file_export(store, path, NULL, NULL, &error));
    erase(store, "large");
    put_text(store, "small", "s");
    OK(stm_file_export(store, path, &append, NULL, &error));
    OK(stm_file_prune(path, &first, 1, &error));
    snprintf(whole, sizeof(whole), "%s", all_of(path, 2));
    cr_assert(chmod(path, 0640) == 0 && stat(path, &before) == 0);
    OK(stm_file_compact(path, &error));
    cr_assert(stat(path, &after) == 0 && after.st_size < before.st_size - 150000);
    EQUALS(after.st_mode & 0777, 0640);
    SAYS(all_of(path, 2), whole);
    SAYS(names_in_folder(), "state.db ");
    assert_verified(path);
    close_store(store);
}

/* ---- what is not the same store, or not the same keys ---- */

Test(history, of_another_store_is_compared)
{
    stm_store *first = open_store(), *second = open_store();
    const char *path = path_of("state.db");
    stm_export_result result;
    put_text(first, "same", "v");
    put_text(first, "gone", "v");
    put_text(first, "other value", "1");
    put_text(first, "other version", "v");
    OK(stm_file_export(first, path, &append, NULL, &error));
    put_text(second, "same", "v");
    put_text(second, "other value", "2");
    put_text(second, "other version", "u");
    put_text(second, "other version", "v");
    put_text(second, "added", "v");
    OK(stm_file_export(second, path, &append, &result, &error));
    EQUALS(result.incremental, false);
    EQUALS(result.change_count, 4);
    SAYS(all_of(path, 1), "gone|v|1 other value|1|1 other version|v|1 same|v|1");
    SAYS(all_of(path, 2), "added|v|1 other value|2|1 other version|v|2 same|v|1");
    SAYS(ask(path, "SELECT count(*) FROM kv WHERE since = 1"), "1");
    assert_verified(path);
    OK(stm_file_export(second, path, &append, &result, &error));
    EQUALS(result.incremental, true);
    OK(stm_file_export(first, path, &append, &result, &error));
    EQUALS(result.incremental, false);
    SAYS(all_of(path, 4), "gone|v|1 other value|1|1 other version|v|1 same|v|1");
    assert_verified(path);
    close_store(second);
    close_store(first);
}

Test(history, of_other_keys_or_columns_is_compared)
{
    stm_store *store = open_store();
    const char *path = path_of("state.db");
    stm_export_options options = append;
    stm_export_result result;
    put_text(store, "a", "1");
    put_text(store, "b", "1");
    OK(stm_file_export(store, path, &append, NULL, &error));
    options.prefix = stm_text("b");
    OK(stm_file_export(store, path, &options, &result, &error));
    EQUALS(result.incremental, false);
    EQUALS(result.change_count, 1);
    put_text(store, "a", "2");
    put_text(store, "b", "2");
    OK(stm_file_export(store, path, &options, &result, &error));
    EQUALS(result.incremental, true);
    EQUALS(result.change_count, 1);
    options.without_values = true;
    OK(stm_file_export(store, path, &options, &result, &error));
    EQUALS(result.incremental, false);
    EQUALS(result.change_count, 1);
    options.without_values = false;
    options.without_writers = true;
    OK(stm_file_export(store, path, &options, &result, &error));
    EQUALS(result.change_count, 1);
    SAYS(all_of(path, 1), "a|1|1 b|1|1");
    SAYS(all_of(path, 2), "b|1|1");
    SAYS(all_of(path, 3), "b|2|2");
    SAYS(all_of(path, 4), "b|-|2");
    SAYS(all_of(path, 5), "b|2|2");
    assert_verified(path);
    close_store(store);
}

Test(history, of_an_older_snapshot_than_the_newest)
{
    stm_store *store = open_store();
    const char *path = path_of("state.db");
    stm_export_result result;
    put_text(store, "a", "1");
    stm_snapshot *old = take(store, "old");
    put_text(store, "a", "2");
    put_text(store, "b", "1");
    OK(stm_file_export(store, path, &append, NULL, &error));
    OK(stm_file_export_snapshot(old, path, &append, &result, &error));
    EQUALS(result.incremental, false);
    SAYS(all_of(path, 1), "a|2|2 b|1|1");
    SAYS(all_of(path, 2), "a|1|1");
    SAYS(ask(path, "SELECT label FROM snapshots"), "export old");
    assert_verified(path);
    stm_snapshot_release(old);
    close_store(store);
}

/* Any snapshot by plain SQL: at the price of the rows, not of their square. */
Test(history, view_of_a_snapshot_is_one_pass)
{
    stm_store *store = open_store();
    put_text(store, "a", "1");
    OK(stm_file_export(store, path_of("state.db"), &append, NULL, &error));
    const char *plan = ask(path_of("state.db"), "EXPLAIN QUERY PLAN SELECT * FROM kv_at WHERE snapshot = 1");
    cr_assert_not_null(strstr(plan, "SEARCH s USING INTEGER PRIMARY KEY"), "%s", plan);
    cr_assert_not_null(strstr(plan, "SCAN k"), "%s", plan);
    plan = ask(path_of("state.db"), "EXPLAIN QUERY PLAN SELECT * FROM kv_at WHERE snapshot = 1 AND key = x'61'");
    cr_assert_not_null(strstr(plan, "SEARCH k USING PRIMARY KEY (key=?)"), "%s", plan);
    cr_assert_not_null(strstr(plan, "SEARCH p USING PRIMARY KEY (key=?"), "%s", plan);
    close_store(store);
}

/* The file grows by what changed. */
Test(history, grows_by_what_changes)
{
    stm_store *store = open_store();
    const char *path = path_of("state.db");
    struct stat first, then;
    char key[20];
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "key %u", i);
        put_number(store, key, i);
    }
    OK(stm_file_export(store, path, NULL, NULL, &error));
    cr_assert(stat(path, &first) == 0);
    for (unsigned i = 0; i < 20; i++) {
        put_number(store, "key 7", i);
        OK(stm_file_export(store, path, &append, NULL, &error));
    }
    cr_assert(stat(path, &then) == 0);
    cr_assert(then.st_size < first.st_size + first.st_size / 4, "%ld, then %ld", (long)first.st_size, (long)then.st_size);
    assert_verified(path);
    close_store(store);
}

/* Two files, compared by SQLite's own tool, if it is there: what changed, and nothing else. */
Test(history, sqldiff_shows_what_changed)
{
    stm_store *store = open_store();
    char command[1000];
    put_text(store, "a", "1");
    put_text(store, "b", "1");
    OK(stm_file_export(store, path_of("one.db"), NULL, NULL, &error));
    put_text(store, "b", "2");
    OK(stm_file_export(store, path_of("two.db"), NULL, NULL, &error));
    snprintf(command, sizeof(command),
             "command -v sqldiff >/dev/null || exit 0; sqldiff --table kv '%s' '%s' > '%s.diff'; cat '%s.diff' >&2;"
             " test $(wc -l < '%s.diff') = 1 && grep -q \"UPDATE kv SET .*value='2'.* WHERE .*key.*=x'62'\" '%s.diff'",
             path_of("one.db"), path_of("two.db"), path_of("x"), path_of("x"), path_of("x"), path_of("x"));
    cr_assert(system(command) == 0);
    close_store(store);
}
