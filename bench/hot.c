/*
 * hot.c -- eight accounts that everybody wants: does throughput collapse as threads are added?
 *
 * Transfers between two of eight keys, by more threads than there are CPUs. What must not happen is
 * that threads mostly undo each other's work, or wait for one that is not running. The report's note
 * tells how many attempts were lost for each commit.
 */
#include "transfer.h"

#define HOT                                                                            \
    .group = "transfer between 2 of 8 hot keys, all threads together", .key_count = 8, \
    .value_size = BENCH_AMOUNT_SIZE
#define MUTEX .unit = "transfer", .batch = 16, .by_rate = true, .work = &bench_transfer_mutex
#define COMMIT .unit = "transfer", .batch = 16, .by_rate = true, .work = &bench_transfer_names
#define ATOMICALLY .unit = "transfer", .batch = 16, .by_rate = true, .work = &bench_transfer_atomically

const bench_variant bench_hot_variants[] = {
    {HOT, .name = "hot/mutex-2", .sleeps = true,
     .lanes = {{MUTEX, .title = "plain table, one mutex, 2 threads", .threads = 2}}},
    {HOT, .name = "hot/mutex-8", .sleeps = true,
     .lanes = {{MUTEX, .title = "plain table, one mutex, 8 threads", .threads = 8,
                .against = "hot/mutex-2"}}},
    {HOT, .name = "hot/commit-2", .lanes = {{COMMIT, .title = "commit loop, 2 threads", .threads = 2}}},
    {HOT, .name = "hot/commit-4",
     .lanes = {{COMMIT, .title = "commit loop, 4 threads", .threads = 4, .against = "hot/commit-2"}}},
    {HOT, .name = "hot/commit-8",
     .lanes = {{COMMIT, .title = "commit loop, 8 threads", .threads = 8, .against = "hot/commit-2",
                .wanted = 0.8}}},
    {HOT, .name = "hot/atomically-2", .sleeps = true,
     .lanes = {{ATOMICALLY, .title = "stm_atomically, 2 threads", .threads = 2}}},
    {HOT, .name = "hot/atomically-4", .sleeps = true,
     .lanes = {{ATOMICALLY, .title = "stm_atomically, 4 threads", .threads = 4,
                .against = "hot/atomically-2"}}},
    {HOT, .name = "hot/atomically-8", .sleeps = true,
     .lanes = {{ATOMICALLY, .title = "stm_atomically, 8 threads", .threads = 8, .against = "hot/atomically-2",
                .wanted = 0.8}}},
    {.name = NULL},
};
