/*
 * verify_test.c -- stm_file_verify finds what was changed behind our back, and says which check it was.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char found[200]; /* what did not hold */

static bool note(const char *what, bool holds, const char *why, void *arg)
{
    (void)arg;
    cr_assert(holds == (why[0] == '\0'));
    if (!holds)
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s;", what);
    return true;
}

static void make_file(void)
{
    const stm_export_options append = {.size = sizeof(append), .append = true};
    stm_store *store = open_store();
    put_text(store, "a", "1");
    put_number(store, "b", 2);
    OK(stm_file_export(store, path_of("state.db"), NULL, NULL, &error));
    put_number(store, "b", 3);
    erase(store, "a");
    put_text(store, "c", "4");
    OK(stm_file_export(store, path_of("state.db"), &append, NULL, &error));
    put_text(store, "a", "5");
    OK(stm_file_export(store, path_of("state.db"), &append, NULL, &error));
    close_store(store);
}

Test(verify, finds_what_was_changed)
{
    static const struct {
        const char *change, *found;
    } cases[] = {
        {"UPDATE kv SET value = 7 WHERE value = 3", "snapshot 2;snapshot 3;"},
        {"UPDATE past SET value = 7 WHERE value = 2", "snapshot 1;"},
        {"DELETE FROM kv WHERE value = '5'", "snapshot 3;"},
        {"UPDATE kv SET version = version + 1", "snapshot 2;snapshot 3;"},
        {"UPDATE snapshots SET key_count = 7 WHERE id = 2", "snapshot 2;"},
        {"UPDATE snapshots SET bytes = bytes + 1 WHERE id = 1", "snapshot 1;"},
        {"UPDATE snapshots SET checksum = zeroblob(16) WHERE id = 3", "snapshot 3;"},
        {"UPDATE snapshots SET has_values = 0 WHERE id = 1", "snapshot 1;"},
        {"UPDATE snapshots SET parent = NULL", "history;"},
        {"UPDATE past SET until = 99 WHERE value = 2", "history;snapshot 2;snapshot 3;"},
        {"UPDATE kv SET since = 99 WHERE value = '5'", "history;snapshot 3;"},
        {"UPDATE snapshots SET low = 'text' WHERE id = 2", "history;"},
        {"UPDATE sqlite_sequence SET seq = 9223372036854775807", "history;"},
        {"UPDATE sqlite_sequence SET seq = 'two'", "history;"},
        {"INSERT INTO stats VALUES(99, 'busy', 1)", "history;"},
        {"UPDATE kv SET type = 9 WHERE value = 3", "rows;snapshot 2;snapshot 3;"},
        {"UPDATE kv SET size = 9 WHERE value = 3", "rows;snapshot 2;snapshot 3;"},
        {"UPDATE kv SET key = 'text' WHERE value = 3", "rows;snapshot 2;snapshot 3;"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        make_file();
        assert_verified(path_of("state.db"));
        change(path_of("state.db"), cases[i].change);
        found[0] = '\0';
        ANSWERS(stm_file_verify(path_of("state.db"), note, NULL, &error), STM_FILE_DAMAGED);
        cr_assert(strstr(cases[i].found, "rows") != NULL ? strncmp(found, "rows;", 5) == 0
                                                         : strcmp(found, cases[i].found) == 0,
                  "%s\n    found %s, not %s", cases[i].change, found, cases[i].found);
    }
}

/* SQLite gives no number after the largest ("database is full"), and 0 stands for no snapshot. */
Test(verify, numbers_that_leave_none_for_others)
{
    static const char *const changes[] = {
        "UPDATE snapshots SET id = 9223372036854775807; UPDATE kv SET since = 9223372036854775807",
        "UPDATE snapshots SET id = 0; UPDATE kv SET since = 0",
        "UPDATE snapshots SET id = -3; UPDATE kv SET since = -3",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
    };
    const stm_export_options append = {.size = sizeof(append), .append = true};
    stm_store *store = open_store();
    put_text(store, "a", "1");
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        const stm_export_options anew = {.size = sizeof(anew)};
        OK(stm_file_export(store, path_of("numbers.db"), &anew, NULL, &error));
        change(path_of("numbers.db"), changes[i]);
        ANSWERS(stm_file_verify(path_of("numbers.db"), NULL, NULL, &error), STM_FILE_DAMAGED);
        ANSWERS(stm_file_export(store, path_of("numbers.db"), &append, NULL, &error), STM_FILE_DAMAGED);
        cr_assert_not_null(strstr(error.message, "number below 1, or one that leaves none for others"), "%s", error.message);
        SAYS(ask(path_of("numbers.db"), "SELECT count(*), min(value) FROM kv_at"), "1|1");
    }
    close_store(store);
}

/* Whatever they answer: they come back, and what they answer is a status. */
static void use_in_every_way(const char *path)
{
    static const stm_import_options edited = {.size = sizeof(edited), .edited = true, .policy = STM_IMPORT_OVERWRITE};
    static const stm_export_options append = {.size = sizeof(append), .append = true, .not_durable = true};
    static const int64_t first = 1;
    stm_store *store = open_store();
    put_text(store, "a", "from elsewhere");
    cr_assert(stm_file_import(store, path, &edited, NULL, &error) <= STM_FILE_TOO_LARGE);
    cr_assert(stm_file_export(store, path, &append, NULL, &error) <= STM_FILE_TOO_LARGE);
    cr_assert(stm_file_prune(path, &first, 1, &error) <= STM_FILE_TOO_LARGE);
    STORE_OK(stm_store_close(store));
}

Test(verify, finds_every_byte_that_matters_or_is_not_hurt)
{
    const char *bent = path_of("bent.db");
    unsigned step = getenv("STM_TEST_EVERY") != NULL ? 1 : 211;
    /* A byte changed anywhere: found, or it made no difference to what the file shows. Never a crash. */
    FILE *file;
    static unsigned char bytes[400000];
    make_file();
    file = fopen(path_of("state.db"), "rb");
    const size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    cr_assert(size > 0 && size < sizeof(bytes));
    const char *query = "SELECT id, key_count FROM snapshots UNION ALL SELECT hex(key), value FROM kv_at";
    char before[2000];
    snprintf(before, sizeof(before), "%s", ask(path_of("state.db"), query));
    unsigned refused = 0;
    for (size_t at = 0; at < size; at += at < 1000 && step > 7 ? 7 : step) {
        const unsigned char was = bytes[at];
        bytes[at] ^= 0x55;
        file = fopen(bent, "wb");
        cr_assert(fwrite(bytes, 1, size, file) == size);
        fclose(file);
        bytes[at] = was;
        const stm_file_status status = stm_file_verify(bent, NULL, NULL, &error);
        if (status == STM_FILE_OK)
            SAYS(ask(bent, query), before);
        else
            refused++;
        use_in_every_way(bent);
    }
    cr_assert(refused > 20, "%u", refused);
}

Test(verify, what_is_not_ours)
{
    ANSWERS(stm_file_verify(path_of("nothing.db"), NULL, NULL, &error), STM_FILE_NOT_FOUND);
    cr_assert_not_null(strstr(error.message, "nothing.db"));
    FILE *file = fopen(path_of("text.db"), "w");
    fputs("not a database, but long enough to be looked at as one; not a database, but long enough to be looked at", file);
    fclose(file);
    ANSWERS(stm_file_verify(path_of("text.db"), NULL, NULL, &error), STM_FILE_NOT_OURS);
    fclose(fopen(path_of("empty.db"), "w"));
    ANSWERS(stm_file_verify(path_of("empty.db"), NULL, NULL, &error), STM_FILE_NOT_OURS);
    change(path_of("other.db"), "CREATE TABLE t(x)");
    ANSWERS(stm_file_verify(path_of("other.db"), NULL, NULL, &error), STM_FILE_NOT_OURS);
    ANSWERS(stm_file_verify(NULL, NULL, NULL, &error), STM_FILE_INVALID);
    ANSWERS(stm_file_verify("", NULL, NULL, &error), STM_FILE_INVALID);
}

Test(verify, stm_file_open_lets_nothing_happen)
{
    static const char *const forbidden[] = {"DELETE FROM kv", "CREATE TABLE t(x)", "PRAGMA user_version = 7"};
    sqlite3 *db = NULL;
    make_file();
    OK(stm_file_open(path_of("state.db"), false, &db, &error));
    SAYS(ask_open(db, "SELECT count(*) FROM kv_at"), "7");
    for (size_t i = 0; i < COUNT_OF(forbidden); i++)
        cr_assert(sqlite3_exec(db, forbidden[i], NULL, NULL, NULL) == SQLITE_READONLY, "%s", forbidden[i]);
    sqlite3_close(db);

    change(path_of("state.db"), "CREATE TRIGGER spy AFTER INSERT ON stats BEGIN DELETE FROM kv; END");
    OK(stm_file_open(path_of("state.db"), true, &db, &error));
    cr_assert(sqlite3_exec(db, "INSERT INTO stats VALUES(1, 'mine', 1)", NULL, NULL, NULL) == SQLITE_OK);
    SAYS(ask_open(db, "SELECT count(*) > 0 FROM kv"), "1"); /* triggers are off */
    cr_assert(sqlite3_exec(db, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = ''", NULL, NULL, NULL) != SQLITE_OK);
    sqlite3_close(db);
    ANSWERS(stm_file_open(path_of("no.db"), true, &db, &error), STM_FILE_NOT_FOUND);
    cr_assert_null(db);
    ANSWERS(stm_file_open(path_of("state.db"), true, NULL, &error), STM_FILE_INVALID);
}
