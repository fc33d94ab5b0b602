/* list -- which snapshots a file has. */
#include <stdio.h>

#include "commands.h"
#include "fail.h"
#include "snapshot_json.h"
#include "text.h"

static void list_json(const struct snapshot *snapshot, void *arg)
{
    json_open(arg, NULL, '{', JSON_INLINE);
    snapshot_json(arg, snapshot);
    json_close(arg);
}

static void list_line(const struct snapshot *snapshot, void *arg)
{
    char parent[24] = "-";
    (void)arg;
    if (snapshot->parent != 0)
        g_snprintf(parent, sizeof parent, "%lld", (long long)snapshot->parent);
    printf("%6lld  ", (long long)snapshot->id);
    printf("%*s", (int)(24 - text_put_short(stdout, stm_text(snapshot->taken_at), 24)), "");
    printf("  %12s  %10s  %12s  %10s  %6s  ", text_count(snapshot->key_count), text_size(snapshot->bytes),
           text_count(snapshot->change_count), text_count(snapshot->revision), parent);
    text_put_short(stdout, stm_text(snapshot->label), 64);
    if (!snapshot->is_whole)
        fputs(" (a range of the keys)", stdout);
    if (!snapshot->has_values)
        fputs(" (without values)", stdout);
    putchar('\n');
}

static int run(const struct options *options)
{
    struct file file;
    file_open(&file, options->operands[0]);
    if (options->json) {
        struct json json = json_on(stdout);
        json_open(&json, NULL, '{', JSON_LINES);
        json_escaped(&json, "file", stm_text(file.path));
        json_open(&json, "snapshots", '[', JSON_LINES);
        file_each(&file, list_json, &json);
        json_close(&json);
        json_close(&json);
    } else {
        printf("%6s  %-24s  %12s  %10s  %12s  %10s  %6s  %s\n", "ID", "TAKEN AT", "KEYS", "SIZE", "CHANGES",
               "REVISION", "PARENT", "LABEL");
        file_each(&file, list_line, NULL);
    }
    file_close(&file);
    return EXIT_FINE;
}

const struct command command_list = {
    .name = "list",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "which snapshots are in a file",
    .accepts = "j",
    .text = "CHANGES are keys added, removed and changed since the snapshot before, as counted at the export.\n"
            "SIZE is that of all keys and values.\n",
    .run = run,
};
