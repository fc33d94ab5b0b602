/*
 * manners_test.c -- what stm_atomically does between two attempts: nothing, give way, or sleep.
 *
 * What must not happen: whoever has lost once is sent to sleep, though nobody is in his way any more; whoever goes on
 * losing is never sent there; the processor is kept from the thread that makes us BUSY.
 *
 * The calls by which a thread gives way are caught here, before the C library has them.
 */
#include "busy.h"
#include "support.h"

#include <stm/probe.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KEY stm_text("key")
#define HELD stm_text(BUSY_KEY)

static _Thread_local int yields, sleeps;

STM_PROVIDED int sched_yield(void)
{
    yields++;
    return (int)syscall(SYS_sched_yield);
}

STM_PROVIDED int nanosleep(const struct timespec *time, struct timespec *left)
{
    sleeps++;
    return (int)syscall(SYS_nanosleep, time, left);
}

struct beaten {
    stm_store *store;
    int times, runs;
};

static stm_status be_beaten(stm_txn *txn, void *arg)
{
    struct beaten *beaten = arg;
    const stm_status status = stm_txn_use(txn, KEY, NULL);

    if (beaten->runs++ < beaten->times)
        put(beaten->store, "key", "theirs");
    return status;
}

Test(manners, first_conflict_is_followed_by_the_next_attempt_at_once)
{
    struct beaten beaten = {.store = open_store(NULL), .times = 1};

    OK(stm_atomically(beaten.store, "beaten", NULL, be_beaten, &beaten));
    EQUALS(beaten.runs, 2);
    EQUALS(yields + sleeps, 0);

    close_store(beaten.store);
}

Test(manners, whoever_goes_on_losing_sleeps)
{
    const stm_policy policy = {.size = sizeof(policy), .backoff_ns_min = 4 * MILLISECOND, .patience = 100};
    struct beaten beaten = {.store = open_store(NULL), .times = 6};

    OK(stm_atomically(beaten.store, "beaten", &policy, be_beaten, &beaten));
    EQUALS(beaten.runs, 7);
    cr_assert(sleeps > 0 && sleeps <= 5); /* one may be so short by chance that it is not slept */
    EQUALS(yields, 0);

    close_store(beaten.store);
}

static stm_status set_held(stm_txn *txn, void *arg)
{
    ++*(int *)arg;
    return stm_txn_set(txn, HELD, stm_text("mine"));
}

Test(manners, busy_gives_way_and_keeps_what_the_body_has_done)
{
    static gate gate;
    const stm_policy policy = {.size = sizeof(policy), .attempt_count_max = 3};
    int runs = 0;

    gate_make(&gate);
    const stm_options options = {.allocator = gate_allocator(&gate)};
    stm_store *store = open_store(&options);
    busy_holder holder = {.gate = &gate, .store = store};
    cr_assert(busy_hold(&holder));
    yields = sleeps = 0; /* those of the stage's building */
    ANSWERS(stm_atomically(store, "busy", &policy, set_held, &runs), STM_TIMEOUT);
    EQUALS(runs, 1);
    EQUALS(yields, 2);
    EQUALS(sleeps, 0);
    cr_assert(busy_release(&holder));

    close_store(store);
    gate_unmake(&gate);
}
