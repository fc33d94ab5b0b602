#include <stm/stm.h>

#include <inttypes.h>

static void put_bytes(FILE *stream, stm_bytes bytes)
{
    const unsigned char *data = bytes.data;
    fputc('"', stream);
    for (size_t i = 0; i < bytes.size; i++)
        if (data[i] >= ' ' && data[i] < 127 && data[i] != '"' && data[i] != '\\')
            fputc(data[i], stream);
        else
            fprintf(stream, "\\x%02x", data[i]);
    fputc('"', stream);
}

static void put_value(FILE *stream, const stm_entry *entry)
{
    int64_t integer;
    double number;
    if (entry->type == STM_INT64 && entry->value.size == sizeof integer) {
        memcpy(&integer, entry->value.data, sizeof integer);
        fprintf(stream, "%" PRId64, integer);
    } else if (entry->type == STM_DOUBLE && entry->value.size == sizeof number) {
        memcpy(&number, entry->value.data, sizeof number);
        fprintf(stream, "%.17g", number);
    } else {
        put_bytes(stream, entry->value);
    }
}

static void put_entry(FILE *stream, const stm_entry *entry)
{
    put_bytes(stream, entry->key);
    fprintf(stream, " version %" PRIu64 " revision %" PRIu64 " by %" PRIu64 " ", entry->version,
            entry->writer.revision, entry->writer.txn);
    put_bytes(stream, stm_text(entry->writer.label));
    fprintf(stream, " thread %" PRIu32 ": ", entry->writer.tid);
    put_value(stream, entry);
    fputc('\n', stream);
}

stm_status stm_store_dump(stm_store *store, FILE *stream)
{
    stm_snapshot *snapshot;
    stm_cursor *cursor;
    stm_entry entry;
    if (stream == NULL)
        return STM_INVALID;
    stm_status status = stm_snapshot_take(store, "dump", &snapshot);
    if (status != STM_OK)
        return status;
    status = stm_cursor_open(snapshot, stm_bytes_of(NULL, 0), stm_bytes_of(NULL, 0), &cursor);
    if (status == STM_OK) {
        while ((status = stm_cursor_next(cursor, &entry)) == STM_OK)
            put_entry(stream, &entry);
        stm_cursor_close(cursor);
    }
    stm_snapshot_release(snapshot);
    return status == STM_END ? STM_OK : status;
}
