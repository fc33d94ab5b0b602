#include "row.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <endian.h>
#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------------------- values -- */

/* The length of the UTF-8 sequence at the beginning, 0: there is none (RFC 3629). */
static size_t sequence_size(const unsigned char *at, size_t left)
{
    size_t size = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] < 0xc2 || at[0] > 0xf4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xed && at[1] > 0x9f;
    bool beyond = at[0] == 0xf4 && at[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : size;
}

bool stmi_text_is_sound(stm_bytes bytes)
{
    const unsigned char *data = bytes.data;
    for (size_t i = 0; i < bytes.size;) {
        size_t size = data[i] == 0 ? 0 : data[i] < 0x80 ? 1 : sequence_size(data + i, bytes.size - i);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}

/* How a value is stored. */
enum form { FORM_NULL, FORM_INTEGER, FORM_REAL, FORM_TEXT, FORM_BLOB };

static enum form form_of(unsigned type, stm_bytes value, int64_t *integer, double *real)
{
    if (value.data == NULL)
        return FORM_NULL;
    if (type == STM_INT64 && value.size == sizeof *integer) {
        memcpy(integer, value.data, sizeof *integer);
        return FORM_INTEGER;
    }
    if (type == STM_DOUBLE && value.size == sizeof *real) {
        memcpy(real, value.data, sizeof *real);
        return isnan(*real) ? FORM_BLOB : FORM_REAL;
    }
    return type == STM_STRING && stmi_text_is_sound(value) ? FORM_TEXT : FORM_BLOB;
}

int stmi_value_bind(sqlite3_stmt *statement, int parameter, unsigned type, stm_bytes value)
{
    int64_t integer;
    double real;
    switch (form_of(type, value, &integer, &real)) {
    case FORM_NULL:
        return sqlite3_bind_null(statement, parameter);
    case FORM_INTEGER:
        return sqlite3_bind_int64(statement, parameter, integer);
    case FORM_REAL:
        return sqlite3_bind_double(statement, parameter, real);
    case FORM_TEXT:
        return sqlite3_bind_text64(statement, parameter, value.data, value.size, SQLITE_STATIC, SQLITE_UTF8);
    default:
        return sqlite3_bind_blob64(statement, parameter, value.data, value.size, SQLITE_STATIC);
    }
}

void stmi_value_result(sqlite3_context *context, unsigned type, stm_bytes value)
{
    int64_t integer;
    double real;
    switch (form_of(type, value, &integer, &real)) {
    case FORM_NULL:
        sqlite3_result_null(context);
        break;
    case FORM_INTEGER:
        sqlite3_result_int64(context, integer);
        break;
    case FORM_REAL:
        sqlite3_result_double(context, real);
        break;
    case FORM_TEXT:
        sqlite3_result_text64(context, value.data, value.size, SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    default:
        sqlite3_result_blob64(context, value.data, value.size, SQLITE_TRANSIENT);
    }
}

stm_bytes stmi_blob_read(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    return stm_bytes_of(data == NULL && size == 0 ? "" : data, size);
}

bool stmi_value_read(sqlite3_stmt *statement, int column, unsigned type, char number[8], stm_bytes *value)
{
    int64_t integer;
    double real;
    const void *data;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        *value = stm_bytes_of(NULL, 0);
        return true;
    case SQLITE_INTEGER:
        integer = sqlite3_column_int64(statement, column);
        memcpy(number, &integer, sizeof integer);
        *value = stm_bytes_of(number, sizeof integer);
        return type == STM_INT64;
    case SQLITE_FLOAT:
        real = sqlite3_column_double(statement, column);
        memcpy(number, &real, sizeof real);
        *value = stm_bytes_of(number, sizeof real);
        return type == STM_DOUBLE;
    case SQLITE_TEXT:
        data = sqlite3_column_text(statement, column); /* a file may keep its text as UTF-16 */
        *value = stm_bytes_of(data, (size_t)sqlite3_column_bytes(statement, column));
        return type == STM_STRING;
    default:
        *value = stmi_blob_read(statement, column);
        return true;
    }
}

/* --------------------------------------------------------------------------------- rows -- */

static bool in_bounds(sqlite3_stmt *statement, int column, int64_t low, int64_t high)
{
    int64_t number = sqlite3_column_int64(statement, column);
    return sqlite3_column_type(statement, column) == SQLITE_INTEGER && number >= low && number <= high;
}

const char *stmi_row_read(sqlite3_stmt *statement, struct stmi_row *row, char number[8])
{
    *row = (struct stmi_row){{NULL, 0}, 0, 0, {NULL, 0}};
    if (sqlite3_column_type(statement, STMI_ROW_KEY) != SQLITE_BLOB)
        return "the key is not a BLOB";
    row->key = stmi_blob_read(statement, STMI_ROW_KEY);
    if (row->key.data == NULL || row->key.size == 0 || row->key.size > STM_KEY_SIZE_MAX)
        return "the key is empty, or too long";
    if (!in_bounds(statement, STMI_ROW_TYPE, 0, 7))
        return "there is no such type";
    if (!in_bounds(statement, STMI_ROW_VERSION, 1, STM_VERSION_MAX))
        return "there is no such version";
    if (!in_bounds(statement, STMI_ROW_SIZE, 0, STM_VALUE_SIZE_MAX))
        return "no value has this size";
    row->type = (unsigned)sqlite3_column_int(statement, STMI_ROW_TYPE);
    row->version = (uint64_t)sqlite3_column_int64(statement, STMI_ROW_VERSION);
    if (!stmi_value_read(statement, STMI_ROW_VALUE, row->type, number, &row->value))
        return "the value is not of its type";
    if (sqlite3_column_type(statement, STMI_ROW_VALUE) != SQLITE_NULL &&
        (row->value.data == NULL || (int64_t)row->value.size != sqlite3_column_int64(statement, STMI_ROW_SIZE)))
        return "the value is not of its size";
    return NULL;
}

/* ----------------------------------------------------------------------------- checksum -- */

#define PACKED_MAX 512 /* up to here a row is hashed in one piece */

static size_t put(char *at, const void *data, size_t size)
{
    memcpy(at, data, size);
    return size;
}

/* The numbers of a row, and its key if that fits: little-endian, so that a file may change machines. */
static size_t pack(char *at, const struct stmi_row *row)
{
    uint64_t words[4] = {htole64(row->key.size), htole64(row->type), htole64(row->version),
                         htole64(row->value.data == NULL ? UINT64_MAX : row->value.size)};
    return put(at, words, sizeof words);
}

/* Numbers as they would be on a little-endian machine. */
static stm_bytes canonical(const struct stmi_row *row, uint64_t *number)
{
    bool is_number = (row->type == STM_INT64 || row->type == STM_DOUBLE) && row->value.size == sizeof *number;
    if (!is_number || row->value.data == NULL)
        return row->value;
    memcpy(number, row->value.data, sizeof *number);
    *number = htole64(*number);
    return stm_bytes_of(number, sizeof *number);
}

static XXH128_hash_t hash(const struct stmi_row *row)
{
    uint64_t number;
    char packed[PACKED_MAX];
    stm_bytes value = canonical(row, &number);
    size_t size = pack(packed, row);
    size_t all = size + row->key.size + value.size;
    if (all <= sizeof packed) {
        size += put(packed + size, row->key.data, row->key.size);
        if (value.size != 0)
            size += put(packed + size, value.data, value.size);
        return XXH3_128bits(packed, size);
    }
    XXH3_state_t state; /* on the stack: it is aligned as it must be there */
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, packed, size);
    XXH3_128bits_update(&state, row->key.data, row->key.size);
    XXH3_128bits_update(&state, value.data, value.size);
    return XXH3_128bits_digest(&state);
}

void stmi_sum_add(struct stmi_sum *sum, const struct stmi_row *row)
{
    XXH128_hash_t one = hash(row);
    sum->low += one.low64;
    sum->high += one.high64 + (sum->low < one.low64);
}

void stmi_sum_take(struct stmi_sum *sum, const struct stmi_row *row)
{
    XXH128_hash_t one = hash(row);
    sum->high -= one.high64 + (sum->low < one.low64);
    sum->low -= one.low64;
}

void stmi_sum_write(const struct stmi_sum *sum, unsigned char checksum[STM_CHECKSUM_SIZE])
{
    uint64_t words[2] = {htobe64(sum->high), htobe64(sum->low)};
    memcpy(checksum, words, sizeof words);
}

void stmi_sum_read(struct stmi_sum *sum, const unsigned char checksum[STM_CHECKSUM_SIZE])
{
    uint64_t words[2];
    memcpy(words, checksum, sizeof words);
    *sum = (struct stmi_sum){be64toh(words[0]), be64toh(words[1])};
}
