/*
 * rows.h -- the keys of one snapshot, in the order of the store: streamed, some at a time.
 *
 * Nobody is kept out of the file while rows are looked at or written, however long a pager takes: they are
 * read in batches, each in a transaction of its own, and handed out when that is over. That is consistent all
 * the same, since what a snapshot shows never changes: who appends another moves rows of this one from kv to
 * past, which a batch notices (data_version), and then looks for what comes next in both again. If the
 * snapshot itself has gone meanwhile, the command ends with EXIT_TROUBLE.
 */
#ifndef SNAPSHOT_COMMAND_ROWS_H
#define SNAPSHOT_COMMAND_ROWS_H

#include <glib.h>

#include "file.h"
#include "json.h"
#include "options.h"

struct row {
    stm_bytes key;
    int64_t type, size, version, since;
    bool has_writer;
    int64_t revision, writer_txn, writer_tid;
    stm_bytes writer_label;
};

enum form { FORM_NONE, FORM_INTEGER, FORM_REAL, FORM_TEXT, FORM_BYTES };

struct value {
    enum form form; /* NONE: exported without values */
    int64_t integer;
    double real;
    stm_bytes bytes; /* of TEXT and BYTES */
};

/* One of the two tables that a snapshot's rows are in: a batch of its rows, and where the next one begins. */
struct arm {
    sqlite3_stmt *statement;
    GArray *batch;     /* of rows and their values, in memory of their own */
    guint at;          /* the next of them */
    GByteArray *after; /* the last key of the batch; empty: none yet */
    bool ended;        /* there is nothing after the batch */
};

struct rows {
    struct file *file;
    sqlite3_stmt *same;  /* is the snapshot still what it was? */
    struct arm arms[2];  /* kv and past */
    struct arm *current; /* of the row; NULL: none yet */
    GByteArray *key;     /* the current one's */
    struct row row;      /* valid until the next one */
    uint64_t count;
    int64_t count_wanted; /* what the snapshot says; -1: not all of it is read */
    int64_t data_version;
};

/* What is to be read of each row. */
enum columns { WITHOUT_VALUES, WITH_VALUES };

/* options may be NULL: all keys; else those that its --key names. */
void rows_open(struct rows *rows, struct file *file, const struct snapshot *snapshot,
               const struct options *options, enum columns columns);
bool rows_next(struct rows *rows);
/* The current row's value; valid until the next row. NONE, too, if it was opened WITHOUT_VALUES. */
struct value rows_value(const struct rows *rows);
void rows_close(struct rows *rows);

/* -1, 0, 1: by memcmp, then by size, as the store orders. */
int key_compare(stm_bytes a, stm_bytes b);
bool value_equal(const struct value *a, const struct value *b);

/* "int64"; "type 5" for the program's own. Valid until the next call. */
const char *type_name(int64_t type);

#define COLUMNS_ALL SIZE_MAX
void value_put(FILE *out, const struct value *value, size_t columns_max);
/* Numbers as numbers; bytes as "value" where they are UTF-8, else as "hex". */
void value_json(struct json *json, const struct value *value);
/* Everything about a row but its key, as members of the current object. */
void row_json(struct json *json, const struct row *row, const struct value *value);

#endif
