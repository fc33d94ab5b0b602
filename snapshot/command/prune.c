/* prune -- removes snapshots, and what only they could see. */
#include <stdio.h>

#include "commands.h"
#include "fail.h"
#include "file.h"
#include "json.h"
#include "text.h"

struct choice {
    const struct options *options;
    GArray *removed;     /* ids */
    int64_t seen, count; /* snapshots gone through, and all */
};

static bool is_named(const struct options *options, int64_t id)
{
    for (int i = 1; i < options->operand_count; i++)
        if (options_number("snapshot", options->operands[i], 1, INT64_MAX) == id)
            return true;
    return false;
}

static void choose(const struct snapshot *snapshot, void *arg)
{
    struct choice *choice = arg;
    bool out = choice->options->keep > 0 ? choice->count - choice->seen > choice->options->keep
                                         : is_named(choice->options, snapshot->id);
    choice->seen++;
    if (out)
        g_array_append_val(choice->removed, snapshot->id);
}

/* What is named and not there is a mistake to be told before anything is removed. */
static GArray *chosen(const struct options *options)
{
    struct file file;
    struct snapshot snapshot;
    struct choice choice = {.options = options, .removed = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    file_open(&file, options->operands[0]);
    for (int i = 1; i < options->operand_count; i++) {
        file_find(&file, options_number("snapshot", options->operands[i], 1, INT64_MAX), &snapshot);
        snapshot_free(&snapshot);
    }
    choice.count = file.snapshot_count;
    file_each(&file, choose, &choice);
    if (choice.removed->len > 0 && (int64_t)choice.removed->len == file.snapshot_count)
        fail(EXIT_USAGE, "the last snapshot cannot be removed: remove the file");
    file_close(&file);
    return choice.removed;
}

static void report_json(const struct options *options, const GArray *removed)
{
    struct json json = json_on(stdout);
    json_open(&json, NULL, '{', JSON_LINES);
    json_escaped(&json, "file", stm_text(options->operands[0]));
    json_bool(&json, "dry_run", options->dry_run);
    json_open(&json, "removed", '[', JSON_INLINE);
    for (guint i = 0; i < removed->len; i++)
        json_integer(&json, NULL, g_array_index(removed, int64_t, i));
    json_close(&json);
    json_close(&json);
}

static void report_text(const struct options *options, const GArray *removed)
{
    for (guint i = 0; i < removed->len; i++)
        printf("%s snapshot %lld\n", options->dry_run ? "would remove" : "removed",
               (long long)g_array_index(removed, int64_t, i));
    if (removed->len == 0)
        puts("nothing to remove");
    else if (!options->dry_run)
        puts("The file keeps its size: stm-snapshot compact makes it smaller.");
}

static int run(const struct options *options)
{
    stm_file_error error;
    if ((options->keep > 0) == (options->operand_count > 1))
        fail(EXIT_USAGE, "say which snapshots to remove, or --keep how many; see stm-snapshot prune --help");
    GArray *removed = chosen(options);
    if (removed->len > 0 && !options->dry_run &&
        stm_file_prune(options->operands[0], (const int64_t *)(const void *)removed->data, removed->len,
                       &error) != STM_FILE_OK)
        fail(EXIT_TROUBLE, "%s", error.message);
    if (options->json)
        report_json(options, removed);
    else
        report_text(options, removed);
    g_array_free(removed, TRUE);
    return EXIT_FINE;
}

const struct command command_prune = {
    .name = "prune",
    .operands = "FILE [ID ...]",
    .operands_min = 1,
    .operands_max = 10000,
    .summary = "remove snapshots from a file's history",
    .accepts = "nDj",
    .text =
        "The snapshots that stay show what they showed. In one transaction: all of it happens, or nothing.\n",
    .run = run,
};
