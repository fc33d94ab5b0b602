/*
 * export_stress.c -- exports while writers move money: each sums to what there is, and shows, byte for byte, what the
 * snapshot that it was made of shows.
 *
 *     export_stress [EXPORTS]
 */
#include <sqlite3.h>
#include <stm/snapshot.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACCOUNTS 64
#define BALANCE 1000
#define WRITERS 2
#define APPENDED 20 /* exports to one file, before it is made anew */

static stm_store *store;
static atomic_bool stop;
static atomic_ulong transfers;
static char path[] = "/tmp/stm-stress-XXXXXX";

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "export_stress: %s: %s\n", what, why);
    exit(1);
}

static void must(stm_status status, const char *what)
{
    if (status != STM_OK)
        fail(what, stm_status_text(status));
}

/* Some of the accounts are kept as texts of changing length, some as numbers. */
static stm_status move(stm_txn *txn, void *arg)
{
    unsigned *seed = arg;
    const unsigned from = (unsigned)rand_r(seed) % ACCOUNTS, to = (from + 1 + (unsigned)rand_r(seed) % (ACCOUNTS - 1)) % ACCOUNTS;
    const unsigned accounts[] = {from, to};
    const int64_t amount = rand_r(seed) % 10;
    stm_status status = STM_OK;
    for (unsigned i = 0; i < 2 && status == STM_OK; i++) {
        char key[40];
        int64_t balance = 0;
        snprintf(key, sizeof key, "account:%u", accounts[i]);
        status = stm_txn_use_int64(txn, stm_text(key), &balance);
        if (status == STM_OK)
            status = stm_txn_set_int64(txn, stm_text(key), balance + (i == 0 ? -amount : amount));
        char note[64];
        memset(note, 'n', sizeof note);
        snprintf(key, sizeof key, "a note, with a key of some length, on %u", accounts[i]);
        if (status == STM_OK)
            status = rand_r(seed) % 4 == 0 ? stm_txn_delete(txn, stm_text(key))
                                           : stm_txn_set(txn, stm_text(key), stm_bytes_of(note, (size_t)rand_r(seed) % sizeof note));
    }
    return status;
}

static void *write_on(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    while (!atomic_load(&stop)) {
        must(stm_atomically(store, "move", NULL, move, &seed), "move");
        atomic_fetch_add(&transfers, 1);
    }
    return NULL;
}

static bool same_bytes(sqlite3_stmt *rows, int column, stm_bytes bytes)
{
    const void *data = sqlite3_column_blob(rows, column);
    return (size_t)sqlite3_column_bytes(rows, column) == bytes.size &&
           (bytes.size == 0 || memcmp(data, bytes.data, bytes.size) == 0);
}

static bool same_row(sqlite3_stmt *rows, const stm_entry *entry)
{
    int64_t number;
    const bool same_value = stm_entry_int64(entry, &number) ? sqlite3_column_type(rows, 1) == SQLITE_INTEGER &&
                                                                  sqlite3_column_int64(rows, 1) == number
                                                            : same_bytes(rows, 1, entry->value);
    return same_bytes(rows, 0, entry->key) && same_value && (stm_type)sqlite3_column_int(rows, 2) == entry->type &&
           (uint64_t)sqlite3_column_int64(rows, 3) == entry->version &&
           (uint64_t)sqlite3_column_int64(rows, 4) == entry->writer.revision &&
           (uint64_t)sqlite3_column_int64(rows, 5) == entry->writer.txn &&
           same_bytes(rows, 6, stm_text(entry->writer.label)) &&
           (uint32_t)sqlite3_column_int64(rows, 7) == entry->writer.tid;
}

/* The newest snapshot in the file against the one in memory. */
static void compare(sqlite3 *db, const stm_snapshot *snapshot)
{
    sqlite3_stmt *rows;
    stm_cursor *cursor;
    stm_entry entry;
    stm_status status;
    int64_t sum = 0;
    if (sqlite3_prepare_v2(db, "SELECT key, value, type, version, revision, writer_txn, writer_label, writer_tid FROM kv"
                               " ORDER BY key", -1, &rows, NULL) != SQLITE_OK)
        fail("compare", sqlite3_errmsg(db));
    must(stm_cursor_open(snapshot, stm_bytes_of(NULL, 0), stm_bytes_of(NULL, 0), &cursor), "cursor");
    while ((status = stm_cursor_next(cursor, &entry)) == STM_OK) {
        if (sqlite3_step(rows) != SQLITE_ROW || !same_row(rows, &entry))
            fail("a row", "is not what the snapshot shows");
        sum += entry.type == STM_INT64 ? sqlite3_column_int64(rows, 1) : 0;
    }
    if (sqlite3_step(rows) != SQLITE_DONE)
        fail("a row", "is in the file only");
    if (sum != (int64_t)ACCOUNTS * BALANCE)
        fail("an export", "does not sum to what there is");
    stm_cursor_close(cursor);
    sqlite3_finalize(rows);
}

/* Every export, old ones of a history too. */
static void check_sums(sqlite3 *db)
{
    sqlite3_stmt *sums;
    if (sqlite3_prepare_v2(db, "SELECT sum(value) FROM kv_at WHERE type = 1 GROUP BY snapshot", -1, &sums, NULL) != SQLITE_OK)
        fail("sums", sqlite3_errmsg(db));
    while (sqlite3_step(sums) == SQLITE_ROW)
        if (sqlite3_column_int64(sums, 0) != (int64_t)ACCOUNTS * BALANCE)
            fail("a snapshot in the history", "does not sum to what there is");
    sqlite3_finalize(sums);
}

static void export_once(unsigned number)
{
    const stm_export_options options = {.size = sizeof options, .append = number % APPENDED != 0, .not_durable = number % 50 != 0};
    stm_export_result result;
    stm_file_error error;
    stm_snapshot *snapshot;
    sqlite3 *db = NULL;
    must(stm_snapshot_take(store, "export", &snapshot), "take");
    if (stm_file_export_snapshot(snapshot, path, &options, &result, &error) != STM_FILE_OK)
        fail("export", error.message);
    if (result.incremental != options.append)
        fail("export", "an append was not incremental");
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        fail(path, sqlite3_errmsg(db));
    compare(db, snapshot);
    if (number % APPENDED == APPENDED - 1) {
        check_sums(db);
        if (stm_file_verify(path, NULL, NULL, &error) != STM_FILE_OK)
            fail("verify", error.message);
    }
    sqlite3_close(db);
    stm_snapshot_release(snapshot);
}

int main(int argc, char **argv)
{
    const unsigned exports = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
    pthread_t threads[WRITERS];
    stm_txn *txn;
    close(mkstemp(path));
    must(stm_store_open(NULL, &store), "open");
    must(stm_txn_begin(store, "open accounts", &txn), "begin");
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        char key[20];
        snprintf(key, sizeof key, "account:%u", i);
        must(stm_txn_set_int64(txn, stm_text(key), BALANCE), "set");
    }
    must(stm_txn_commit(txn), "commit");
    stm_txn_end(txn);
    for (uintptr_t i = 0; i < WRITERS; i++)
        if (pthread_create(&threads[i], NULL, write_on, (void *)(i + 1)) != 0)
            fail("pthread_create", "no thread");
    for (unsigned i = 0; i < exports; i++)
        export_once(i);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    must(stm_store_close(store), "close");
    unlink(path);
    printf("%u exports while %lu transfers were made\n", exports, atomic_load(&transfers));
    if (atomic_load(&transfers) < exports)
        fail("writers", "stood still: this proves nothing");
    return 0;
}
