/*
 * workload.c -- the list of workloads, and a store filled for one of them.
 */
#include "workload.h"

#include "../key_text.h"
#include "operations.h"

#include <stdlib.h>

#define FILL_COUNT 64 /* keys set in one transaction */
#define THREADS_MAX 16

/* ----------------------------------------------------------------------------------- list -- */

#define ALONE(operation)         \
    {                            \
        "1 thread",              \
        {                        \
            {                    \
                "", 1, operation \
            }                    \
        }                        \
    }
#define THREADS(count, operation)    \
    {                                \
#count " threads",           \
        {                            \
            {                        \
                "", count, operation \
            }                        \
        }                            \
    }

const bench_workload bench_workloads[] = {
    {.name = "transfer",
     .title = "transfer between 2 of 100,000 keys",
     .unit = "transfer",
     .key_count = 100000,
     .value_size = 8,
     .configurations = {ALONE(transfer), THREADS(2, transfer)}},
    {.name = "transfer-20k",
     .title = "transfer between 2 of 20,000 keys",
     .unit = "transfer",
     .key_count = 20000,
     .value_size = 8,
     .configurations = {ALONE(transfer), THREADS(2, transfer)}},
    {.name = "transfer-10m",
     .title = "transfer between 2 of 10 million keys",
     .unit = "transfer",
     .key_count = 10000000,
     .value_size = 8,
     .configurations = {ALONE(transfer), THREADS(2, transfer)}},
    {.name = "read4",
     .title = "read of 4 of 100,000 keys",
     .unit = "read",
     .key_count = 100000,
     .value_size = 8,
     .configurations = {ALONE(read_four), THREADS(2, read_four)}},
    {.name = "read4-20k",
     .title = "read of 4 of 20,000 keys",
     .unit = "read",
     .key_count = 20000,
     .value_size = 8,
     .configurations = {ALONE(read_four), THREADS(2, read_four)}},
    {.name = "mix",
     .title = "nine reads of 4 to one transfer, 100,000 keys",
     .unit = "operation",
     .key_count = 100000,
     .value_size = 8,
     .configurations = {ALONE(mix), THREADS(2, mix)}},
    {.name = "hot",
     .title = "transfer between 2 of 8 keys",
     .unit = "transfer",
     .key_count = 8,
     .value_size = 8,
     .configurations = {ALONE(transfer), THREADS(2, transfer), THREADS(4, transfer), THREADS(8, transfer)}},
    {.name = "zipf",
     .title = "transfer between 2 of 100,000 keys, Zipf 0.99",
     .unit = "transfer",
     .key_count = 100000,
     .value_size = 8,
     .configurations = {ALONE(transfer_zipf), THREADS(2, transfer_zipf), THREADS(8, transfer_zipf)}},
    {.name = "value-16",
     .title = "one key read, changed and written: 16 bytes",
     .unit = "update",
     .key_count = 1,
     .value_size = 16,
     .configurations = {ALONE(count_up)}},
    {.name = "value-1k",
     .title = "one key read, changed and written: 1 KiB",
     .unit = "update",
     .key_count = 1,
     .value_size = 1024,
     .configurations = {ALONE(count_up)}},
    {.name = "value-64k",
     .title = "one key read, changed and written: 64 KiB",
     .unit = "update",
     .key_count = 1,
     .value_size = 65536,
     .configurations = {ALONE(count_up)}},
    {.name = "churn",
     .title = "one key removed, another inserted; 100,000 are there",
     .unit = "replacement",
     .key_count = 100000,
     .value_size = 8,
     .replaces = true,
     .configurations = {ALONE(replace_key), THREADS(2, replace_key)}},
    {.name = "snapshot",
     .title = "snapshots of 100,000 keys",
     .unit = "transfer",
     .key_count = 100000,
     .value_size = 8,
     .configurations = {{"writer alone", {{"writer", 1, transfer}}},
                        {"side by side", {{"writer", 1, transfer}, {"snapshots", 1, scan_all}}},
                        {"snapshots alone", {{"snapshots", 1, scan_all}}}}},
    {.name = "range",
     .title = "100 keys in order, of 100,000",
     .unit = "range",
     .key_count = 100000,
     .value_size = 8,
     .configurations = {ALONE(range_of_hundred)}},
    {.name = "long",
     .title = "transaction of 64 of 100,000 keys",
     .unit = "transaction",
     .key_count = 100000,
     .value_size = 8,
     .configurations = {ALONE(transfer_many), THREADS(2, transfer_many)}},
    {.name = "wordcount",
     .title = "words counted, 32 a transaction, 20,000 words known",
     .unit = "transaction",
     .key_count = 20000,
     .value_size = 8,
     .configurations = {ALONE(count_words), THREADS(2, count_words)}},
    {.name = "memory",
     .title = "a million keys of 16 bytes with values of 8",
     .unit = "transfer",
     .key_count = 1000000,
     .value_size = 8,
     .configurations = {ALONE(transfer)}},
    {.name = "pairs",
     .title = "readers beside writers of pairs",
     .unit = "transfer",
     .key_count = 16,
     .value_size = 8,
     .only_checks = true,
     .configurations = {{"side by side", {{"writers", 2, transfer_partner}, {"readers", 2, read_partners}}}}},
    {.name = NULL},
};

const bench_workload *bench_workload_named(const char *name)
{
    for (const bench_workload *w = bench_workloads; w->name != NULL; w++) {
        if (strcmp(w->name, name) == 0)
            return w;
    }
    return NULL;
}

static bool can_do(const peer *peer, bench_operation *run)
{
    /* Elsewhere it would only be measured twice. */
    if (peer->prefetch != NULL && run != transfer && run != read_four && run != mix && run != transfer_partner &&
        run != read_partners)
        return false;
    if (run == scan_all)
        return peer->scan != NULL;
    if (run == range_of_hundred)
        return peer->range != NULL;
    if (run == replace_key)
        return peer->replace != NULL;
    if (run == read_four || run == read_partners)
        return peer->read != NULL;
    if (run == mix)
        return peer->read != NULL && peer->update != NULL;
    return peer->update != NULL;
}

bool bench_can_run(const peer *peer, const bench_configuration *configuration)
{
    unsigned threads = 0;
    bool scans = false;
    for (unsigned l = 0; l < LANES_MAX && configuration->lanes[l].threads > 0; l++) {
        threads += configuration->lanes[l].threads;
        scans |= configuration->lanes[l].run == scan_all;
        if (!can_do(peer, configuration->lanes[l].run))
            return false;
    }
    if (scans && peer->scans_alone && threads > 1)
        return false;
    return peer->threads_max == 0 || threads <= peer->threads_max;
}

/* ---------------------------------------------------------------------------------- store -- */

/* Where keys come and go, every other one is there at first. */
static void fill(const bench_session *session)
{
    char texts[FILL_COUNT][PEER_KEY_SIZE];
    uint32_t numbers[FILL_COUNT];
    peer_keys keys = {(const char(*)[PEER_KEY_SIZE])texts, numbers, 0};
    peer_context *context = session->peer->enter(session->store);
    for (size_t i = 0; i < session->key_count; i++) {
        numbers[keys.count] = (uint32_t)(session->workload->replaces ? 2 * i : i);
        bench_key_write(texts[keys.count], numbers[keys.count]);
        keys.count++;
        if (keys.count == FILL_COUNT || i + 1 == session->key_count) {
            session->peer->put(context, &keys, session->value);
            keys.count = 0;
        }
    }
    session->peer->leave(context);
}

bench_session bench_session_open(const peer *peer, const bench_workload *workload, size_t key_count,
                                 const char *folder)
{
    static const int64_t opening = OPENING_NUMBER;
    bench_session session = {.peer = peer, .workload = workload, .key_count = key_count};
    const peer_setup setup = {.key_count_max = key_count * (workload->replaces ? 2 : 1),
                              .value_size = workload->value_size,
                              .thread_count_max = THREADS_MAX,
                              .folder = folder};
    session.value = calloc(1, workload->value_size);
    session.odd = calloc(1, key_count);
    if (session.value == NULL || session.odd == NULL)
        bench_fail("out of memory");
    memcpy(session.value, &opening, sizeof opening);
    session.zipf = zipf_of(key_count);
    session.store = peer->open(&setup);
    fill(&session);
    return session;
}

void bench_session_check(const bench_session *session)
{
    if (session->peer->scan == NULL)
        return;
    peer_context *context = session->peer->enter(session->store);
    peer_sum all = session->peer->scan(context);
    session->peer->leave(context);
    int64_t sum = (int64_t)session->key_count * OPENING_NUMBER + session->added;
    if (all.count != session->key_count || all.sum != sum)
        bench_fail("%s, %s: %zu accounts hold %lld, but %zu should hold %lld", session->peer->name,
                   session->workload->name, all.count, (long long)all.sum, session->key_count,
                   (long long)sum);
}

void bench_session_close(bench_session *session)
{
    session->peer->close(session->store);
    free(session->value);
    free(session->odd);
}
