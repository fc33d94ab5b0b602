/*
 * stats_test.c -- the statistics count what happened, exactly, once nobody runs any more.
 *
 * What must not happen: BUSY is counted as CONFLICT or the other way round; a handle that has ended
 * takes its counts along; the key that costs most is not named first.
 */
#include "support.h"

#include <pthread.h>

#define KEY stm_text("key")

Test(stats, of_a_new_store)
{
    stm_store *store = open_store(NULL);
    const stm_stats stats = stats_of(store);

    EQUALS(stats.commits, 0);
    EQUALS(stats.conflicts, 0);
    EQUALS(stats.busy, 0);
    EQUALS(stats.checkouts, 0);
    EQUALS(stats.aborts, 0);
    EQUALS(stats.keys_live, 0);
    EQUALS(stats.keys_known, 0);
    EQUALS(stats.versions_old, 0);
    EQUALS(stats.transactions, 0);
    EQUALS(stats.snapshots, 0);
    EQUALS(stats.oldest_snapshot_revision, 0);
    EQUALS(stats.oldest_snapshot_age_ns, 0);
    cr_assert_str_eq(stats.oldest_snapshot_label, "");
    cr_assert(stats.bytes_used > 0);

    close_store(store);
}

Test(stats, count_what_happened)
{
    const stm_bytes keys[] = {stm_text("a"), stm_text("b"), stm_text("c")};
    stm_store *store = open_store(NULL);
    stm_txn *one = begin(store, "one"), *two = begin(store, "two");
    stm_bytes values[3];

    EQUALS(stats_of(store).transactions, 2);
    OK(stm_txn_using(one, keys, 3, values));
    EQUALS(stats_of(store).checkouts, 3);
    EQUALS(stats_of(store).keys_known, 3);
    EQUALS(stats_of(store).keys_live, 0);
    OK(stm_txn_set(one, keys[0], stm_text("1")));
    OK(stm_txn_set(one, keys[1], stm_text("1")));
    OK(stm_txn_commit(one));
    EQUALS(stats_of(store).commits, 1);
    EQUALS(stats_of(store).keys_live, 2);

    OK(stm_txn_getting(two, keys, 2, values));
    EQUALS(stats_of(store).checkouts, 5);
    OK(stm_txn_commit(two)); /* validated something: counts too */
    EQUALS(stats_of(store).commits, 2);
    OK(stm_txn_delete(one, keys[0]));
    OK(stm_txn_commit(one));
    EQUALS(stats_of(store).keys_live, 1);
    EQUALS(stats_of(store).keys_known, 3);

    ANSWERS(stm_txn_commit(two), STM_CONFLICT);
    EQUALS(stats_of(store).conflicts, 1);
    EQUALS(stats_of(store).commits, 3);
    stm_txn_reset(two);
    OK(stm_txn_use(two, keys[0], NULL));
    OK(stm_txn_use(one, keys[0], NULL));
    OK(stm_txn_commit(one));
    ANSWERS(stm_txn_use(two, keys[1], NULL), STM_CONFLICT); /* a CONFLICT at a checkout is one as well */
    EQUALS(stats_of(store).conflicts, 2);

    stm_txn_end(one);
    stm_txn_end(two); /* the counts stay when the handles go */
    const stm_stats stats = stats_of(store);
    EQUALS(stats.commits, 4);
    EQUALS(stats.conflicts, 2);
    EQUALS(stats.busy, 0);
    EQUALS(stats.aborts, 0);
    EQUALS(stats.transactions, 0);
    close_store(store);
}

Test(stats, know_the_oldest_snapshot)
{
    stm_store *store = open_store(NULL);

    put(store, "key", "x");
    stm_snapshot *old = take(store, "old");
    put(store, "key", "y");
    sleep_ms(20);
    stm_snapshot *young = take(store, "young");
    stm_stats stats = stats_of(store);
    EQUALS(stats.snapshots, 2);
    EQUALS(stats.oldest_snapshot_revision, stm_snapshot_revision(old));
    cr_assert_str_eq(stats.oldest_snapshot_label, "old");
    cr_assert(stats.oldest_snapshot_age_ns >= 20 * MILLISECOND && stats.oldest_snapshot_age_ns < 20 * SECOND);
    cr_assert(stats.revision > stm_snapshot_revision(young));

    stm_snapshot_release(old);
    stats = stats_of(store);
    EQUALS(stats.snapshots, 1);
    EQUALS(stats.oldest_snapshot_revision, stm_snapshot_revision(young));
    cr_assert_str_eq(stats.oldest_snapshot_label, "young");

    stm_snapshot_release(young);
    stats = stats_of(store);
    EQUALS(stats.snapshots, 0);
    EQUALS(stats.oldest_snapshot_revision, 0);
    EQUALS(stats.oldest_snapshot_age_ns, 0);
    cr_assert_str_eq(stats.oldest_snapshot_label, "");
    close_store(store);
}

struct counting {
    stm_store *store;
    uint64_t commits, conflicts, busy, failed;
};

static void *count_answers(void *arg)
{
    struct counting *counting = arg;
    stm_txn *txn;

    counting->failed += stm_txn_begin(counting->store, "counting", &txn) != STM_OK;
    for (int i = 0; i < (SLOWED_DOWN ? 2000 : 20000) && counting->failed == 0; i++) {
        stm_txn_reset(txn);
        stm_status status = stm_txn_use(txn, KEY, NULL);
        if (status == STM_OK)
            status = stm_txn_commit(txn);
        counting->commits += status == STM_OK;
        counting->conflicts += status == STM_CONFLICT;
        counting->busy += status == STM_BUSY;
        counting->failed += status != STM_OK && status != STM_CONFLICT && status != STM_BUSY;
    }
    stm_txn_end(txn);
    return NULL;
}

/* What each thread was answered, added up, is what the store has counted. */
Test(stats, are_exact_when_the_threads_are_done)
{
    stm_store *store = open_store(NULL);
    struct counting countings[3] = {{.store = store}, {.store = store}, {.store = store}},
                    sum = {.store = store};
    pthread_t threads[3];

    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, count_answers, &countings[i]), 0);
    for (size_t i = 0; i < 3; i++) {
        stats_of(store); /* looking meanwhile must not disturb them */
        pthread_join(threads[i], NULL);
        sum.commits += countings[i].commits;
        sum.conflicts += countings[i].conflicts;
        sum.busy += countings[i].busy;
        EQUALS(countings[i].failed, 0);
    }
    const stm_stats stats = stats_of(store);
    EQUALS(stats.commits, sum.commits);
    EQUALS(stats.conflicts, sum.conflicts);
    EQUALS(stats.busy, sum.busy);
    EQUALS(version_now(store, "key"), sum.commits);
    close_store(store);
}

/* ---- hottest keys ---- */

static void lose(stm_store *store, stm_txn *loser, const char *key, int times)
{
    for (int i = 0; i < times; i++) {
        stm_txn_reset(loser);
        OK(stm_txn_use(loser, stm_text(key), NULL));
        put(store, key, "winner");
        ANSWERS(stm_txn_commit(loser), STM_CONFLICT);
    }
    stm_txn_reset(loser);
}

static void conflict_on(stm_store *store, const char *key, int times)
{
    stm_txn *loser = begin(store, "loser");

    lose(store, loser, key, times);
    stm_txn_end(loser);
}

Test(hottest, keys_come_by_their_conflicts)
{
    static const char *const expected[] = {"hottest", "hot", "warm"};
    static const uint64_t counts[] = {9, 5, 2};
    stm_store *store = open_store(NULL);
    stm_hot_key keys[8];

    EQUALS(stm_store_hottest(store, keys, 8), 0);
    put(store, "cold", "x");
    conflict_on(store, "warm", 2);
    conflict_on(store, "hottest", 9);
    conflict_on(store, "hot", 5);
    EQUALS(stm_store_hottest(store, keys, 8), 3);
    for (size_t i = 0; i < 3; i++) {
        cr_assert(same_bytes(keys[i].key, stm_text(expected[i])), "%s is number %zu", shown(keys[i].key), i);
        EQUALS(keys[i].count, counts[i]);
        EQUALS(keys[i].error, 0);
    }
    EQUALS(stm_store_hottest(store, keys, 0), 0);
    EQUALS(stm_store_hottest(store, keys, 1), 1);
    cr_assert(same_bytes(keys[0].key, stm_text("hottest")));

    close_store(store);
}

/* More keys than any sketch holds: those that really are hot stay in, and count - error is sure. */
Test(hottest, keys_are_found_among_many)
{
    stm_store *store = open_store(NULL);
    stm_hot_key keys[2];
    char name[24];

    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "cool %d", i);
        conflict_on(store, name, 1);
        conflict_on(store, "hottest", 3);
        if (i % 2 == 0)
            conflict_on(store, "hot", 2);
    }
    EQUALS(stm_store_hottest(store, keys, 2), 2);
    cr_assert(same_bytes(keys[0].key, stm_text("hottest")), "%s", shown(keys[0].key));
    cr_assert(same_bytes(keys[1].key, stm_text("hot")), "%s", shown(keys[1].key));
    cr_assert(keys[0].count >= 3000 && keys[0].count - keys[0].error <= 3000);
    cr_assert(keys[1].count >= 1000 && keys[1].count - keys[1].error <= 1000);

    close_store(store);
}

/* Lost by one transaction, and then by another: the true count lies within what is told. */
Test(hottest, counts_are_bounds_across_transactions)
{
    stm_store *store = open_store(NULL);
    stm_txn *first = begin(store, "first"), *second = begin(store, "second");
    stm_hot_key keys[4];
    char name[24];

    lose(store, first, "key", 5);
    for (int i = 0; i < 60; i++) { /* so many others that any small sketch has forgotten it */
        snprintf(name, sizeof(name), "other %d", i);
        lose(store, first, name, 10);
    }
    lose(store, second, "key", 300);
    cr_assert(stm_store_hottest(store, keys, 4) >= 1);
    cr_assert(same_bytes(keys[0].key, KEY), "%s", shown(keys[0].key));
    cr_assert(keys[0].count >= 305, "%llu are told of 305", (unsigned long long)keys[0].count);
    cr_assert(keys[0].count - keys[0].error <= 305);

    stm_txn_end(first);
    stm_txn_end(second);
    close_store(store);
}

/* The oldest snapshot is told wherever it is kept: here a younger one has taken the place before it. */
Test(stats, oldest_snapshot_is_the_oldest_and_not_the_first)
{
    stm_store *store = open_store(NULL);
    stm_snapshot *gone = take(store, "gone"), *oldest = take(store, "oldest");

    stm_snapshot_release(gone);
    stm_snapshot *younger = take(store, "younger");
    const stm_stats stats = stats_of(store);
    EQUALS(stats.snapshots, 2);
    EQUALS(stats.oldest_snapshot_revision, stm_snapshot_revision(oldest));
    cr_assert_str_eq(stats.oldest_snapshot_label, "oldest");

    stm_snapshot_release(oldest);
    stm_snapshot_release(younger);
    close_store(store);
}

/* More keys than are counted at all: those lost most are still told, and told first. */
Test(hottest, the_hot_ones_are_kept_among_very_many)
{
    enum { LOSERS = 40, KEYS_EACH = 16 };
    stm_store *store = open_store(NULL);
    stm_txn *losers[LOSERS];
    stm_hot_key keys[300];
    char name[40];

    for (int i = 0; i < LOSERS; i++) {
        losers[i] = begin(store, "loser");
        for (int j = 0; j < KEYS_EACH; j++) {
            snprintf(name, sizeof(name), "%u of loser %u", (unsigned)j % 100, (unsigned)i % 100);
            lose(store, losers[i], name, j == i % KEYS_EACH ? 3 : 1);
        }
    }
    lose(store, losers[0], "0 of loser 0", 20); /* 23 by now */
    const size_t count = stm_store_hottest(store, keys, COUNT_OF(keys));
    cr_assert(count >= 100 && count <= COUNT_OF(keys), "%zu", count);
    cr_assert(same_bytes(keys[0].key, stm_text("0 of loser 0")), "%s", shown(keys[0].key));
    EQUALS(keys[0].count - keys[0].error, 23);
    for (size_t i = 1; i < count; i++)
        cr_assert(keys[i].count <= keys[i - 1].count);

    for (int i = 0; i < LOSERS; i++)
        stm_txn_end(losers[i]);
    close_store(store);
}
