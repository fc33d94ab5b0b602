/*
 * snapshot.c -- snapshots of 100,000 keys: how many, what they cost the writer, how fast they are read.
 *
 * Every scan that runs beside the writer adds all balances up: the sum must be right in each of them.
 */
#include "transfer.h"

#include "key_text.h"

/* ------------------------------------------------------------------------- full snapshots -- */

typedef struct tally {
    size_t key_count;
    int64_t sum;
} tally;

static bool add_to_tally(const stm_entry *entry, void *arg)
{
    tally *t = arg;
    t->sum += bench_balance(entry->value, BENCH_AMOUNT_SIZE);
    t->key_count++;
    return true;
}

static void check_tally(const bench_bank *bank, tally t)
{
    if (t.key_count != bank->key_count || t.sum != (int64_t)bank->key_count * BENCH_OPENING_BALANCE)
        bench_fail("a snapshot shows %zu accounts with %lld, not %zu with %lld", t.key_count,
                   (long long)t.sum, bank->key_count, (long long)bank->key_count * BENCH_OPENING_BALANCE);
}

static stm_snapshot *take(bench_worker *worker)
{
    stm_snapshot *snapshot;
    BENCH_CHECK(stm_snapshot_take(worker->bank->store, "audit", &snapshot));
    return snapshot;
}

static void run_scan(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        tally t = {0};
        stm_snapshot *snapshot = take(worker);
        BENCH_CHECK(stm_snapshot_scan(snapshot, add_to_tally, &t));
        stm_snapshot_release(snapshot);
        check_tally(worker->bank, t);
    }
}

static bool add_rows_to_tally(const stm_row *rows, size_t count, void *arg)
{
    tally *t = arg;
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += bench_balance(stm_row_value(&rows[i]), BENCH_AMOUNT_SIZE);
    t->sum += sum;
    t->key_count += count;
    return true;
}

static void run_scan_rows(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        tally t = {0};
        stm_snapshot *snapshot = take(worker);
        BENCH_CHECK(stm_snapshot_scan_rows(snapshot, add_rows_to_tally, &t));
        stm_snapshot_release(snapshot);
        check_tally(worker->bank, t);
    }
}

static void run_cursor(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        tally t = {0};
        stm_cursor *cursor;
        stm_entry entry;
        stm_status status;
        stm_snapshot *snapshot = take(worker);
        BENCH_CHECK(stm_cursor_open(snapshot, stm_bytes_of(NULL, 0), stm_bytes_of(NULL, 0), &cursor));
        while ((status = stm_cursor_next(cursor, &entry)) == STM_OK)
            (void)add_to_tally(&entry, &t);
        if (status != STM_END)
            bench_fail("a cursor: %s", stm_status_name(status));
        stm_cursor_close(cursor);
        stm_snapshot_release(snapshot);
        check_tally(worker->bank, t);
    }
}

static void run_plain_scan(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        tally t = {0};
        const plain_record *records = plain_table_records(worker->bank->table, &t.key_count);
        for (size_t r = 0; r < t.key_count; r++)
            t.sum += bench_balance(stm_bytes_of(records[r].value, records[r].value_size), BENCH_AMOUNT_SIZE);
        check_tally(worker->bank, t);
    }
}

/* ------------------------------------------------------------------------ small operations -- */

static void run_take_release(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        stm_snapshot_release(take(worker));
}

static void run_get(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        char text[BENCH_KEY_SIZE];
        stm_entry entry;
        bench_key_write(text, bench_random_below(&worker->random, worker->bank->key_count));
        BENCH_CHECK(stm_snapshot_get(worker->bank->held, stm_bytes_of(text, sizeof text), &entry));
        worker->sum += bench_balance(entry.value, BENCH_AMOUNT_SIZE);
    }
}

static void hold(bench_bank *bank)
{
    BENCH_CHECK(stm_snapshot_take(bank->store, "held", &bank->held));
}

static void let_go(bench_bank *bank)
{
    stm_snapshot_release(bank->held);
    bank->held = NULL;
}

/* -------------------------------------------------------------------------------- variants -- */

static const bench_work scan = {.run = run_scan};
static const bench_work scan_rows = {.run = run_scan_rows};
static const bench_work cursor = {.run = run_cursor};
static const bench_work plain_scan = {.run = run_plain_scan};
static const bench_work take_release = {.run = run_take_release};
static const bench_work get = {.run = run_get};

#define BESIDE \
    .group = "snapshots of 100,000 keys beside a writer", .key_count = 100000, .value_size = BENCH_AMOUNT_SIZE
#define ALONE \
    .group = "looking at 100,000 keys, nobody writes", .key_count = 100000, .value_size = BENCH_AMOUNT_SIZE
#define WRITER .unit = "transfer", .batch = 64, .threads = 1, .by_rate = true, .work = &bench_transfer_names

const bench_variant bench_snapshot_variants[] = {
    {BESIDE, .name = "snapshot/writer-alone", .lanes = {{WRITER, .title = "writer alone"}}},
    {BESIDE, .name = "snapshot/held", .before = hold, .after = let_go,
     .lanes = {{WRITER, .title = "writer, one snapshot held", .against = "snapshot/writer-alone"}}},
    {BESIDE, .name = "snapshot/beside",
     .lanes = {{WRITER, .title = "writer, snapshots back to back", .against = "snapshot/writer-alone",
                .wanted = 0.9},
               {.title = "these snapshots, each read whole",
                .unit = "snapshot",
                .work = &scan_rows,
                .threads = 1,
                .batch = 1,
                .by_rate = true,
                .wanted_rate = 2000}}},
    {ALONE, .name = "scan/plain",
     .lanes = {{.title = "plain table, scan",
                .unit = "key",
                .unit_is_key = true,
                .work = &plain_scan,
                .threads = 1,
                .batch = 1}}},
    {ALONE, .name = "scan/rows",
     .lanes = {{.title = "snapshot, scan by rows",
                .unit = "key",
                .unit_is_key = true,
                .work = &scan_rows,
                .threads = 1,
                .batch = 1,
                .against = "scan/plain",
                .wanted = 2}}},
    {ALONE, .name = "scan/snapshot",
     .lanes = {{.title = "snapshot, scan",
                .unit = "key",
                .unit_is_key = true,
                .work = &scan,
                .threads = 1,
                .batch = 1,
                .against = "scan/plain"}}},
    {ALONE, .name = "scan/cursor",
     .lanes = {{.title = "snapshot, cursor in order of keys",
                .unit = "key",
                .unit_is_key = true,
                .work = &cursor,
                .threads = 1,
                .batch = 1,
                .against = "scan/plain"}}},
    {ALONE, .name = "snapshot/get", .before = hold, .after = let_go,
     .lanes = {{.title = "snapshot, get of one random key",
                .unit = "get",
                .work = &get,
                .threads = 1,
                .batch = 64}}},
    {ALONE, .name = "snapshot/take-release",
     .lanes = {{.title = "snapshot, take and release",
                .unit = "snapshot",
                .work = &take_release,
                .threads = 1,
                .batch = 16}}},
    {.name = NULL},
};
