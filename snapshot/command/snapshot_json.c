#include "snapshot_json.h"

#include "progress.h"

void snapshot_json(struct json *json, const struct snapshot *snapshot)
{
    json_integer(json, "id", snapshot->id);
    json_escaped(json, "label", stm_text(snapshot->label));
    json_escaped(json, "taken_at", stm_text(snapshot->taken_at));
    json_integer(json, "revision", snapshot->revision);
    json_integer(json, "key_count", snapshot->key_count);
    json_integer(json, "bytes", snapshot->bytes);
    json_integer(json, "change_count", snapshot->change_count);
    if (snapshot->parent != 0)
        json_integer(json, "parent", snapshot->parent);
    else
        json_null(json, "parent");
    json_hex(json, "checksum", stm_bytes_of(snapshot->checksum, sizeof snapshot->checksum));
    json_bool(json, "has_values", snapshot->has_values);
    json_bool(json, "has_writers", snapshot->has_writers);
    json_bool(json, "is_whole", snapshot->is_whole);
    json_escaped(json, "library", stm_text(snapshot->written_by));
}

void snapshot_keys_json(struct rows *rows, const struct snapshot *snapshot)
{
    struct json json = json_on(stdout);
    json_open(&json, NULL, '{', JSON_LINES);
    json_escaped(&json, "file", stm_text(rows->file->path));
    json_open(&json, "snapshot", '{', JSON_INLINE);
    snapshot_json(&json, snapshot);
    json_close(&json);
    json_open(&json, "keys", '[', JSON_LINES);
    while (rows_next(rows)) {
        struct value value = rows_value(rows);
        json_open(&json, NULL, '{', JSON_INLINE);
        json_escaped(&json, "key", rows->row.key);
        row_json(&json, &rows->row, &value);
        json_close(&json);
        progress_step(rows->count);
    }
    json_close(&json);
    json_close(&json);
}
