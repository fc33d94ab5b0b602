/*
 * snapshot_file_seeds -- small files to begin with, each with a name, written by the library itself, into the folder named. They are
 * made anew with each build: so they are always of the schema that there is.
 */
#include <stm/snapshot.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 3000 };

static const char *folder;
static stm_store *store;

static void must(bool done, const char *what, const char *why)
{
    if (done)
        return;
    fprintf(stderr, "snapshot_file_seeds: %s: %s\n", what, why);
    exit(1);
}

static void ok(stm_status answered)
{
    must(answered == STM_OK, "the store", stm_status_text(answered));
}

static void begin(void)
{
    ok(stm_store_open(NULL, &store));
}

static void end(void)
{
    ok(stm_store_close(store));
}

/* NULL value: deletes. */
static void set(const char *key, stm_type type, const void *value, size_t size)
{
    stm_txn *txn;
    ok(stm_txn_begin(store, "transfer", &txn));
    ok(value == NULL ? stm_txn_delete(txn, stm_text(key))
                     : stm_txn_set_typed(txn, stm_text(key), stm_bytes_of(value, size), type));
    ok(stm_txn_commit(txn));
    stm_txn_end(txn);
}

static void set_number(const char *key, int64_t number)
{
    set(key, STM_INT64, &number, sizeof number);
}

static void set_double(const char *key, double number)
{
    set(key, STM_DOUBLE, &number, sizeof number);
}

static void set_text(const char *key, const char *text)
{
    set(key, STM_STRING, text, strlen(text));
}

static void write_file(const char *name, stm_export_options options)
{
    char path[4096];
    stm_file_error error;
    options.size = sizeof options;
    options.not_durable = true;
    if (options.page_size == 0)
        options.page_size = 512;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!options.append)
        remove(path);
    must(stm_file_export(store, path, &options, NULL, &error) == STM_FILE_OK, path, error.message);
}

static void write_types(void)
{
    begin();
    set_number("account:1", 250);
    set_number("account:2", INT64_MIN);
    set_double("rate:low", -0.0);
    set_double("rate:none", NAN);
    set_text("name:1", "Ann \xc3\xa9");
    set("name:2", STM_STRING, "a\0b", 3);
    set("raw", STM_BYTES, "\xff\x1b[2J<script>", 13);
    set("own", (stm_type)5, "", 0);
    write_file("types", (stm_export_options){0});
    write_file("types_in_large_pages", (stm_export_options){.page_size = 4096});
    write_file("without_values", (stm_export_options){.without_values = true});
    write_file("without_writers", (stm_export_options){.without_writers = true});
    write_file("part", (stm_export_options){.prefix = stm_text("account:")});
    end();
}

static void write_history(void)
{
    begin();
    write_file("history", (stm_export_options){.label = "empty"});
    set_number("account:1", 1);
    set_text("account:2", "one");
    write_file("history", (stm_export_options){.label = "set", .append = true});
    set_number("account:1", 2);
    set("account:2", STM_BYTES, NULL, 0);
    set_text("name:1", "Bob");
    write_file("history", (stm_export_options){.label = "changed", .append = true});
    set_text("account:2", "two");
    set("name:1", STM_BYTES, NULL, 0);
    write_file("history", (stm_export_options){.label = "back again", .append = true});
    end();
    begin();
    set_number("account:1", 2);
    write_file("history", (stm_export_options){.label = "another store", .append = true});
    end();
}

static void write_sizes(void)
{
    char key[32], value[LARGE];
    memset(value, 'v', sizeof value);
    begin();
    write_file("empty", (stm_export_options){0});
    set("account:1", STM_BYTES, value, sizeof value);
    write_file("large_value", (stm_export_options){0});
    set("account:1", STM_BYTES, NULL, 0);
    for (int i = 0; i < 60; i++) {
        snprintf(key, sizeof key, "word:%c:%d", 'a' + i % 7, i);
        set_number(key, i);
    }
    write_file("many_keys", (stm_export_options){0});
    end();
}

/* A key that has cost a conflict: hottest has a row. */
static void write_conflict(void)
{
    stm_txn *loser;
    begin();
    ok(stm_txn_begin(store, "audit", &loser));
    ok(stm_txn_use(loser, stm_text("account:1"), NULL));
    set_number("account:1", 1);
    must(stm_txn_commit(loser) == STM_CONFLICT, "a conflict", "there was none");
    stm_txn_end(loser);
    write_file("conflict", (stm_export_options){0});
    end();
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: snapshot_file_seeds FOLDER\n", stderr);
        return 2;
    }
    folder = argv[1];
    write_types();
    write_history();
    write_sizes();
    write_conflict();
    return 0;
}
