/* export -- a snapshot as JSON or CSV, all of it, for other programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "fail.h"
#include "progress.h"
#include "rows.h"
#include "snapshot_json.h"
#include "text.h"

/* Text as text.h shows it, so that no field has a line break; quotes within are doubled. */
static void put_quoted(stm_bytes bytes)
{
    const char *at = bytes.data, *end = at + bytes.size;
    putchar('"');
    while (at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        const char *until = quote == NULL ? end : quote;
        text_put(stdout, stm_bytes_of(at, (size_t)(until - at)));
        if (quote != NULL)
            fputs("\"\"", stdout);
        at = quote == NULL ? end : quote + 1;
    }
    putchar('"');
}

/* Numbers stand bare, no value is nothing at all, and an empty one "". */
static void put_value(struct rows *rows)
{
    struct value value = rows_value(rows);
    if (value.form == FORM_TEXT || value.form == FORM_BYTES)
        put_quoted(value.bytes);
    else
        value_put(stdout, &value, COLUMNS_ALL);
}

static void export_csv(struct rows *rows)
{
    fputs("key,type,size,version,revision,writer_txn,writer_label,writer_tid,value\r\n", stdout);
    while (rows_next(rows)) {
        const struct row *row = &rows->row;
        put_quoted(row->key);
        printf(",%s,%" PRId64 ",%" PRId64 ",", type_name(row->type), row->size, row->version);
        if (row->has_writer) {
            printf("%" PRId64 ",%" PRId64 ",", row->revision, row->writer_txn);
            put_quoted(row->writer_label);
            printf(",%" PRId64 ",", row->writer_tid);
        } else {
            fputs(",,,,", stdout);
        }
        put_value(rows);
        fputs("\r\n", stdout);
        progress_step(rows->count);
    }
}

static int run(const struct options *options)
{
    struct file file;
    struct snapshot snapshot;
    struct rows rows;
    if (options->csv == options->json)
        fail(EXIT_USAGE, "say --json or --csv");
    file_open_at(&file, options->operands[0], options->at, &snapshot);
    rows_open(&rows, &file, &snapshot, options, WITH_VALUES);
    progress_begin("exporting", (uint64_t)snapshot.key_count);
    if (options->csv)
        export_csv(&rows);
    else
        snapshot_keys_json(&rows, &snapshot);
    rows_close(&rows);
    snapshot_free(&snapshot);
    file_close(&file);
    return EXIT_FINE;
}

const struct command command_export = {
    .name = "export",
    .operands = "FILE[:ID]",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "a snapshot as JSON or CSV, for other programs",
    .accepts = "akCj",
    .text = "Each key is a line of its own, in both. Keys and, in CSV, values have \\xNN for what does not "
            "print and \\\\ for\n"
            "a backslash. In JSON a value is exact: a number, a string, or \"hex\" where it is not UTF-8.\n",
    .run = run,
};
