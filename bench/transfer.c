/*
 * transfer.c -- moving money between two random accounts: the operation that all is measured by.
 *
 * The store checks two keys out, sets both and commits; the floor does the same two look-ups and
 * stores on the plain table. Under "cached" the same on so few keys that only instructions count, and
 * under "scaling" by one thread and by two, on a table that fits into caches shared with strangers.
 */
#include "transfer.h"

#include "key_text.h"

#include <sched.h>
#include <string.h>

/* ----------------------------------------------------------------------------- plain table -- */

static void move_in_records(plain_record *const records[2], int64_t amount)
{
    int64_t from, to;
    memcpy(&from, records[0]->value, sizeof from);
    memcpy(&to, records[1]->value, sizeof to);
    from -= amount;
    to += amount;
    memcpy(records[0]->value, &from, sizeof from);
    memcpy(records[1]->value, &to, sizeof to);
}

static inline int64_t choose(bench_worker *worker, uint32_t accounts[2])
{
    bench_random_pair(&worker->random, worker->bank->key_count, accounts);
    return (int64_t)(worker->random & 15);
}

static void plain_transfer(bench_worker *worker)
{
    uint32_t accounts[2];
    char texts[2][BENCH_KEY_SIZE];
    plain_record *records[2];
    int64_t amount = choose(worker, accounts);
    bench_key_write(texts[0], accounts[0]);
    bench_key_write(texts[1], accounts[1]);
    plain_table_find(worker->bank->table, (const char(*)[BENCH_KEY_SIZE])texts, 2, records);
    if (records[0] == NULL || records[1] == NULL)
        bench_fail("the table has lost an account");
    move_in_records(records, amount);
}

static void run_plain(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        plain_transfer(worker);
}

static void run_apart(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        plain_transfer(worker);
        plain_finish_loads();
    }
}

static void run_mutex(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        (void)pthread_mutex_lock(&worker->bank->mutex);
        plain_transfer(worker);
        (void)pthread_mutex_unlock(&worker->bank->mutex);
    }
}

/* ----------------------------------------------------------------------------------- store -- */

/* One attempt, up to and without the commit. */
static stm_status edit_by_name(stm_txn *txn, const stm_bytes keys[2], int64_t amount)
{
    stm_bytes values[2];
    stm_status status = stm_txn_using(txn, keys, 2, values);
    if (status != STM_OK)
        return status;
    int64_t from = bench_balance(values[0], BENCH_AMOUNT_SIZE) - amount;
    int64_t to = bench_balance(values[1], BENCH_AMOUNT_SIZE) + amount;
    status = stm_txn_set(txn, keys[0], stm_bytes_of(&from, sizeof from));
    if (status != STM_OK)
        return status;
    return stm_txn_set(txn, keys[1], stm_bytes_of(&to, sizeof to));
}

static stm_status edit_by_handle(stm_txn *txn, const stm_key keys[2], int64_t amount)
{
    stm_bytes values[2];
    stm_status status = stm_txn_using_keys(txn, keys, 2, values);
    if (status != STM_OK)
        return status;
    int64_t from = bench_balance(values[0], BENCH_AMOUNT_SIZE) - amount;
    int64_t to = bench_balance(values[1], BENCH_AMOUNT_SIZE) + amount;
    status = stm_txn_set_key(txn, keys[0], stm_bytes_of(&from, sizeof from));
    if (status != STM_OK)
        return status;
    return stm_txn_set_key(txn, keys[1], stm_bytes_of(&to, sizeof to));
}

/* Commits what was edited, and makes the handle ready for the next attempt or operation. After BUSY the
 * same commit is made again; after CONFLICT, or a checkout that was BUSY, the answer is false: edit again. */
static bool settle(bench_worker *worker, stm_status edited)
{
    stm_status status = edited == STM_OK ? stm_txn_commit(worker->txn) : edited;
    while (status == STM_BUSY && edited == STM_OK) {
        worker->counts.busy++;
        (void)sched_yield();
        status = stm_txn_commit(worker->txn);
    }
    if (status != STM_OK && status != STM_CONFLICT && status != STM_BUSY)
        bench_fail("a transfer: %s", stm_status_name(status));
    stm_txn_reset(worker->txn);
    worker->counts.commits += status == STM_OK;
    worker->counts.conflicts += status == STM_CONFLICT;
    worker->counts.busy += status == STM_BUSY;
    return status == STM_OK;
}

static void transfer_by_name(bench_worker *worker)
{
    uint32_t accounts[2];
    char texts[2][BENCH_KEY_SIZE];
    int64_t amount = choose(worker, accounts);
    bench_key_write(texts[0], accounts[0]);
    bench_key_write(texts[1], accounts[1]);
    const stm_bytes keys[2] = {{texts[0], BENCH_KEY_SIZE}, {texts[1], BENCH_KEY_SIZE}};
    while (!settle(worker, edit_by_name(worker->txn, keys, amount)))
        ;
}

static void transfer_by_handle(bench_worker *worker)
{
    uint32_t accounts[2];
    int64_t amount = choose(worker, accounts);
    const stm_key *handles = worker->bank->handles;
    const stm_key keys[2] = {handles[accounts[0]], handles[accounts[1]]};
    while (!settle(worker, edit_by_handle(worker->txn, keys, amount)))
        ;
}

static void run_names(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        transfer_by_name(worker);
}

static void run_handles(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        transfer_by_handle(worker);
}

static void run_begin_end(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        bench_txn_open(worker);
        transfer_by_name(worker);
        bench_txn_close(worker);
    }
}

/* ----------------------------------------------------------------------------- atomically -- */

typedef struct order {
    stm_bytes keys[2];
    int64_t amount;
    uint64_t attempts;
} order;

static stm_status transfer_body(stm_txn *txn, void *arg)
{
    order *o = arg;
    o->attempts++;
    return edit_by_name(txn, o->keys, o->amount);
}

/* The attempts that failed all count as conflicts: stm_atomically does not tell them from BUSY. */
static void run_atomically(bench_worker *worker, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint32_t accounts[2];
        char texts[2][BENCH_KEY_SIZE];
        order o = {.amount = choose(worker, accounts)};
        bench_key_write(texts[0], accounts[0]);
        bench_key_write(texts[1], accounts[1]);
        o.keys[0] = stm_bytes_of(texts[0], BENCH_KEY_SIZE);
        o.keys[1] = stm_bytes_of(texts[1], BENCH_KEY_SIZE);
        BENCH_CHECK(stm_atomically(worker->bank->store, "transfer", NULL, transfer_body, &o));
        worker->counts.commits++;
        worker->counts.conflicts += o.attempts - 1;
    }
}

/* -------------------------------------------------------------------------------- variants -- */

void bench_txn_open(bench_worker *worker)
{
    BENCH_CHECK(stm_txn_begin(worker->bank->store, "transfer", &worker->txn));
}

void bench_txn_close(bench_worker *worker)
{
    stm_txn_end(worker->txn);
    worker->txn = NULL;
}

const bench_work bench_transfer_plain = {.run = run_plain};
const bench_work bench_transfer_mutex = {.run = run_mutex};
const bench_work bench_transfer_names = {bench_txn_open, run_names, bench_txn_close};
const bench_work bench_transfer_atomically = {.run = run_atomically};
static const bench_work plain_apart = {.run = run_apart};
static const bench_work with_handles = {bench_txn_open, run_handles, bench_txn_close};
static const bench_work with_begin_end = {.run = run_begin_end};

#define VARIANT(count, threads) \
    .group = "transfer between 2 of " count " keys, " threads, .value_size = BENCH_AMOUNT_SIZE
#define SINGLE VARIANT("100,000", "1 thread"), .key_count = 100000
#define CACHED VARIANT("1,000", "1 thread: everything in cache"), .key_count = 1000
#define SCALED VARIANT("20,000", "all threads together"), .key_count = 20000
#define LANE(count, operation) .unit = "transfer", .batch = 64, .threads = (count), .work = &(operation)

const bench_variant bench_transfer_variants[] = {
    {SINGLE, .name = "transfer/plain", .lanes = {{LANE(1, bench_transfer_plain), .title = "plain table"}}},
    {SINGLE, .name = "transfer/apart",
     .lanes = {{LANE(1, plain_apart), .title = "plain table, one at a time", .against = "transfer/plain"}}},
    {SINGLE, .name = "transfer/mutex",
     .lanes = {{LANE(1, bench_transfer_mutex), .title = "plain table, one mutex",
                .against = "transfer/plain"}}},
    {SINGLE, .name = "transfer/names",
     .lanes = {{LANE(1, bench_transfer_names), .title = "store, by name", .against = "transfer/plain",
                .wanted = 2.5}}},
    {SINGLE, .name = "transfer/handles",
     .lanes = {{LANE(1, with_handles), .title = "store, by key handle", .against = "transfer/plain"}}},
    {SINGLE, .name = "transfer/begin-end",
     .lanes = {{LANE(1, with_begin_end), .title = "store, by name, begin and end",
                .against = "transfer/plain"}}},
    {SINGLE, .name = "transfer/atomically",
     .lanes = {{LANE(1, bench_transfer_atomically), .title = "store, by name, stm_atomically",
                .against = "transfer/plain"}}},

    {CACHED, .name = "cached/transfer-plain",
     .lanes = {{LANE(1, bench_transfer_plain), .title = "plain table"}}},
    {CACHED, .name = "cached/transfer-names",
     .lanes = {{LANE(1, bench_transfer_names), .title = "store, by name",
                .against = "cached/transfer-plain"}}},
    {CACHED, .name = "cached/transfer-handles",
     .lanes = {{LANE(1, with_handles), .title = "store, by key handle", .against = "cached/transfer-plain"}}},

    {SCALED, .name = "scaling/transfer-mutex-1",
     .lanes = {{LANE(1, bench_transfer_mutex), .title = "plain table, one mutex, 1 thread",
                .by_rate = true}}},
    {SCALED, .name = "scaling/transfer-mutex-2", .sleeps = true,
     .lanes = {{LANE(2, bench_transfer_mutex), .title = "plain table, one mutex, 2 threads", .by_rate = true,
                .against = "scaling/transfer-mutex-1"}}},
    {SCALED, .name = "scaling/transfer-1",
     .lanes = {{LANE(1, bench_transfer_names), .title = "store, 1 thread", .by_rate = true}}},
    {SCALED, .name = "scaling/transfer-2",
     .lanes = {{LANE(2, bench_transfer_names), .title = "store, 2 threads", .by_rate = true,
                .against = "scaling/transfer-1", .wanted = 1.8}}},
    {.name = NULL},
};
