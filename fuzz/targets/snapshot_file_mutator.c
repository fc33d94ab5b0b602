/*
 * snapshot_file_mutator -- changes a database file as SQLite itself would: rows and schema that make no sense, in a file that is
 * sound as far as SQLite knows. Bytes changed at random hardly ever get that far.
 */
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* libFuzzer's own; other engines have none. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);

enum { PAGE_SIZE_MIN = 512, EDITS_MAX = 3, STEPS_MAX = 100000 };

static uint32_t next(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return *random >> 8;
}

#define PICK(list, random) (list)[next(random) % (sizeof(list) / sizeof(list)[0])]

static const char *const tables[] = {"kv", "kv", "past", "snapshots", "stats", "hottest", "meta", "types", "readme"};
static const char *const kv_columns[] = {"key", "type", "size", "version", "revision", "writer_txn", "writer_label",
                                         "writer_tid", "since", "until", "value"};
static const char *const columns[] = {"id", "label", "taken_at", "revision", "key_count", "bytes", "change_count", "parent",
                                      "checksum", "low", "high", "has_values", "has_writers", "library", "snapshot",
                                      "rank", "count", "error", "name", "value", "text", "store"};
static const char *const values[] = {
    "NULL", "0", "1", "2", "-1", "3", "7", "8", "255", "9223372036854775807", "-9223372036854775808", "1152921504606846976",
    "4611686018427387904", "1e308 * 10", "-0.0", "0.5", "''", "'text'", "x''", "x'00'", "x'ff1b5b324a'", "zeroblob(16)",
    "zeroblob(5000)", "zeroblob(900)", "char(8238, 27, 7, 10)", "CAST(x'c328ff' AS TEXT)", "CAST(x'6100620a' AS TEXT)",
    "randomblob(3)", "'</script><b>'", "CAST('account:1' AS BLOB)", "'account:1'", "typeof(1) || char(0) || 'z'"};
static const char *const changes[] = {"%s + 1", "%s - 1", "-%s", "%s * 2", "CAST(%s AS TEXT)", "CAST(%s AS BLOB)", "%s || x'00'"};
static const char *const scripts[] = {
    "DELETE FROM snapshots", "DELETE FROM snapshots WHERE id = 1", "DELETE FROM kv", "DELETE FROM past",
    "INSERT INTO past SELECT key, type, size, version, revision, writer_txn, writer_label, writer_tid, since, since + 1, value"
    " FROM kv",
    "INSERT INTO kv SELECT x'01' || key, type, size, version, revision, writer_txn, writer_label, writer_tid, since, value"
    " FROM kv",
    "INSERT INTO kv SELECT key || x'00', 3, 4, 1, 1, 1, 'x', 1, 1, 'abcd' FROM kv LIMIT 1",
    "INSERT INTO snapshots SELECT id + 1, label, taken_at, revision, key_count, bytes, change_count, id, checksum, store, low,"
    " high, has_values, has_writers, library FROM snapshots ORDER BY id DESC LIMIT 1",
    "UPDATE snapshots SET key_count = (SELECT count(*) FROM kv), bytes = (SELECT total(size + length(key)) FROM kv)",
    "INSERT INTO hottest VALUES(1, 9, x'1b', 5, 5)", "INSERT INTO stats VALUES(1, char(27), 'x')",
    "CREATE TRIGGER t AFTER INSERT ON snapshots BEGIN DELETE FROM kv; END", "CREATE VIEW v AS SELECT 1",
    "DROP VIEW kv_at; CREATE TABLE kv_at(snapshot, key, type, version, value)", "DROP TABLE past; CREATE VIEW past AS SELECT * FROM kv",
    "PRAGMA user_version = 2", "PRAGMA user_version = -1", "PRAGMA application_id = 1", "PRAGMA encoding = 'UTF-16le'; VACUUM",
    "PRAGMA auto_vacuum = 1; VACUUM", "PRAGMA page_size = 1024; VACUUM", "CREATE INDEX i ON kv(since, value)",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'meta')"
    " WHERE name = 'kv'",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'BLOB', 'TEXT') WHERE name = 'kv'",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = sql || ' ' WHERE name = 'past'",
    "PRAGMA writable_schema = 1; INSERT INTO sqlite_schema SELECT * FROM sqlite_schema WHERE name = 'kv'"};

static char *edit_of(uint32_t *random)
{
    const char *table = PICK(tables, random);
    const char *column = table[0] == 'k' || table[0] == 'p' ? PICK(kv_columns, random) : PICK(columns, random);
    const char *where = next(random) % 2 == 0 ? "" : " WHERE abs(random()) % 3 = 0";
    char *value;
    switch (next(random) % 4) {
    case 0:
        return sqlite3_mprintf("%s", PICK(scripts, random));
    case 1:
        value = sqlite3_mprintf(PICK(changes, random), column);
        break;
    default:
        value = sqlite3_mprintf("%s", PICK(values, random));
    }
    char *text = sqlite3_mprintf("UPDATE OR REPLACE %s SET %s = %s%s", table, column, value, where);
    sqlite3_free(value);
    return text;
}

/* Some files have rows without end. */
static int give_up(void *nothing)
{
    (void)nothing;
    return 1;
}

static void edit(sqlite3 *db, uint32_t *random)
{
    sqlite3_progress_handler(db, STEPS_MAX, give_up, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_exec(db, "PRAGMA ignore_check_constraints = 1; PRAGMA max_page_count = 120", NULL, NULL, NULL);
    for (uint32_t left = 1 + next(random) % EDITS_MAX; left > 0; left--) {
        char *text = edit_of(random);
        if (text != NULL)
            sqlite3_exec(db, text, NULL, NULL, NULL);
        sqlite3_free(text);
    }
}

/* 0: it could not be done, or would be too large. */
static size_t take_out(sqlite3 *db, uint8_t *data, size_t size_max)
{
    sqlite3_int64 size = 0;
    unsigned char *bytes = sqlite3_serialize(db, "main", &size, SQLITE_SERIALIZE_NOCOPY);
    if (bytes == NULL || size <= 0 || (size_t)size > size_max)
        return 0;
    memcpy(data, bytes, (size_t)size);
    return (size_t)size;
}

static size_t edit_file(uint8_t *data, size_t size, size_t size_max, uint32_t *random)
{
    sqlite3 *db = NULL;
    size_t edited = 0;
    unsigned char *copy = sqlite3_malloc64(size + 1);
    if (copy == NULL || sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) != SQLITE_OK) {
        sqlite3_free(copy);
    } else {
        memcpy(copy, data, size);
        if (sqlite3_deserialize(db, "main", copy, (sqlite3_int64)size, (sqlite3_int64)size,
                                SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) == SQLITE_OK) {
            edit(db, random);
            edited = take_out(db, data, size_max);
        }
    }
    sqlite3_close(db);
    return edited;
}

/* The byte that says what is done with the file, behind it (snapshot_file.c). */
static size_t choose_way(uint8_t *data, size_t size, size_t size_max, uint32_t *random)
{
    size_t whole = size - size % PAGE_SIZE_MIN;
    if (whole == 0 || whole + 1 > size_max)
        return size;
    data[whole] = (uint8_t)next(random);
    return whole + 1;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    uint32_t random = seed * 2654435761u + 1;
    if (size == 0)
        return choose_way(data, size, size_max, &random);
    size_t whole = size - size % PAGE_SIZE_MIN, changed = 0;
    if (whole > 0 && next(&random) % 3 != 0)
        changed = edit_file(data, whole, size_max, &random);
    if (changed == 0 && LLVMFuzzerMutate != NULL)
        changed = LLVMFuzzerMutate(data, size, size_max);
    if (changed == 0) {
        data[next(&random) % size] ^= (uint8_t)(1u << next(&random) % 8);
        changed = size;
    }
    return choose_way(data, changed, size_max, &random);
}
