/*
 * failures_test.c -- whatever fails, the file is as it was, nothing temporary is left, and the error says which file
 * it was about.
 *
 * Requests for memory, reads and writes of SQLite, and calls to the system of our own fail, one after the other, once and
 * for good, until a call gets through: the first 20 each, then further and further apart. With STM_TEST_EVERY
 * in the environment all of them do.
 */
#include "failing.h"
#include "support.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOR_GOOD 1000000

static stm_store *store;

static void setup(void)
{
    const stm_options options = {.size = sizeof(options), .allocator = failing_allocator()};
    failing_install();
    STORE_OK(stm_store_open(&options, &store));
    put_text(store, "a", "1");
    put_text(store, "b", "1");
    put_number(store, "c", 1);
}

TestSuite(failures, .init = setup);

/* Hundreds of files: only the failing of a sync matters, and not the sync. */
static const stm_export_options replace = {.size = sizeof(stm_export_options), .not_durable = true};
static const stm_export_options append = {.size = sizeof(stm_export_options), .append = true};

static bool is_expected(enum failing_what what, stm_file_status status)
{
    if (status == STM_FILE_OK)
        return true;
    switch (what) {
    case FAILING_MEMORY:
        return status == STM_FILE_NO_MEMORY;
    case FAILING_FILES: /* CANTOPEN and IOERR; a lock that cannot be taken; a header that cannot be read */
        return status == STM_FILE_IO || status == STM_FILE_LOCKED || status == STM_FILE_NOT_FOUND;
    default:
        return status == STM_FILE_IO || status == STM_FILE_LOCKED;
    }
}

static const char *content(const char *path)
{
    return ask(path, "SELECT snapshot, CAST(key AS TEXT), value FROM kv_at ORDER BY 1, 2");
}

/* One call, with all that it needs failing in turn. before and after: what the file shows ("": there is none). */
static void fail_each(enum failing_what what, unsigned count, stm_file_status (*call)(const char *path),
                      void (*prepare)(const char *path))
{
    const char *path = path_of("state.db"), *journal = path_of("state.db-journal");
    static char before[2000], after[2000];
    unsigned number = 1, failures = 0;
    bool fresh = false; /* the file is as prepared */
    const unsigned every = getenv("STM_TEST_EVERY") != NULL ? 1000000 : 20;
    for (bool failed = true; failed; number += 1 + number / every) {
        if (!fresh)
            prepare(path);
        const bool there = access(path, F_OK) == 0;
        snprintf(before, sizeof(before), "%s", there ? content(path) : "");
        failing_begin(what, number, count);
        const stm_file_status status = call(path);
        failed = failing_end();
        failures += status != STM_FILE_OK;
        cr_assert(is_expected(what, status), "request %u: %s: %s", number, stm_file_status_name(status), error.message);
        cr_assert(failed || status == STM_FILE_OK, "nothing has failed, and it answers %s", error.message);
        if (status != STM_FILE_OK && what != FAILING_MEMORY)
            cr_assert_not_null(strstr(error.message, "state.db"), "%s", error.message);
        snprintf(after, sizeof(after), "%s", access(path, F_OK) == 0 ? content(path) : "");
        /* A folder that cannot be synced is told when the new file is in its place already. */
        const bool placed = strstr(error.message, "was replaced") != NULL;
        if (status != STM_FILE_OK && !placed)
            SAYS(after, before);
        /* A journal that SQLite has not come to use, and may not remove, is nothing to play back: it does no harm. */
        unlink(journal);
        SAYS(names_in_folder(), access(path, F_OK) == 0 ? "state.db " : "");
        fresh = status != STM_FILE_OK && !placed;
        if (!fresh && access(path, F_OK) == 0)
            assert_verified(path);
        cr_assert(number < 20000);
    }
    cr_assert(failures > 2, "only %u of %u requests failed", failures, number);
}

/* calls: it makes some to the system itself. */
static void fail_all(stm_file_status (*call)(const char *path), void (*prepare)(const char *path), bool calls)
{
    static const enum failing_what all[] = {FAILING_MEMORY, FAILING_FILES, FAILING_CALLS};
    for (size_t i = 0; i < COUNT_OF(all) - !calls; i++) {
        fail_each(all[i], 1, call, prepare);
        fail_each(all[i], FOR_GOOD, call, prepare);
    }
    STORE_OK(stm_store_close(store));
}

static void remove_file(const char *path)
{
    unlink(path);
}

static void make_old(const char *path)
{
    unlink(path);
    OK(stm_file_export(store, path, &replace, NULL, &error));
    put_text(store, "a", "2");
    put_text(store, "c", "2");
}

static stm_file_status export_new(const char *path)
{
    return stm_file_export(store, path, NULL, NULL, &error);
}

static stm_file_status export_appended(const char *path)
{
    return stm_file_export(store, path, &append, NULL, &error);
}

Test(failures, of_an_export_to_a_new_file)
{
    fail_all(export_new, remove_file, true);
}

Test(failures, of_an_export_that_replaces)
{
    fail_all(export_new, make_old, true);
}

Test(failures, of_an_export_that_appends)
{
    fail_all(export_appended, make_old, true);
}

static void make_two(const char *path)
{
    make_old(path);
    OK(stm_file_export(store, path, &append, NULL, &error));
}

static stm_file_status prune_first(const char *path)
{
    static const int64_t first = 1;
    return stm_file_prune(path, &first, 1, &error);
}

static stm_file_status compact(const char *path)
{
    return stm_file_compact(path, &error);
}

Test(failures, of_prune)
{
    fail_all(prune_first, make_two, false);
}

Test(failures, of_compact)
{
    fail_all(compact, make_two, true);
}

static stm_file_status import_file(const char *path)
{
    stm_store *copy = NULL;
    stm_stats stats;
    const stm_options options = {.size = sizeof(options), .allocator = failing_allocator()};
    const stm_status answer = stm_store_open(&options, &copy);
    if (answer == STM_NO_MEMORY) {
        memset(&error, 0, sizeof(error));
        strcpy(error.message, "state.db");
        return error.status = STM_FILE_NO_MEMORY;
    }
    STORE_OK(answer);
    const stm_file_status status = stm_file_import(copy, path, NULL, NULL, &error);
    STORE_OK(stm_store_stats(copy, &stats));
    EQUALS(stats.keys_live, status == STM_FILE_OK ? 3 : 0);
    EQUALS(stats.transactions, 0);
    STORE_OK(stm_store_close(copy));
    return status;
}

Test(failures, of_import)
{
    fail_all(import_file, make_old, false);
}

static stm_file_status verify(const char *path)
{
    return stm_file_verify(path, NULL, NULL, &error);
}

Test(failures, of_verify)
{
    const char *path = path_of("state.db");
    make_two(path);
    for (unsigned number = 1; number < 20000; number++) {
        failing_begin(FAILING_MEMORY, number, 1);
        const stm_file_status status = verify(path);
        if (!failing_end())
            break;
        cr_assert(status == STM_FILE_NO_MEMORY || status == STM_FILE_OK, "%s", error.message);
        number += number / 20;
    }
    STORE_OK(stm_store_close(store));
}

Test(failures, of_live_tables)
{
    for (unsigned number = 1; number < 20000; number++) {
        sqlite3 *db = NULL;
        failing_begin(FAILING_MEMORY, number, 1);
        int code = sqlite3_open(":memory:", &db);
        stm_file_status status = code == SQLITE_OK ? stm_sql_attach(db, store, NULL, &error) : STM_FILE_NO_MEMORY;
        if (status == STM_FILE_OK)
            code = sqlite3_exec(db, "SELECT a.key, b.value FROM stm AS a JOIN stm AS b USING(key) WHERE a.key_text"
                                    " GLOB 'a*' OR a.key_text BETWEEN 'b' AND 'c' ORDER BY a.value", NULL, NULL, NULL);
        const bool failed = failing_end();
        cr_assert(status == STM_FILE_NO_MEMORY || code == SQLITE_OK || code == SQLITE_NOMEM, "%d %s", code,
                  error.message);
        cr_assert(failed || (status == STM_FILE_OK && code == SQLITE_OK));
        sqlite3_close(db);
        if (!failed)
            break;
    }
    stm_stats stats;
    STORE_OK(stm_store_stats(store, &stats));
    EQUALS(stats.snapshots, 0);
    STORE_OK(stm_store_close(store)); /* no hold is left */
}

/* ---- what stands in the way ---- */

static void close_and_check(const char *path, const char *before)
{
    SAYS(content(path), before);
    SAYS(names_in_folder(), "state.db ");
    STORE_OK(stm_store_close(store));
}

Test(failures, locked_by_another_connection)
{
    const char *path = path_of("state.db");
    const stm_export_options hasty[] = {{.size = sizeof(stm_export_options), .lock_wait_ms = 1},
                                        {.size = sizeof(stm_export_options), .lock_wait_ms = 1, .append = true}};
    char before[500];
    sqlite3 *other = NULL;
    make_old(path);
    snprintf(before, sizeof(before), "%s", content(path));
    cr_assert(sqlite3_open(path, &other) == SQLITE_OK);
    for (size_t i = 0; i < COUNT_OF(hasty); i++) {
        cr_assert(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
        ANSWERS(stm_file_export(store, path, &hasty[i], NULL, &error), STM_FILE_LOCKED);
        cr_assert_not_null(strstr(error.message, path));
        cr_assert(sqlite3_exec(other, "COMMIT; BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK);
        ANSWERS(stm_file_export(store, path, &hasty[i], NULL, &error), STM_FILE_LOCKED);
        cr_assert(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    }
    sqlite3_close(other);
    close_and_check(path, before);
}

Test(failures, replaced_under_a_reader)
{
    const char *path = path_of("state.db");
    sqlite3 *reader = NULL;
    make_old(path);
    cr_assert(sqlite3_open(path, &reader) == SQLITE_OK);
    cr_assert(sqlite3_exec(reader, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
    SAYS(ask_open(reader, "SELECT value FROM kv"), "1 1 1");
    OK(export_new(path)); /* readers do not stand in the way, and go on with what they have */
    SAYS(ask_open(reader, "SELECT value FROM kv"), "1 1 1");
    sqlite3_close(reader);
    SAYS(ask(path, "SELECT value FROM kv"), "2 1 2");
    STORE_OK(stm_store_close(store));
}

Test(failures, a_file_in_wal_mode)
{
    const char *path = path_of("state.db");
    make_old(path);
    change(path, "PRAGMA journal_mode = WAL");
    OK(export_appended(path));
    OK(export_new(path));
    SAYS(ask(path, "SELECT value FROM kv"), "2 1 2");
    SAYS(names_in_folder(), "state.db ");
    STORE_OK(stm_store_close(store));
}

/* A journal that a killed writer left behind belongs to the old file: played back into the new one it would ruin it. */
Test(failures, a_journal_is_left_behind)
{
    const char *path = path_of("state.db"), *saved = path_of("saved");
    char command[1000];
    sqlite3 *db = NULL;
    make_old(path);
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    /* Written to the file before the commit, since the cache is full. */
    cr_assert(sqlite3_exec(db, "PRAGMA cache_size = 1; BEGIN; UPDATE kv SET value = 'half';"
                               "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
                               " INSERT INTO stats SELECT 1, 'x' || i, zeroblob(3000) FROM n", NULL, NULL, NULL) == SQLITE_OK);
    snprintf(command, sizeof(command), "cp '%s' '%s' && cp '%s-journal' '%s-journal'", path, saved, path, saved);
    cr_assert(system(command) == 0);
    sqlite3_close(db);
    snprintf(command, sizeof(command), "mv '%s' '%s' && mv '%s-journal' '%s-journal'", saved, path, saved, path);
    cr_assert(system(command) == 0);

    OK(export_new(path));
    SAYS(ask(path, "SELECT value FROM kv"), "2 1 2");
    SAYS(names_in_folder(), "state.db ");
    assert_verified(path);
    STORE_OK(stm_store_close(store));
}

Test(failures, a_journal_without_its_file)
{
    const char *path = path_of("state.db"), *journal = path_of("state.db-journal");
    char command[1000];
    sqlite3 *db = NULL;
    make_old(path);
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "PRAGMA cache_size = 1; BEGIN; UPDATE kv SET value = 'half';"
                               "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
                               " INSERT INTO stats SELECT 1, 'x' || i, zeroblob(3000) FROM n", NULL, NULL, NULL) == SQLITE_OK);
    snprintf(command, sizeof(command), "cp '%s' '%s.saved'", journal, journal);
    cr_assert(system(command) == 0);
    sqlite3_close(db);
    snprintf(command, sizeof(command), "rm '%s' && mv '%s.saved' '%s'", path, journal, journal);
    cr_assert(system(command) == 0);
    OK(export_new(path));
    SAYS(ask(path, "SELECT value FROM kv"), "2 1 2");
    assert_verified(path);
    SAYS(names_in_folder(), "state.db ");
    STORE_OK(stm_store_close(store));
}

Test(failures, not_ours_is_not_touched)
{
    static const char *const statements[] = {"CREATE TABLE t(x); INSERT INTO t VALUES(1)",
                                             "PRAGMA application_id = 7", "PRAGMA user_version = 1"};
    const char *path = path_of("state.db");
    struct stat before, after;
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        unlink(path);
        change(path, statements[i]);
        cr_assert(stat(path, &before) == 0);
        ANSWERS(export_new(path), STM_FILE_NOT_OURS);
        ANSWERS(export_appended(path), STM_FILE_NOT_OURS);
        ANSWERS(compact(path), STM_FILE_NOT_OURS);
        cr_assert(stat(path, &after) == 0 && before.st_ino == after.st_ino && before.st_size == after.st_size &&
                  before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    }
    FILE *file = fopen(path, "w");
    fputs("somebody's notes", file);
    fclose(file);
    ANSWERS(export_new(path), STM_FILE_NOT_OURS);
    SAYS(names_in_folder(), "state.db ");
    cr_assert(unlink(path) == 0 && mkdir(path, 0700) == 0);
    ANSWERS(export_new(path), STM_FILE_NOT_OURS);
    cr_assert(rmdir(path) == 0 && mkfifo(path, 0600) == 0);
    ANSWERS(export_new(path), STM_FILE_NOT_OURS);
    unlink(path);
    fclose(fopen(path, "w"));
    OK(export_new(path)); /* an empty file is nobody's */
    STORE_OK(stm_store_close(store));
}

Test(failures, newer_and_damaged)
{
    const char *path = path_of("state.db");
    make_old(path);
    change(path, "PRAGMA user_version = 2");
    ANSWERS(export_new(path), STM_FILE_NEWER);
    ANSWERS(export_appended(path), STM_FILE_NEWER);
    ANSWERS(prune_first(path), STM_FILE_NEWER);
    change(path, "PRAGMA user_version = 1; DROP TABLE stats");
    ANSWERS(export_appended(path), STM_FILE_DAMAGED);
    make_old(path);
    /* All pages but the first are overwritten. */
    struct stat known;
    cr_assert(stat(path, &known) == 0);
    const int fd = open(path, O_WRONLY);
    for (off_t at = 4096; at < known.st_size; at += 4)
        cr_assert(pwrite(fd, "\xde\xad\xbe\xef", 4, at) == 4);
    close(fd);
    ANSWERS(export_appended(path), STM_FILE_DAMAGED);
    ANSWERS(verify(path), STM_FILE_DAMAGED);
    ANSWERS(export_new(path), STM_FILE_DAMAGED);
    STORE_OK(stm_store_close(store));
}

Test(failures, folder_may_not_be_written)
{
    const char *path = path_of("state.db");
    char folder[400], before[500];
    make_old(path);
    snprintf(before, sizeof(before), "%s", content(path));
    snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    cr_assert(chmod(folder, 0555) == 0 && chmod(path, 0644) == 0);
    if (geteuid() == 0)
        cr_assert(seteuid(65534) == 0); /* root may write anywhere */
    ANSWERS(export_new(path), STM_FILE_READ_ONLY);
    cr_assert_not_null(strstr(error.message, path));
    ANSWERS(export_appended(path), STM_FILE_READ_ONLY);
    ANSWERS(stm_file_export(store, path_of("new.db"), NULL, NULL, &error), STM_FILE_READ_ONLY);
    cr_assert(verify(path) == STM_FILE_OK, "%s", error.message);
    if (getuid() == 0)
        cr_assert(seteuid(0) == 0);
    cr_assert(chmod(folder, 0755) == 0);
    close_and_check(path, before);
}

Test(failures, no_space)
{
    const char *folder = path_of("full");
    char path[500], text[3000];
    cr_assert(mkdir(folder, 0755) == 0);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=600k") != 0) {
        rmdir(folder);
        cr_skip_test("no mount namespace, so no small disk");
    }
    snprintf(path, sizeof(path), "%s/state.db", folder);
    make_old(path);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (unsigned i = 0; i < 300; i++) {
        char key[20];
        snprintf(key, sizeof(key), "key %u", i);
        put_text(store, key, text);
    }
    ANSWERS(export_new(path), STM_FILE_FULL);
    cr_assert_not_null(strstr(error.message, "state.db"));
    SAYS(ask(path, "SELECT value FROM kv"), "1 1 1");
    ANSWERS(export_appended(path), STM_FILE_FULL);
    SAYS(ask(path, "SELECT value FROM kv"), "1 1 1");
    assert_verified(path);
    char command[600];
    snprintf(command, sizeof(command), "test \"$(ls -A '%s')\" = state.db", folder);
    cr_assert(system(command) == 0);
    STORE_OK(stm_store_close(store));
    umount2(folder, MNT_DETACH);
    rmdir(folder);
}

static bool never(uint64_t done, uint64_t total, void *arg)
{
    (void)arg;
    cr_assert(done <= total);
    return false;
}

Test(failures, cancelled)
{
    const char *path = path_of("state.db");
    stm_export_options options = append;
    char before[500];
    make_old(path);
    snprintf(before, sizeof(before), "%s", content(path));
    for (unsigned i = 0; i < 3000; i++) {
        char key[20];
        snprintf(key, sizeof(key), "key %u", i);
        put_number(store, key, i);
    }
    options.progress = never;
    ANSWERS(stm_file_export(store, path, &options, NULL, &error), STM_FILE_CANCELLED);
    options.append = false;
    ANSWERS(stm_file_export(store, path, &options, NULL, &error), STM_FILE_CANCELLED);
    close_and_check(path, before);
}

Test(failures, bad_arguments)
{
    const char *path = path_of("state.db");
    stm_export_options options = {.size = 1};
    stm_snapshot *snapshot = take(store, "look");
    ANSWERS(stm_file_export(NULL, path, NULL, NULL, &error), STM_FILE_INVALID);
    ANSWERS(stm_file_export(store, NULL, NULL, NULL, &error), STM_FILE_INVALID);
    ANSWERS(stm_file_export(store, "", NULL, NULL, &error), STM_FILE_INVALID);
    ANSWERS(stm_file_export(store, "/", NULL, NULL, &error), STM_FILE_NOT_OURS);
    ANSWERS(stm_file_export(store, "/no/such/folder/state.db", NULL, NULL, &error), STM_FILE_NOT_FOUND);
    ANSWERS(stm_file_export(store, path, &options, NULL, &error), STM_FILE_INVALID);
    ANSWERS(stm_file_export_snapshot(NULL, path, NULL, NULL, &error), STM_FILE_INVALID);
    ANSWERS(stm_file_export_into(snapshot, NULL, NULL, NULL, &error), STM_FILE_INVALID);
    options = (stm_export_options){.size = sizeof(options), .page_size = 1000};
    ANSWERS(stm_file_export(store, path, &options, NULL, &error), STM_FILE_INVALID);
    options = (stm_export_options){.size = sizeof(options), .label = ""};
    ANSWERS(stm_file_export(store, path, &options, NULL, &error), STM_FILE_INVALID);
    options = (stm_export_options){.size = sizeof(options), .prefix = stm_text("a"), .low = stm_text("a")};
    ANSWERS(stm_file_export(store, path, &options, NULL, &error), STM_FILE_INVALID);
    static char long_name[5000];
    memset(long_name, 'x', sizeof(long_name) - 1);
    ANSWERS(stm_file_export(store, long_name, NULL, NULL, &error), STM_FILE_INVALID);
    ANSWERS(stm_file_import(store, path, NULL, NULL, &error), STM_FILE_NOT_FOUND);
    ANSWERS(stm_file_import(NULL, path, NULL, NULL, &error), STM_FILE_INVALID);
    ANSWERS(stm_file_prune(path, NULL, 1, &error), STM_FILE_INVALID);
    cr_assert(stm_file_export(store, NULL, NULL, NULL, NULL) == STM_FILE_INVALID);
    SAYS(names_in_folder(), "");
    SAYS(stm_file_status_name(STM_FILE_LOCKED), "LOCKED");
    SAYS(stm_file_status_name((stm_file_status)99), "UNKNOWN");
    for (int status = 0; status <= STM_FILE_TOO_LARGE; status++)
        cr_assert(strlen(stm_file_status_text((stm_file_status)status)) > 3);
    stm_snapshot_release(snapshot);
    STORE_OK(stm_store_close(store));
}
