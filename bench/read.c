/*
 * read.c -- looking at four random accounts at one instant.
 *
 * The store checks four keys out for read and commits, which proves that all four values belonged to
 * one instant; the floor does four look-ups. The balances are added up, so that they are really read.
 */
#include "key_text.h"
#include "transfer.h"

#include <string.h>

#define READ_COUNT 4

static void choose(bench_worker *worker, uint32_t accounts[READ_COUNT])
{
    for (unsigned i = 0; i < READ_COUNT; i++)
        accounts[i] = bench_random_below(&worker->random, worker->bank->key_count);
}

static void choose_texts(bench_worker *worker, char texts[READ_COUNT][BENCH_KEY_SIZE])
{
    uint32_t accounts[READ_COUNT];
    choose(worker, accounts);
    for (unsigned i = 0; i < READ_COUNT; i++)
        bench_key_write(texts[i], accounts[i]);
}

/* ----------------------------------------------------------------------------- plain table -- */

static void plain_read(bench_worker *worker)
{
    char texts[READ_COUNT][BENCH_KEY_SIZE];
    plain_record *records[READ_COUNT];
    choose_texts(worker, texts);
    plain_table_find(worker->bank->table, (const char(*)[BENCH_KEY_SIZE])texts, READ_COUNT, records);
    for (unsigned i = 0; i < READ_COUNT; i++) {
        if (records[i] == NULL)
            bench_fail("the table has lost an account");
        worker->sum +=
            bench_balance(stm_bytes_of(records[i]->value, records[i]->value_size), BENCH_AMOUNT_SIZE);
    }
}

static void run_plain(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        plain_read(worker);
}

static void run_apart(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        plain_read(worker);
        plain_finish_loads();
    }
}

static void run_mutex(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        (void)pthread_mutex_lock(&worker->bank->mutex);
        plain_read(worker);
        (void)pthread_mutex_unlock(&worker->bank->mutex);
    }
}

/* ----------------------------------------------------------------------------------- store -- */

/* Nobody writes while reads are measured: CONFLICT and BUSY would be wrong. */
static void add_and_commit(bench_worker *worker, const stm_bytes values[READ_COUNT])
{
    for (unsigned i = 0; i < READ_COUNT; i++)
        worker->sum += bench_balance(values[i], BENCH_AMOUNT_SIZE);
    BENCH_CHECK(stm_txn_commit(worker->txn));
    stm_txn_reset(worker->txn);
    worker->counts.commits++;
}

static void run_names(bench_worker *worker, uint64_t count)
{
    for (uint64_t n = 0; n < count; n++) {
        char texts[READ_COUNT][BENCH_KEY_SIZE];
        stm_bytes keys[READ_COUNT], values[READ_COUNT];
        choose_texts(worker, texts);
        for (unsigned i = 0; i < READ_COUNT; i++)
            keys[i] = stm_bytes_of(texts[i], BENCH_KEY_SIZE);
        BENCH_CHECK(stm_txn_getting(worker->txn, keys, READ_COUNT, values));
        add_and_commit(worker, values);
    }
}

static void run_handles(bench_worker *worker, uint64_t count)
{
    for (uint64_t n = 0; n < count; n++) {
        uint32_t accounts[READ_COUNT];
        stm_key keys[READ_COUNT];
        stm_bytes values[READ_COUNT];
        choose(worker, accounts);
        for (unsigned i = 0; i < READ_COUNT; i++)
            keys[i] = worker->bank->handles[accounts[i]];
        BENCH_CHECK(stm_txn_getting_keys(worker->txn, keys, READ_COUNT, values));
        add_and_commit(worker, values);
    }
}

/* -------------------------------------------------------------------------------- variants -- */

static const bench_work from_table = {.run = run_plain};
static const bench_work from_table_apart = {.run = run_apart};
static const bench_work from_locked = {.run = run_mutex};
static const bench_work by_name = {bench_txn_open, run_names, bench_txn_close};
static const bench_work by_handle = {bench_txn_open, run_handles, bench_txn_close};

#define VARIANT(count, threads) \
    .group = "read of 4 of " count " keys, " threads, .value_size = BENCH_AMOUNT_SIZE
#define SINGLE VARIANT("100,000", "1 thread"), .key_count = 100000
#define CACHED VARIANT("1,000", "1 thread: everything in cache"), .key_count = 1000
#define SCALED VARIANT("20,000", "all threads together"), .key_count = 20000
#define LANE(count, operation) .unit = "read", .batch = 64, .threads = (count), .work = &(operation)

const bench_variant bench_read_variants[] = {
    {SINGLE, .name = "read/plain", .lanes = {{LANE(1, from_table), .title = "plain table"}}},
    {SINGLE, .name = "read/apart",
     .lanes = {{LANE(1, from_table_apart), .title = "plain table, one at a time", .against = "read/plain"}}},
    {SINGLE, .name = "read/mutex",
     .lanes = {{LANE(1, from_locked), .title = "plain table, one mutex", .against = "read/plain"}}},
    {SINGLE, .name = "read/names",
     .lanes = {{LANE(1, by_name), .title = "store, by name", .against = "read/plain", .wanted = 1.3}}},
    {SINGLE, .name = "read/handles",
     .lanes = {{LANE(1, by_handle), .title = "store, by key handle", .against = "read/plain"}}},

    {CACHED, .name = "cached/read-plain", .lanes = {{LANE(1, from_table), .title = "plain table"}}},
    {CACHED, .name = "cached/read-names",
     .lanes = {{LANE(1, by_name), .title = "store, by name", .against = "cached/read-plain"}}},
    {CACHED, .name = "cached/read-handles",
     .lanes = {{LANE(1, by_handle), .title = "store, by key handle", .against = "cached/read-plain"}}},

    {SCALED, .name = "scaling/read-mutex-1",
     .lanes = {{LANE(1, from_locked), .title = "plain table, one mutex, 1 thread", .by_rate = true}}},
    {SCALED, .name = "scaling/read-mutex-2", .sleeps = true,
     .lanes = {{LANE(2, from_locked), .title = "plain table, one mutex, 2 threads", .by_rate = true,
                .against = "scaling/read-mutex-1"}}},
    {SCALED, .name = "scaling/read-1",
     .lanes = {{LANE(1, by_name), .title = "store, 1 thread", .by_rate = true}}},
    {SCALED, .name = "scaling/read-2",
     .lanes = {{LANE(2, by_name), .title = "store, 2 threads", .by_rate = true, .against = "scaling/read-1",
                .wanted = 1.8}}},
    {.name = NULL},
};
