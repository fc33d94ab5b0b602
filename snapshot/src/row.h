/*
 * row.h -- one key of a store as a row of a file: which SQL value stands for which bytes, and the row's hash.
 *
 * int64 is an INTEGER, double a REAL and string a TEXT where nothing is lost by it; a number not of 8 bytes, a NaN
 * (SQLite would make it NULL), a string with a NUL or that is no UTF-8, and all other types are a BLOB of the
 * value's bytes. So the bytes can always be told from type and SQL value, and are the same again.
 */
#ifndef STMI_FILE_ROW_H
#define STMI_FILE_ROW_H

#include "sql.h"

/* What the checksum of a snapshot is over. */
struct stmi_row {
    stm_bytes key;
    unsigned type;
    uint64_t version;
    stm_bytes value; /* data == NULL: not in the file */
};

/* Non-empty or not: may it be TEXT and come back as the same bytes? */
bool stmi_text_is_sound(stm_bytes bytes);

/* Binds the value of that type to a parameter; the bytes must live until the statement is done. A SQLite code. */
int stmi_value_bind(sqlite3_stmt *statement, int parameter, unsigned type, stm_bytes value);
/* The same as a function's or a virtual table's result; the bytes are copied. */
void stmi_value_result(sqlite3_context *context, unsigned type, stm_bytes value);

/* The bytes that a column stands for; number is room for one. False: no such value has this type. value->data is
 * NULL for NULL. Valid until the statement moves. */
bool stmi_value_read(sqlite3_stmt *statement, int column, unsigned type, char number[8], stm_bytes *value);

/* A BLOB column's bytes; data is never NULL for an empty one, and NULL for no memory. */
stm_bytes stmi_blob_read(sqlite3_stmt *statement, int column);

/* A row of kv or past, as a statement gives it in its first columns. Nothing of it is believed before it was looked
 * at. Returns what is wrong with it, or NULL; the key, if there is one, is filled in even then. What cannot be read for
 * want of memory comes out as something wrong, too: ask sqlite3_errcode. */
#define STMI_ROW_NAMES "key, type, size, version, value"
enum { STMI_ROW_KEY, STMI_ROW_TYPE, STMI_ROW_SIZE, STMI_ROW_VERSION, STMI_ROW_VALUE, STMI_ROW_COLUMNS };
const char *stmi_row_read(sqlite3_stmt *statement, struct stmi_row *row, char number[8]);

/* A sum modulo 2^128 of hashes of rows: the same in whatever order they come and go. */
struct stmi_sum {
    uint64_t high, low;
};
void stmi_sum_add(struct stmi_sum *sum, const struct stmi_row *row);
void stmi_sum_take(struct stmi_sum *sum, const struct stmi_row *row);
void stmi_sum_write(const struct stmi_sum *sum, unsigned char checksum[STM_CHECKSUM_SIZE]);
void stmi_sum_read(struct stmi_sum *sum, const unsigned char checksum[STM_CHECKSUM_SIZE]);

#endif
