/*
 * sql.h -- the door to SQLite: statements whose failures become statuses and sentences, and memory that comes from
 * SQLite's allocator, so that whoever bounds one bounds the other.
 */
#ifndef STMI_FILE_SQL_H
#define STMI_FILE_SQL_H

#include "fault.h"

#include <sqlite3.h>

struct stmi_work;

/* A connection, how messages call it, and where they go. */
struct stmi_sql {
    sqlite3 *db;
    const char *name;
    stm_file_error *error; /* never NULL */
    struct stmi_work *work; /* NULL: without limit */
};

/* In a hostile file, pages can be the children of each other, and rows without end. From now on a statement that comes to no row is
 * given up (DAMAGED) after more steps than all bytes of the file could be worth. A bare count(*), which SQLite does in one
 * step, never is: do not use it. */
stm_file_status stmi_sql_limit_work(struct stmi_sql *sql);
/* What the file and its WAL have in bytes: no more rows than that can be in them. 0: not known. */
uint64_t stmi_sql_size(const struct stmi_sql *sql);
/* Before the connection goes to somebody else. */
void stmi_sql_unlimit_work(struct stmi_sql *sql);

/* What SQLite has just answered on this connection; doing is "write" or "read". */
stm_file_status stmi_sql_fault(const struct stmi_sql *sql, int code, const char *doing);

stm_file_status stmi_sql_prepare(const struct stmi_sql *sql, const char *text, sqlite3_stmt **statement);
/* Runs it up to its next row; *row false: it has ended. */
stm_file_status stmi_sql_step(const struct stmi_sql *sql, sqlite3_stmt *statement, bool *row);
/* Runs a statement that gives no rows, and makes it ready for the next time. */
stm_file_status stmi_sql_done(const struct stmi_sql *sql, sqlite3_stmt *statement);
/* Runs statements given as text. */
stm_file_status stmi_sql_run(const struct stmi_sql *sql, const char *text);
/* The same from a format of sqlite3_mprintf. */
stm_file_status stmi_sql_runf(const struct stmi_sql *sql, const char *format, ...);
/* The first column of the first row as an integer; fallback if there is no row or it is NULL. */
stm_file_status stmi_sql_number(const struct stmi_sql *sql, const char *text, int64_t fallback, int64_t *number);
/* Binding fails for want of memory or for size only. */
stm_file_status stmi_sql_bound(const struct stmi_sql *sql, int code);

void *stmi_sql_alloc(const struct stmi_sql *sql, uint64_t size); /* NULL: the fault is noted */

#endif
