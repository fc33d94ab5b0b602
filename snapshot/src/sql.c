#include "sql.h"

#include <stdarg.h>
#include <stdio.h>

static stm_file_status status_of(int code)
{
    if (code == SQLITE_IOERR_NOMEM)
        return STM_FILE_NO_MEMORY;
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STM_FILE_OK;
    case SQLITE_NOMEM:
        return STM_FILE_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return STM_FILE_LOCKED;
    case SQLITE_FULL:
        return STM_FILE_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return STM_FILE_READ_ONLY;
    case SQLITE_NOTADB:
        return STM_FILE_NOT_OURS;
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
    case SQLITE_SCHEMA:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR: /* our statements are sound: the tables are not what they should be */
        return STM_FILE_DAMAGED;
    case SQLITE_TOOBIG:
        return STM_FILE_TOO_LARGE;
    case SQLITE_INTERRUPT:
    case SQLITE_ABORT:
        return STM_FILE_CANCELLED;
    case SQLITE_MISUSE:
        return STM_FILE_INVALID;
    default:
        return STM_FILE_IO;
    }
}

stm_file_status stmi_sql_fault(const struct stmi_sql *sql, int code, const char *doing)
{
    int extended = sql->db == NULL ? code : sqlite3_extended_errcode(sql->db);
    if ((extended & 0xff) != (code & 0xff)) /* of a call that does not leave its code behind */
        extended = code;
    sql->error->sqlite = extended;
    sql->error->system = sql->db == NULL ? 0 : sqlite3_system_errno(sql->db);
    stm_file_status status = status_of(extended);
    if (status == STM_FILE_NO_MEMORY) /* the connection's message may be of an earlier failure */
        return stmi_fault(sql->error, status, "cannot %s %s: no memory", doing, sql->name);
    const char *why = sql->db == NULL || extended == code ? sqlite3_errstr(extended) : sqlite3_errmsg(sql->db);
    return stmi_fault(sql->error, status, "cannot %s %s: %s", doing, sql->name,
                      sql->db != NULL && sqlite3_errcode(sql->db) != SQLITE_OK ? sqlite3_errmsg(sql->db) : why);
}

stm_file_status stmi_sql_prepare(const struct stmi_sql *sql, const char *text, sqlite3_stmt **statement)
{
    int code = sqlite3_prepare_v2(sql->db, text, -1, statement, NULL);
    return code == SQLITE_OK ? STM_FILE_OK : stmi_sql_fault(sql, code, "use");
}

stm_file_status stmi_sql_step(const struct stmi_sql *sql, sqlite3_stmt *statement, bool *row)
{
    int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return STM_FILE_OK;
    return stmi_sql_fault(sql, code, sqlite3_stmt_readonly(statement) ? "read" : "write");
}

stm_file_status stmi_sql_done(const struct stmi_sql *sql, sqlite3_stmt *statement)
{
    bool row;
    stm_file_status status = stmi_sql_step(sql, statement, &row);
    sqlite3_reset(statement);
    return status;
}

stm_file_status stmi_sql_run(const struct stmi_sql *sql, const char *text)
{
    int code = sqlite3_exec(sql->db, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? STM_FILE_OK : stmi_sql_fault(sql, code, "write");
}

stm_file_status stmi_sql_runf(const struct stmi_sql *sql, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    if (text == NULL)
        return stmi_sql_fault(sql, SQLITE_NOMEM, "write");
    stm_file_status status = stmi_sql_run(sql, text);
    sqlite3_free(text);
    return status;
}

stm_file_status stmi_sql_number(const struct stmi_sql *sql, const char *text, int64_t fallback, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    *number = fallback;
    stm_file_status status = stmi_sql_prepare(sql, text, &statement);
    if (status == STM_FILE_OK)
        status = stmi_sql_step(sql, statement, &row);
    if (status == STM_FILE_OK && row && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

stm_file_status stmi_sql_bound(const struct stmi_sql *sql, int code)
{
    return code == SQLITE_OK ? STM_FILE_OK : stmi_sql_fault(sql, code, "write");
}

void *stmi_sql_alloc(const struct stmi_sql *sql, uint64_t size)
{
    void *memory = sqlite3_malloc64(size);
    if (memory == NULL)
        stmi_sql_fault(sql, SQLITE_NOMEM, "use");
    return memory;
}
