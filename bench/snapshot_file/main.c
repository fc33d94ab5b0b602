/*
 * snapshot-bench -- what an export costs, against SQLite alone and for the writers.
 *
 * Everything that is compared runs in one round, one after the other, and the ratios are of one round: this machine may be
 * shared, and its rates come and go. Reported are medians over the rounds.
 *
 *   export       a store of N keys to a new file, against the bare C API inserting the same rows, already
 *                sorted in memory, into a table of the same SQL with the same pragmas in one transaction
 *   incremental  1 % of the keys changed at random, appended to that file
 *   writer       transfers of one thread alone; while another thread inserts by the bare C API; while it exports
 *   memory       resident pages at their highest during an export, above what they were before
 */
#include <sqlite3.h>
#include <stm/snapshot.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 31
#define KEY_SIZE 16

struct row {
    char key[KEY_SIZE];
    int64_t value;
    uint64_t version, revision, txn;
    uint32_t tid;
};

static stm_store *store;
static struct row *rows;
static uint64_t key_count = 1000000, row_count;
static char path[300], bare_path[300], table_sql[2000];
static uint64_t state = 88172645463325252u;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "snapshot-bench: %s: %s\n", what, why);
    exit(1);
}

static void must(stm_status status, const char *what)
{
    if (status != STM_OK)
        fail(what, stm_status_text(status));
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Of the calling thread: what others on the machine do to the clock on the wall, they do not do to this one. */
static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17; /* xorshift: Marsaglia, 2003 */
    return *x;
}

static stm_bytes key_of(uint64_t number, char text[KEY_SIZE + 1])
{
    snprintf(text, KEY_SIZE + 1, "account:%08u", (unsigned)number);
    return stm_bytes_of(text, KEY_SIZE);
}

static void set_keys(uint64_t count, bool random)
{
    char text[KEY_SIZE + 1];
    stm_txn *txn;
    must(stm_txn_begin(store, "fill", &txn), "begin");
    for (uint64_t i = 0; i < count; i++) {
        must(stm_txn_set_int64(txn, key_of(random ? next_random(&state) % key_count : i, text), (int64_t)(1000 + i)), "set");
        if (i % 1000 == 999 || i + 1 == count) {
            must(stm_txn_commit(txn), "commit");
            stm_txn_reset(txn);
        }
    }
    stm_txn_end(txn);
}

/* ---------------------------------------------------------------------------------- bare -- */

static void collect_rows(void)
{
    stm_snapshot *snapshot;
    stm_cursor *cursor;
    stm_entry entry;
    rows = calloc(key_count, sizeof *rows);
    must(stm_snapshot_take(store, "rows", &snapshot), "take");
    must(stm_cursor_open(snapshot, stm_bytes_of(NULL, 0), stm_bytes_of(NULL, 0), &cursor), "cursor");
    while (rows != NULL && stm_cursor_next(cursor, &entry) == STM_OK) {
        struct row *row = &rows[row_count++];
        memcpy(row->key, entry.key.data, KEY_SIZE);
        stm_entry_int64(&entry, &row->value);
        row->version = entry.version;
        row->revision = entry.writer.revision;
        row->txn = entry.writer.txn;
        row->tid = entry.writer.tid;
    }
    stm_cursor_close(cursor);
    stm_snapshot_release(snapshot);
}

static void run(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail(text, sqlite3_errmsg(db));
}

/* What the export makes of kv, so that both insert into the same. */
static void learn_table(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE name = 'kv'", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        fail(path, sqlite3_errmsg(db));
    snprintf(table_sql, sizeof table_sql, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static double insert_bare(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *put = NULL;
    unlink(bare_path);
    double begin = now();
    if (sqlite3_open(bare_path, &db) != SQLITE_OK)
        fail(bare_path, sqlite3_errmsg(db));
    run(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN");
    run(db, table_sql);
    if (sqlite3_prepare_v2(db, "INSERT INTO kv(key, type, size, version, since, value, revision, writer_txn, writer_label,"
                               " writer_tid) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", -1, &put, NULL) != SQLITE_OK)
        fail("prepare", sqlite3_errmsg(db));
    for (uint64_t i = 0; i < row_count; i++) {
        const struct row *row = &rows[i];
        sqlite3_bind_blob(put, 1, row->key, KEY_SIZE, SQLITE_STATIC);
        sqlite3_bind_int(put, 2, STM_INT64);
        sqlite3_bind_int(put, 3, 8);
        sqlite3_bind_int64(put, 4, (int64_t)row->version);
        sqlite3_bind_int(put, 5, 1);
        sqlite3_bind_int64(put, 6, row->value);
        sqlite3_bind_int64(put, 7, (int64_t)row->revision);
        sqlite3_bind_int64(put, 8, (int64_t)row->txn);
        sqlite3_bind_text(put, 9, "fill", 4, SQLITE_STATIC);
        sqlite3_bind_int64(put, 10, row->tid);
        if (sqlite3_step(put) != SQLITE_DONE)
            fail("insert", sqlite3_errmsg(db));
        sqlite3_reset(put);
    }
    sqlite3_finalize(put);
    run(db, "COMMIT");
    sqlite3_close(db);
    return now() - begin;
}

static double export_to_path(bool append)
{
    const stm_export_options options = {.size = sizeof options, .append = append, .not_durable = true};
    stm_export_result result;
    stm_file_error error;
    const double begin = now();
    if (stm_file_export(store, path, &options, &result, &error) != STM_FILE_OK)
        fail("export", error.message);
    if (result.incremental != append)
        fail("export", "is not what is to be measured");
    return now() - begin;
}

/* -------------------------------------------------------------------------------- writer -- */

static atomic_bool stop;
static atomic_ulong transfers;

static stm_status transfer(stm_txn *txn, void *arg)
{
    stm_status status = STM_OK;
    for (unsigned i = 0; i < 2 && status == STM_OK; i++) {
        char text[KEY_SIZE + 1];
        int64_t value = 0;
        const stm_bytes key = key_of(next_random(arg) % key_count, text);
        status = stm_txn_use_int64(txn, key, &value);
        if (status == STM_OK)
            status = stm_txn_set_int64(txn, key, value + (i == 0 ? 1 : -1));
    }
    return status;
}

static void *write_on(void *arg)
{
    uint64_t random = 88172645463325252u;
    (void)arg;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        must(stm_atomically(store, "fill", NULL, transfer, &random), "transfer");
        atomic_fetch_add_explicit(&transfers, 1, memory_order_relaxed);
    }
    return NULL;
}

static double idle(void)
{
    const struct timespec second = {1, 0};
    nanosleep(&second, NULL);
    return 1;
}

static double export_all(void)
{
    return export_to_path(false);
}

/* Transfers a second of the other thread, while this one does that. */
static double rate_beside(double (*work)(void))
{
    const unsigned long before = atomic_load(&transfers);
    const double begin = now();
    work();
    return (double)(atomic_load(&transfers) - before) / (now() - begin);
}

/* -------------------------------------------------------------------------------- report -- */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof values[0], by_size);
    return values[count / 2];
}

static long status_kib(const char *name)
{
    char line[200];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name), NULL, 10);
    if (file != NULL)
        fclose(file);
    return kib;
}

static void report_memory(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file != NULL) { /* the peak is from here on */
        fputs("5", file);
        fclose(file);
    }
    const long before = status_kib("VmRSS:");
    export_to_path(false);
    printf("memory       %+.1f MiB at the highest, on %.1f\n", (double)(status_kib("VmHWM:") - before) / 1024,
           (double)before / 1024);
}

int main(int argc, char **argv)
{
    unsigned rounds = 5;
    const char *folder = "/tmp";
    for (int option; (option = getopt(argc, argv, "n:r:d:h")) != -1;)
        switch (option) {
        case 'n':
            key_count = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            rounds = (unsigned)atoi(optarg);
            break;
        case 'd':
            folder = optarg;
            break;
        default:
            puts("usage: snapshot-bench [-n KEYS] [-r ROUNDS] [-d FOLDER]\nDefaults: 1,000,000 keys, 5 rounds, /tmp.");
            return option == 'h' ? 0 : 2;
        }
    if (rounds == 0 || rounds > ROUNDS_MAX || key_count < 1000 || key_count > 99999999)
        fail("arguments", "out of range");
    snprintf(path, sizeof path, "%s/snapshot-bench.%d.db", folder, (int)getpid());
    snprintf(bare_path, sizeof bare_path, "%s/snapshot-bench.%d.bare.db", folder, (int)getpid());
    must(stm_store_open(NULL, &store), "open");
    set_keys(key_count, false);

    double sort = export_to_path(false); /* the first cursor sorts the keys */
    report_memory();
    learn_table();
    collect_rows();
    double bare[ROUNDS_MAX], full[ROUNDS_MAX], ratio[ROUNDS_MAX], part[ROUNDS_MAX], share[ROUNDS_MAX];
    double cpu_ratio[ROUNDS_MAX], cpu_share[ROUNDS_MAX];
    for (unsigned i = 0; i < rounds; i++) {
        const double begin = cpu();
        bare[i] = insert_bare();
        const double bare_cpu = cpu() - begin;
        full[i] = export_to_path(false);
        const double full_cpu = cpu() - begin - bare_cpu;
        set_keys(key_count / 100, true);
        const double between = cpu();
        part[i] = export_to_path(true);
        ratio[i] = bare[i] / full[i];
        share[i] = part[i] / full[i];
        cpu_ratio[i] = bare_cpu / full_cpu;
        cpu_share[i] = (cpu() - between) / full_cpu;
    }
    printf("export       %.2f of the rate of SQLite alone (%.2f s to %.2f s; the first one, which sorts: %.2f s)\n",
           median(ratio, rounds), median(full, rounds), median(bare, rounds), sort);
    printf("incremental  %.1f %% of the full export's time (%.3f s)\n", median(share, rounds) * 100, median(part, rounds));
    printf("by CPU time  %.2f and %.1f %%\n", median(cpu_ratio, rounds), median(cpu_share, rounds) * 100);

    pthread_t writer;
    double by_export[ROUNDS_MAX], by_bare[ROUNDS_MAX];
    if (pthread_create(&writer, NULL, write_on, NULL) != 0)
        fail("pthread_create", "no thread");
    for (unsigned i = 0; i < rounds; i++) {
        const double alone = rate_beside(idle), with_bare = rate_beside(insert_bare), with_export = rate_beside(export_all);
        by_bare[i] = with_bare / alone;
        by_export[i] = with_export / alone;
        ratio[i] = with_export / with_bare;
    }
    atomic_store(&stop, true);
    pthread_join(writer, NULL);
    printf("writer       %.2f of its rate alone during an export, %.2f beside SQLite alone: %.2f of that\n",
           median(by_export, rounds), median(by_bare, rounds), median(ratio, rounds));
    unlink(path);
    unlink(bare_path);
    free(rows);
    must(stm_store_close(store), "close");
    return 0;
}
