/*
 * Everything at once, and every word of it checked: threads read, write, create, delete, commit again,
 * give up, and take snapshots, over a few keys that all of them want; each writes down what it was
 * told. Afterwards one serial order must explain all of it: committed transactions, failed ones and
 * snapshots, in agreement with time (history_check.h).
 *
 * It comes in rounds, so that histories fit into memory; each round has new threads.
 *
 * Built twice: with the library as it is, and with the testing build, where the hook before each access
 * to shared memory lets other threads run there now and then, or for a while: so that threads are
 * preempted in the middle of everything, and not only where the kernel's tick happens to fall.
 */
#define _POSIX_C_SOURCE 200809L
#include "actor.h"
#include "crew.h"
#include "history_check.h"
#include "random.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>

#define KEY_COUNT 16
#define ROUND 100000u      /* transactions */
#define SLACK_NS 5000      /* clocks of two cores need not agree to the nanosecond */

static actor_key keys[KEY_COUNT];
static history record;
static actor_world world;
static actor actors[CREW_THREAD_COUNT_MAX];

static uint64_t now(actor_edge edge)
{
    (void)edge;
    return crew_now_ns();
}

/* ------------------------------------------------------------------- stalls in between -- */

#ifdef STM_TESTING
#include "../../libstm/src/atomic.h"

static _Thread_local uint64_t stall_random; /* begins as its own address: another in each thread */

static void stall(const stmi_access *access)
{
    (void)access;
    if (stall_random == 0)
        stall_random = (uint64_t)(uintptr_t)&stall_random;
    uint64_t chance = random_below(&stall_random, 1 << 16);
    if (chance < 64) {
        sched_yield();
    } else if (chance == 64) {
        struct timespec while_others_run = {0, 20000};
        nanosleep(&while_others_run, NULL);
    }
}

static void allow_stalls(void)
{
    stmi_access_hook = stall;
}
#define NAME "history with stalls"
#define TRANSACTIONS 500000
#else
static void allow_stalls(void)
{
}
#define NAME "history"
#define TRANSACTIONS 3000000
#endif

/* ------------------------------------------------------------------------ transactions -- */

/* count different keys, near each other half of the time, so that transactions meet. */
static unsigned some_keys(crew_member *me, uint32_t *chosen, unsigned count)
{
    uint32_t first = (uint32_t)random_below(&me->random, KEY_COUNT);
    uint32_t step =
        random_below(&me->random, 2) == 0 ? 1 : 1 + 2 * (uint32_t)random_below(&me->random, KEY_COUNT / 2);
    for (unsigned i = 0; i < count; i++)
        chosen[i] = (first + i * step) % KEY_COUNT;
    return count;
}

static bool held_on(stm_status status)
{
    return status == STM_OK || status == STM_NOT_FOUND;
}

/* BUSY says: the same call again. */
static stm_status commit(crew_member *me, actor *it)
{
    stm_status status;
    while ((status = actor_commit(it)) == STM_BUSY) {
        me->busy++;
        sched_yield();
    }
    return status;
}

static stm_status read_some(crew_member *me, actor *it)
{
    uint32_t chosen[8];
    unsigned count = some_keys(me, chosen, 1 + (unsigned)random_below(&me->random, 5));
    if (random_below(&me->random, 2) == 0) {
        stm_status status = actor_getting(it, chosen, count);
        return status == STM_OK ? commit(me, it) : status;
    }
    for (unsigned i = 0; i < count; i++) {
        stm_status status = actor_get(it, chosen[i]);
        if (!held_on(status))
            return status;
        crew_stumble(me);
    }
    return commit(me, it);
}

static stm_status write_some(crew_member *me, actor *it)
{
    uint32_t chosen[4];
    unsigned count = some_keys(me, chosen, 1 + (unsigned)random_below(&me->random, 3));
    bool look = random_below(&me->random, 3) != 0;
    stm_status status = look ? actor_using(it, chosen, count) : STM_OK;
    for (unsigned i = 0; i < count && status == STM_OK; i++) {
        status = random_below(&me->random, 8) == 0 ? actor_delete(it, chosen[i]) : actor_set(it, chosen[i]);
        crew_stumble(me);
    }
    return status == STM_OK ? commit(me, it) : status;
}

/* Reads some keys and writes others: crosswise with whoever does it the other way round. */
static stm_status read_and_write(crew_member *me, actor *it)
{
    uint32_t chosen[5];
    unsigned count = some_keys(me, chosen, 2 + (unsigned)random_below(&me->random, 3));
    for (unsigned i = 0; i < count; i++) {
        bool write = i == 0 || random_below(&me->random, 4) == 0;
        stm_status status =
            write ? actor_use(it, chosen[count - 1 - i]) : actor_get(it, chosen[count - 1 - i]);
        if (status == STM_OK && write && random_below(&me->random, 4) != 0)
            status = actor_set(it, chosen[count - 1 - i]);
        if (!held_on(status))
            return status;
        crew_stumble(me);
    }
    return commit(me, it);
}

static stm_status commit_again(crew_member *me, actor *it)
{
    stm_status status = read_and_write(me, it);
    for (unsigned i = 0; i < 2 && status == STM_OK; i++) {
        crew_stumble(me);
        status = actor_set(it, it->held[0].key);
        if (status == STM_OK)
            status = commit(me, it);
    }
    return status;
}

static stm_status give_up(crew_member *me, actor *it)
{
    uint32_t chosen[4];
    unsigned count = some_keys(me, chosen, 3);
    stm_status status = actor_getting(it, chosen, count - 1);
    if (status == STM_OK)
        status = actor_set(it, chosen[count - 1]);
    return status;
}

/* A snapshot held for some transactions of one's own, and looked at before and after. */
static void take_and_look(crew_member *me, actor *it)
{
    uint32_t first = (uint32_t)random_below(&me->random, KEY_COUNT);
    bool hold = random_below(&me->random, 4) == 0;
    if (it->snapshot == NULL)
        actor_take(it);
    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        actor_look(it, (first + i) % KEY_COUNT);
        crew_stumble(me);
    }
    if (!hold)
        actor_release(it);
}

static stm_status one_transaction(crew_member *me, actor *it)
{
    switch (random_below(&me->random, 16)) {
    case 0:
        take_and_look(me, it);
        return STM_OK;
    case 1:
        return give_up(me, it);
    case 2:
        return commit_again(me, it);
    case 3: case 4: case 5: case 6:
        return read_some(me, it);
    case 7: case 8: case 9: case 10:
        return write_some(me, it);
    default:
        return read_and_write(me, it);
    }
}

static void work(crew_member *me)
{
    actor *it = &actors[me->number];
    uint64_t serial = it->serial;
    actor_open(it, &world, me->number, "history");
    it->serial = serial; /* values are new in every round */
    for (uint64_t i = 0; i < me->share; i++) {
        me->conflicts += one_transaction(me, it) == STM_CONFLICT;
        actor_reset(it);
        me->done++;
    }
    me->checked += it->log->node_count + it->snapshot_log->node_count;
    actor_close(it);
}

/* ------------------------------------------------------------------------------ rounds -- */

static void check(void)
{
    static char text[16384];
    if (!history_check(&record, text, sizeof text))
        crew_fail("%s", text);
    history_continue(&record);
}

static void check_leftovers(void)
{
    stm_stats stats;
    crew_must(stm_store_stats(world.store, &stats), "stats");
    if (stats.versions_old != 0 || stats.transactions != 0 || stats.snapshots != 0)
        crew_fail("left over: %llu old versions, %llu transactions, %llu snapshots",
                  (unsigned long long)stats.versions_old, (unsigned long long)stats.transactions,
                  (unsigned long long)stats.snapshots);
}

int main(int argc, char **argv)
{
    crew_options options = crew_parse(argc, argv, TRANSACTIONS);
    for (uint32_t i = 0; i < KEY_COUNT; i++)
        keys[i] = actor_key_make(i, (value_kind)(i / 2 % VALUE_KIND_COUNT));
    history_open(&record, 3 * options.threads, KEY_COUNT, SLACK_NS);
    world = (actor_world){.keys = keys, .history = &record, .actor_count = options.threads, .clock = now};
    crew_must(stm_store_open(NULL, &world.store), "open");
    crew_open(&options);
    allow_stalls();
    for (uint64_t left = options.transactions; left > 0;) {
        uint64_t round = left < ROUND ? left : ROUND;
        crew_work(&options, round, work);
        check();
        check_leftovers();
        left -= round;
    }
    crew_must(stm_store_close(world.store), "close");
    crew_tell(NAME, &options);
    history_close(&record);
    return 0;
}
