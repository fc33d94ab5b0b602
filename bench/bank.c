/*
 * bank.c -- banks: the same accounts in a store and in a plain table, see bench.h.
 *
 * A bank is made by the main thread when the first variant asks for it, and shared by all variants
 * of its size. Its invariant is the sum of the balances, checked after each measurement.
 */
#include "bench.h"
#include "key_text.h"

#include <stdlib.h>
#include <string.h>

#define BANKS_MAX 16
#define FILL_COUNT 64 /* keys set in one transaction */

static bench_bank *banks[BANKS_MAX];
static size_t bank_count;

/* -------------------------------------------------------------------------------- filling -- */

static void fill_store(stm_store *store, size_t key_count, const void *value, size_t value_size)
{
    stm_txn *txn;
    BENCH_CHECK(stm_txn_begin(store, "open accounts", &txn));
    for (size_t i = 0; i < key_count; i++) {
        char key[BENCH_KEY_SIZE];
        bench_key_write(key, (uint32_t)i);
        BENCH_CHECK(stm_txn_set(txn, stm_bytes_of(key, sizeof key), stm_bytes_of(value, value_size)));
        if ((i + 1) % FILL_COUNT == 0 || i + 1 == key_count) {
            BENCH_CHECK(stm_txn_commit(txn));
            stm_txn_reset(txn);
        }
    }
    stm_txn_end(txn);
}

static char *opening_value(size_t value_size)
{
    int64_t balance = BENCH_OPENING_BALANCE;
    char *value = calloc(1, value_size);
    if (value == NULL)
        bench_fail("out of memory");
    memcpy(value, &balance, sizeof balance);
    return value;
}

stm_store *bench_store_filled(size_t key_count, size_t value_size)
{
    stm_store *store;
    stm_options options = {.size = sizeof options, .key_count_hint = key_count};
    char *value = opening_value(value_size);
    BENCH_CHECK(stm_store_open(&options, &store));
    fill_store(store, key_count, value, value_size);
    free(value);
    return store;
}

static plain_table *table_filled(size_t key_count, size_t value_size)
{
    plain_table *table = plain_table_open(key_count, value_size);
    char *value = opening_value(value_size);
    for (size_t i = 0; table != NULL && i < key_count; i++) {
        char key[BENCH_KEY_SIZE];
        bench_key_write(key, (uint32_t)i);
        memcpy(plain_table_add(table, key)->value, value, value_size);
    }
    if (table == NULL)
        bench_fail("out of memory");
    free(value);
    return table;
}

static stm_key *handles_of(stm_store *store, size_t key_count)
{
    stm_key *handles = calloc(key_count, sizeof *handles);
    if (handles == NULL)
        bench_fail("out of memory");
    for (size_t i = 0; i < key_count; i++) {
        char key[BENCH_KEY_SIZE];
        bench_key_write(key, (uint32_t)i);
        BENCH_CHECK(stm_key_resolve(store, stm_bytes_of(key, sizeof key), &handles[i]));
    }
    return handles;
}

bench_bank *bench_bank_of(size_t key_count, size_t value_size)
{
    for (size_t i = 0; i < bank_count; i++) {
        if (banks[i]->key_count == key_count && banks[i]->value_size == value_size)
            return banks[i];
    }
    bench_bank *bank = calloc(1, sizeof *bank);
    if (bank == NULL || bank_count == BANKS_MAX)
        bench_fail("no room for another bank");
    bank->key_count = key_count;
    bank->value_size = value_size;
    bank->store = bench_store_filled(key_count, value_size);
    bank->handles = handles_of(bank->store, key_count);
    bank->table = table_filled(key_count, value_size);
    if (pthread_mutex_init(&bank->mutex, NULL) != 0)
        bench_fail("no mutex");
    banks[bank_count++] = bank;
    return bank;
}

void bench_banks_close(void)
{
    while (bank_count > 0) {
        bench_bank *bank = banks[--bank_count];
        BENCH_CHECK(stm_store_close(bank->store));
        plain_table_close(bank->table);
        (void)pthread_mutex_destroy(&bank->mutex);
        free(bank->handles);
        free(bank);
    }
}

/* -------------------------------------------------------------------------------- checking -- */

typedef struct tally {
    size_t value_size;
    size_t key_count;
    int64_t sum;
} tally;

static bool add_to_tally(const stm_entry *entry, void *arg)
{
    tally *t = arg;
    t->sum += bench_balance(entry->value, t->value_size);
    t->key_count++;
    return true;
}

static tally tally_store(const bench_bank *bank)
{
    stm_snapshot *snapshot;
    tally t = {.value_size = bank->value_size};
    BENCH_CHECK(stm_snapshot_take(bank->store, "check", &snapshot));
    BENCH_CHECK(stm_snapshot_scan(snapshot, add_to_tally, &t));
    stm_snapshot_release(snapshot);
    return t;
}

static tally tally_table(const bench_bank *bank)
{
    tally t = {.value_size = bank->value_size};
    const plain_record *records = plain_table_records(bank->table, &t.key_count);
    for (size_t i = 0; i < t.key_count; i++)
        t.sum += bench_balance(stm_bytes_of(records[i].value, records[i].value_size), t.value_size);
    return t;
}

static void check_tally(const char *what, const bench_bank *bank, tally t)
{
    if (t.key_count != bank->key_count)
        bench_fail("the %s has %zu accounts, not %zu", what, t.key_count, bank->key_count);
    if (t.sum != (int64_t)bank->key_count * BENCH_OPENING_BALANCE)
        bench_fail("the %s of %zu accounts sums up to %lld, not %lld", what, bank->key_count,
                   (long long)t.sum, (long long)bank->key_count * BENCH_OPENING_BALANCE);
}

void bench_bank_check(const bench_bank *bank)
{
    check_tally("store", bank, tally_store(bank));
    check_tally("table", bank, tally_table(bank));
}
