/*
 * schema.h -- what the tables of a file are, and whether those of a given one are that.
 *
 * kv and past come in two layouts. With small values the rows stand in the tree of keys itself (WITHOUT ROWID); with
 * large ones they stand beside it, since SQLite reads a whole row to compare one key. README.md has the figures.
 */
#ifndef STMI_FILE_SCHEMA_H
#define STMI_FILE_SCHEMA_H

#include "sql.h"

enum stmi_layout { STMI_LAYOUT_SMALL, STMI_LAYOUT_LARGE };

/* In an empty database; within the caller's transaction. */
stm_file_status stmi_schema_make(const struct stmi_sql *sql, enum stmi_layout layout);

/* What a database is. */
enum stmi_found { STMI_FOUND_EMPTY, STMI_FOUND_OURS };

/* Looks at application_id and user_version only. NOT_OURS, NEWER, or what reading answered. */
stm_file_status stmi_schema_find(const struct stmi_sql *sql, enum stmi_found *found);
/* A query for the first number of a snapshot, given or remembered as given (AUTOINCREMENT), that is below 1 or leaves too few for
 * others: SQLite would give 0, which stands for none here, or say that the disk is full. It looks at both ends only, whatever the
 * pages say of each other. */
#define STMI_SCHEMA_WRONG_NUMBER                                                                                     \
    "SELECT n FROM (SELECT * FROM (SELECT id AS n FROM main.snapshots ORDER BY id LIMIT 1) UNION ALL"                \
    " SELECT * FROM (SELECT id FROM main.snapshots ORDER BY id DESC LIMIT 1) UNION ALL"                              \
    " SELECT * FROM (SELECT seq FROM main.sqlite_sequence WHERE name = 'snapshots' LIMIT 1))"                        \
    " WHERE n IS NOT NULL AND (typeof(n) <> 'integer' OR n NOT BETWEEN 1 AND 1 << 62) LIMIT 1"
/* Compares each table and view of ours, to the letter; others may be there besides. */
stm_file_status stmi_schema_check(const struct stmi_sql *sql);

#endif
