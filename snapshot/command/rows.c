#include "rows.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

/* ---------------------------------------------------------------------------------- reading -- */

/* The first key after all those that begin with prefix; NULL: there is none. */
static GByteArray *after_prefix(const GByteArray *prefix)
{
    guint size = prefix->len;
    while (size > 0 && prefix->data[size - 1] == 0xff)
        size--;
    if (size == 0)
        return NULL;
    GByteArray *after = g_byte_array_new();
    g_byte_array_append(after, prefix->data, size);
    after->data[size - 1]++;
    return after;
}

static void bind(sqlite3_stmt *statement, const char *parameter, const GByteArray *bytes)
{
    int at = sqlite3_bind_parameter_index(statement, parameter);
    if (at > 0)
        sqlite3_bind_blob64(statement, at, bytes->data, bytes->len, SQLITE_TRANSIENT);
}

/* The newest snapshot is the table kv itself; others are put together of it and what is past. */
void rows_open(struct rows *rows, struct file *file, const struct snapshot *snapshot, const struct options *options)
{
    const GByteArray *key = options == NULL ? NULL : options->key;
    GByteArray *end = key != NULL && options->key_is_prefix ? after_prefix(key) : NULL;
    const char *range = key == NULL                ? "TRUE"
                        : !options->key_is_prefix  ? "key = $low"
                        : end == NULL              ? "key >= $low"
                                                   : "key >= $low AND key < $high";
    bool newest = snapshot->id == file->newest;
    char *sql = g_strdup_printf("SELECT key, type, size, version, since, revision, writer_txn, writer_label, writer_tid, value "
                                "FROM %s WHERE %s AND %s ORDER BY key",
                                newest ? "kv" : "kv_at", newest ? "TRUE" : "snapshot = $id", range);
    *rows = (struct rows){.file = file, .statement = file_prepare(file, sql), .before = g_byte_array_new()};
    if (!newest)
        sqlite3_bind_int64(rows->statement, sqlite3_bind_parameter_index(rows->statement, "$id"), snapshot->id);
    if (key != NULL)
        bind(rows->statement, "$low", key);
    if (end != NULL) {
        bind(rows->statement, "$high", end);
        g_byte_array_unref(end);
    }
    g_free(sql);
}

void rows_close(struct rows *rows)
{
    sqlite3_finalize(rows->statement);
    g_byte_array_unref(rows->before);
}

int key_compare(stm_bytes a, stm_bytes b)
{
    int order = memcmp(a.data, b.data, MIN(a.size, b.size));
    if (order == 0)
        order = (a.size > b.size) - (a.size < b.size);
    return (order > 0) - (order < 0);
}

/* Comparing and grouping rely on the order, so it is checked. */
static void check(struct rows *rows)
{
    const struct row *row = &rows->row;
    if (sqlite3_column_type(rows->statement, 0) != SQLITE_BLOB || row->key.size == 0)
        file_broken(rows->file, "a key is not a BLOB, or empty");
    if (row->size < 0 || row->version < 0)
        file_broken(rows->file, "a size or version is negative");
    if (rows->before->len > 0 && key_compare(stm_bytes_of(rows->before->data, rows->before->len), row->key) >= 0)
        file_broken(rows->file, "its keys are not in order");
    g_byte_array_set_size(rows->before, 0);
    g_byte_array_append(rows->before, row->key.data, (guint)row->key.size);
}

bool rows_next(struct rows *rows)
{
    sqlite3_stmt *statement = rows->statement;
    if (rows->past_the_end || !file_step(rows->file, statement)) {
        rows->past_the_end = true; /* a further step would begin again */
        return false;
    }
    rows->row = (struct row){
        .key = file_text(statement, 0),
        .type = sqlite3_column_int64(statement, 1),
        .size = sqlite3_column_int64(statement, 2),
        .version = sqlite3_column_int64(statement, 3),
        .since = sqlite3_column_int64(statement, 4),
        .has_writer = sqlite3_column_type(statement, 5) != SQLITE_NULL,
        .revision = sqlite3_column_int64(statement, 5),
        .writer_txn = sqlite3_column_int64(statement, 6),
        .writer_label = file_text(statement, 7),
        .writer_tid = sqlite3_column_int64(statement, 8),
    };
    check(rows);
    rows->count++;
    return true;
}

struct value rows_value(struct rows *rows)
{
    sqlite3_stmt *statement = rows->statement;
    switch (sqlite3_column_type(statement, 9)) {
    case SQLITE_INTEGER:
        return (struct value){.form = FORM_INTEGER, .integer = sqlite3_column_int64(statement, 9)};
    case SQLITE_FLOAT:
        return (struct value){.form = FORM_REAL, .real = sqlite3_column_double(statement, 9)};
    case SQLITE_TEXT:
        return (struct value){.form = FORM_TEXT, .bytes = file_text(statement, 9)};
    case SQLITE_BLOB:
        return (struct value){.form = FORM_BYTES, .bytes = file_text(statement, 9)};
    default:
        return (struct value){.form = FORM_NONE};
    }
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->form != b->form)
        return false;
    if (a->form == FORM_REAL) /* by its bytes: 0.0 and -0.0 are two values */
        return memcmp(&a->real, &b->real, sizeof a->real) == 0;
    return a->integer == b->integer && a->bytes.size == b->bytes.size &&
           (a->bytes.size == 0 || memcmp(a->bytes.data, b->bytes.data, a->bytes.size) == 0);
}

/* ---------------------------------------------------------------------------------- showing -- */

const char *type_name(int64_t type)
{
    static const char *const names[] = {"bytes", "int64", "double", "string"};
    static char other[32];
    if (type >= 0 && type < (int64_t)G_N_ELEMENTS(names))
        return names[type];
    g_snprintf(other, sizeof other, "type %" PRId64, type);
    return other;
}

void value_put(FILE *out, const struct value *value, size_t columns_max)
{
    switch (value->form) {
    case FORM_INTEGER:
        fprintf(out, "%" PRId64, value->integer);
        break;
    case FORM_REAL:
        fputs(text_real(value->real), out);
        break;
    case FORM_TEXT:
    case FORM_BYTES:
        if (columns_max == COLUMNS_ALL)
            text_put(out, value->bytes);
        else
            text_put_short(out, value->bytes, columns_max);
        break;
    default:
        break;
    }
}

void value_json(struct json *json, const struct value *value)
{
    switch (value->form) {
    case FORM_INTEGER:
        json_integer(json, "value", value->integer);
        break;
    case FORM_REAL:
        json_real(json, "value", value->real);
        break;
    case FORM_TEXT:
    case FORM_BYTES:
        if (text_is_utf8(value->bytes))
            json_string(json, "value", value->bytes);
        else
            json_hex(json, "hex", value->bytes);
        break;
    default:
        json_null(json, "value");
    }
}

void row_json(struct json *json, const struct row *row, const struct value *value)
{
    json_string(json, "type", stm_text(type_name(row->type)));
    json_integer(json, "size", row->size);
    json_integer(json, "version", row->version);
    if (row->has_writer) {
        json_integer(json, "revision", row->revision);
        json_integer(json, "writer_txn", row->writer_txn);
        json_escaped(json, "writer_label", row->writer_label);
        json_integer(json, "writer_tid", row->writer_tid);
    }
    value_json(json, value);
}
