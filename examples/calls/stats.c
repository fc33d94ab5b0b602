/*
 * stats and hottest -- what the store has done, and which keys cost most conflicts.
 */
#include "../check.h"

#include <inttypes.h>

/* Two transactions check key out; only the first to commit wins. */
static void collide(stm_txn *winner, stm_txn *loser, const char *key)
{
    CHECK_OK(stm_txn_use(loser, stm_text(key), NULL));
    CHECK_OK(stm_txn_use(winner, stm_text(key), NULL));
    CHECK_OK(stm_txn_commit(winner));
    CHECK(stm_txn_commit(loser) == STM_CONFLICT);
    stm_txn_reset(winner);
    stm_txn_reset(loser);
}

int main(void)
{
    stm_store *store;
    stm_txn *winner, *loser;
    stm_stats stats;
    stm_hot_key hot[4];

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "winner", &winner));
    CHECK_OK(stm_txn_begin(store, "loser", &loser));

    for (int i = 0; i < 9; i++)
        collide(winner, loser, i % 3 == 0 ? "warm" : "hot");

    CHECK_OK(stm_store_stats(store, &stats));
    printf("%" PRIu64 " commits, %" PRIu64 " conflicts\n", stats.commits, stats.conflicts);
    CHECK(stats.commits == 9 && stats.conflicts == 9 && stats.busy == 0);
    CHECK(stats.checkouts == 18 && stats.transactions == 2);

    const size_t count = stm_store_hottest(store, hot, 4);
    for (size_t i = 0; i < count; i++)
        printf("%.*s: %" PRIu64 " conflicts\n", (int)hot[i].key.size, (const char *)hot[i].key.data,
               hot[i].count);
    CHECK(count == 2 && equals(hot[0].key, "hot") && equals(hot[1].key, "warm"));
    CHECK(hot[0].count == 6 && hot[1].count == 3);

    stm_txn_end(winner);
    stm_txn_end(loser);
    CHECK_OK(stm_store_close(store));
    return 0;
}
