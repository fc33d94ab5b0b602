/*
 * Snapshots taken, held and released by all threads, several at once, while all of them write as well:
 * each shows a sum that never changes, and the same values however often it is looked at. And it costs
 * what it may cost: when the last one is released no old version is left, and after each round of new
 * threads the bytes in use come back to where they were.
 */
#include "crew.h"
#include "random.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#define KEY_COUNT 128
#define SUM ((int64_t)KEY_COUNT * 100)
#define HELD_MAX 4     /* snapshots of one thread: with 8 threads half of what a store allows */
#define VALUE_SIZE_MAX 300
#define ROUNDS 8

static stm_store *store;
static char name_texts[KEY_COUNT][16];
static stm_bytes names[KEY_COUNT];

struct held {
    stm_snapshot *snapshot;
    uint64_t hash; /* of all that it showed when it was first looked at */
};

static size_t size_of(unsigned key)
{
    static const size_t sizes[] = {8, 16, 40, VALUE_SIZE_MAX};
    return sizes[key % 4];
}

static stm_bytes value_of(unsigned key, int64_t number, char *buffer)
{
    memset(buffer, 'v', size_of(key));
    memcpy(buffer, &number, sizeof number);
    return stm_bytes_of(buffer, size_of(key));
}

static int64_t number_of(stm_bytes value)
{
    int64_t number;
    memcpy(&number, value.data, sizeof number);
    return number;
}

/* ----------------------------------------------------------------------------- writing -- */

static void move_some(crew_member *me, stm_txn *txn)
{
    unsigned from = (unsigned)random_below(&me->random, KEY_COUNT);
    unsigned to = (from + 1 + (unsigned)random_below(&me->random, KEY_COUNT - 1)) % KEY_COUNT;
    stm_bytes keys[2] = {names[from], names[to]}, values[2];
    char buffer[VALUE_SIZE_MAX];
    for (;;) {
        stm_status status = stm_txn_using(txn, keys, 2, values);
        if (status == STM_OK) {
            int64_t a = number_of(values[0]) - 1, b = number_of(values[1]) + 1;
            status = stm_txn_set(txn, keys[0], value_of(from, a, buffer));
            if (status == STM_OK)
                status = stm_txn_set(txn, keys[1], value_of(to, b, buffer));
        }
        if (status == STM_OK)
            status = stm_txn_commit(txn);
        stm_txn_reset(txn);
        if (status == STM_OK)
            return;
        me->conflicts += status == STM_CONFLICT;
        me->busy += status == STM_BUSY;
        if (status != STM_CONFLICT && status != STM_BUSY)
            crew_fail("write: %s", stm_status_name(status));
    }
}

/* --------------------------------------------------------------------------- snapshots -- */

struct sight {
    int64_t sum;
    unsigned count;
    uint64_t hash;
    uint64_t revision; /* of the snapshot */
};

static bool see(const stm_entry *entry, void *arg)
{
    struct sight *sight = arg;
    if (entry->writer.revision > sight->revision)
        crew_fail("a snapshot of revision %llu shows one of %llu", (unsigned long long)sight->revision,
                  (unsigned long long)entry->writer.revision);
    sight->sum += number_of(entry->value);
    sight->hash = random_mix(sight->hash ^ entry->version ^ (uint64_t)number_of(entry->value) << 32);
    sight->count++;
    return true;
}

static bool see_rows(const stm_row *rows, size_t count, void *arg)
{
    struct sight *sight = arg;
    for (size_t i = 0; i < count; i++)
        sight->sum += number_of(stm_row_value(&rows[i]));
    sight->count += (unsigned)count;
    return true;
}

static uint64_t look_at_all(crew_member *me, const stm_snapshot *snapshot)
{
    struct sight sight = {.revision = stm_snapshot_revision(snapshot)};
    crew_must(stm_snapshot_scan(snapshot, see, &sight), "scan");
    if (sight.count != KEY_COUNT || sight.sum != SUM)
        crew_fail("a snapshot shows %u keys with a sum of %lld", sight.count, (long long)sight.sum);
    struct sight by_rows = {.sum = 0};
    crew_must(stm_snapshot_scan_rows(snapshot, see_rows, &by_rows), "scan by rows");
    if (by_rows.count != KEY_COUNT || by_rows.sum != SUM)
        crew_fail("a snapshot shows %u rows with a sum of %lld", by_rows.count, (long long)by_rows.sum);
    me->checked++;
    return sight.hash;
}

static void take(crew_member *me, struct held *held)
{
    crew_must(stm_snapshot_take(store, "stress", &held->snapshot), "take");
    held->hash = look_at_all(me, held->snapshot);
}

static void release(crew_member *me, struct held *held)
{
    if (look_at_all(me, held->snapshot) != held->hash)
        crew_fail("a snapshot has changed");
    stm_snapshot_release(held->snapshot);
    held->snapshot = NULL;
}

static void work(crew_member *me)
{
    struct held held[HELD_MAX] = {{NULL, 0}};
    stm_txn *txn;
    crew_must(stm_txn_begin(store, "write", &txn), "begin");
    for (uint64_t i = 0; i < me->share; i++) {
        uint64_t what = random_below(&me->random, 64 * HELD_MAX);
        if (what >= HELD_MAX)
            move_some(me, txn);
        else if (held[what].snapshot == NULL)
            take(me, &held[what]);
        else
            release(me, &held[what]);
        me->done++;
    }
    for (unsigned i = 0; i < HELD_MAX; i++)
        if (held[i].snapshot != NULL)
            release(me, &held[i]);
    stm_txn_end(txn);
}

/* ------------------------------------------------------------------------------ rounds -- */

static void fill(void)
{
    char buffer[VALUE_SIZE_MAX];
    stm_txn *txn;
    crew_must(stm_txn_begin(store, "fill", &txn), "begin");
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        snprintf(name_texts[i], sizeof name_texts[i], "key %u", i);
        names[i] = stm_text(name_texts[i]);
        crew_must(stm_txn_set(txn, names[i], value_of(i, 100, buffer)), "set");
    }
    crew_must(stm_txn_commit(txn), "commit");
    stm_txn_end(txn);
}

static stm_stats expect_nothing_left(void)
{
    stm_stats stats;
    crew_must(stm_store_stats(store, &stats), "stats");
    if (stats.versions_old != 0 || stats.snapshots != 0 || stats.transactions != 0)
        crew_fail("left over: %llu old versions, %llu snapshots, %llu transactions",
                  (unsigned long long)stats.versions_old, (unsigned long long)stats.snapshots,
                  (unsigned long long)stats.transactions);
    return stats;
}

/* What is in use: not what waits for readers to pass, nor what lies ready to be used again. */
static uint64_t in_use(const stm_stats *stats)
{
    return stats->bytes_used - stats->bytes_waiting - stats->bytes_cached;
}

/* One version leaked by one commit in ten would be megabytes. What waits is told by the sizes asked
 * for, what is in use by those given, which are a little larger. */
static void expect_level(const stm_stats *before, const stm_stats *now)
{
    uint64_t allowance = now->bytes_waiting / 4 + ((uint64_t)1 << 20);
    if (in_use(now) > in_use(before) + allowance)
        crew_fail("%llu bytes in use, and %llu after the first rounds", (unsigned long long)in_use(now),
                  (unsigned long long)in_use(before));
    if (now->bytes_used > before->bytes_used * 2 + allowance)
        crew_fail("%llu bytes asked for, and %llu after the first rounds",
                  (unsigned long long)now->bytes_used, (unsigned long long)before->bytes_used);
}

int main(int argc, char **argv)
{
    crew_options options = crew_parse(argc, argv, 1000000);
    stm_stats early, late;
    crew_must(stm_store_open(NULL, &store), "open");
    crew_open(&options);
    fill();
    for (unsigned i = 0; i < ROUNDS; i++) {
        crew_work(&options, options.transactions / ROUNDS, work);
        late = expect_nothing_left();
        if (i < ROUNDS / 2) /* caches fill in the first rounds */
            early = late;
    }
    expect_level(&early, &late);
    printf("bytes in use: %llu of %llu half-way, %llu of %llu at the end\n",
           (unsigned long long)in_use(&early), (unsigned long long)early.bytes_used,
           (unsigned long long)in_use(&late), (unsigned long long)late.bytes_used);
    crew_must(stm_store_close(store), "close");
    crew_tell("snapshot", &options);
    return 0;
}
