/* restore -- whether a snapshot could be imported: by importing it, into a store that is thrown away
 * afterwards. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>

#include "commands.h"
#include "fail.h"
#include "file.h"
#include "json.h"
#include "progress.h"
#include "text.h"

struct attempt {
    stm_file_status status;
    stm_file_error error;
    stm_import_result result;
    stm_stats stats;
    double seconds;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static stm_store *open_store(const struct options *options)
{
    const stm_options limits = {
        .size = sizeof limits,
        .key_size_max = (size_t)options->key_size_max,
        .value_size_max = (size_t)options->value_size_max,
        .txn_key_count_max = (size_t)options->txn_key_count_max,
    };
    stm_store *store;
    stm_status status = stm_store_open(&limits, &store);
    if (status != STM_OK)
        fail(EXIT_TROUBLE, "cannot open a store to try it with: %s", stm_status_text(status));
    return store;
}

static struct attempt try(const char *path, int64_t id, const struct options *options)
{
    const stm_import_options wanted = {.size = sizeof wanted, .snapshot = id, .progress = progress_callback};
    struct attempt attempt = {0};
    stm_store *store = open_store(options);
    double begin = now();
    progress_begin("importing", 0);
    attempt.status = stm_file_import(store, path, &wanted, &attempt.result, &attempt.error);
    progress_end();
    attempt.seconds = now() - begin;
    if (stm_store_stats(store, &attempt.stats) != STM_OK || stm_store_close(store) != STM_OK)
        fail(EXIT_TROUBLE, "the store that it was tried with did not close");
    return attempt;
}

static void report_json(const char *path, const struct attempt *attempt)
{
    struct json json = json_on(stdout);
    json_open(&json, NULL, '{', JSON_LINES);
    json_escaped(&json, "file", stm_text(path));
    json_bool(&json, "works", attempt->status == STM_FILE_OK);
    json_string(&json, "status", stm_text(stm_file_status_name(attempt->status)));
    if (attempt->status != STM_FILE_OK)
        json_escaped(&json, "message", stm_text(attempt->error.message));
    json_integer(&json, "imported", (int64_t)attempt->result.imported);
    json_integer(&json, "transactions", (int64_t)attempt->result.commits);
    json_integer(&json, "store_bytes", (int64_t)attempt->stats.bytes_used);
    json_real(&json, "seconds", attempt->seconds);
    json_close(&json);
}

static void report_text(const struct attempt *attempt)
{
    printf("%s keys imported in %s %s, in %.3f s; the store takes %s.\n",
           text_count((int64_t)attempt->result.imported), text_count((int64_t)attempt->result.commits),
           attempt->result.commits == 1 ? "transaction" : "transactions", attempt->seconds,
           text_size((int64_t)attempt->stats.bytes_used));
    if (attempt->result.commits > 1)
        printf("They do not fit into one transaction: others would see the import in parts (--txn-keys).\n");
}

static int run(const struct options *options)
{
    struct file file;
    struct snapshot snapshot;
    if (!options->check)
        fail(EXIT_USAGE,
             "a store lives in a program, so only that can restore it (stm_file_import): say --check to try");
    file_open_at(&file, options->operands[0], options->at,
                 &snapshot); /* what cannot be read at all ends here */
    char *path = g_strdup(file.path);
    file_close(&file);
    struct attempt attempt = try(path, snapshot.id, options);
    if (options->json)
        report_json(path, &attempt);
    bool unknown = attempt.status == STM_FILE_IO || attempt.status == STM_FILE_LOCKED ||
                   attempt.status == STM_FILE_NO_MEMORY;
    if (attempt.status != STM_FILE_OK)
        fail(unknown ? EXIT_TROUBLE : EXIT_DIFFERENT, "it cannot be imported: %s", attempt.error.message);
    if (!options->json)
        report_text(&attempt);
    snapshot_free(&snapshot);
    g_free(path);
    return EXIT_FINE;
}

const struct command command_restore = {
    .name = "restore",
    .operands = "FILE[:ID]",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "--check: whether a snapshot could be imported into a store",
    .accepts = "acKVTj",
    .text = "Reads the whole snapshot as stm_file_import would, into a store with the limits given.\n"
            "Exit status 1: the import would fail.\n",
    .run = run,
};
