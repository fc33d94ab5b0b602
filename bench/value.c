/*
 * value.c -- one key read, modified and written, by the size of its value.
 *
 * The store hands out a private copy and takes a new one back; the floor copies the value out and in.
 * A value carries a counter behind the balance: it must have counted every operation.
 */
#include "bench.h"
#include "key_text.h"

#include <stdlib.h>

#define COUNTER_OFFSET sizeof(int64_t)

static const char the_key[BENCH_KEY_SIZE + 1] = "account:00000000";

static void count_up(char *value)
{
    uint64_t counter;
    memcpy(&counter, value + COUNTER_OFFSET, sizeof counter);
    counter++;
    memcpy(value + COUNTER_OFFSET, &counter, sizeof counter);
}

static uint64_t counter_in(const char *value)
{
    uint64_t counter;
    memcpy(&counter, value + COUNTER_OFFSET, sizeof counter);
    return counter;
}

static void buffer_open(bench_worker *worker)
{
    worker->buffer = calloc(1, worker->bank->value_size);
    if (worker->buffer == NULL)
        bench_fail("out of memory");
}

/* ----------------------------------------------------------------------------- plain table -- */

static plain_record *record_of(const bench_bank *bank)
{
    char text[1][BENCH_KEY_SIZE];
    plain_record *record;
    memcpy(text[0], the_key, BENCH_KEY_SIZE);
    plain_table_find(bank->table, (const char(*)[BENCH_KEY_SIZE])text, 1, &record);
    if (record == NULL)
        bench_fail("the table has lost its key");
    return record;
}

static void plain_open(bench_worker *worker)
{
    buffer_open(worker);
    worker->counts.commits = counter_in(record_of(worker->bank)->value);
}

static void run_plain(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        plain_record *record = record_of(worker->bank);
        memcpy(worker->buffer, record->value, record->value_size);
        count_up(worker->buffer);
        memcpy(record->value, worker->buffer, record->value_size);
        worker->counts.commits++;
    }
}

static void plain_close(bench_worker *worker)
{
    if (counter_in(record_of(worker->bank)->value) != worker->counts.commits)
        bench_fail("the table has lost an update");
    free(worker->buffer);
}

/* ----------------------------------------------------------------------------------- store -- */

static stm_bytes key(void)
{
    return stm_bytes_of(the_key, BENCH_KEY_SIZE);
}

static uint64_t counter_in_store(bench_worker *worker)
{
    stm_bytes value;
    BENCH_CHECK(stm_txn_peek(worker->txn, key(), &value));
    return counter_in(value.data);
}

static void store_open(bench_worker *worker)
{
    buffer_open(worker);
    bench_txn_open(worker);
    worker->counts.commits = counter_in_store(worker);
}

static void run_store(bench_worker *worker, uint64_t count)
{
    size_t size = worker->bank->value_size;
    for (uint64_t i = 0; i < count; i++) {
        stm_bytes value;
        BENCH_CHECK(stm_txn_use(worker->txn, key(), &value));
        if (value.size != size)
            bench_fail("a value of %zu bytes has %zu", size, value.size);
        memcpy(worker->buffer, value.data, size);
        count_up(worker->buffer);
        BENCH_CHECK(stm_txn_set(worker->txn, key(), stm_bytes_of(worker->buffer, size)));
        BENCH_CHECK(stm_txn_commit(worker->txn));
        stm_txn_reset(worker->txn);
        worker->counts.commits++;
    }
}

static void store_close(bench_worker *worker)
{
    if (counter_in_store(worker) != worker->counts.commits)
        bench_fail("the store has lost an update");
    bench_txn_close(worker);
    free(worker->buffer);
}

/* -------------------------------------------------------------------------------- variants -- */

static const bench_work on_table = {plain_open, run_plain, plain_close};
static const bench_work on_store = {store_open, run_store, store_close};

#define PAIR(text, size, count)                                                                   \
    {.group = "one key read, modified and written, 1 thread",                                     \
     .name = "value/" #size "/plain",                                                             \
     .key_count = 1,                                                                              \
     .value_size = (size),                                                                        \
     .lanes = {{.title = text " bytes, plain table",                                              \
                .unit = "update",                                                                 \
                .work = &on_table,                                                                \
                .threads = 1,                                                                     \
                .batch = (count)}}},                                                              \
    {                                                                                             \
        .group = "one key read, modified and written, 1 thread", .name = "value/" #size "/store", \
        .key_count = 1, .value_size = (size), .lanes = {                                          \
            {.title = text " bytes, store",                                                       \
             .unit = "update",                                                                    \
             .work = &on_store,                                                                   \
             .threads = 1,                                                                        \
             .batch = (count),                                                                    \
             .against = "value/" #size "/plain"}                                                  \
        }                                                                                         \
    }

const bench_variant bench_value_variants[] = {
    PAIR("16", 16, 64),
    PAIR("1,024", 1024, 16),
    PAIR("65,536", 65536, 4),
    {.name = NULL},
};
