/* diff -- what is different between two snapshots, of one file or of two. */
#include <stdio.h>

#include "colour.h"
#include "commands.h"
#include "compare.h"
#include "fail.h"
#include "progress.h"
#include "snapshot_json.h"
#include "text.h"

#define VALUE_COLUMNS 40

struct diff {
    const struct options *options;
    struct json json;
};

/* ------------------------------------------------------------------------------------ lines -- */

static void put_writer(const struct row *row)
{
    if (!row->has_writer)
        return;
    fputs(", by ", stdout);
    text_put(stdout, row->writer_label);
    printf(" (transaction %lld, thread %lld, revision %lld)", (long long)row->writer_txn,
           (long long)row->writer_tid, (long long)row->revision);
}

static void put_value(struct rows *rows, const struct options *options)
{
    struct value value = rows_value(rows);
    if (value.form == FORM_NONE)
        printf("(%s)", text_size(rows->row.size));
    else
        value_put(stdout, &value, options->full ? COLUMNS_ALL : VALUE_COLUMNS);
}

static void put_one(struct rows *rows, const struct options *options)
{
    put_value(rows, options);
    printf("  %sversion %lld", colour(COLOUR_GREY), (long long)rows->row.version);
    put_writer(&rows->row);
}

static void put_both(struct rows *before, struct rows *after, const struct options *options)
{
    put_value(before, options);
    fputs(" -> ", stdout);
    put_value(after, options);
    if (before->row.type != after->row.type) {
        printf("  %s", type_name(before->row.type));
        printf(" -> %s", type_name(after->row.type));
    }
    printf("  %sversion %lld -> %lld", colour(COLOUR_GREY), (long long)before->row.version,
           (long long)after->row.version);
    put_writer(&after->row);
}

static void put_line(enum change change, struct rows *before, struct rows *after,
                     const struct options *options)
{
    static const struct {
        char mark;
        enum colour colour;
    } looks[] = {[CHANGE_ADDED] = {'+', COLOUR_GREEN},
                 [CHANGE_REMOVED] = {'-', COLOUR_RED},
                 [CHANGE_VALUE] = {'~', COLOUR_YELLOW},
                 [CHANGE_REPUBLISHED] = {'=', COLOUR_GREY}};
    const struct rows *of = change == CHANGE_REMOVED ? before : after;
    printf("%s%c ", colour(looks[change].colour), looks[change].mark);
    text_put(stdout, of->row.key);
    printf("%s  ", colour(COLOUR_NONE));
    if (change == CHANGE_ADDED || change == CHANGE_REMOVED)
        put_one(change == CHANGE_ADDED ? after : before, options);
    else
        put_both(before, after, options);
    printf("%s\n", colour(COLOUR_NONE));
}

static void put_heading(char mark, const struct file *file, const struct snapshot *snapshot)
{
    printf("%s%c%c%c ", colour(COLOUR_BOLD), mark, mark, mark);
    text_put(stdout, stm_text(file->path));
    printf(":%lld  ", (long long)snapshot->id);
    text_put(stdout, stm_text(snapshot->taken_at));
    fputs("  ", stdout);
    text_put(stdout, stm_text(snapshot->label));
    printf("%s\n", colour(COLOUR_NONE));
}

static void put_summary(const uint64_t counts[CHANGE_COUNT])
{
    uint64_t same = counts[CHANGE_NONE] + counts[CHANGE_REPUBLISHED];
    printf("%s added, %s removed, %s changed; ", text_count((int64_t)counts[CHANGE_ADDED]),
           text_count((int64_t)counts[CHANGE_REMOVED]), text_count((int64_t)counts[CHANGE_VALUE]));
    printf("%s the same, %s of them published again.\n", text_count((int64_t)same),
           text_count((int64_t)counts[CHANGE_REPUBLISHED]));
}

/* ------------------------------------------------------------------------------------- json -- */

static void put_side(struct json *json, const char *name, struct rows *rows)
{
    struct value value = rows_value(rows);
    json_open(json, name, '{', JSON_INLINE);
    row_json(json, &rows->row, &value);
    json_close(json);
}

static void put_json(enum change change, struct rows *before, struct rows *after, struct json *json)
{
    const struct rows *of = change == CHANGE_REMOVED ? before : after;
    json_open(json, NULL, '{', JSON_INLINE);
    json_string(json, "change", stm_text(change_name(change)));
    json_escaped(json, "key", of->row.key);
    if (change != CHANGE_ADDED)
        put_side(json, "before", before);
    if (change != CHANGE_REMOVED)
        put_side(json, "after", after);
    json_close(json);
}

static void put_file_json(struct json *json, const char *name, const struct file *file,
                          const struct snapshot *snapshot)
{
    json_open(json, name, '{', JSON_INLINE);
    json_escaped(json, "file", stm_text(file->path));
    snapshot_json(json, snapshot);
    json_close(json);
}

/* ------------------------------------------------------------------------------------- diff -- */

static bool visit(enum change change, struct rows *before, struct rows *after, void *arg)
{
    struct diff *diff = arg;
    if (change == CHANGE_REPUBLISHED && (!diff->options->republished || diff->options->quiet))
        return true;
    if (diff->options->quiet) /* one is enough to know */
        return false;
    if (diff->options->json)
        put_json(change, before, after, &diff->json);
    else
        put_line(change, before, after, diff->options);
    return true;
}

/* The second snapshot, where it is in the file of the first, and where it is not named at all: then it is the
 * first that was named, and the first is its parent. */
static void open_both(const struct options *options, struct file files[2], struct file **second,
                      struct snapshot snapshots[2])
{
    const char *other = options->operand_count > 1 ? options->operands[1] : NULL;
    file_open_at(&files[0], options->operands[0], 0, &snapshots[0]);
    *second = &files[0];
    if (other == NULL) {
        snapshots[1] = snapshots[0];
        if (snapshots[1].parent == 0)
            fail(EXIT_TROUBLE, "%s:%lld has no parent to be compared with: name two snapshots", files[0].path,
                 (long long)snapshots[1].id);
        file_find(&files[0], snapshots[1].parent, &snapshots[0]);
    } else if (other[0] == ':') {
        file_find(&files[0], options_number("snapshot", other + 1, 1, INT64_MAX), &snapshots[1]);
    } else {
        file_open_at(&files[1], other, 0, &snapshots[1]);
        *second = &files[1];
    }
}

static bool compare_all(struct diff *diff, struct rows rows[2], uint64_t counts[CHANGE_COUNT])
{
    compare(&rows[0], &rows[1], visit, diff, counts);
    return counts[CHANGE_ADDED] + counts[CHANGE_REMOVED] + counts[CHANGE_VALUE] > 0;
}

static bool diff_json(struct diff *diff, struct rows rows[2], const struct snapshot snapshots[2])
{
    uint64_t counts[CHANGE_COUNT];
    diff->json = json_on(stdout);
    json_open(&diff->json, NULL, '{', JSON_LINES);
    put_file_json(&diff->json, "before", rows[0].file, &snapshots[0]);
    put_file_json(&diff->json, "after", rows[1].file, &snapshots[1]);
    json_open(&diff->json, "differences", '[', JSON_LINES);
    bool differ = compare_all(diff, rows, counts);
    json_close(&diff->json);
    for (unsigned change = 0; change < CHANGE_COUNT; change++)
        json_integer(&diff->json, change_name(change), (int64_t)counts[change]);
    json_close(&diff->json);
    return differ;
}

static bool diff_lines(struct diff *diff, struct rows rows[2], const struct snapshot snapshots[2])
{
    uint64_t counts[CHANGE_COUNT];
    put_heading('-', rows[0].file, &snapshots[0]);
    put_heading('+', rows[1].file, &snapshots[1]);
    bool differ = compare_all(diff, rows, counts);
    put_summary(counts);
    return differ;
}

static int run(const struct options *options)
{
    struct diff diff = {.options = options};
    struct file files[2] = {{0}}, *second;
    struct snapshot snapshots[2];
    struct rows rows[2];
    uint64_t counts[CHANGE_COUNT];
    open_both(options, files, &second, snapshots);
    rows_open(&rows[0], &files[0], &snapshots[0], options, WITH_VALUES);
    rows_open(&rows[1], second, &snapshots[1], options, WITH_VALUES);
    progress_begin("comparing", (uint64_t)snapshots[1].key_count);
    bool differ = options->quiet  ? compare_all(&diff, rows, counts)
                  : options->json ? diff_json(&diff, rows, snapshots)
                                  : diff_lines(&diff, rows, snapshots);
    rows_close(&rows[0]);
    rows_close(&rows[1]);
    snapshot_free(&snapshots[0]);
    snapshot_free(&snapshots[1]);
    file_close(&files[0]);
    file_close(&files[1]);
    return differ ? EXIT_DIFFERENT : EXIT_FINE;
}

const struct command command_diff = {
    .name = "diff",
    .operands = "FILE[:ID] [FILE[:ID] | :ID]",
    .operands_min = 1,
    .operands_max = 2,
    .summary = "keys added, removed and changed between two snapshots",
    .accepts = "kfpqj",
    .text = "One snapshot alone is compared with its parent; :ID is another one of the same file.\n"
            "Each line begins with + added, - removed, ~ another value, = the same value published again.\n"
            "Where a snapshot has no values, sizes and versions are compared.\n"
            "Exit status 1: there are differences. Keys published again are none.\n",
    .run = run,
};
