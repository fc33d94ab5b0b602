/*
 * memory.c -- what keys cost in bytes, and what a snapshot holds on to.
 *
 * Two questions, answered by counting. How many bytes does each of a million small keys take, as the
 * store tells it and as the kernel sees it? And while a snapshot is held and transfers go on, does
 * memory grow with the keys that were overwritten, as promised, or with the number of commits?
 *
 * Run before all measurements, when the process has touched nothing yet.
 */
#include "bench.h"
#include "key_text.h"

#include <stdio.h>
#include <unistd.h>

#define KEY_COUNT 1000000     /* whose bytes are counted */
#define HELD_KEY_COUNT 100000 /* beside the snapshot */

static const char bytes_group[] = "memory of 1,000,000 keys of 16 bytes with values of 8";
static const char held_group[] = "memory while one snapshot of 100,000 keys is held and transfers go on";

static double resident_bytes(void)
{
    unsigned long total, resident;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &total, &resident) != 2)
        bench_fail("cannot read /proc/self/statm");
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static stm_stats stats_of(const stm_store *store)
{
    stm_stats stats;
    BENCH_CHECK(stm_store_stats(store, &stats));
    return stats;
}

/* --------------------------------------------------------------------------- bytes per key -- */

static void count_store_bytes(bench_facts *facts)
{
    double before = resident_bytes();
    stm_store *store = bench_store_filled(KEY_COUNT, sizeof(int64_t));
    double resident = resident_bytes() - before;
    stm_stats stats = stats_of(store);
    if (stats.keys_live != KEY_COUNT)
        bench_fail("the store counts %llu keys, not %d", (unsigned long long)stats.keys_live, KEY_COUNT);
    bench_facts_add(facts, bytes_group, "memory/key-used", (double)stats.bytes_used / KEY_COUNT,
                    "bytes a key", "store, told by stm_store_stats");
    bench_facts_add(facts, bytes_group, "memory/key-resident", resident / KEY_COUNT, "bytes a key",
                    "store, resident as the kernel sees it");
    BENCH_CHECK(stm_store_close(store));
}

static void count_table_bytes(bench_facts *facts)
{
    double before = resident_bytes();
    plain_table *table = plain_table_open(KEY_COUNT, sizeof(int64_t));
    for (uint32_t i = 0; table != NULL && i < KEY_COUNT; i++) {
        char key[BENCH_KEY_SIZE];
        bench_key_write(key, i);
        (void)plain_table_add(table, key);
    }
    if (table == NULL)
        bench_fail("out of memory");
    bench_facts_add(facts, bytes_group, "memory/key-plain", (resident_bytes() - before) / KEY_COUNT,
                    "bytes a key", "plain table, resident");
    plain_table_close(table);
}

/* --------------------------------------------------------------------------- held snapshot -- */

/* From one account to the next, over all of them again and again, so that it is known how many keys
 * have been overwritten. */
static void transfer_on(stm_txn *txn, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        char texts[2][BENCH_KEY_SIZE];
        stm_bytes keys[2], values[2];
        for (unsigned k = 0; k < 2; k++) {
            bench_key_write(texts[k], (uint32_t)((2 * i + k) % HELD_KEY_COUNT));
            keys[k] = stm_bytes_of(texts[k], BENCH_KEY_SIZE);
        }
        BENCH_CHECK(stm_txn_using(txn, keys, 2, values));
        int64_t less = bench_balance(values[0], sizeof less) - 1;
        int64_t more = bench_balance(values[1], sizeof more) + 1;
        BENCH_CHECK(stm_txn_set(txn, keys[0], stm_bytes_of(&less, sizeof less)));
        BENCH_CHECK(stm_txn_set(txn, keys[1], stm_bytes_of(&more, sizeof more)));
        BENCH_CHECK(stm_txn_commit(txn));
        stm_txn_reset(txn);
    }
}

static void check_versions(const stm_store *store, uint64_t overwritten)
{
    uint64_t kept = stats_of(store).versions_old;
    if (kept != overwritten)
        bench_fail("one snapshot is held and %llu keys were overwritten, but %llu old versions are kept",
                   (unsigned long long)overwritten, (unsigned long long)kept);
}

/* After a tenth of the commits, and so on until all of them are made. */
static void hold_and_write(bench_facts *facts, stm_store *store, stm_txn *txn, uint64_t commit_count)
{
    const uint64_t marks[] = {commit_count / 10, commit_count / 2, commit_count};
    static const char *const names[] = {"memory/held-tenth", "memory/held-half", "memory/held"};
    uint64_t done = 0;
    for (unsigned m = 0; m < sizeof marks / sizeof *marks; m++) {
        transfer_on(txn, done, marks[m]);
        done = marks[m];
        uint64_t overwritten = 2 * done < HELD_KEY_COUNT ? 2 * done : HELD_KEY_COUNT;
        check_versions(store, overwritten);
        bench_facts_add(facts, held_group, names[m], (double)stats_of(store).bytes_used, "bytes",
                        "after %llu commits, %llu old versions kept", (unsigned long long)done,
                        (unsigned long long)overwritten);
    }
}

static void add_level(bench_facts *facts, const stm_store *store, const char *name, const char *when)
{
    stm_stats stats = stats_of(store);
    bench_facts_add(facts, held_group, name, (double)stats.bytes_used, "bytes",
                    "%s (%llu in free lists, %llu waiting)", when, (unsigned long long)stats.bytes_cached,
                    (unsigned long long)stats.bytes_waiting);
}

static void count_held_bytes(bench_facts *facts, uint64_t commit_count)
{
    stm_txn *txn;
    stm_snapshot *snapshot;
    stm_store *store = bench_store_filled(HELD_KEY_COUNT, sizeof(int64_t));
    BENCH_CHECK(stm_txn_begin(store, "transfer", &txn));
    double before = (double)stats_of(store).bytes_used;
    bench_facts_add(facts, held_group, "memory/held-before", before, "bytes", "before the snapshot");

    BENCH_CHECK(stm_snapshot_take(store, "held", &snapshot));
    hold_and_write(facts, store, txn, commit_count);
    bench_facts_add(facts, held_group, "memory/held-per-key",
                    ((double)stats_of(store).bytes_used - before) / HELD_KEY_COUNT, "bytes",
                    "that is more, for each key that the snapshot sees");
    stm_snapshot_release(snapshot);
    check_versions(store, 0);
    add_level(facts, store, "memory/held-released", "after its release");
    transfer_on(txn, 0, HELD_KEY_COUNT);
    add_level(facts, store, "memory/held-later", "after 100,000 more commits");
    stm_txn_end(txn);
    BENCH_CHECK(stm_store_close(store));
}

void bench_memory(bench_facts *facts, uint64_t commit_count)
{
    count_store_bytes(facts);
    count_table_bytes(facts);
    count_held_bytes(facts, commit_count);
}
