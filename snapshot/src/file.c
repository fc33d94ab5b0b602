/*
 * file.c -- exports: a snapshot to a path, as a new file or into the one there, or into a connection.
 */
#include "export.h"
#include "place.h"

#include <string.h>

/* ------------------------------------------------------------------------------ options -- */

static bool is_page_size(uint32_t size)
{
    return size == 0 || (size >= 512 && size <= 65536 && (size & (size - 1)) == 0);
}

static stm_file_status options_fill(const stm_export_options *given, const char *label, stm_export_options *options,
                                    stm_file_error *error)
{
    *options = (stm_export_options){.size = sizeof *options};
    if (given != NULL && given->size != sizeof *given)
        return stmi_fault(error, STM_FILE_INVALID, "set stm_export_options.size to sizeof(stm_export_options)");
    if (given != NULL)
        *options = *given;
    if (options->label == NULL)
        options->label = label;
    if (options->label[0] == '\0' || strlen(options->label) > STM_LABEL_SIZE_MAX)
        return stmi_fault(error, STM_FILE_INVALID, "a label has 1 to %d bytes", STM_LABEL_SIZE_MAX);
    if (!is_page_size(options->page_size))
        return stmi_fault(error, STM_FILE_INVALID, "a page size is a power of two from 512 to 65,536, not %u",
                          (unsigned)options->page_size);
    return STM_FILE_OK;
}

/* Fills in all but the connection. label: if the options name none. */
static stm_file_status export_make(struct stmi_export *export, const stm_snapshot *snapshot,
                                   const stm_export_options *given, const char *label, stm_export_options *options,
                                   stm_file_error *error)
{
    memset(export, 0, sizeof *export);
    export->sql.error = error;
    export->snapshot = snapshot;
    export->options = options;
    stm_file_status status = options_fill(given, label, options, error);
    return status == STM_FILE_OK
               ? stmi_range_make(&export->range, options->low, options->high, options->prefix, error)
               : status;
}

static void tell(const struct stmi_export *export, stm_export_result *result)
{
    if (result == NULL)
        return;
    result->snapshot = export->id;
    result->parent = export->parent.id;
    result->revision = stm_snapshot_revision(export->snapshot);
    result->key_count = export->key_count;
    result->bytes = export->bytes;
    result->change_count = export->change_count;
    result->incremental = export->incremental;
    stmi_sum_write(&export->sum, result->checksum);
}

/* --------------------------------------------------------------------------- new or not -- */

/* Above this many bytes a key, on average over the first thousand, rows stand beside the tree of keys. */
#define LARGE_FROM 1000
#define SAMPLE_COUNT 1000

struct sample {
    uint64_t bytes;
    unsigned count;
};

static bool visit_sample(const stm_entry *entry, void *arg)
{
    struct sample *sample = arg;
    sample->bytes += entry->key.size + entry->value.size;
    return ++sample->count < SAMPLE_COUNT;
}

static stm_file_status layout_for(const struct stmi_export *export, enum stmi_layout *layout)
{
    struct sample sample = {0, 0};
    *layout = STMI_LAYOUT_SMALL;
    if (export->options->without_values)
        return STM_FILE_OK;
    stm_status answer = stm_snapshot_scan(export->snapshot, visit_sample, &sample);
    if (answer != STM_OK)
        return stmi_fault_store(export->sql.error, answer, "cannot read the snapshot");
    if (sample.count != 0 && sample.bytes / sample.count > LARGE_FROM)
        *layout = STMI_LAYOUT_LARGE;
    return STM_FILE_OK;
}

/* In an empty database, within the caller's transaction. */
static stm_file_status write_first(struct stmi_export *export)
{
    enum stmi_layout layout;
    stm_file_status status = layout_for(export, &layout);
    if (status == STM_FILE_OK)
        status = stmi_schema_make(&export->sql, layout);
    return status == STM_FILE_OK ? stmi_export_write(export) : status;
}

/* The file is not yet anybody's, and is thrown away if anything fails: it needs no journal, and only one sync. */
static stm_file_status write_temporary(struct stmi_export *export, const struct stmi_place *place)
{
    stm_file_status status =
        stmi_place_open(&export->sql, place->temporary, SQLITE_OPEN_READWRITE, 0, export->sql.error);
    if (status == STM_FILE_OK) {
        sqlite3_db_config(export->sql.db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL); /* which would keep the journal on */
        status = stmi_sql_runf(&export->sql, "PRAGMA page_size = %u; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                                             "PRAGMA locking_mode = EXCLUSIVE; BEGIN",
                               export->options->page_size == 0 ? 4096 : (unsigned)export->options->page_size);
    }
    if (status == STM_FILE_OK)
        status = write_first(export);
    if (status == STM_FILE_OK)
        status = stmi_sql_run(&export->sql, "COMMIT");
    int code = sqlite3_close(export->sql.db);
    export->sql.db = NULL;
    return status != STM_FILE_OK || code == SQLITE_OK ? status : stmi_sql_fault(&export->sql, code, "close");
}

static stm_file_status write_new(struct stmi_export *export, struct stmi_place *place)
{
    stm_file_status status = stmi_place_begin(place);
    if (status == STM_FILE_OK)
        status = write_temporary(export, place);
    if (status == STM_FILE_OK)
        status = stmi_place_finish(place, !export->options->not_durable, false);
    stmi_place_end(place);
    return status;
}

static stm_file_status write_appended(struct stmi_export *export, const struct stmi_place *place)
{
    stm_file_status status = stmi_place_take(place, STMI_TAKE_TO_WRITE, !export->options->not_durable, &export->sql);
    if (status == STM_FILE_OK)
        status = stmi_export_write(export);
    if (status == STM_FILE_OK)
        status = stmi_sql_run(&export->sql, "COMMIT");
    sqlite3_close(export->sql.db); /* rolls back what was not committed */
    export->sql.db = NULL;
    return status;
}

static stm_file_status write_to_path(struct stmi_export *export, const char *path)
{
    struct stmi_place place;
    enum stmi_found found;
    stm_file_error *error = export->sql.error;
    stm_file_status status = stmi_place_find(&place, path, export->options->lock_wait_ms, error);
    if (status == STM_FILE_OK)
        status = stmi_place_look(&place, &found);
    if (status != STM_FILE_OK)
        return status;
    if (export->options->append && found == STMI_FOUND_OURS)
        return write_appended(export, &place);
    return write_new(export, &place);
}

/* ------------------------------------------------------------------------------- public -- */

static stm_file_status bad_store(stm_status answer, stm_file_error *error)
{
    if (answer == STM_INVALID)
        return stmi_fault(error, STM_FILE_INVALID, "no store, or no snapshot, was given");
    return stmi_fault_store(error, answer, "cannot take a snapshot");
}

static stm_file_status check_snapshot(const stm_snapshot *snapshot, stm_stats *stats, stm_file_error *error)
{
    stm_store *store = stm_snapshot_store(snapshot);
    stm_status answer = store == NULL ? STM_INVALID : stm_store_stats(store, stats);
    return answer == STM_OK ? STM_FILE_OK : bad_store(answer, error);
}

stm_file_status stm_file_export_snapshot(const stm_snapshot *snapshot, const char *path,
                                         const stm_export_options *given, stm_export_result *result,
                                         stm_file_error *error)
{
    struct stmi_export export;
    stm_export_options options;
    stm_file_error spare;
    error = stmi_fault_clear(error, &spare);
    stm_file_status status = export_make(&export, snapshot, given, stm_snapshot_label(snapshot), &options, error);
    if (status == STM_FILE_OK)
        status = check_snapshot(snapshot, &export.stats, error);
    if (status == STM_FILE_OK)
        status = write_to_path(&export, path);
    if (status == STM_FILE_OK)
        tell(&export, result);
    return status;
}

stm_file_status stm_file_export(stm_store *store, const char *path, const stm_export_options *given,
                                stm_export_result *result, stm_file_error *error)
{
    stm_snapshot *snapshot = NULL;
    stm_export_options options;
    stm_file_error spare;
    error = stmi_fault_clear(error, &spare);
    stm_file_status status = options_fill(given, "export", &options, error);
    if (status != STM_FILE_OK)
        return status;
    stm_status answer = stm_snapshot_take(store, options.label, &snapshot);
    if (answer != STM_OK)
        return bad_store(answer, error);
    status = stm_file_export_snapshot(snapshot, path, &options, result, error);
    stm_snapshot_release(snapshot);
    return status;
}

/* What was there goes, ids too: they are not given twice. */
static stm_file_status empty_tables(const struct stmi_sql *sql)
{
    return stmi_sql_run(sql, "DELETE FROM main.kv; DELETE FROM main.past; DELETE FROM main.stats;"
                             "DELETE FROM main.hottest; DELETE FROM main.snapshots;");
}

static stm_file_status write_tables(struct stmi_export *export)
{
    enum stmi_found found;
    stm_file_status status = stmi_schema_find(&export->sql, &found);
    if (status != STM_FILE_OK)
        return status;
    if (found == STMI_FOUND_EMPTY)
        return write_first(export);
    status = stmi_schema_check(&export->sql);
    if (status == STM_FILE_OK && !export->options->append)
        status = empty_tables(&export->sql);
    return status == STM_FILE_OK ? stmi_export_write(export) : status;
}

/* A trigger on our tables, which a file from elsewhere may bring along, could undo what we write. */
static stm_file_status write_within(struct stmi_export *export)
{
    int had_triggers = 0;
    sqlite3 *db = export->sql.db;
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1, &had_triggers);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    stm_file_status status = write_tables(export);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, had_triggers, NULL);
    return status;
}

stm_file_status stm_file_export_into(const stm_snapshot *snapshot, struct sqlite3 *connection,
                                     const stm_export_options *given, stm_export_result *result,
                                     stm_file_error *error)
{
    struct stmi_export export;
    stm_export_options options;
    stm_file_error spare;
    error = stmi_fault_clear(error, &spare);
    stm_file_status status = export_make(&export, snapshot, given, stm_snapshot_label(snapshot), &options, error);
    if (status == STM_FILE_OK)
        status = check_snapshot(snapshot, &export.stats, error);
    if (status == STM_FILE_OK && connection == NULL)
        status = stmi_fault(error, STM_FILE_INVALID, "no connection was given");
    if (status != STM_FILE_OK)
        return status;
    export.sql.db = connection;
    export.sql.name = "the database given";
    status = stmi_sql_run(&export.sql, "SAVEPOINT stm_export");
    if (status != STM_FILE_OK)
        return status;
    status = write_within(&export);
    if (status == STM_FILE_OK)
        status = stmi_sql_run(&export.sql, "RELEASE stm_export");
    if (status != STM_FILE_OK) /* SQLite may have rolled back all by itself: then there is no such savepoint any more */
        sqlite3_exec(connection, "ROLLBACK TO stm_export; RELEASE stm_export", NULL, NULL, NULL);
    else
        tell(&export, result);
    return status;
}
