/* show -- the keys of a snapshot, a line each. */
#include <stdio.h>

#include "commands.h"
#include "fail.h"
#include "progress.h"
#include "rows.h"
#include "snapshot_json.h"
#include "text.h"

#define VALUE_COLUMNS 60

static void put_padded(stm_bytes text, size_t columns)
{
    size_t used = text_put(stdout, text);
    printf("%*s  ", used < columns ? (int)(columns - used) : 0, "");
}

static void show_line(struct rows *rows, size_t value_columns)
{
    const struct row *row = &rows->row;
    struct value value = rows_value(rows);
    put_padded(row->key, 32);
    printf("%8lld  %-7s  %8s  ", (long long)row->version, type_name(row->type), text_size(row->size));
    put_padded(row->writer_label, 12);
    value_put(stdout, &value, value_columns);
    putchar('\n');
}

static void show_lines(struct rows *rows, const struct options *options)
{
    printf("%-32s  %8s  %-7s  %8s  %-12s  %s\n", "KEY", "VERSION", "TYPE", "SIZE", "WRITER", "VALUE");
    while (rows_next(rows)) {
        show_line(rows, options->full ? COLUMNS_ALL : VALUE_COLUMNS);
        progress_step(rows->count);
    }
}

static int run(const struct options *options)
{
    struct file file;
    struct snapshot snapshot;
    struct rows rows;
    file_open_at(&file, options->operands[0], options->at, &snapshot);
    rows_open(&rows, &file, &snapshot, options, WITH_VALUES);
    progress_begin("showing", (uint64_t)snapshot.key_count);
    if (options->json)
        snapshot_keys_json(&rows, &snapshot);
    else
        show_lines(&rows, options);
    rows_close(&rows);
    snapshot_free(&snapshot);
    file_close(&file);
    return EXIT_FINE;
}

const struct command command_show = {
    .name = "show",
    .operands = "FILE[:ID]",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "the keys and values of a snapshot",
    .accepts = "akfj",
    .text = "In JSON a value that is not UTF-8 stands as \"hex\" in place of \"value\".\n",
    .run = run,
};
