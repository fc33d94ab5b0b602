#include "rows.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "fail.h"
#include "text.h"

#define BATCH_ROWS "256"
#define BATCH_BYTES ((size_t)1 << 20) /* a batch ends with the row that makes it larger */

/* A row with all its bytes, in one piece of memory. */
struct held {
    struct row row;
    struct value value;
    char *memory;
};

/* ---------------------------------------------------------------------------------- opening -- */

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
    if (at > 0 && bytes != NULL) /* of one byte at least */
        sqlite3_bind_blob64(statement, at, bytes->data, bytes->len, SQLITE_TRANSIENT);
}

static void bind_id(sqlite3_stmt *statement, int64_t id)
{
    sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, "$id"), id);
}

static void clear_held(gpointer held)
{
    g_free(((struct held *)held)->memory);
}

/* Rows of a table that the snapshot sees, after a key, within the range that options name. */
static void open_arm(struct arm *arm, struct file *file, const char *from, int64_t id,
                     const struct options *options, enum columns columns)
{
    const GByteArray *key = options == NULL ? NULL : options->key;
    GByteArray *end = key != NULL && options->key_is_prefix ? after_prefix(key) : NULL;
    const char *range = key == NULL               ? ""
                        : !options->key_is_prefix ? " AND key = $low"
                        : end == NULL             ? " AND key >= $low"
                                                  : " AND key >= $low AND key < $high";
    char *sql = g_strdup_printf(
        "SELECT key, type, size, version, since, revision, writer_txn, writer_label, writer_tid, %s "
        "FROM %s AND since <= $id AND key > $after%s ORDER BY key LIMIT " BATCH_ROWS,
        columns == WITH_VALUES ? "value" : "NULL", from, range);
    *arm = (struct arm){.statement = file_prepare(file, sql),
                        .batch = g_array_new(FALSE, FALSE, sizeof(struct held)),
                        .after = g_byte_array_new()};
    g_array_set_clear_func(arm->batch, clear_held);
    bind_id(arm->statement, id);
    bind(arm->statement, "$low", key);
    bind(arm->statement, "$high", end);
    if (end != NULL)
        g_byte_array_unref(end);
    g_free(sql);
}

void rows_open(struct rows *rows, struct file *file, const struct snapshot *snapshot,
               const struct options *options, enum columns columns)
{
    *rows = (struct rows){
        .file = file, .key = g_byte_array_new(), .data_version = -1, .count_wanted = snapshot->key_count};
    if (options != NULL && options->key != NULL)
        rows->count_wanted = -1;
    rows->same = file_prepare(
        file, "SELECT 1 FROM snapshots WHERE id = $id AND checksum = $checksum AND key_count = $count");
    bind_id(rows->same, snapshot->id);
    sqlite3_bind_blob(rows->same, 2, snapshot->checksum, sizeof snapshot->checksum, SQLITE_TRANSIENT);
    sqlite3_bind_int64(rows->same, 3, snapshot->key_count);
    open_arm(&rows->arms[0], file, "kv WHERE TRUE", snapshot->id, options, columns);
    open_arm(&rows->arms[1], file, "past WHERE until > $id", snapshot->id, options, columns);
}

void rows_close(struct rows *rows)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows->arms); i++) {
        sqlite3_finalize(rows->arms[i].statement);
        g_array_free(rows->arms[i].batch, TRUE);
        g_byte_array_unref(rows->arms[i].after);
    }
    sqlite3_finalize(rows->same);
    g_byte_array_unref(rows->key);
}

/* ---------------------------------------------------------------------------------- reading -- */

int key_compare(stm_bytes a, stm_bytes b)
{
    int order = memcmp(a.data, b.data, MIN(a.size, b.size));
    if (order == 0)
        order = (a.size > b.size) - (a.size < b.size);
    return (order > 0) - (order < 0);
}

static struct row read_row(sqlite3_stmt *statement)
{
    return (struct row){
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
}

static struct value read_value(sqlite3_stmt *statement)
{
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

static stm_bytes moved(stm_bytes bytes, char **to)
{
    char *begin = *to;
    if (bytes.size > 0)
        memcpy(begin, bytes.data, bytes.size);
    *to += bytes.size;
    return stm_bytes_of(begin, bytes.size);
}

/* Copies what the statement stands at; returns its size. */
static size_t hold(struct arm *arm)
{
    struct held held = {.row = read_row(arm->statement), .value = read_value(arm->statement)};
    size_t size = held.row.key.size + held.row.writer_label.size + held.value.bytes.size;
    char *to = held.memory = g_try_malloc(size + 1);
    if (to == NULL)
        fail(EXIT_TROUBLE, "out of memory: a value of the file is too large for it");
    held.row.key = moved(held.row.key, &to);
    held.row.writer_label = moved(held.row.writer_label, &to);
    held.value.bytes = moved(held.value.bytes, &to);
    g_array_append_val(arm->batch, held);
    return size;
}

static void begin_after(struct arm *arm, stm_bytes key)
{
    g_byte_array_set_size(arm->after, 0);
    g_byte_array_append(arm->after, key.data, (guint)key.size);
}

/* Both the statement and what is checked of its rows rely on keys that are BLOBs, and not empty. */
static void check(const struct rows *rows, const struct arm *arm, const struct held *held)
{
    if (sqlite3_column_type(arm->statement, 0) != SQLITE_BLOB || held->row.key.size == 0)
        file_broken(rows->file, "a key is not a BLOB, or empty");
    if (held->row.size < 0 || held->row.size > STM_VALUE_SIZE_MAX || held->row.version < 0)
        file_broken(rows->file, "a size or version cannot be"); /* sums of such sizes cannot overflow */
    if (arm->after->len > 0 &&
        key_compare(stm_bytes_of(arm->after->data, arm->after->len), held->row.key) >= 0)
        file_broken(rows->file, "its keys are not in order");
}

/* Before all others, even those that are no BLOBs: they are to be seen, and told. */
static void bind_after(const struct arm *arm)
{
    if (arm->after->len > 0)
        bind(arm->statement, "$after", arm->after);
    else
        sqlite3_bind_double(arm->statement, sqlite3_bind_parameter_index(arm->statement, "$after"),
                            -INFINITY);
}

static void fill(struct rows *rows, struct arm *arm)
{
    size_t bytes = 0;
    g_array_set_size(arm->batch, 0);
    arm->at = 0;
    bind_after(arm);
    while (bytes < BATCH_BYTES && file_step(rows->file, arm->statement)) {
        bytes += hold(arm);
        const struct held *last = &g_array_index(arm->batch, struct held, arm->batch->len - 1);
        check(rows, arm, last);
        begin_after(arm, last->row.key);
    }
    arm->ended = arm->batch->len == 0;
    sqlite3_reset(arm->statement);
}

/* What was read before somebody appended may be elsewhere now: both begin again after the current key. */
static void begin_again(struct rows *rows)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows->arms); i++) {
        struct arm *arm = &rows->arms[i];
        g_array_set_size(arm->batch, 0);
        arm->at = 0;
        arm->ended = false;
        begin_after(arm, stm_bytes_of(rows->key->data, rows->key->len));
    }
}

static void check_same(struct rows *rows)
{
    bool same = file_step(rows->file, rows->same);
    sqlite3_reset(rows->same);
    if (!same)
        file_gone(rows->file);
    int64_t data_version = file_number(rows->file, "PRAGMA data_version");
    if (rows->data_version >= 0 && data_version != rows->data_version)
        begin_again(rows);
    rows->data_version = data_version;
}

static bool is_empty(const struct arm *arm)
{
    return arm->at == arm->batch->len && !arm->ended;
}

/* Sees to it that both have a row, or have ended: in one transaction. */
static void load(struct rows *rows)
{
    if (!is_empty(&rows->arms[0]) && !is_empty(&rows->arms[1]))
        return;
    file_begin(rows->file);
    check_same(rows);
    for (size_t i = 0; i < G_N_ELEMENTS(rows->arms); i++)
        if (is_empty(&rows->arms[i]))
            fill(rows, &rows->arms[i]);
    file_end(rows->file);
}

static struct held *next_of(const struct arm *arm)
{
    return arm->at < arm->batch->len ? &g_array_index(arm->batch, struct held, arm->at) : NULL;
}

/* Takes the smaller of the two next ones. */
static bool advance(struct rows *rows)
{
    const struct held *now = next_of(&rows->arms[0]), *past = next_of(&rows->arms[1]);
    int order = now == NULL || past == NULL ? 0 : key_compare(now->row.key, past->row.key);
    if (now != NULL && past != NULL && order == 0)
        file_broken(rows->file, "a key is twice in one snapshot");
    rows->current = now != NULL && (past == NULL || order < 0) ? &rows->arms[0] : &rows->arms[1];
    return now != NULL || past != NULL;
}

static void check_count(const struct rows *rows)
{
    if (rows->count_wanted >= 0 && rows->count != (uint64_t)rows->count_wanted)
        file_broken(rows->file, "it has not as many keys as it says");
}

bool rows_next(struct rows *rows)
{
    if (rows->current != NULL)
        rows->current->at++;
    rows->current = NULL;
    load(rows);
    if (!advance(rows)) {
        rows->current = NULL;
        check_count(rows);
        return false;
    }
    rows->row = next_of(rows->current)->row;
    g_byte_array_set_size(rows->key, 0);
    g_byte_array_append(rows->key, rows->row.key.data, (guint)rows->row.key.size);
    rows->count++;
    return true;
}

struct value rows_value(const struct rows *rows)
{
    return next_of(rows->current)->value;
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
