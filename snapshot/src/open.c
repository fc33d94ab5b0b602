/*
 * open.c -- files opened for reading, and the changes that need no store: prune and compact.
 */
#include "open.h"

#include "place.h"

#include <string.h>

#define LOCK_WAIT_MS 2000

/* --------------------------------------------------------------------------------- open -- */

stm_file_status stmi_open_check(const struct stmi_sql *sql)
{
    enum stmi_found found;
    stm_file_status status = stmi_schema_find(sql, &found);
    if (status == STM_FILE_OK && found == STMI_FOUND_EMPTY)
        status = stmi_fault(sql->error, STM_FILE_NOT_OURS, "%s is empty, and no libstm snapshot", sql->name);
    return status == STM_FILE_OK ? stmi_schema_check(sql) : status;
}

static stm_file_status open_with(struct stmi_sql *sql, const char *path, int flags, uint32_t lock_wait_ms,
                                 stm_file_error *error)
{
    stm_file_status status = stmi_place_open(sql, path, flags, lock_wait_ms, error);
    if (status == STM_FILE_OK)
        status = stmi_open_check(sql);
    if (status == STM_FILE_OK)
        return status;
    sqlite3_close(sql->db);
    sql->db = NULL;
    return status;
}

stm_file_status stmi_open_to_read(struct stmi_sql *sql, const char *path, uint32_t lock_wait_ms, stm_file_error *error)
{
    stm_file_status status = open_with(sql, path, SQLITE_OPEN_READONLY, lock_wait_ms, error);
    /* A writer was killed, and its journal is to be played back, or its WAL to be opened: that writes. */
    if (status == STM_FILE_READ_ONLY && (error->sqlite & 0xff) == SQLITE_READONLY) {
        memset(error, 0, sizeof *error);
        status = open_with(sql, path, SQLITE_OPEN_READWRITE, lock_wait_ms, error);
    }
    return status;
}

stm_file_status stm_file_open(const char *path, bool writable, struct sqlite3 **connection, stm_file_error *error)
{
    struct stmi_sql sql;
    struct stmi_place place;
    stm_file_error spare;
    error = stmi_fault_clear(error, &spare);
    if (connection == NULL)
        return stmi_fault(error, STM_FILE_INVALID, "no place for the connection was given");
    *connection = NULL;
    stm_file_status status = stmi_place_find(&place, path, LOCK_WAIT_MS, error);
    if (status != STM_FILE_OK)
        return status;
    status = writable ? open_with(&sql, place.path, SQLITE_OPEN_READWRITE, LOCK_WAIT_MS, error)
                      : stmi_open_to_read(&sql, place.path, LOCK_WAIT_MS, error);
    if (status != STM_FILE_OK)
        return status;
    stmi_sql_unlimit_work(&sql); /* what SQL the caller runs is the caller's business */
    *connection = sql.db;
    return STM_FILE_OK;
}

/* -------------------------------------------------------------------------------- prune -- */

static stm_file_status remove_snapshot(const struct stmi_sql *sql, int64_t id)
{
    stm_file_status status = stmi_sql_runf(sql, "DELETE FROM main.snapshots WHERE id = %lld", (long long)id);
    if (status == STM_FILE_OK && sqlite3_changes(sql->db) == 0)
        status = stmi_fault(sql->error, STM_FILE_NOT_FOUND, "%s has no snapshot %lld", sql->name, (long long)id);
    return status;
}

/* kv goes back to the newest snapshot that is left; then nobody sees what none of those left does. */
static const char sweep[] =
    "DELETE FROM main.kv WHERE since > (SELECT max(id) FROM main.snapshots);"
    "INSERT INTO main.kv(key, type, size, version, revision, writer_txn, writer_label, writer_tid, since, value)"
    " SELECT key, type, size, version, revision, writer_txn, writer_label, writer_tid, since, value FROM main.past"
    "  WHERE since <= (SELECT max(id) FROM main.snapshots) AND until > (SELECT max(id) FROM main.snapshots);"
    "DELETE FROM main.past WHERE until > (SELECT max(id) FROM main.snapshots)"
    " OR coalesce((SELECT min(id) FROM main.snapshots WHERE id >= since) >= until, 1);"
    "UPDATE main.snapshots SET parent = (SELECT max(id) FROM main.snapshots AS o WHERE o.id < snapshots.id);"
    "DELETE FROM main.stats WHERE snapshot NOT IN (SELECT id FROM main.snapshots);"
    "DELETE FROM main.hottest WHERE snapshot NOT IN (SELECT id FROM main.snapshots);";

/* The snapshot after one that is gone has another parent now: what has changed since then is counted anew. A key that was removed
 * and came back has changed. */
static const char recount[] =
    "UPDATE main.snapshots SET change_count = CASE WHEN parent IS NULL THEN key_count ELSE"
    " (SELECT count(*) FROM main.kv AS k WHERE k.since > parent AND k.since <= id)"
    " + (SELECT count(*) FROM main.past AS p WHERE p.since > parent AND p.since <= id AND p.until > id)"
    " + (SELECT count(*) FROM main.past AS p WHERE p.since <= parent AND p.until > parent AND p.until <= id"
    "     AND NOT EXISTS (SELECT 1 FROM main.kv AS k WHERE k.key = p.key AND k.since <= id)"
    "     AND NOT EXISTS (SELECT 1 FROM main.past AS q WHERE q.key = p.key AND q.since <= id AND q.until > id))"
    " END WHERE id = %lld";

static stm_file_status recount_after(const struct stmi_sql *sql, const int64_t *removed, size_t count)
{
    stm_file_status status = STM_FILE_OK;
    int64_t last = 0;
    for (size_t i = 0; status == STM_FILE_OK && i < count; i++) {
        int64_t next;
        char text[80];
        snprintf(text, sizeof text, "SELECT min(id) FROM main.snapshots WHERE id > %lld", (long long)removed[i]);
        status = stmi_sql_number(sql, text, 0, &next);
        if (status == STM_FILE_OK && next != 0 && next != last)
            status = stmi_sql_runf(sql, recount, (long long)next);
        last = next;
    }
    return status;
}

static stm_file_status prune(const struct stmi_sql *sql, const int64_t *snapshots, size_t count)
{
    int64_t left = 0;
    stm_file_status status = STM_FILE_OK;
    for (size_t i = 0; status == STM_FILE_OK && i < count; i++)
        status = remove_snapshot(sql, snapshots[i]);
    if (status == STM_FILE_OK)
        status = stmi_sql_number(sql, "SELECT 1 FROM main.snapshots LIMIT 1", 0, &left);
    if (status == STM_FILE_OK && left == 0)
        status = stmi_fault(sql->error, STM_FILE_INVALID, "%s would have no snapshot left: remove the file instead", sql->name);
    if (status == STM_FILE_OK)
        status = stmi_sql_run(sql, sweep);
    return status == STM_FILE_OK ? recount_after(sql, snapshots, count) : status;
}

stm_file_status stm_file_prune(const char *path, const int64_t *snapshots, size_t count, stm_file_error *error)
{
    struct stmi_place place;
    struct stmi_sql sql = {.name = ""};
    stm_file_error spare;
    error = stmi_fault_clear(error, &spare);
    if (snapshots == NULL && count != 0)
        return stmi_fault(error, STM_FILE_INVALID, "no snapshots were given");
    stm_file_status status = stmi_place_find(&place, path, LOCK_WAIT_MS, error);
    if (status != STM_FILE_OK)
        return status;
    status = stmi_place_take(&place, STMI_TAKE_TO_WRITE, true, &sql);
    if (status == STM_FILE_OK)
        status = prune(&sql, snapshots, count);
    if (status == STM_FILE_OK)
        status = stmi_sql_run(&sql, "COMMIT");
    sqlite3_close(sql.db);
    return status;
}

/* ------------------------------------------------------------------------------ compact -- */

static stm_file_status compact(struct stmi_place *place, const struct stmi_sql *sql)
{
    stm_file_status status = stmi_place_begin(place);
    if (status == STM_FILE_OK)
        status = stmi_sql_runf(sql, "VACUUM main INTO %Q", place->temporary);
    if (status == STM_FILE_DAMAGED && sql->error->sqlite == SQLITE_ERROR) /* it could not look at the new file */
        status = stmi_fault(sql->error, STM_FILE_IO, "cannot write %s", place->temporary);
    return status == STM_FILE_OK ? stmi_place_finish(place, true, true) : status;
}

stm_file_status stm_file_compact(const char *path, stm_file_error *error)
{
    struct stmi_place place;
    struct stmi_sql sql = {.name = ""};
    stm_file_error spare;
    error = stmi_fault_clear(error, &spare);
    stm_file_status status = stmi_place_find(&place, path, LOCK_WAIT_MS, error);
    if (status != STM_FILE_OK)
        return status;
    status = stmi_place_take(&place, STMI_TAKE_ALONE, true, &sql);
    if (status == STM_FILE_OK)
        status = compact(&place, &sql);
    sqlite3_close(sql.db);
    stmi_place_end(&place);
    return status;
}
