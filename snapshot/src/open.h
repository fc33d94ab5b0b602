/* open.h -- a file of ours, opened for reading, with its schema checked. */
#ifndef STMI_FILE_OPEN_H
#define STMI_FILE_OPEN_H

#include "sql.h"

/* sql->db is NULL after a failure; path outlives it. */
stm_file_status stmi_open_to_read(struct stmi_sql *sql, const char *path, uint32_t lock_wait_ms, stm_file_error *error);

/* A connection that is open already: NOT_OURS if there is something else in it, or nothing. */
stm_file_status stmi_open_check(const struct stmi_sql *sql);

#endif
