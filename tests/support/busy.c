#define _GNU_SOURCE
#include "busy.h"

#include <stdlib.h>
#include <unistd.h>

#define COMMITS_MAX 1000 /* before memory must have been given back */

static const stm_bytes first = {"busy before", 11}, held = {BUSY_KEY, sizeof BUSY_KEY - 1};

static stm_status set_large(stm_txn *txn, stm_bytes key, size_t size)
{
    void *value = calloc(1, size);
    stm_status status = value == NULL ? STM_NO_MEMORY : stm_txn_set(txn, key, stm_bytes_of(value, size));
    free(value);
    return status;
}

/* ---- a commit that is stopped ---- */

/* The library looks for memory to give back only now and then: hence the loop. */
static stm_status commit_until_stopped(busy_holder *h, stm_txn *txn)
{
    const stm_bytes keys[] = {first, held}; /* made in this order, and published in the same */
    bool stopped = false;
    stm_status status = stm_txn_using(txn, keys, 2, NULL);
    for (unsigned i = 0; i < COMMITS_MAX && status == STM_OK && !stopped; i++) {
        status = set_large(txn, first, GATE_SIZE);
        h->txn = stm_txn_id(txn);
        gate_arm(GATE_AT_FREE);
        if (status == STM_OK)
            status = stm_txn_commit(txn);
        stopped = gate_disarm();
        usleep(200);
    }
    return stopped ? status : STM_TIMEOUT;
}

static void *hold(void *arg)
{
    busy_holder *h = arg;
    stm_txn *txn = NULL;
    h->tid = (uint32_t)gettid();
    stm_status status = stm_txn_begin(h->store, "holder", &txn);
    if (status == STM_OK)
        status = commit_until_stopped(h, txn);
    stm_txn_end(txn);
    h->failed = status != STM_OK;
    return NULL;
}

bool busy_hold(busy_holder *h)
{
    return pthread_create(&h->thread, NULL, hold, h) == 0 && gate_await(h->gate);
}

bool busy_release(busy_holder *h)
{
    gate_open(h->gate);
    return pthread_join(h->thread, NULL) == 0 && !h->failed;
}

/* ---- a key that never stands still ---- */

typedef struct changer {
    gate *gate;
    stm_store *store;
    pthread_t thread;
    bool enough, failed;
} changer;

/* Sizes so different that the copy of one never fits where the other was: each copy asks for memory. */
static stm_status change(changer *c, unsigned count)
{
    stm_txn *txn = NULL;
    stm_status status = stm_txn_begin(c->store, "changer", &txn);
    if (status == STM_OK)
        status = set_large(txn, held, count % 2 == 0 ? GATE_SIZE : 8 * GATE_SIZE);
    if (status == STM_OK)
        status = stm_txn_commit(txn);
    stm_txn_end(txn);
    return status;
}

static void *change_whenever_copied(void *arg)
{
    changer *c = arg;
    for (unsigned count = 1; gate_await(c->gate); count++) {
        if (c->enough)
            return NULL;
        c->failed = c->failed || change(c, count) != STM_OK;
        gate_open(c->gate);
    }
    c->failed = true;
    return NULL;
}

static size_t take_all_snapshots(stm_store *store, stm_snapshot **snapshots)
{
    size_t count = 0;
    while (count < STM_SNAPSHOT_COUNT_MAX && stm_snapshot_take(store, "in the way", &snapshots[count]) == STM_OK)
        count++;
    return count;
}

stm_status busy_checkout(gate *g, stm_store *store, stm_txn *txn)
{
    stm_snapshot *snapshots[STM_SNAPSHOT_COUNT_MAX];
    changer c = {.gate = g, .store = store};
    stm_status status = change(&c, 0);
    size_t taken = take_all_snapshots(store, snapshots);
    if (status == STM_OK && pthread_create(&c.thread, NULL, change_whenever_copied, &c) == 0) {
        gate_arm(GATE_AT_ALLOC);
        status = stm_txn_get(txn, held, NULL);
        gate_disarm();
        c.enough = true;
        sem_post(&g->arrived);
        pthread_join(c.thread, NULL);
    }
    while (taken > 0)
        stm_snapshot_release(snapshots[--taken]);
    return c.failed ? STM_INVALID : status;
}
