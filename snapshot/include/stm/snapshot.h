/*
 * snapshot.h -- the state of a store at one instant, in a SQLite file that anyone can open.
 *
 *     stm_file_error error;
 *     if (stm_file_export(store, "state.db", NULL, NULL, &error) != STM_FILE_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *
 * writes a file that the sqlite3 shell, DB Browser and every language's SQLite module read:
 *
 *     select key, value, version, writer_label from kv_text where key like 'account:%';
 *
 * Files are replaced whole or not at all, kept as a history of snapshots if asked for, and imported back.
 * A running store can be asked by SQL as well, without any file: stm_sql_attach.
 *
 * The tables, and how the promises are kept: README.md of the snapshot folder, and the table `readme` of each file.
 *
 * Order of parameters, everywhere: the subject, then inputs, then outputs; error comes last, and may be NULL, as
 * may options and result. Any thread may call at any time: a call has everything to itself but the store and the
 * file. A store's writers run on during every call. These calls block: they read and write files.
 */
#ifndef STM_SNAPSHOT_H
#define STM_SNAPSHOT_H

#include <stm/stm.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3; /* <sqlite3.h> */

/* ------------------------------------------------------------------------------ statuses -- */

typedef enum stm_file_status {
    STM_FILE_OK = 0,
    STM_FILE_CANCELLED, /* The progress callback said so; nothing was changed. (Import: see its result.) */
    STM_FILE_INVALID,   /* A NULL or senseless argument. Mend the call. */
    STM_FILE_STORE,     /* The store answered what stm_file_error.store says. */
    STM_FILE_NO_MEMORY, /* An allocation failed; nothing was changed. */
    STM_FILE_NOT_FOUND, /* There is no such file, or no such snapshot in it. */
    STM_FILE_NOT_OURS,  /* There is something else under that name; it was not touched. */
    STM_FILE_NEWER,     /* Written by a later version of this library: use that one. Not touched. */
    STM_FILE_DAMAGED,   /* The file's content contradicts itself. Take an older copy of it. */
    STM_FILE_LOCKED,    /* Another connection holds the file. Try again, or wait longer (lock_wait_ms). */
    STM_FILE_FULL,      /* No space is left on the device. */
    STM_FILE_READ_ONLY, /* The file or its folder may not be written, or the file not be read. */
    STM_FILE_IO,        /* Reading or writing failed: stm_file_error.system says how. */
    STM_FILE_EXISTS,    /* Import: the store has a value under a key already. Name a policy. */
    STM_FILE_TOO_LARGE  /* A value is too large for SQLite; or an import for one transaction. */
} stm_file_status;

/* "LOCKED", and a sentence about it. Never NULL; for an unknown number "UNKNOWN". */
STM_API const char *stm_file_status_name(stm_file_status status);
STM_API const char *stm_file_status_text(stm_file_status status);

/* What went wrong. Filled in whenever the answer is not OK; after OK all of it is zero. */
typedef struct stm_file_error {
    stm_file_status status;
    stm_status store;  /* what the store answered, if it was the store */
    int sqlite;        /* SQLite's extended result code, or 0 */
    int system;        /* errno, or 0 */
    char message[512]; /* a sentence or two, with the path: what, and what to do */
} stm_file_error;

/* Asked now and then how far a call is: done of total keys (total is an estimate). False: stop. */
typedef bool stm_file_progress(uint64_t done, uint64_t total, void *arg);

/* -------------------------------------------------------------------------------- export -- */

/* application_id and user_version of a file. */
#define STM_FILE_APPLICATION_ID 0x73746d21 /* "stm!" */
#define STM_FILE_FORMAT 1

/* Zero in any member means its default. Set size to sizeof(stm_export_options). */
typedef struct stm_export_options {
    size_t size;
    const char *label;        /* of the snapshot in the file; default "export", or the label of the one given */
    bool append;              /* keep the snapshots that the file has, and add this one; default: replace them */
    bool without_values;      /* keys, versions, types and sizes only */
    bool without_writers;     /* without revision and writer: equal contents give equal tables */
    stm_bytes low, high;      /* keys in [low, high) only; no data: no bound */
    stm_bytes prefix;         /* keys that begin so only; not together with low or high */
    bool not_durable;         /* do not wait until the file is on the disk: a power failure may lose it */
    uint32_t page_size;       /* of a new file: a power of two from 512 to 65,536; default 4,096 */
    uint32_t lock_wait_ms;    /* how long to wait for others to let go of the file; default 2,000 */
    stm_file_progress *progress;
    void *progress_arg;
} stm_export_options;

#define STM_CHECKSUM_SIZE 16

typedef struct stm_export_result {
    int64_t snapshot;          /* its id in the file */
    int64_t parent;            /* of the one before, 0: there is none */
    uint64_t revision;         /* in the store */
    uint64_t key_count;        /* keys that it shows */
    uint64_t bytes;            /* of their keys and values */
    uint64_t change_count;     /* keys added, removed and changed since the parent; of a first one, all */
    bool incremental;          /* the store was asked for the changes only, not for everything */
    unsigned char checksum[STM_CHECKSUM_SIZE]; /* over keys, types, versions and values */
} stm_export_result;

/*
 * Writes the store, as of one instant within the call, to path. Without append a new file takes the place of
 * whatever snapshots were there, by renaming a temporary file of the same folder: whoever opens path, at any
 * time and after any crash, finds the old file or the new one. With append the snapshot is added in one SQLite
 * transaction. A file that is not ours is never touched; an empty one counts as none.
 * Owner: what crashed exports left behind in that folder is removed by the next one.
 * Returns OK; CANCELLED; INVALID; STORE (LIMIT: 64 snapshots are held; NO_MEMORY; FORKED); NO_MEMORY; NOT_OURS;
 * NEWER; DAMAGED; LOCKED; FULL; READ_ONLY; IO; TOO_LARGE. After any but OK the file is as it was.
 */
STM_API stm_file_status stm_file_export(stm_store *store, const char *path, const stm_export_options *options,
                                        stm_export_result *result, stm_file_error *error);

/* The same of a snapshot that the caller holds. */
STM_API stm_file_status stm_file_export_snapshot(const stm_snapshot *snapshot, const char *path,
                                                 const stm_export_options *options, stm_export_result *result,
                                                 stm_file_error *error);

/* The same into the main database of an open connection, which must be empty or ours: as one transaction, or as one
 * savepoint where the caller has a transaction open. Without append, the snapshots there are removed first.
 * page_size, not_durable and lock_wait_ms are the connection's business. In memory: open ":memory:". */
STM_API stm_file_status stm_file_export_into(const stm_snapshot *snapshot, struct sqlite3 *connection,
                                             const stm_export_options *options, stm_export_result *result,
                                             stm_file_error *error);

/* -------------------------------------------------------------------------------- import -- */

/* What to do about a key that has a value in the store already. Versions only rise: where the file's is not
 * greater than the store's, the value is published as the store's next version instead (renumbered). */
typedef enum stm_import_policy {
    STM_IMPORT_REFUSE = 0, /* answer EXISTS */
    STM_IMPORT_NEWER,      /* the greater version wins */
    STM_IMPORT_OVERWRITE,  /* the file wins */
    STM_IMPORT_KEEP        /* the store wins */
} stm_import_policy;

/* Zero in any member means its default. Set size to sizeof(stm_import_options). */
typedef struct stm_import_options {
    size_t size;
    const char *label;        /* of the transactions that import; default "import" */
    stm_import_policy policy;
    int64_t snapshot;         /* which one; default: the newest */
    stm_bytes low, high;      /* as of exports */
    stm_bytes prefix;
    bool edited;              /* the file was edited on purpose: do not compare the checksum */
    bool atomic;              /* answer TOO_LARGE rather than use more than one transaction */
    uint32_t lock_wait_ms;    /* default 2,000 */
    stm_file_progress *progress;
    void *progress_arg;
} stm_import_options;

/* Filled in after a failure, too: what has been committed by then stays. */
typedef struct stm_import_result {
    uint64_t imported;    /* keys published */
    uint64_t renumbered;  /* of them, at another version than the file's */
    uint64_t kept;        /* keys left as they were in the store */
    uint64_t commits;     /* transactions committed: up to 1, and it was all at one instant */
} stm_import_result;

/*
 * Publishes the keys of a snapshot in a file: values, types and versions. Writers and revisions are those of the
 * importing transactions; the original ones stay in the file. All of it is one transaction if the store takes
 * that many keys (stm_options.txn_key_count_max); else it is several, each atomic, in the order of keys. Conflicts
 * with other writers are tried again. Bytes of the file are believed only after they were checked.
 * Returns OK; CANCELLED; INVALID; STORE (TOO_LARGE: a key or value over the store's limit, ...); NO_MEMORY; NOT_FOUND;
 * NOT_OURS; NEWER; DAMAGED; LOCKED; READ_ONLY; IO; EXISTS (before anything was published, unless somebody else
 * publishes the key meanwhile); TOO_LARGE (atomic).
 */
STM_API stm_file_status stm_file_import(stm_store *store, const char *path, const stm_import_options *options,
                                        stm_import_result *result, stm_file_error *error);
/* The same from the main database of an open connection. */
STM_API stm_file_status stm_file_import_from(stm_store *store, struct sqlite3 *connection,
                                             const stm_import_options *options, stm_import_result *result,
                                             stm_file_error *error);

/* --------------------------------------------------------------------------------- files -- */

/* Opens a file of ours for reading by SQL, with everything off that a hostile file could use: triggers, functions
 * with side effects in its schema, extensions, writes to the schema; checks that it is ours and that its tables are
 * what they should be. writable: for changes, too. Out: *connection, closed by sqlite3_close; NULL on failure.
 * Returns OK; INVALID; NO_MEMORY; NOT_FOUND; NOT_OURS; NEWER; DAMAGED; LOCKED; READ_ONLY; IO. */
STM_API stm_file_status stm_file_open(const char *path, bool writable, struct sqlite3 **connection,
                                      stm_file_error *error);

/* Removes snapshots, and what only they could see, in one transaction. The file keeps its size: stm_file_compact.
 * The last one cannot be removed (INVALID). Returns as stm_file_open; NOT_FOUND (a snapshot); FULL. */
STM_API stm_file_status stm_file_prune(const char *path, const int64_t *snapshots, size_t count,
                                       stm_file_error *error);

/* Writes the file anew, without the space that nothing uses, and renames it into place. Returns as stm_file_export. */
STM_API stm_file_status stm_file_compact(const char *path, stm_file_error *error);

/* Told for each check as it is made: what ("integrity", "schema", "rows", "history", "snapshot 3"), whether it holds, and if
 * not, why. False: stop. */
typedef bool stm_file_check(const char *what, bool holds, const char *why, void *arg);

/* Checks a file through and through: SQLite's own integrity check, the schema, every row, and of every snapshot
 * the number of keys, bytes and the checksum that were recorded when it was exported. check may be NULL.
 * Returns OK: all holds; DAMAGED: something does not; else as stm_file_open. */
STM_API stm_file_status stm_file_verify(const char *path, stm_file_check *check, void *arg, stm_file_error *error);

/* ---------------------------------------------------------------------------------- live -- */

/*
 * Makes a store a read-only table of a connection: select key_text, value from stm where key_text glob 'account:*'.
 * Columns: key (BLOB), key_text (NULL where the key is not text), type, size, version, revision, writer_txn,
 * writer_label, writer_tid, value (INTEGER, REAL, TEXT or BLOB by type), bytes (the value as the store holds it).
 * Each statement sees one instant, however often it names the table. Ranges and equality of key and key_text,
 * prefixes of key_text (GLOB, LIKE) and ORDER BY key are done by the store's cursor.
 * The store answers BUSY to stm_store_close until the connection is closed, or the table detached.
 * name is an SQL name: letters, digits and "_"; default "stm". Returns OK; INVALID; STORE; NO_MEMORY; EXISTS.
 */
STM_API stm_file_status stm_sql_attach(struct sqlite3 *connection, stm_store *store, const char *name,
                                       stm_file_error *error);
/* Takes the table away. Statements that were prepared before go on working, and keep the store open, until they are
 * finalized.
 * Returns OK; INVALID; NOT_FOUND; NO_MEMORY. */
STM_API stm_file_status stm_sql_detach(struct sqlite3 *connection, const char *name, stm_file_error *error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
