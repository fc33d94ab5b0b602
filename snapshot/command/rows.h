/*
 * rows.h -- the keys of one snapshot, in the order of the store: streamed, one in memory at a time.
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
    enum form form;   /* NONE: exported without values */
    int64_t integer;
    double real;
    stm_bytes bytes;  /* of TEXT and BYTES */
};

struct rows {
    struct file *file;
    sqlite3_stmt *statement;
    struct row row;   /* valid until the next one */
    GByteArray *before;
    uint64_t count;
    bool past_the_end;
};

/* options may be NULL: all keys; else those that its --key names. */
void rows_open(struct rows *rows, struct file *file, const struct snapshot *snapshot, const struct options *options);
bool rows_next(struct rows *rows);
/* The current row's value, read only when it is asked for. Valid until the next row. */
struct value rows_value(struct rows *rows);
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
