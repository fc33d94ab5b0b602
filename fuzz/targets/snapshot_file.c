/*
 * snapshot_file -- the input is a database file: it is verified, imported into an empty store and into one that has some of
 * its keys, added to, and given to the commands of stm-snapshot. All of it in memory.
 *
 * A file has whole pages, of 512 bytes at least. Where bytes are left over behind the last 512, the first of them says what
 * is done after verify and import: one thing only. Without any, all is done, which takes ten times as long.
 */
#include "target.h"

#include "../hostile/memory_vfs.h"
#include "../hostile/snapshot_command.h"
#include "../hostile/sweep.h"

#include <locale.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <stm/snapshot.h>
#include <string.h>

enum { PAGE_SIZE_MIN = 512 };

#define EXPECT(condition, ...) expect((condition), #condition, __LINE__, __VA_ARGS__)

static void expect(bool good, const char *what, int line, const char *why)
{
    if (good)
        return;
    fprintf(stderr, "snapshot_file.c:%d: not so: %s\n%s\n", line, what, why);
    abort();
}

static void expect_store(stm_status answered)
{
    EXPECT(answered == STM_OK, stm_status_name(answered));
}

/* ------------------------------------------------------------------------------- stores -- */

/* What the store of the second import has; seeds have these keys, too. */
static const char *const held_names[] = {"account:1", "account:2", "only here"};
enum { HELD_COUNT = sizeof held_names / sizeof held_names[0] };
static const char held_value[] = "held";

static stm_store *open_store(void)
{
    stm_store *store;
    stm_options options = {.size = sizeof options, .key_count_hint = 1};
    expect_store(stm_store_open(&options, &store));
    return store;
}

static stm_store *open_filled_store(void)
{
    stm_txn *txn;
    stm_store *store = open_store();
    expect_store(stm_txn_begin(store, "fuzz", &txn));
    for (int i = 0; i < HELD_COUNT; i++)
        expect_store(stm_txn_set(txn, stm_text(held_names[i]), stm_text(held_value)));
    expect_store(stm_txn_commit(txn));
    stm_txn_end(txn);
    return store;
}

static stm_snapshot *take(stm_store *store)
{
    stm_snapshot *snapshot;
    expect_store(stm_snapshot_take(store, "fuzz", &snapshot));
    return snapshot;
}

static uint64_t live_keys(stm_store *store)
{
    stm_stats stats;
    expect_store(stm_store_stats(store, &stats));
    return stats.keys_live;
}

/* As it was before a failed import. */
static void expect_held(stm_store *store, const char *why)
{
    stm_snapshot *snapshot = take(store);
    EXPECT(live_keys(store) == HELD_COUNT, why);
    for (int i = 0; i < HELD_COUNT; i++) {
        stm_entry entry;
        expect_store(stm_snapshot_get(snapshot, stm_text(held_names[i]), &entry));
        EXPECT(entry.version == 1 && entry.value.size == strlen(held_value), why);
    }
    stm_snapshot_release(snapshot);
}

/* --------------------------------------------------------------- what a plain read gives -- */

/* The bytes that the README promises for type and SQL value. */
static stm_bytes plain_value(sqlite3_stmt *rows, int column, char number[8])
{
    int64_t integer = sqlite3_column_int64(rows, column);
    double real = sqlite3_column_double(rows, column);
    switch (sqlite3_column_type(rows, column)) {
    case SQLITE_INTEGER:
        memcpy(number, &integer, sizeof integer);
        return stm_bytes_of(number, sizeof integer);
    case SQLITE_FLOAT:
        memcpy(number, &real, sizeof real);
        return stm_bytes_of(number, sizeof real);
    default:
        return stm_bytes_of(sqlite3_column_blob(rows, column), (size_t)sqlite3_column_bytes(rows, column));
    }
}

static void expect_row(const stm_snapshot *snapshot, sqlite3_stmt *rows)
{
    stm_entry entry;
    char number[8];
    stm_bytes key = stm_bytes_of(sqlite3_column_blob(rows, 0), (size_t)sqlite3_column_bytes(rows, 0));
    stm_bytes value = plain_value(rows, 3, number);
    EXPECT(stm_snapshot_get(snapshot, key, &entry) == STM_OK, "a key of the file is not in the store");
    EXPECT((int64_t)entry.type == sqlite3_column_int64(rows, 1), "the type is another");
    EXPECT((int64_t)entry.version == sqlite3_column_int64(rows, 2), "the version is another");
    EXPECT(entry.value.size == value.size, "the size is another");
    EXPECT(value.size == 0 || memcmp(entry.value.data, value.data, value.size) == 0, "the value is another");
}

static void expect_equal(stm_store *store)
{
    sqlite3 *db;
    sqlite3_stmt *rows;
    uint64_t count = 0;
    stm_snapshot *snapshot = take(store);
    EXPECT(sqlite3_open_v2(MEMORY_VFS_PATH, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK, "a plain open failed");
    /* The encoding of TEXT is the file's business. */
    const char query[] = "SELECT key, type, version, CASE typeof(value) WHEN 'text' THEN CAST(value AS TEXT) ELSE value END"
                         " FROM kv_at WHERE snapshot = (SELECT max(id) FROM snapshots)";
    EXPECT(sqlite3_prepare_v2(db, query, -1, &rows, NULL) == SQLITE_OK, sqlite3_errmsg(db));
    for (; sqlite3_step(rows) == SQLITE_ROW; count++) {
        sqlite3_column_text(rows, 3); /* to UTF-8 */
        expect_row(snapshot, rows);
    }
    EXPECT(sqlite3_finalize(rows) == SQLITE_OK, sqlite3_errmsg(db));
    EXPECT(count == live_keys(store), "the store has other keys than the file");
    sqlite3_close(db);
    stm_snapshot_release(snapshot);
}

/* -------------------------------------------------------------------------- the library -- */

/* Others cannot be: nobody else has the file, and the disk is not asked. */
#define POSSIBLE                                                                                                      \
    (1u << STM_FILE_OK | 1u << STM_FILE_INVALID | 1u << STM_FILE_STORE | 1u << STM_FILE_NO_MEMORY |                   \
     1u << STM_FILE_NOT_FOUND | 1u << STM_FILE_NOT_OURS | 1u << STM_FILE_NEWER | 1u << STM_FILE_DAMAGED |             \
     1u << STM_FILE_READ_ONLY | 1u << STM_FILE_IO | 1u << STM_FILE_EXISTS | 1u << STM_FILE_TOO_LARGE)

static void expect_clear(stm_file_status status, const stm_file_error *error)
{
    EXPECT((POSSIBLE >> status & 1) != 0, stm_file_status_name(status));
    EXPECT(error->status == status, error->message);
    EXPECT((error->message[0] == '\0') == (status == STM_FILE_OK), error->message);
}

static unsigned check_count;
static stm_file_error verify_error;

static bool told(const char *what, bool holds, const char *why, void *arg)
{
    (void)arg;
    EXPECT(what[0] != '\0' && (holds || why[0] != '\0'), "a check without a name, or without a reason");
    check_count++;
    return true;
}

static stm_file_status verify(void)
{
    check_count = 0;
    stm_file_status status = stm_file_verify(MEMORY_VFS_PATH, told, NULL, &verify_error);
    expect_clear(status, &verify_error);
    EXPECT(status != STM_FILE_OK || check_count > 4, "nothing was checked");
    return status;
}

static stm_file_status import(stm_store *store, stm_import_policy policy)
{
    stm_file_error error;
    stm_import_result result = {0};
    stm_import_options options = {.size = sizeof options, .policy = policy};
    stm_file_status status = stm_file_import(store, MEMORY_VFS_PATH, &options, &result, &error);
    expect_clear(status, &error);
    EXPECT(status == STM_FILE_OK || result.commits == 0, "one transaction takes all keys, and it failed");
    return status;
}

/* In a damaged file an index and its table may tell different things: then what has the checksum that was recorded is right. */
static stm_file_status import_into_empty(stm_file_status verified)
{
    stm_store *store = open_store();
    stm_file_status status = import(store, STM_IMPORT_REFUSE);
    if (status == STM_FILE_OK && verified == STM_FILE_OK)
        expect_equal(store);
    EXPECT(status == STM_FILE_OK || live_keys(store) == 0, "a failed import has left something");
    expect_store(stm_store_close(store));
    return status;
}

static void merge(stm_import_policy policy, stm_file_status alone)
{
    stm_store *store = open_filled_store();
    stm_file_status status = import(store, policy);
    if (status != STM_FILE_OK)
        expect_held(store, stm_file_status_name(status));
    EXPECT(status != STM_FILE_EXISTS || policy == STM_IMPORT_REFUSE, "a policy was given");
    if (status != alone && status != STM_FILE_EXISTS)
        EXPECT(false, stm_file_status_name(status));
    expect_store(stm_store_close(store));
}

/* To a copy of the file, as one more snapshot. If it was sound before, it is now. */
static void append(const uint8_t *data, size_t size, bool sound)
{
    sqlite3 *db = NULL;
    stm_file_error error;
    stm_store *store = open_filled_store();
    stm_snapshot *snapshot = take(store);
    stm_export_options options = {.size = sizeof options, .append = true};
    unsigned char *copy = sqlite3_malloc64(size + 1);
    EXPECT(copy != NULL && sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) == SQLITE_OK,
           "no memory");
    memcpy(copy, data, size);
    int code = sqlite3_deserialize(db, "main", copy, (sqlite3_int64)size, (sqlite3_int64)size,
                                   SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    stm_file_status status = code == SQLITE_OK ? stm_file_export_into(snapshot, db, &options, NULL, &error) : STM_FILE_OK;
    if (code == SQLITE_OK)
        expect_clear(status, &error);
    if (code == SQLITE_OK && sound) {
        sqlite3_int64 grown_size;
        EXPECT(status == STM_FILE_OK, error.message);
        unsigned char *grown = sqlite3_serialize(db, "main", &grown_size, SQLITE_SERIALIZE_NOCOPY);
        memory_vfs_set(grown, (size_t)grown_size);
        verify();
        EXPECT(verify_error.status == STM_FILE_OK, verify_error.message); /* an append has damaged it */
        memory_vfs_set(data, size);
    }
    sqlite3_close(db);
    stm_snapshot_release(snapshot);
    expect_store(stm_store_close(store));
}

/* ------------------------------------------------------------------------- the commands -- */

static char path[] = MEMORY_VFS_PATH, first_key[] = "account:1", html[] = "-";
static char *operands[] = {path, NULL}, *get_operands[] = {path, first_key, NULL}, *two_operands[] = {path, path, NULL};

#define OF(names, count, ...) {.operands = names, .operand_count = count, .depth = -1, .separators = ":/.", __VA_ARGS__}
#define FILE_WITH(...) OF(operands, 1, __VA_ARGS__)

static const struct use {
    const struct command *command;
    struct options options;
} uses[] = {
    {&command_list, FILE_WITH(.json = false)},
    {&command_list, FILE_WITH(.json = true)},
    {&command_show, FILE_WITH(.full = true)},
    {&command_show, FILE_WITH(.json = true)},
    {&command_get, OF(get_operands, 2, .history = true)},
    {&command_get, OF(get_operands, 2, .history = true, .json = true)},
    {&command_get, OF(get_operands, 2, .json = true)},
    {&command_diff, FILE_WITH(.republished = true)},
    {&command_diff, FILE_WITH(.json = true)},
    {&command_diff, OF(two_operands, 2, .full = true)},
    {&command_stat, FILE_WITH(.top = 3)},
    {&command_stat, FILE_WITH(.top = 20, .json = true)},
    {&command_verify, FILE_WITH(.json = false)},
    {&command_verify, FILE_WITH(.json = true)},
    {&command_export, FILE_WITH(.csv = true)},
    {&command_export, FILE_WITH(.json = true)},
    {&command_report, FILE_WITH(.top = 20, .html = html)},
    {&command_restore, FILE_WITH(.check = true)},
};
enum { USE_COUNT = sizeof uses / sizeof uses[0] };

static void use_command(const struct use *use, stm_file_status verified)
{
    answer answer = snapshot_command_run(use->command, &use->options);
    EXPECT(answer.status == 0 || answer.status == 1 || answer.status == 3, "no such exit status");
    EXPECT(answer.failed == (answer.messages.size > 0), "a failure without a message, or a message without a failure");
    EXPECT(captured_is_safe(&answer.output), answer.output.text);
    if (use->options.json && !answer.failed)
        EXPECT(captured_is_json(&answer.output), answer.output.text);
    if (use->command == &command_verify)
        EXPECT((answer.status == 0) == (verified == STM_FILE_OK), answer.output.text);
    if (verified == STM_FILE_OK)
        EXPECT(answer.status != 3 || use->command == &command_diff, answer.messages.text);
}

/* -------------------------------------------------------------------------------- doors -- */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    sweep_prepare(*argv);
    setlocale(LC_NUMERIC, "C");
    sqlite3_config(SQLITE_CONFIG_LOG, NULL, NULL);
    memory_vfs_register();
    static const uint8_t nothing[PAGE_SIZE_MIN];
    LLVMFuzzerTestOneInput(nothing, sizeof nothing); /* what is made once is made now */
    return 0;
}

/* What is done besides: imports by each policy, an append, and each of the commands. */
enum { MERGE = 0, APPEND = 4, COMMAND, WAY_COUNT = COMMAND + USE_COUNT };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t left_over = size < PAGE_SIZE_MIN ? 0 : size % PAGE_SIZE_MIN;
    unsigned from = left_over > 0 ? data[size - left_over] % WAY_COUNT : 0, to = left_over > 0 ? from : WAY_COUNT - 1;
    memory_vfs_set(data, size - left_over);
    stm_file_status verified = verify(), imported = import_into_empty(verified);
    EXPECT(imported != STM_FILE_DAMAGED || verified != STM_FILE_OK, "an import refuses what verify finds sound");
    EXPECT(verified != STM_FILE_OK || imported == STM_FILE_OK || imported == STM_FILE_STORE || imported == STM_FILE_INVALID,
           stm_file_status_name(imported));
    for (unsigned way = from; way <= to; way++) {
        if (way < APPEND)
            merge((stm_import_policy)way, imported);
        else if (way == APPEND)
            append(data, size - left_over, verified == STM_FILE_OK);
        else
            use_command(&uses[way - COMMAND], verified);
    }
    return 0;
}
