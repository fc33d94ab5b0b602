/*
 * changes.c -- one more snapshot in a file that has some: kv is brought from the state of the newest one to that of
 * ours, and what is replaced or deleted moves to past.
 *
 * First the keys that may have changed are listed, 24 bytes each; then each is looked up on both sides. The list
 * comes from the store, which knows what has a revision later than the parent's; or, where the parent is of another
 * store, or shows other keys or columns, from a comparison of everything, walking both sides in the order of keys.
 */
#include "export.h"

#include <stdlib.h>
#include <string.h>

struct change {
    stm_bytes key;
    bool copied; /* its bytes are ours to free: the store may not know the key */
};

struct changes {
    struct stmi_export *export;
    struct change *list;
    size_t count, capacity;
    stm_file_status status;
    sqlite3_stmt *find, *keep, *erase;
};

/* --------------------------------------------------------------------------------- list -- */

static bool push(struct changes *changes, stm_bytes key, bool copied)
{
    if (changes->count == changes->capacity) {
        size_t capacity = changes->capacity == 0 ? 1024 : changes->capacity * 2;
        struct change *list = sqlite3_realloc64(changes->list, capacity * sizeof *list);
        if (list == NULL) {
            changes->status = stmi_sql_fault(&changes->export->sql, SQLITE_NOMEM, "write");
            return false;
        }
        changes->list = list;
        changes->capacity = capacity;
    }
    changes->list[changes->count++] = (struct change){key, copied};
    return true;
}

static bool push_copy(struct changes *changes, stm_bytes key)
{
    void *copy = stmi_sql_alloc(&changes->export->sql, key.size + 1);
    if (copy == NULL) {
        changes->status = STM_FILE_NO_MEMORY;
        return false;
    }
    memcpy(copy, key.data, key.size);
    if (push(changes, stm_bytes_of(copy, key.size), true))
        return true;
    sqlite3_free(copy);
    return false;
}

static void free_list(struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        if (changes->list[i].copied)
            sqlite3_free((void *)(uintptr_t)changes->list[i].key.data);
    sqlite3_free(changes->list);
}

static bool visit_changed(const stm_entry *entry, void *arg)
{
    struct changes *changes = arg;
    return !stmi_range_holds(&changes->export->range, entry->key) || push(changes, entry->key, false);
}

static int by_key(const void *a, const void *b)
{
    return stmi_key_compare(((const struct change *)a)->key, ((const struct change *)b)->key);
}

static stm_file_status list_from_store(struct changes *changes)
{
    struct stmi_export *export = changes->export;
    stm_status answer =
        stm_snapshot_scan_changes(export->snapshot, export->parent.revision, visit_changed, changes);
    if (answer != STM_OK)
        return stmi_fault_store(export->sql.error, answer, "cannot read the snapshot");
    if (changes->count != 0)
        qsort(changes->list, changes->count, sizeof changes->list[0], by_key); /* the file is in this order */
    return changes->status;
}

/* Both sides while they are walked. */
struct walk {
    stm_cursor *cursor;
    sqlite3_stmt *rows;
    bool has_entry, has_row;
    stm_entry entry;
    stm_bytes key; /* of the row */
};

static bool is_same(const struct stmi_export *export, const struct walk *walk)
{
    struct stmi_row ours = stmi_export_row(export, &walk->entry);
    char number[8];
    stm_bytes value;
    if (!stmi_value_read(walk->rows, 3, ours.type, number, &value))
        return false;
    bool has_writer = sqlite3_column_type(walk->rows, 4) != SQLITE_NULL;
    return sqlite3_column_int64(walk->rows, 1) == ours.type &&
           (uint64_t)sqlite3_column_int64(walk->rows, 2) == ours.version &&
           (value.data == NULL) == (ours.value.data == NULL) && stmi_key_compare(value, ours.value) == 0 &&
           has_writer == !export->options->without_writers;
}

static stm_file_status next_entry(struct changes *changes, struct walk *walk)
{
    stm_status answer = stm_cursor_next(walk->cursor, &walk->entry);
    walk->has_entry = answer == STM_OK;
    if (answer != STM_OK && answer != STM_END)
        return stmi_fault_store(changes->export->sql.error, answer, "cannot read the snapshot");
    changes->export->done += walk->has_entry;
    return walk->has_entry ? stmi_export_progress(changes->export) : STM_FILE_OK;
}

static stm_file_status next_row(struct changes *changes, struct walk *walk)
{
    const struct stmi_sql *sql = &changes->export->sql;
    stm_file_status status = stmi_sql_step(sql, walk->rows, &walk->has_row);
    if (status != STM_FILE_OK || !walk->has_row)
        return status;
    walk->key = stmi_blob_read(walk->rows, 0);
    if (walk->key.data == NULL)
        return stmi_sql_fault(sql, SQLITE_NOMEM, "read");
    return STM_FILE_OK;
}

static stm_file_status compare_sides(struct changes *changes, struct walk *walk)
{
    stm_file_status status = next_entry(changes, walk);
    if (status == STM_FILE_OK)
        status = next_row(changes, walk);
    while (status == STM_FILE_OK && (walk->has_entry || walk->has_row)) {
        int order = !walk->has_row ? -1 : !walk->has_entry ? 1 : stmi_key_compare(walk->entry.key, walk->key);
        bool listed = order < 0    ? push(changes, walk->entry.key, false)
                      : order > 0  ? push_copy(changes, walk->key)
                      : is_same(changes->export, walk) ? true
                                                       : push(changes, walk->entry.key, false);
        status = listed ? STM_FILE_OK : changes->status;
        if (status == STM_FILE_OK && order <= 0)
            status = next_entry(changes, walk);
        if (status == STM_FILE_OK && order >= 0)
            status = next_row(changes, walk);
    }
    return status;
}

static stm_file_status list_by_comparison(struct changes *changes)
{
    struct stmi_export *export = changes->export;
    struct walk walk = {.cursor = NULL};
    stm_status answer = stm_cursor_open(export->snapshot, export->range.low, export->range.high, &walk.cursor);
    if (answer != STM_OK)
        return stmi_fault_store(export->sql.error, answer, "cannot read the snapshot");
    stm_file_status status = stmi_sql_prepare(
        &export->sql, "SELECT key, type, version, value, revision FROM main.kv ORDER BY key", &walk.rows);
    if (status == STM_FILE_OK)
        status = compare_sides(changes, &walk);
    sqlite3_finalize(walk.rows);
    stm_cursor_close(walk.cursor);
    return status;
}

static bool may_ask_store(const struct stmi_export *export)
{
    const struct stmi_parent *parent = &export->parent;
    return parent->same_store && parent->same_range && parent->has_values == !export->options->without_values &&
           parent->has_writers == !export->options->without_writers &&
           parent->revision <= stm_snapshot_revision(export->snapshot);
}

/* -------------------------------------------------------------------------------- apply -- */

enum { UNTIL = STMI_ROW_COLUMNS + 6 }; /* a parameter of keep: behind the columns that find gives */

static stm_file_status prepare(struct changes *changes)
{
    const struct stmi_sql *sql = &changes->export->sql;
    stm_file_status status = stmi_sql_prepare(
        sql, "SELECT " STMI_ROW_NAMES ", revision, writer_txn, writer_label, writer_tid, since FROM main.kv WHERE key = ?1",
        &changes->find);
    if (status == STM_FILE_OK)
        status = stmi_sql_prepare(
            sql, "INSERT INTO main.past(" STMI_ROW_NAMES ", revision, writer_txn, writer_label, writer_tid, since, until)"
                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", &changes->keep);
    if (status == STM_FILE_OK)
        status = stmi_sql_prepare(sql, "DELETE FROM main.kv WHERE key = ?1", &changes->erase);
    return status == STM_FILE_OK
               ? stmi_sql_bound(sql, sqlite3_bind_int64(changes->keep, UNTIL, changes->export->id))
               : status;
}

static stm_file_status run_for_key(struct changes *changes, sqlite3_stmt *statement, stm_bytes key)
{
    const struct stmi_sql *sql = &changes->export->sql;
    stm_file_status status =
        stmi_sql_bound(sql, sqlite3_bind_blob64(statement, 1, key.data, key.size, SQLITE_STATIC));
    return status == STM_FILE_OK ? stmi_sql_done(sql, statement) : status;
}

/* The row that stands in kv goes to past as it is, column by column. */
static stm_file_status keep_row(struct changes *changes)
{
    const struct stmi_sql *sql = &changes->export->sql;
    int code = SQLITE_OK;
    for (int column = 0; column < UNTIL - 1 && code == SQLITE_OK; column++)
        code = sqlite3_bind_value(changes->keep, column + 1, sqlite3_column_value(changes->find, column));
    stm_file_status status = stmi_sql_bound(sql, code);
    return status == STM_FILE_OK ? stmi_sql_done(sql, changes->keep) : status;
}

/* Takes that row out of what is counted, and keeps it. *there: there is one. */
static stm_file_status retire_row(struct changes *changes, stm_bytes key, bool *there)
{
    struct stmi_export *export = changes->export;
    sqlite3_stmt *find = changes->find;
    char number[8];
    stm_file_status status =
        stmi_sql_bound(&export->sql, sqlite3_bind_blob64(find, 1, key.data, key.size, SQLITE_STATIC));
    if (status == STM_FILE_OK)
        status = stmi_sql_step(&export->sql, find, there);
    if (status == STM_FILE_OK && *there) {
        struct stmi_row row;
        struct stmi_key_text text;
        const char *wrong = stmi_row_read(find, &row, number);
        if (sqlite3_errcode(export->sql.db) == SQLITE_NOMEM)
            status = stmi_sql_fault(&export->sql, SQLITE_NOMEM, "read");
        else if (wrong != NULL)
            status = stmi_fault(export->sql.error, STM_FILE_DAMAGED, "%s: key \"%s\": %s", export->sql.name,
                                stmi_key_text(key, &text), wrong);
        if (status == STM_FILE_OK) {
            stmi_sum_take(&export->sum, &row);
            export->key_count--;
            export->bytes -= key.size + (uint64_t)sqlite3_column_int64(find, STMI_ROW_SIZE);
            status = keep_row(changes);
        }
    }
    sqlite3_reset(find);
    return status;
}

static stm_file_status apply(struct changes *changes, stm_bytes key)
{
    struct stmi_export *export = changes->export;
    stm_entry entry;
    bool there = false;
    stm_status answer = STM_NOT_FOUND;
    if (stmi_range_holds(&export->range, key)) /* the parent may have had others */
        answer = stm_snapshot_get(export->snapshot, key, &entry);
    if (answer == STM_TOO_LARGE) /* another store's, with longer keys */
        answer = STM_NOT_FOUND;
    if (answer != STM_OK && answer != STM_NOT_FOUND)
        return stmi_fault_store(export->sql.error, answer, "cannot read the snapshot");
    stm_file_status status = retire_row(changes, key, &there);
    if (status != STM_FILE_OK || (!there && answer == STM_NOT_FOUND))
        return status;
    status = answer == STM_OK ? stmi_export_put(export, &entry) : run_for_key(changes, changes->erase, key);
    export->change_count++;
    return status;
}

static stm_file_status apply_all(struct changes *changes)
{
    struct stmi_export *export = changes->export;
    stm_file_status status = prepare(changes);
    export->done = 0;
    export->total = changes->count;
    for (size_t i = 0; status == STM_FILE_OK && i < changes->count; i++) {
        status = apply(changes, changes->list[i].key);
        export->done++;
        if (status == STM_FILE_OK)
            status = stmi_export_progress(export);
    }
    sqlite3_finalize(changes->find);
    sqlite3_finalize(changes->keep);
    sqlite3_finalize(changes->erase);
    return status;
}

stm_file_status stmi_changes_write(struct stmi_export *export)
{
    struct changes changes = {.export = export};
    export->sum = export->parent.sum;
    export->key_count = export->parent.key_count;
    export->bytes = export->parent.bytes;
    export->incremental = may_ask_store(export);
    stm_file_status status = export->incremental ? list_from_store(&changes) : list_by_comparison(&changes);
    if (status == STM_FILE_OK)
        status = apply_all(&changes);
    free_list(&changes);
    return status;
}
