/*
 * place.h -- a path whose file is replaced whole, or not at all.
 *
 *     find     the path's real name; what is there is looked at through SQLite, never by a descriptor of our own: closing
 *              one would take away the locks that other connections of this process have on the file
 *     begin    a temporary file in the same folder, under a lock that dies with us: who finds one that is not locked
 *              removes it
 *     finish   the temporary file on the disk; the old file held against writers, its journal gone, and still the file that
 *              the path names; rename; the folder on the disk
 *
 * The hold is for those who append to the old file: SQLite keeps their journal under the path's name, and would play
 * it back into ours. An appender in turn checks that its file is still the path's, once it holds it.
 */
#ifndef STMI_FILE_PLACE_H
#define STMI_FILE_PLACE_H

#include "schema.h"

#include <limits.h>

struct stmi_place {
    char path[PATH_MAX];
    char temporary[PATH_MAX + NAME_MAX]; /* "" : none */
    size_t folder_size;                  /* of path, with its last slash */
    int temporary_fd;                    /* -1: none; holds the lock */
    uint32_t lock_wait_ms;
    stm_file_error *error;
};

/* No file is touched. */
stm_file_status stmi_place_find(struct stmi_place *place, const char *path, uint32_t lock_wait_ms, stm_file_error *error);

/* What is at the path, which need not be there (EMPTY). NOT_OURS, NEWER, ... as of stmi_schema_find. */
stm_file_status stmi_place_look(const struct stmi_place *place, enum stmi_found *found);

stm_file_status stmi_place_begin(struct stmi_place *place);
/* After all connections to the temporary file are closed. held: the caller has taken the old file alone. */
stm_file_status stmi_place_finish(struct stmi_place *place, bool durable, bool held);
/* Finished or not: nothing temporary stays. */
void stmi_place_end(struct stmi_place *place);

/* Opens the file at path for changes, sure to be the one that the path names, with its schema checked: within a
 * transaction that writes; or alone, so that it may be replaced. NOT_FOUND: there is none, or an empty one.
 * sql->db is to be closed even after a failure. */
enum stmi_take { STMI_TAKE_TO_WRITE, STMI_TAKE_ALONE };
stm_file_status stmi_place_take(const struct stmi_place *place, enum stmi_take how, bool durable, struct stmi_sql *sql);

/* A connection to a path that is there, with everything off that a hostile file could use; nothing of it has been
 * read yet. flags as of sqlite3_open_v2. sql->db is to be closed even after a failure. */
stm_file_status stmi_place_open(struct stmi_sql *sql, const char *path, int flags, uint32_t lock_wait_ms,
                                stm_file_error *error);

#endif
