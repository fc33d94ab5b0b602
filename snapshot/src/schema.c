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
    stm_file_status status = stmi_sql_number(sql, "SELECT 1 FROM main.sqlite_schema LIMIT 1", 0, &objects);
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

/* SQLite keeps the text of a CREATE as it was written, up to its semicolon; in our texts that ends a line, and no other does. */
struct object {
    const char *type, *name, *text;
    int type_size, name_size, text_size;
};

/* The next CREATE from *at on, which moves behind it. */
static bool next_object(const char **at, struct object *object)
{
    static const char create[] = "CREATE ";
    const char *text = strstr(*at, create), *end = text == NULL ? NULL : strstr(text, ";\n");
    if (end == NULL)
        return false;
    const char *kind = text + strlen(create), *name = kind + strcspn(kind, " ") + 1;
    *at = end;
    *object = (struct object){
        .type = kind[0] == 'T' ? "table" : "view", .type_size = -1,
        .name = name, .name_size = (int)strcspn(name, "( "),
        .text = text, .text_size = (int)(end - text),
    };
    return true;
}

static stm_file_status find_object(const struct stmi_sql *sql, sqlite3_stmt *find, const struct object *object, bool *same)
{
    int code = sqlite3_bind_text(find, 1, object->type, object->type_size, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(find, 2, object->name, object->name_size, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(find, 3, object->text, object->text_size, SQLITE_STATIC);
    stm_file_status status = stmi_sql_bound(sql, code);
    if (status == STM_FILE_OK)
        status = stmi_sql_step(sql, find, same);
    sqlite3_reset(find);
    return status;
}

/* name tells what differs, "": nothing. */
static stm_file_status compare(const struct stmi_sql *sql, const char *text, char *name, size_t size)
{
    sqlite3_stmt *find = NULL;
    struct object object;
    bool same = true;
    stm_file_status status = stmi_sql_prepare(
        sql, "SELECT 1 FROM main.sqlite_schema WHERE type = ?1 AND name = ?2 AND sql = ?3", &find);
    while (status == STM_FILE_OK && same && next_object(&text, &object)) {
        status = find_object(sql, find, &object, &same);
        if (!same)
            sqlite3_snprintf((int)size, name, "%.*s", object.name_size, object.name);
    }
    sqlite3_finalize(find);
    return status;
}

static stm_file_status compare_layout(const struct stmi_sql *sql, enum stmi_layout layout, char *name, size_t size)
{
    name[0] = '\0';
    stm_file_status status = compare(sql, layout_text(layout), name, size);
    return status == STM_FILE_OK && name[0] == '\0' ? compare(sql, stmi_schema_text, name, size) : status;
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
