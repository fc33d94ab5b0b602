#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define LEAK_CHECK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAK_CHECK 1
#endif
#endif
#ifdef LEAK_CHECK
int __lsan_do_recoverable_leak_check(void);
#endif

stm_file_error error;

/* ------------------------------------------------------------------------------- folder -- */

static char folder[64];

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *names_in_folder(void)
{
    static char line[4096];
    char *names[64];
    size_t count = 0;
    DIR *all = opendir(folder);
    cr_assert_not_null(all);
    for (const struct dirent *entry; (entry = readdir(all)) != NULL && count < COUNT_OF(names);)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            names[count++] = strdup(entry->d_name);
    closedir(all);
    qsort(names, count, sizeof(names[0]), compare_names);
    line[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s ", names[i]);
        free(names[i]);
    }
    return line;
}

static void remove_folder(void)
{
    char path[400];
    DIR *all = opendir(folder);
    if (all == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(all)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    closedir(all);
    rmdir(folder);
}

const char *path_of(const char *name)
{
    static char paths[256][400];
    static unsigned turn;
    if (folder[0] == '\0') {
        const char *temporary = getenv("TMPDIR");
        snprintf(folder, sizeof(folder), "%s/stm-snapshot-XXXXXX", temporary == NULL ? "/tmp" : temporary);
        cr_assert_not_null(mkdtemp(folder));
        atexit(remove_folder);
    }
    char *path = paths[turn++ % COUNT_OF(paths)];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

/* -------------------------------------------------------------------------------- store -- */

static unsigned stores; /* open: what they hold is no leak, but a leak checker cannot see that */

stm_store *open_store_with(const stm_options *options)
{
    stm_store *store = NULL;
    STORE_OK(stm_store_open(options, &store));
    stores++;
    return store;
}

stm_store *open_store(void)
{
    return open_store_with(NULL);
}

void close_store(stm_store *store)
{
    STORE_OK(stm_store_close(store));
    stores--;
#ifdef LEAK_CHECK
    cr_assert(stores > 0 || __lsan_do_recoverable_leak_check() == 0, "memory was leaked");
#endif
}

static stm_txn *begin(stm_store *store, const char *label)
{
    stm_txn *txn = NULL;
    STORE_OK(stm_txn_begin(store, label, &txn));
    return txn;
}

void put_text(stm_store *store, const char *key, const char *value)
{
    stm_txn *txn = begin(store, "put");
    STORE_OK(stm_txn_set_string(txn, stm_text(key), value));
    STORE_OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

void put_number(stm_store *store, const char *key, int64_t value)
{
    stm_txn *txn = begin(store, "put");
    STORE_OK(stm_txn_set_int64(txn, stm_text(key), value));
    STORE_OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

void erase(stm_store *store, const char *key)
{
    stm_txn *txn = begin(store, "erase");
    STORE_OK(stm_txn_delete(txn, stm_text(key)));
    STORE_OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

stm_snapshot *take(stm_store *store, const char *label)
{
    stm_snapshot *snapshot = NULL;
    STORE_OK(stm_snapshot_take(store, label, &snapshot));
    return snapshot;
}

/* ---------------------------------------------------------------------------------- SQL -- */

static sqlite3 *open_file(const char *path, int flags)
{
    sqlite3 *db = NULL;
    const int code = sqlite3_open_v2(path, &db, flags, NULL);
    cr_assert(code == SQLITE_OK, "%s: %s", path, sqlite3_errstr(code));
    sqlite3_busy_timeout(db, 5000);
    return db;
}

const char *ask_open(sqlite3 *db, const char *query)
{
    static char answers[2][20000];
    static unsigned turn;
    char *answer = answers[turn++ % 2];
    size_t used = 0;
    sqlite3_stmt *statement = NULL;
    cr_assert(sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK, "%s: %s", query, sqlite3_errmsg(db));
    answer[0] = '\0';
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        for (int column = 0; column < sqlite3_column_count(statement); column++) {
            const char *text = (const char *)sqlite3_column_text(statement, column);
            used += (size_t)snprintf(answer + used, sizeof(answers[0]) - used, "%s%s",
                                     column > 0 ? "|" : used > 0 ? " " : "", text == NULL ? "-" : text);
            cr_assert(used < sizeof(answers[0]), "the answer to %s is too long", query);
        }
    cr_assert(code == SQLITE_DONE, "%s: %s", query, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    return answer;
}

const char *ask(const char *path, const char *query)
{
    sqlite3 *db = open_file(path, SQLITE_OPEN_READWRITE); /* a journal may have to be played back */
    const char *answer = ask_open(db, query);
    sqlite3_close(db);
    return answer;
}

void change(const char *path, const char *statements)
{
    sqlite3 *db = open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    const int code = sqlite3_exec(db, statements, NULL, NULL, NULL);
    cr_assert(code == SQLITE_OK, "%s: %s", statements, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static bool note_check(const char *what, bool holds, const char *why, void *arg)
{
    (void)arg;
    cr_assert(holds, "%s: %s", what, why);
    return true;
}

void assert_verified(const char *path)
{
    OK(stm_file_verify(path, note_check, NULL, &error));
}
