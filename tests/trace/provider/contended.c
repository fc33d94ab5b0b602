/*
 * contended.c -- threads that fight over a few keys in every way that there is; at the end, what the store counted.
 *
 * Afterwards, one of each outcome is forced, so that none of them is missing however the threads were scheduled.
 */
#define _GNU_SOURCE
#include "busy.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 4000, KEYS = 6 };

typedef struct worker {
    stm_store *store;
    pthread_t thread;
    uint32_t tid;
    uint64_t random;
    unsigned failures; /* answers that no contention explains */
} worker;

static const char *const labels[THREADS] = {"reader", "writer", "batch", "fickle"};

static stm_bytes key_at(uint64_t number)
{
    static const char *const names[KEYS] = {
        "a", "bb", "a-key-of-eighteen", "a key of more than sixteen bytes", "sixteen-bytes---", "long value"};
    return stm_text(names[number % KEYS]);
}

static uint64_t draw(worker *w)
{
    w->random = w->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return w->random >> 33;
}

static bool expected(stm_status status)
{
    return status == STM_OK || status == STM_NOT_FOUND || status == STM_CONFLICT || status == STM_BUSY;
}

/* Up to four keys one after the other, for read or update, set or not; others run in between. */
static stm_status edit_some(worker *w, stm_txn *txn)
{
    static char value[300];
    stm_status status = STM_OK;
    for (uint64_t keys = 1 + draw(w) % 4; keys > 0 && expected(status) && status != STM_CONFLICT; keys--) {
        stm_bytes key = key_at(draw(w));
        switch (draw(w) % 5) {
        case 0: status = stm_txn_get(txn, key, NULL); break;
        case 1: status = stm_txn_use(txn, key, NULL); break;
        case 2: status = stm_txn_delete(txn, key); break;
        default: status = stm_txn_set(txn, key, stm_bytes_of(value, draw(w) % sizeof value)); break;
        }
        if (draw(w) % 8 == 0)
            sched_yield();
    }
    return status;
}

static stm_status edit_at_once(worker *w, stm_txn *txn)
{
    const stm_bytes keys[] = {key_at(draw(w)), key_at(draw(w)), key_at(draw(w))};
    stm_status status = stm_txn_using(txn, keys, 3, NULL);
    return status == STM_OK ? stm_txn_set(txn, keys[0], stm_text("x")) : status;
}

static stm_status body(stm_txn *txn, void *arg)
{
    stm_status status = edit_some(arg, txn);
    return status == STM_NOT_FOUND ? STM_OK : status;
}

/* A handle that now goes on after a commit, now gives up, now starts over. */
static stm_status one_round(worker *w, stm_txn *txn)
{
    stm_status status = draw(w) % 3 == 0 ? edit_at_once(w, txn) : edit_some(w, txn);
    if (status == STM_OK || status == STM_NOT_FOUND)
        status = stm_txn_commit(txn);
    if (status == STM_CONFLICT || draw(w) % 3 != 0)
        stm_txn_reset(txn);
    return status;
}

static void *fight(void *arg)
{
    worker *w = arg;
    const char *label = labels[w->random % THREADS];
    stm_txn *txn = NULL;
    w->tid = (uint32_t)gettid();
    if (stm_txn_begin(w->store, label, &txn) != STM_OK) {
        w->failures++;
        return NULL;
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        w->failures += !expected(one_round(w, txn));
        if (i % 4 == 0)
            w->failures += stm_atomically(w->store, label, NULL, body, w) != STM_OK;
    }
    stm_txn_end(txn);
    printf("thread=%" PRIu32 "\n", w->tid);
    return NULL;
}

static unsigned fight_all(stm_store *store)
{
    worker workers[THREADS];
    unsigned failures = 0;
    for (uint64_t i = 0; i < THREADS; i++) {
        workers[i] = (worker){.store = store, .random = i};
        failures += pthread_create(&workers[i].thread, NULL, fight, &workers[i]) != 0;
    }
    for (unsigned i = 0; i < THREADS && failures == 0; i++) {
        pthread_join(workers[i].thread, NULL);
        failures += workers[i].failures;
    }
    return failures;
}

/* ---- one of each ---- */

static unsigned force_conflicts(stm_store *store)
{
    const stm_bytes key = stm_text("forced"), other = stm_text("other");
    stm_txn *loser = NULL, *winner = NULL;
    unsigned failures = stm_txn_begin(store, "loser", &loser) != STM_OK || stm_txn_begin(store, "winner", &winner) != STM_OK;
    for (int at_commit = 0; at_commit < 2 && failures == 0; at_commit++) {
        failures += stm_txn_use(loser, key, NULL) != STM_OK || stm_txn_set(winner, key, stm_text("x")) != STM_OK;
        failures += stm_txn_commit(winner) != STM_OK;
        failures += (at_commit ? stm_txn_commit(loser) : stm_txn_use(loser, other, NULL)) != STM_CONFLICT;
        stm_txn_reset(loser);
        stm_txn_reset(winner);
    }
    stm_txn_end(loser);
    stm_txn_end(winner);
    return failures;
}

static unsigned force_busy(gate *g, stm_store *store)
{
    busy_holder holder = {.gate = g, .store = store};
    stm_txn *txn = NULL;
    if (stm_txn_begin(store, "late", &txn) != STM_OK || !busy_hold(&holder))
        return 1;
    unsigned failures = stm_txn_use(txn, stm_text(BUSY_KEY), NULL) != STM_OK;
    failures += stm_txn_commit(txn) != STM_BUSY;
    failures += !busy_release(&holder);
    stm_txn_reset(txn);
    failures += busy_checkout(g, store, txn) != STM_BUSY;
    stm_txn_end(txn);
    return failures;
}

static void tell(const stm_store *store)
{
    stm_stats stats;
    if (stm_store_stats(store, &stats) != STM_OK)
        return;
    printf("thread=%d\ncommits=%" PRIu64 "\nconflicts=%" PRIu64 "\nbusy=%" PRIu64 "\ncheckouts=%" PRIu64 "\n", gettid(),
           stats.commits, stats.conflicts, stats.busy, stats.checkouts);
}

int main(void)
{
    gate g;
    stm_store *store = NULL;
    gate_make(&g);
    const stm_options options = {.size = sizeof options, .allocator = gate_allocator(&g)};
    if (stm_store_open(&options, &store) != STM_OK)
        return 1;
    unsigned failures = fight_all(store) + force_conflicts(store) + force_busy(&g, store);
    tell(store);
    failures += stm_store_close(store) != STM_OK;
    gate_unmake(&g);
    if (failures != 0)
        fprintf(stderr, "contended: %u calls did not answer as they should\n", failures);
    return failures == 0 ? 0 : 1;
}
