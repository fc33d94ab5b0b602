/*
 * export.h -- one snapshot on its way into a database: the rows of kv and past, its row of snapshots, statistics.
 */
#ifndef STMI_FILE_EXPORT_H
#define STMI_FILE_EXPORT_H

#include "range.h"
#include "row.h"

/* The newest snapshot that a database has. */
struct stmi_parent {
    int64_t id; /* 0: it has none */
    bool same_store, same_range, has_values, has_writers;
    uint64_t revision, key_count, bytes;
    struct stmi_sum sum;
};

struct stmi_export {
    struct stmi_sql sql; /* within a transaction */
    const stm_snapshot *snapshot;
    const stm_export_options *options; /* all defaults filled in */
    struct stmi_range range;
    stm_stats stats; /* of the store, when the snapshot was taken */
    struct stmi_parent parent;

    int64_t id; /* in the file */
    uint64_t done, total, key_count, bytes, change_count;
    bool incremental;
    struct stmi_sum sum;

    sqlite3_stmt *put;
    const char *label; /* bound last: neighbours often have the same */
};

/* Writes it all; the caller begins and ends the transaction. */
stm_file_status stmi_export_write(struct stmi_export *export);

/* One more key: asks the progress callback now and then. */
stm_file_status stmi_export_progress(struct stmi_export *export);
/* Writes a row of kv, in the place of one that may be there, and counts it. */
stm_file_status stmi_export_put(struct stmi_export *export, const stm_entry *entry);
struct stmi_row stmi_export_row(const struct stmi_export *export, const stm_entry *entry);

/* changes.c: brings kv from the parent's state to the snapshot's, and keeps in past what that replaces. */
stm_file_status stmi_changes_write(struct stmi_export *export);

#endif
