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

/* -------------------------------------------------------------------------------- work -- */

/* The steps of SQLite's machine between two looks, and what a byte of a file is worth at most: the checks of verify take some 30
 * for a row, which has 20 bytes at least. */
enum { STEPS_A_LOOK = 1000000, STEPS_A_BYTE = 64 };

struct stmi_work {
    sqlite3 *db;
    uint64_t looks; /* since the last row */
    bool given_up;
};

static uint64_t file_size(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(db, "main", which, &file) != SQLITE_OK || file == NULL || file->pMethods == NULL ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK || size < 0)
        return 0;
    return (uint64_t)size;
}

static uint64_t size_of(sqlite3 *db)
{
    return file_size(db, SQLITE_FCNTL_FILE_POINTER) + file_size(db, SQLITE_FCNTL_JOURNAL_POINTER);
}

uint64_t stmi_sql_size(const struct stmi_sql *sql)
{
    return size_of(sql->db);
}

static int look(void *context)
{
    struct stmi_work *work = context;
    uint64_t bytes = size_of(work->db);
    work->given_up = ++work->looks > 1 + bytes * STEPS_A_BYTE / STEPS_A_LOOK;
    return work->given_up;
}

static void no_function(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count, (void)values;
    sqlite3_result_null(context);
}

/* A function of SQL that nobody calls is what frees it when the connection is closed. */
#define OWNER "stm_work"

stm_file_status stmi_sql_limit_work(struct stmi_sql *sql)
{
    struct stmi_work *work = stmi_sql_alloc(sql, sizeof *work);
    if (work == NULL)
        return STM_FILE_NO_MEMORY;
    *work = (struct stmi_work){.db = sql->db};
    int code = sqlite3_create_function_v2(sql->db, OWNER, 0, SQLITE_UTF8 | SQLITE_DIRECTONLY, work, no_function, NULL, NULL,
                                          sqlite3_free); /* also if it fails */
    if (code != SQLITE_OK)
        return stmi_sql_fault(sql, code, "use");
    sql->work = work;
    sqlite3_progress_handler(sql->db, STEPS_A_LOOK, look, work);
    return STM_FILE_OK;
}

void stmi_sql_unlimit_work(struct stmi_sql *sql)
{
    sqlite3_progress_handler(sql->db, 0, NULL, NULL);
    sqlite3_create_function_v2(sql->db, OWNER, 0, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
    sql->work = NULL;
}

static void begin_work(const struct stmi_sql *sql)
{
    if (sql->work != NULL)
        sql->work->looks = 0;
}

/* -------------------------------------------------------------------------- statements -- */

stm_file_status stmi_sql_fault(const struct stmi_sql *sql, int code, const char *doing)
{
    int extended = sql->db == NULL ? code : sqlite3_extended_errcode(sql->db);
    if ((extended & 0xff) != (code & 0xff)) /* of a call that does not leave its code behind */
        extended = code;
    sql->error->sqlite = extended;
    sql->error->system = sql->db == NULL ? 0 : sqlite3_system_errno(sql->db);
    if (sql->db != NULL && sql->work != NULL && sql->work->given_up && (extended & 0xff) == SQLITE_INTERRUPT)
        return stmi_fault(sql->error, STM_FILE_DAMAGED, "cannot %s %s: its pages lead in circles", doing, sql->name);
    stm_file_status status = status_of(extended);
    if (status == STM_FILE_NO_MEMORY) /* the connection's message may be of an earlier failure */
        return stmi_fault(sql->error, status, "cannot %s %s: no memory", doing, sql->name);
    const char *why = sql->db == NULL || extended == code ? sqlite3_errstr(extended) : sqlite3_errmsg(sql->db);
    return stmi_fault(sql->error, status, "cannot %s %s: %s", doing, sql->name,
                      sql->db != NULL && sqlite3_errcode(sql->db) != SQLITE_OK ? sqlite3_errmsg(sql->db) : why);
}

stm_file_status stmi_sql_prepare(const struct stmi_sql *sql, const char *text, sqlite3_stmt **statement)
{
    begin_work(sql);
    int code = sqlite3_prepare_v2(sql->db, text, -1, statement, NULL);
    return code == SQLITE_OK ? STM_FILE_OK : stmi_sql_fault(sql, code, "use");
}

stm_file_status stmi_sql_step(const struct stmi_sql *sql, sqlite3_stmt *statement, bool *row)
{
    begin_work(sql);
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
    begin_work(sql);
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
