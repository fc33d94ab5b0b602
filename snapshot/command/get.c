/* get -- one key: its value, who wrote it, and what it was before. */
#include <stdio.h>

#include "commands.h"
#include "fail.h"
#include "rows.h"
#include "snapshot_json.h"
#include "text.h"

static void put_raw(const struct value *value)
{
    if (value->form == FORM_TEXT || value->form == FORM_BYTES)
        fwrite(value->bytes.data, 1, value->bytes.size, stdout);
    else if (value->form == FORM_INTEGER) /* as the store has them */
        fwrite(&value->integer, 1, sizeof value->integer, stdout);
    else if (value->form == FORM_REAL)
        fwrite(&value->real, 1, sizeof value->real, stdout);
    else
        fail(EXIT_TROUBLE, "this snapshot was exported without values");
}

static void put_facts(const struct row *row)
{
    printf("version %lld, %s, %s", (long long)row->version, type_name(row->type), text_size(row->size));
    if (row->has_writer) {
        printf(", at revision %lld by ", (long long)row->revision);
        text_put(stdout, row->writer_label);
        printf(" (transaction %lld, thread %lld)", (long long)row->writer_txn, (long long)row->writer_tid);
    }
}

static void put_json(struct rows *rows, const struct snapshot *snapshot, struct json *json, bool found)
{
    json_open(json, NULL, '{', JSON_LINES);
    json_open(json, "snapshot", '{', JSON_INLINE);
    snapshot_json(json, snapshot);
    json_close(json);
    json_bool(json, "found", found);
    if (found) {
        struct value value = rows_value(rows);
        row_json(json, &rows->row, &value);
    }
    json_close(json);
}

static bool get_one(struct file *file, const struct snapshot *snapshot, const struct options *key)
{
    struct rows rows;
    rows_open(&rows, file, snapshot, key, WITH_VALUES);
    bool found = rows_next(&rows);
    if (key->json) {
        struct json json = json_on(stdout);
        put_json(&rows, snapshot, &json, found);
    } else if (found) {
        struct value value = rows_value(&rows);
        if (key->raw)
            put_raw(&value);
        else
            value_put(stdout, &value, COLUMNS_ALL);
        if (!key->raw)
            putchar('\n');
    }
    rows_close(&rows);
    return found;
}

/* ---------------------------------------------------------------------------------- history -- */

struct history {
    struct file *file;
    const struct options *key;
    struct json json;
    bool was_there, any;
    int64_t since; /* of the row last shown */
};

static void put_line(struct rows *rows, const struct snapshot *snapshot, bool found)
{
    printf("%6lld  ", (long long)snapshot->id);
    text_put_short(stdout, stm_text(snapshot->taken_at), 24);
    fputs("  ", stdout);
    if (!found) {
        puts("(no value)");
        return;
    }
    struct value value = rows_value(rows);
    value_put(stdout, &value, 60);
    fputs("   ", stdout);
    put_facts(&rows->row);
    putchar('\n');
}

/* Shown where the key's row is another than in the snapshot before. */
static void get_if_changed(const struct snapshot *snapshot, void *arg)
{
    struct history *history = arg;
    struct rows rows;
    rows_open(&rows, history->file, snapshot, history->key, WITH_VALUES);
    bool found = rows_next(&rows);
    if (found != history->was_there || (found && rows.row.since != history->since)) {
        if (history->key->json)
            put_json(&rows, snapshot, &history->json, found);
        else
            put_line(&rows, snapshot, found);
    }
    history->any |= found;
    history->was_there = found;
    history->since = found ? rows.row.since : 0;
    rows_close(&rows);
}

static bool get_history(struct file *file, const struct options *key)
{
    struct history history = {.file = file, .key = key, .json = json_on(stdout)};
    if (key->json)
        json_open(&history.json, NULL, '[', JSON_LINES);
    file_each(file, get_if_changed, &history);
    if (key->json)
        json_close(&history.json);
    return history.any;
}

static _Noreturn void not_found(const struct options *options, const struct file *file,
                                const struct snapshot *snapshot)
{
    const char *key = options->operands[1];
    if (options->history)
        fail(EXIT_DIFFERENT, "%s: there is no such key in any snapshot of %s", key, file->path);
    fail(EXIT_DIFFERENT, "%s: there is no such key in snapshot %lld of %s", key, (long long)snapshot->id,
         file->path);
}

static int run(const struct options *options)
{
    struct options key = *options;
    struct file file;
    struct snapshot snapshot;
    if (options->raw && (options->json || options->history))
        fail(EXIT_USAGE, "--raw excludes --json and --history");
    file_open_at(&file, options->operands[0], options->at, &snapshot);
    key.key = options_key(options->operands[1]);
    bool found = options->history ? get_history(&file, &key) : get_one(&file, &snapshot, &key);
    if (!found && !options->json)
        not_found(options, &file, &snapshot);
    g_byte_array_unref(key.key);
    snapshot_free(&snapshot);
    file_close(&file);
    return found ? EXIT_FINE : EXIT_DIFFERENT;
}

const struct command command_get = {
    .name = "get",
    .operands = "FILE[:ID] KEY",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "the value of one key, and its history",
    .accepts = "arHj",
    .text = "--raw writes numbers as their 8 bytes in this machine's order, as the store holds them.\n"
            "Exit status 1: there is no such key.\n",
    .run = run,
};
