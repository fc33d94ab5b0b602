#include "schema.h"

#include <string.h>

/* From schema.sql and layout.sql, by CMake. */
extern const char stmi_schema_text[], stmi_layout_small_text[], stmi_layout_large_text[];

static const char *layout_text(enum stmi_layout layout)
{
    return layout == STMI_LAYOUT_SMALL ? stmi_layout_small_text : stmi_layout_large_text;
}

static stm_file_status make_tables(const struct stmi_sql *sql, enum stmi_layout layout)
{
    stm_file_status status = stmi_sql_run(sql, layout_text(layout));
    return status == STM_FILE_OK ? stmi_sql_run(sql, stmi_schema_text) : status;
}

stm_file_status stmi_schema_make(const struct stmi_sql *sql, enum stmi_layout layout)
{
    stm_file_status status = make_tables(sql, layout);
    if (status == STM_FILE_OK)
        status = stmi_sql_runf(sql, "PRAGMA main.application_id = %d; PRAGMA main.user_version = %d;"
                                    "INSERT INTO main.meta VALUES('format', %d), ('made_by', 'libstm %q'),"
                                    "('made_at', strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', 'now'));",
                               STM_FILE_APPLICATION_ID, STM_FILE_FORMAT, STM_FILE_FORMAT, stm_version());
    return status;
}

stm_file_status stmi_schema_find(const struct stmi_sql *sql, enum stmi_found *found)
{
    int64_t application = 0, format = 0, objects = 0;
    stm_file_status status = stmi_sql_number(sql, "SELECT count(*) FROM main.sqlite_schema", 0, &objects);
    if (status == STM_FILE_OK)
        status = stmi_sql_number(sql, "PRAGMA main.application_id", 0, &application);
    if (status == STM_FILE_OK)
        status = stmi_sql_number(sql, "PRAGMA main.user_version", 0, &format);
    if (status != STM_FILE_OK)
        return status;
    *found = STMI_FOUND_EMPTY;
    if (objects == 0 && application == 0 && format == 0)
        return STM_FILE_OK;
    *found = STMI_FOUND_OURS;
    if (application != STM_FILE_APPLICATION_ID)
        return stmi_fault(sql->error, STM_FILE_NOT_OURS, "%s is a SQLite database, but not a libstm snapshot", sql->name);
    if (format > STM_FILE_FORMAT)
        return stmi_fault(sql->error, STM_FILE_NEWER, "%s has format %lld, later than %d, which this library knows",
                          sql->name, (long long)format, STM_FILE_FORMAT);
    if (format != STM_FILE_FORMAT)
        return stmi_fault(sql->error, STM_FILE_DAMAGED, "%s has format %lld, which never was", sql->name,
                          (long long)format);
    return STM_FILE_OK;
}

/* -------------------------------------------------------------------------------- check -- */

/* Whether an object of the file is the one looked for. */
static stm_file_status same_object(const struct stmi_sql *sql, sqlite3_stmt *find, sqlite3_stmt *wanted, bool *same)
{
    bool row = false;
    const char *text = (const char *)sqlite3_column_text(wanted, 2);
    int code = sqlite3_bind_value(find, 1, sqlite3_column_value(wanted, 0));
    if (code == SQLITE_OK)
        code = sqlite3_bind_value(find, 2, sqlite3_column_value(wanted, 1));
    stm_file_status status = stmi_sql_bound(sql, text == NULL ? SQLITE_NOMEM : code);
    if (status == STM_FILE_OK)
        status = stmi_sql_step(sql, find, &row);
    const char *found = row ? (const char *)sqlite3_column_text(find, 0) : NULL;
    *same = found != NULL && text != NULL && strcmp(found, text) == 0;
    if (row && !*same && sqlite3_errcode(sql->db) == SQLITE_NOMEM)
        status = stmi_sql_fault(sql, SQLITE_NOMEM, "read");
    sqlite3_reset(find);
    return status;
}

/* Compares with a model of that layout; name tells what differs, "": nothing. */
static stm_file_status compare(const struct stmi_sql *sql, const struct stmi_sql *model, char *name, size_t size)
{
    sqlite3_stmt *wanted = NULL, *find = NULL;
    bool row = true, same = true;
    name[0] = '\0';
    stm_file_status status = stmi_sql_prepare(
        model, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        &wanted);
    if (status == STM_FILE_OK)
        status = stmi_sql_prepare(sql, "SELECT sql FROM main.sqlite_schema WHERE type = ?1 AND name = ?2", &find);
    while (status == STM_FILE_OK && same) {
        status = stmi_sql_step(model, wanted, &row);
        if (status != STM_FILE_OK || !row)
            break;
        status = same_object(sql, find, wanted, &same);
        if (!same)
            sqlite3_snprintf((int)size, name, "%s", sqlite3_column_text(wanted, 1));
    }
    sqlite3_finalize(wanted);
    sqlite3_finalize(find);
    return status;
}

static stm_file_status compare_layout(const struct stmi_sql *sql, enum stmi_layout layout, char *name, size_t size)
{
    struct stmi_sql model = {NULL, "a model in memory", sql->error};
    int code = sqlite3_open_v2(":memory:", &model.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);
    stm_file_status status = code == SQLITE_OK ? make_tables(&model, layout) : stmi_sql_fault(&model, code, "open");
    if (status == STM_FILE_OK)
        status = compare(sql, &model, name, size);
    sqlite3_close(model.db);
    return status;
}

stm_file_status stmi_schema_check(const struct stmi_sql *sql)
{
    char small[64], large[64];
    stm_file_status status = compare_layout(sql, STMI_LAYOUT_SMALL, small, sizeof small);
    if (status != STM_FILE_OK || small[0] == '\0')
        return status;
    status = compare_layout(sql, STMI_LAYOUT_LARGE, large, sizeof large);
    if (status != STM_FILE_OK || large[0] == '\0')
        return status;
    /* What both miss, or the one that got further. */
    return stmi_fault(sql->error, STM_FILE_DAMAGED, "%s has the mark of a libstm snapshot, but its %s is another",
                      sql->name, strcmp(small, "kv") == 0 ? large : small);
}
