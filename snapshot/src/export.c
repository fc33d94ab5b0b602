#include "export.h"
#include "schema.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PROGRESS_EVERY 1024

/* --------------------------------------------------------------------------------- rows -- */

stm_file_status stmi_export_progress(struct stmi_export *export)
{
    const stm_export_options *options = export->options;
    if (options->progress == NULL || export->done % PROGRESS_EVERY != 0)
        return STM_FILE_OK;
    uint64_t total = export->total < export->done ? export->done : export->total;
    if (options->progress(export->done, total, options->progress_arg))
        return STM_FILE_OK;
    return stmi_fault(export->sql.error, STM_FILE_CANCELLED, "the export to %s was cancelled", export->sql.name);
}

struct stmi_row stmi_export_row(const struct stmi_export *export, const stm_entry *entry)
{
    stm_bytes value = export->options->without_values ? stm_bytes_of(NULL, 0) : entry->value;
    return (struct stmi_row){entry->key, (unsigned)entry->type, entry->version, value};
}

enum { KEY = 1, TYPE, SIZE, VERSION, SINCE, VALUE, REVISION, WRITER_TXN, WRITER_LABEL, WRITER_TID };

static stm_file_status prepare_put(struct stmi_export *export)
{
    const char *text = "INSERT OR REPLACE INTO main.kv(key, type, size, version, since, value, revision, writer_txn,"
                       " writer_label, writer_tid) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    stm_file_status status = stmi_sql_prepare(&export->sql, text, &export->put);
    return status == STM_FILE_OK ? stmi_sql_bound(&export->sql, sqlite3_bind_int64(export->put, SINCE, export->id))
                                 : status;
}

/* Labels live as long as the store. One that is not UTF-8 is kept as bytes. */
static int bind_writer(struct stmi_export *export, const stm_writer *writer)
{
    int code = sqlite3_bind_int64(export->put, REVISION, (int64_t)writer->revision);
    code |= sqlite3_bind_int64(export->put, WRITER_TXN, (int64_t)writer->txn);
    code |= sqlite3_bind_int64(export->put, WRITER_TID, writer->tid);
    if (export->label == writer->label)
        return code;
    export->label = writer->label;
    int size = (int)strlen(writer->label);
    if (stmi_text_is_sound(stm_bytes_of(writer->label, (size_t)size)))
        return code | sqlite3_bind_text(export->put, WRITER_LABEL, writer->label, size, SQLITE_STATIC);
    return code | sqlite3_bind_blob(export->put, WRITER_LABEL, writer->label, size, SQLITE_STATIC);
}

static stm_file_status bind_row(struct stmi_export *export, const stm_entry *entry, const struct stmi_row *row)
{
    int code = sqlite3_bind_blob64(export->put, KEY, entry->key.data, entry->key.size, SQLITE_STATIC);
    code |= sqlite3_bind_int(export->put, TYPE, (int)entry->type);
    code |= sqlite3_bind_int64(export->put, SIZE, (int64_t)entry->value.size);
    code |= sqlite3_bind_int64(export->put, VERSION, (int64_t)entry->version);
    if (!export->options->without_writers)
        code |= bind_writer(export, &entry->writer);
    int fits = stmi_value_bind(export->put, VALUE, row->type, row->value);
    if (fits == SQLITE_TOOBIG) {
        struct stmi_key_text text;
        return stmi_fault(export->sql.error, STM_FILE_TOO_LARGE,
                          "the value of \"%s\", %zu bytes, is too large for SQLite: export a range without it",
                          stmi_key_text(entry->key, &text), entry->value.size);
    }
    return stmi_sql_bound(&export->sql, code != SQLITE_OK ? SQLITE_NOMEM : fits);
}

stm_file_status stmi_export_put(struct stmi_export *export, const stm_entry *entry)
{
    struct stmi_row row = stmi_export_row(export, entry);
    stm_file_status status = bind_row(export, entry, &row);
    if (status == STM_FILE_OK)
        status = stmi_sql_done(&export->sql, export->put);
    stmi_sum_add(&export->sum, &row);
    export->key_count++;
    export->bytes += entry->key.size + entry->value.size;
    return status;
}

static stm_file_status write_all(struct stmi_export *export)
{
    stm_cursor *cursor = NULL;
    stm_entry entry;
    stm_file_status status = STM_FILE_OK;
    stm_status answer = stm_cursor_open(export->snapshot, export->range.low, export->range.high, &cursor);
    while (answer == STM_OK && status == STM_FILE_OK && (answer = stm_cursor_next(cursor, &entry)) == STM_OK) {
        status = stmi_export_put(export, &entry);
        export->done++;
        if (status == STM_FILE_OK)
            status = stmi_export_progress(export);
    }
    stm_cursor_close(cursor);
    export->change_count = export->key_count;
    if (status == STM_FILE_OK && answer != STM_END)
        status = stmi_fault_store(export->sql.error, answer, "cannot read the snapshot");
    return status;
}

/* ------------------------------------------------------------------------------ parent -- */

static bool same_bound(sqlite3_stmt *statement, int column, stm_bytes bound)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL || bound.data == NULL)
        return sqlite3_column_type(statement, column) == SQLITE_NULL && bound.data == NULL;
    stm_bytes known = stmi_blob_read(statement, column);
    return known.data != NULL && stmi_key_compare(known, bound) == 0;
}

static stm_file_status read_parent(struct stmi_export *export, sqlite3_stmt *statement)
{
    struct stmi_parent *parent = &export->parent;
    unsigned char id[STM_STORE_ID_SIZE];
    stm_store_id(stm_snapshot_store(export->snapshot), id);
    stm_bytes store = stmi_blob_read(statement, 1), checksum = stmi_blob_read(statement, 5);
    if (store.size != sizeof id || checksum.size != STM_CHECKSUM_SIZE)
        return stmi_fault(export->sql.error, STM_FILE_DAMAGED, "%s: its newest snapshot is not recorded as it should be",
                          export->sql.name);
    parent->id = sqlite3_column_int64(statement, 0);
    parent->same_store = memcmp(store.data, id, sizeof id) == 0;
    parent->revision = (uint64_t)sqlite3_column_int64(statement, 2);
    parent->key_count = (uint64_t)sqlite3_column_int64(statement, 3);
    parent->bytes = (uint64_t)sqlite3_column_int64(statement, 4);
    stmi_sum_read(&parent->sum, checksum.data);
    parent->same_range =
        same_bound(statement, 6, export->range.low) && same_bound(statement, 7, export->range.high);
    parent->has_values = sqlite3_column_int(statement, 8) != 0;
    parent->has_writers = sqlite3_column_int(statement, 9) != 0;
    return STM_FILE_OK;
}

static stm_file_status check_numbers(const struct stmi_export *export)
{
    int64_t wrong = 0;
    stm_file_status status = stmi_sql_number(&export->sql, "SELECT EXISTS(" STMI_SCHEMA_WRONG_NUMBER ")", 0, &wrong);
    if (status != STM_FILE_OK || wrong == 0)
        return status;
    return stmi_fault(export->sql.error, STM_FILE_DAMAGED,
                      "%s: a snapshot has a number below 1, or one that leaves none for others", export->sql.name);
}

static stm_file_status find_parent(struct stmi_export *export)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    stm_file_status status = stmi_sql_prepare(
        &export->sql, "SELECT id, store, revision, key_count, bytes, checksum, low, high, has_values, has_writers"
                      " FROM main.snapshots ORDER BY id DESC LIMIT 1", &statement);
    if (status == STM_FILE_OK)
        status = stmi_sql_step(&export->sql, statement, &row);
    if (status == STM_FILE_OK && row)
        status = read_parent(export, statement);
    sqlite3_finalize(statement);
    return status;
}

/* ----------------------------------------------------------------- its row, statistics -- */

static int bind_bound(sqlite3_stmt *statement, int parameter, stm_bytes bound)
{
    return bound.data == NULL ? sqlite3_bind_null(statement, parameter)
                              : sqlite3_bind_blob64(statement, parameter, bound.data, bound.size, SQLITE_STATIC);
}

/* When the snapshot was taken, in UTC, to the millisecond. */
static void write_time(const stm_snapshot *snapshot, char text[40])
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - stm_snapshot_age_ns(snapshot) / 1000000;
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &parts);
    size_t used = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, 40 - used, ".%03dZ", (int)(ms % 1000));
}

/* First of all, since rows name its id; what it sums up is filled in at the end. */
static stm_file_status begin_row(struct stmi_export *export)
{
    sqlite3_stmt *statement = NULL;
    unsigned char store[STM_STORE_ID_SIZE];
    char time[40];
    const char *label = export->options->label;
    bool sound = stmi_text_is_sound(stm_text(label));
    stm_store_id(stm_snapshot_store(export->snapshot), store);
    write_time(export->snapshot, time);
    stm_file_status status = stmi_sql_prepare(
        &export->sql, "INSERT INTO main.snapshots(label, taken_at, revision, key_count, bytes, change_count, parent, checksum,"
                      " store, low, high, has_values, has_writers, library)"
                      " VALUES(?1, ?2, ?3, 0, 0, 0, ?4, zeroblob(16), ?5, ?6, ?7, ?8, ?9, ?10)", &statement);
    if (status != STM_FILE_OK)
        return status;
    int code = sound ? sqlite3_bind_text(statement, 1, label, -1, SQLITE_STATIC)
                     : sqlite3_bind_blob(statement, 1, label, (int)strlen(label), SQLITE_STATIC);
    code |= sqlite3_bind_text(statement, 2, time, -1, SQLITE_STATIC);
    code |= sqlite3_bind_int64(statement, 3, (int64_t)stm_snapshot_revision(export->snapshot));
    code |= export->parent.id == 0 ? sqlite3_bind_null(statement, 4)
                                   : sqlite3_bind_int64(statement, 4, export->parent.id);
    code |= sqlite3_bind_blob(statement, 5, store, sizeof store, SQLITE_STATIC);
    code |= bind_bound(statement, 6, export->range.low);
    code |= bind_bound(statement, 7, export->range.high);
    code |= sqlite3_bind_int(statement, 8, !export->options->without_values);
    code |= sqlite3_bind_int(statement, 9, !export->options->without_writers);
    code |= sqlite3_bind_text(statement, 10, stm_version(), -1, SQLITE_STATIC);
    status = stmi_sql_bound(&export->sql, code == SQLITE_OK ? SQLITE_OK : SQLITE_NOMEM);
    if (status == STM_FILE_OK)
        status = stmi_sql_done(&export->sql, statement);
    export->id = sqlite3_last_insert_rowid(export->sql.db);
    sqlite3_finalize(statement);
    return status;
}

static stm_file_status end_row(struct stmi_export *export)
{
    sqlite3_stmt *statement = NULL;
    unsigned char checksum[STM_CHECKSUM_SIZE];
    stmi_sum_write(&export->sum, checksum);
    stm_file_status status = stmi_sql_prepare(
        &export->sql, "UPDATE main.snapshots SET key_count = ?2, bytes = ?3, change_count = ?4, checksum = ?5 WHERE id = ?1",
        &statement);
    if (status != STM_FILE_OK)
        return status;
    int code = sqlite3_bind_int64(statement, 1, export->id);
    code |= sqlite3_bind_int64(statement, 2, (int64_t)export->key_count);
    code |= sqlite3_bind_int64(statement, 3, (int64_t)export->bytes);
    code |= sqlite3_bind_int64(statement, 4, (int64_t)export->change_count);
    code |= sqlite3_bind_blob(statement, 5, checksum, sizeof checksum, SQLITE_STATIC);
    status = stmi_sql_bound(&export->sql, code == SQLITE_OK ? SQLITE_OK : SQLITE_NOMEM);
    if (status == STM_FILE_OK)
        status = stmi_sql_done(&export->sql, statement);
    sqlite3_finalize(statement);
    return status;
}

static stm_file_status write_stats(struct stmi_export *export)
{
    const stm_stats *stats = &export->stats;
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"commits", stats->commits},           {"conflicts", stats->conflicts},
        {"busy", stats->busy},                 {"checkouts", stats->checkouts},
        {"aborts", stats->aborts},             {"keys_live", stats->keys_live},
        {"keys_known", stats->keys_known},     {"versions_old", stats->versions_old},
        {"bytes_used", stats->bytes_used},     {"bytes_waiting", stats->bytes_waiting},
        {"bytes_cached", stats->bytes_cached}, {"transactions", stats->transactions},
        {"snapshots", stats->snapshots},       {"revision", stats->revision},
    };
    stm_file_status status = STM_FILE_OK;
    for (size_t i = 0; status == STM_FILE_OK && i < sizeof numbers / sizeof numbers[0]; i++)
        status = stmi_sql_runf(&export->sql, "INSERT INTO main.stats VALUES(%lld, %Q, %lld)", export->id,
                               numbers[i].name, (long long)numbers[i].value);
    return status;
}

#define HOTTEST_MAX 100

static stm_file_status write_hottest(struct stmi_export *export)
{
    stm_hot_key keys[HOTTEST_MAX];
    sqlite3_stmt *statement = NULL;
    size_t count = stm_store_hottest(stm_snapshot_store(export->snapshot), keys, HOTTEST_MAX);
    stm_file_status status =
        stmi_sql_prepare(&export->sql, "INSERT INTO main.hottest VALUES(?1, ?2, ?3, ?4, ?5)", &statement);
    for (size_t i = 0; status == STM_FILE_OK && i < count; i++) {
        int code = sqlite3_bind_int64(statement, 1, export->id);
        code |= sqlite3_bind_int64(statement, 2, (int64_t)i + 1);
        code |= sqlite3_bind_blob64(statement, 3, keys[i].key.data, keys[i].key.size, SQLITE_STATIC);
        code |= sqlite3_bind_int64(statement, 4, (int64_t)keys[i].count);
        code |= sqlite3_bind_int64(statement, 5, (int64_t)keys[i].error);
        status = stmi_sql_bound(&export->sql, code == SQLITE_OK ? SQLITE_OK : SQLITE_NOMEM);
        if (status == STM_FILE_OK)
            status = stmi_sql_done(&export->sql, statement);
    }
    sqlite3_finalize(statement);
    return status;
}

/* -------------------------------------------------------------------------------- write -- */

static stm_file_status write_rows(struct stmi_export *export)
{
    stm_file_status status = prepare_put(export);
    if (status == STM_FILE_OK)
        status = export->parent.id == 0 ? write_all(export) : stmi_changes_write(export);
    sqlite3_finalize(export->put);
    export->put = NULL;
    return status;
}

stm_file_status stmi_export_write(struct stmi_export *export)
{
    stm_file_status status = check_numbers(export);
    if (status == STM_FILE_OK)
        status = find_parent(export);
    export->total = export->stats.keys_live;
    if (status == STM_FILE_OK)
        status = begin_row(export);
    if (status == STM_FILE_OK)
        status = write_rows(export);
    if (status == STM_FILE_OK)
        status = end_row(export);
    if (status == STM_FILE_OK)
        status = write_stats(export);
    return status == STM_FILE_OK ? write_hottest(export) : status;
}
