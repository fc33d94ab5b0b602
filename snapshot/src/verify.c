/*
 * verify.c -- does a file hold what it says? One pass over all rows, however many snapshots there are: a row's hash
 * is added where it comes into sight and taken where it goes out of it, and the running sums are those of the
 * snapshots.
 */
#include "open.h"
#include "place.h"
#include "range.h"
#include "row.h"
#include "schema.h"

#include <stdio.h>
#include <string.h>

struct recorded {
    int64_t id;
    uint64_t key_count, bytes, null_count; /* differences to the snapshot before, at first */
    struct stmi_sum sum;
    uint64_t key_count_said, bytes_said;
    unsigned char checksum_said[STM_CHECKSUM_SIZE];
    bool has_values;
};

struct verify {
    struct stmi_sql sql;
    stm_file_check *check;
    void *arg;
    bool stopped, failed;
    char why[600]; /* of the first that failed; a message and what was checked */
    struct recorded *snapshots;
    size_t count, capacity;
};

static void report(struct verify *verify, const char *what, bool holds, const char *why)
{
    if (!holds && !verify->failed)
        snprintf(verify->why, sizeof verify->why, "%s: %s", what, why);
    verify->failed |= !holds;
    if (verify->check != NULL && !verify->stopped)
        verify->stopped = !verify->check(what, holds, holds ? "" : why, verify->arg);
}

/* Damage that SQLite or we come upon is a check that failed, and not the end of checking. */
static stm_file_status settle(struct verify *verify, const char *what, stm_file_status status)
{
    if (status != STM_FILE_OK && status != STM_FILE_DAMAGED)
        return status;
    report(verify, what, status == STM_FILE_OK, verify->sql.error->message);
    memset(verify->sql.error, 0, sizeof *verify->sql.error);
    return STM_FILE_OK;
}

/* --------------------------------------------------------------------------- SQL checks -- */

/* Holds if the statement's first column says "ok", or there is no row. */
static stm_file_status check_sql(struct verify *verify, const char *text)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    stm_file_status status = stmi_sql_prepare(&verify->sql, text, &statement);
    if (status == STM_FILE_OK)
        status = stmi_sql_step(&verify->sql, statement, &row);
    if (status == STM_FILE_OK && row) {
        const char *said = (const char *)sqlite3_column_text(statement, 0);
        if (said == NULL)
            status = stmi_sql_fault(&verify->sql, SQLITE_NOMEM, "read");
        else if (strcmp(said, "ok") != 0)
            status = stmi_fault(verify->sql.error, STM_FILE_DAMAGED, "%s", said);
    }
    sqlite3_finalize(statement);
    return status;
}

static stm_file_status check_history(struct verify *verify)
{
    static const char *const texts[] = {
        "SELECT 'a row of past is seen by no snapshot' FROM main.past WHERE since >= until"
        " OR until > (SELECT max(id) FROM main.snapshots) LIMIT 1",
        "SELECT 'a row of kv is newer than the newest snapshot' FROM main.kv"
        " WHERE since > (SELECT max(id) FROM main.snapshots) LIMIT 1",
        "SELECT 'a key has two rows in past at the same time' FROM main.past AS p JOIN main.past AS q"
        " ON q.key = p.key AND q.since > p.since AND q.since < p.until LIMIT 1",
        "SELECT 'a key has a row in kv and one in past at the same time' FROM main.past AS p JOIN main.kv AS k"
        " ON k.key = p.key AND k.since < p.until LIMIT 1",
        "SELECT 'a snapshot has another parent than the one before it' FROM main.snapshots AS s"
        " WHERE parent IS NOT (SELECT max(id) FROM main.snapshots AS o WHERE o.id < s.id) LIMIT 1",
        "SELECT 'a snapshot is not recorded as it should be' FROM main.snapshots WHERE typeof(store) <> 'blob'"
        " OR length(store) <> 16 OR typeof(checksum) <> 'blob' OR length(checksum) <> 16 OR typeof(revision) <> 'integer'"
        " OR typeof(key_count) <> 'integer' OR typeof(bytes) <> 'integer' OR typeof(change_count) <> 'integer'"
        " OR min(revision, key_count, bytes, change_count) < 0 OR typeof(low) NOT IN ('blob', 'null')"
        " OR typeof(high) NOT IN ('blob', 'null') OR has_values NOT IN (0, 1) OR has_writers NOT IN (0, 1)"
        " OR typeof(label) <> 'text' OR typeof(taken_at) <> 'text' OR typeof(library) <> 'text' LIMIT 1",
        "SELECT 'a snapshot has a number below 1, or one that leaves none for others' FROM (" STMI_SCHEMA_WRONG_NUMBER ")",
        "SELECT 'statistics of a snapshot that is not there' FROM main.stats"
        " WHERE snapshot NOT IN (SELECT id FROM main.snapshots) LIMIT 1",
        "SELECT 'hottest keys of a snapshot that is not there' FROM main.hottest"
        " WHERE snapshot NOT IN (SELECT id FROM main.snapshots) LIMIT 1",
    };
    stm_file_status status = STM_FILE_OK;
    for (size_t i = 0; status == STM_FILE_OK && i < sizeof texts / sizeof texts[0]; i++)
        status = check_sql(verify, texts[i]);
    return status;
}

/* ---------------------------------------------------------------------------- snapshots -- */

/* A place for one more; NULL: no memory. */
static struct recorded *add_snapshot(struct verify *verify)
{
    if (verify->count == verify->capacity) {
        size_t capacity = verify->capacity == 0 ? 64 : verify->capacity * 2;
        struct recorded *grown = sqlite3_realloc64(verify->snapshots, capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        verify->snapshots = grown;
        verify->capacity = capacity;
    }
    return &verify->snapshots[verify->count++];
}

static stm_file_status read_snapshot(struct verify *verify, sqlite3_stmt *statement)
{
    int64_t id = sqlite3_column_int64(statement, 0);
    stm_bytes checksum = stmi_blob_read(statement, 3);
    if (verify->count > 0 && verify->snapshots[verify->count - 1].id >= id)
        return stmi_fault(verify->sql.error, STM_FILE_DAMAGED, "snapshot %lld is there twice, or out of order", (long long)id);
    struct recorded *snapshot = add_snapshot(verify);
    if (snapshot == NULL)
        return stmi_sql_fault(&verify->sql, SQLITE_NOMEM, "read");
    *snapshot = (struct recorded){.id = id};
    snapshot->key_count_said = (uint64_t)sqlite3_column_int64(statement, 1);
    snapshot->bytes_said = (uint64_t)sqlite3_column_int64(statement, 2);
    snapshot->has_values = sqlite3_column_int(statement, 4) != 0;
    if (checksum.size != STM_CHECKSUM_SIZE)
        return stmi_fault(verify->sql.error, STM_FILE_DAMAGED, "snapshot %lld has no checksum of %d bytes",
                          (long long)snapshot->id, STM_CHECKSUM_SIZE);
    memcpy(snapshot->checksum_said, checksum.data, sizeof snapshot->checksum_said);
    return STM_FILE_OK;
}

static stm_file_status read_snapshots(struct verify *verify)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    stm_file_status status = stmi_sql_prepare(
        &verify->sql, "SELECT id, key_count, bytes, checksum, has_values FROM main.snapshots ORDER BY id", &statement);
    if (status == STM_FILE_OK)
        status = stmi_sql_step(&verify->sql, statement, &row);
    if (status == STM_FILE_OK && !row)
        status = stmi_fault(verify->sql.error, STM_FILE_DAMAGED, "there is no snapshot in it");
    while (status == STM_FILE_OK && row) {
        status = read_snapshot(verify, statement);
        if (status == STM_FILE_OK)
            status = stmi_sql_step(&verify->sql, statement, &row);
    }
    sqlite3_finalize(statement);
    return status;
}

/* The place of the first snapshot with at least this id; count: there is none. */
static size_t first_from(const struct verify *verify, int64_t id)
{
    size_t low = 0, high = verify->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (verify->snapshots[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --------------------------------------------------------------------------------- rows -- */

enum { SINCE = STMI_ROW_COLUMNS, UNTIL };
enum { ROW_SIZE_MIN = 8 }; /* with pages in circles there are rows without end */

static void count_row(struct verify *verify, sqlite3_stmt *statement, const struct stmi_row *row)
{
    size_t from = first_from(verify, sqlite3_column_int64(statement, SINCE));
    size_t until = sqlite3_column_type(statement, UNTIL) == SQLITE_NULL
                       ? verify->count
                       : first_from(verify, sqlite3_column_int64(statement, UNTIL));
    uint64_t bytes = row->key.size + (uint64_t)sqlite3_column_int64(statement, STMI_ROW_SIZE);
    if (from < verify->count) {
        struct recorded *snapshot = &verify->snapshots[from];
        stmi_sum_add(&snapshot->sum, row);
        snapshot->key_count++;
        snapshot->bytes += bytes;
        snapshot->null_count += row->value.data == NULL;
    }
    if (until < verify->count) {
        struct recorded *snapshot = &verify->snapshots[until];
        stmi_sum_take(&snapshot->sum, row);
        snapshot->key_count--;
        snapshot->bytes -= bytes;
        snapshot->null_count -= row->value.data == NULL;
    }
}

static stm_file_status check_row(struct verify *verify, sqlite3_stmt *statement)
{
    struct stmi_row row;
    struct stmi_key_text text;
    char number[8];
    const char *wrong = stmi_row_read(statement, &row, number);
    if (sqlite3_errcode(verify->sql.db) == SQLITE_NOMEM)
        return stmi_sql_fault(&verify->sql, SQLITE_NOMEM, "read");
    if (wrong != NULL)
        return stmi_fault(verify->sql.error, STM_FILE_DAMAGED, "key \"%s\": %s",
                          row.key.data == NULL ? "?" : stmi_key_text(row.key, &text), wrong);
    count_row(verify, statement, &row);
    return STM_FILE_OK;
}

static stm_file_status check_rows(struct verify *verify)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    uint64_t left = stmi_sql_size(&verify->sql) / ROW_SIZE_MIN;
    stm_file_status status = stmi_sql_prepare(
        &verify->sql, "SELECT " STMI_ROW_NAMES ", since, NULL FROM main.kv UNION ALL"
                      " SELECT " STMI_ROW_NAMES ", since, until FROM main.past", &statement);
    if (status == STM_FILE_OK)
        status = stmi_sql_step(&verify->sql, statement, &row);
    while (status == STM_FILE_OK && row) {
        status = left-- == 0 ? stmi_fault(verify->sql.error, STM_FILE_DAMAGED, "there are more than the file can hold")
                             : check_row(verify, statement);
        if (status == STM_FILE_OK)
            status = stmi_sql_step(&verify->sql, statement, &row);
    }
    sqlite3_finalize(statement);
    return status;
}

static stm_file_status check_snapshot(const struct verify *verify, const struct recorded *snapshot)
{
    unsigned char checksum[STM_CHECKSUM_SIZE];
    stm_file_error *error = verify->sql.error;
    stmi_sum_write(&snapshot->sum, checksum);
    if (snapshot->key_count != snapshot->key_count_said)
        return stmi_fault(error, STM_FILE_DAMAGED, "it has %lld keys, and not %lld as recorded",
                          (long long)snapshot->key_count, (long long)snapshot->key_count_said);
    if (snapshot->bytes != snapshot->bytes_said)
        return stmi_fault(error, STM_FILE_DAMAGED, "it has %lld bytes, and not %lld as recorded",
                          (long long)snapshot->bytes, (long long)snapshot->bytes_said);
    if (snapshot->null_count != (snapshot->has_values ? 0 : snapshot->key_count))
        return stmi_fault(error, STM_FILE_DAMAGED, "%lld of its %lld values are NULL", (long long)snapshot->null_count,
                          (long long)snapshot->key_count);
    if (memcmp(checksum, snapshot->checksum_said, sizeof checksum) != 0)
        return stmi_fault(error, STM_FILE_DAMAGED, "its checksum is not the one recorded");
    return STM_FILE_OK;
}

static stm_file_status check_snapshots(struct verify *verify)
{
    stm_file_status status = STM_FILE_OK;
    for (size_t i = 0; status == STM_FILE_OK && i < verify->count; i++) {
        struct recorded *snapshot = &verify->snapshots[i], *before = i == 0 ? NULL : snapshot - 1;
        char what[40];
        if (before != NULL) {
            snapshot->sum.low += before->sum.low;
            snapshot->sum.high += before->sum.high + (snapshot->sum.low < before->sum.low);
            snapshot->key_count += before->key_count;
            snapshot->bytes += before->bytes;
            snapshot->null_count += before->null_count;
        }
        snprintf(what, sizeof what, "snapshot %lld", (long long)snapshot->id);
        status = settle(verify, what, check_snapshot(verify, snapshot));
    }
    return status;
}

/* ------------------------------------------------------------------------------- public -- */

static stm_file_status verify_all(struct verify *verify)
{
    stm_file_status status = settle(verify, "integrity", check_sql(verify, "PRAGMA main.integrity_check(1)"));
    if (status == STM_FILE_OK)
        status = settle(verify, "history", check_history(verify));
    if (status == STM_FILE_OK)
        status = settle(verify, "list of snapshots", read_snapshots(verify));
    if (status == STM_FILE_OK)
        status = settle(verify, "rows", check_rows(verify));
    return status == STM_FILE_OK ? check_snapshots(verify) : status;
}

stm_file_status stm_file_verify(const char *path, stm_file_check *check, void *arg, stm_file_error *error)
{
    struct verify verify = {.check = check, .arg = arg};
    struct stmi_place place;
    stm_file_error spare;
    error = stmi_fault_clear(error, &spare);
    stm_file_status status = stmi_place_find(&place, path, 0, error);
    if (status != STM_FILE_OK)
        return status;
    status = stmi_open_to_read(&verify.sql, place.path, place.lock_wait_ms, error);
    if (status == STM_FILE_OK) {
        report(&verify, "schema", true, "");
        /* One state of the file throughout, whoever may append to it meanwhile. */
        status = stmi_sql_run(&verify.sql, "BEGIN");
    }
    if (status == STM_FILE_OK)
        status = verify_all(&verify);
    sqlite3_free(verify.snapshots);
    sqlite3_close(verify.sql.db);
    if (status == STM_FILE_OK && verify.failed)
        status = stmi_fault(error, STM_FILE_DAMAGED, "%s does not hold what it says: %s", place.path, verify.why);
    if (status == STM_FILE_OK && verify.stopped)
        status = stmi_fault(error, STM_FILE_CANCELLED, "checking %s was cancelled", place.path);
    return status;
}
