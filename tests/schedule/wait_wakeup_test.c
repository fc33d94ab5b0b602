/*
 * Lost wake-up: a transaction goes to sleep until a key changes, the key changes, and nobody wakes it.
 * Must not happen: the sleeper says that it waits before it looks at its keys for the last time, and a
 * commit looks for sleepers after it has decided.
 *
 *     sleeper                      writer
 *     get x: version 1
 *     looks: still version 1
 *                                  commit x: version 2; sees no sleeper
 *     says that it waits, sleeps   ... for ever: must not be
 *
 * The futex is the scheduler's (machine.h): if all threads sleep or have ended, the run fails.
 */
#include "stage.h"

#define X 0
#define Y 1

static void setup_two(void)
{
    stage_open(2, "ws");
}

static void setup_three(void)
{
    stage_open(3, "ws");
}

static void setup_absent(void)
{
    stage_open(2, "Ws");
}

static void set(unsigned thread, uint32_t key)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_set(me, key);
    if (status == STM_OK)
        status = actor_commit(me);
    if (status != STM_OK)
        scheduler_fail("the only writer is told %s", stm_status_name(status));
}

/* Sleeps until x is not as it was at the beginning. */
static void await(unsigned thread, const uint32_t *keys, unsigned count)
{
    actor *me = &stage_actors[thread];
    if (actor_getting(me, keys, count) != STM_OK) {
        scheduler_fail("a reader that holds nothing is not served");
        return;
    }
    bool changed = !stage_is_initial(actor_value(me, X));
    if (!changed) {
        stm_status status = stm_txn_wait(me->txn, -1);
        if (status != STM_OK)
            scheduler_fail("wait answered %s", stm_status_name(status));
        stm_status after = actor_commit(me);
        if (after != STM_CONFLICT)
            scheduler_fail("woken, but nothing has changed: commit answered %s", stm_status_name(after));
    }
    stage_outcome(thread, changed ? "was there" : "waited");
}

static void one_sleeper(unsigned thread)
{
    static const uint32_t keys[] = {X};
    thread == 0 ? set(thread, X) : await(thread, keys, 1);
}

static void two_sleepers(unsigned thread)
{
    one_sleeper(thread);
}

/* y changes too, which wakes nobody, or for nothing; both keys may share a bit of the mask. */
static void other_key(unsigned thread)
{
    static const uint32_t keys[] = {X};
    if (thread == 1) {
        await(thread, keys, 1);
    } else {
        set(thread, Y);
        actor_reset(&stage_actors[thread]);
        set(thread, X);
    }
}

static void two_keys(unsigned thread)
{
    static const uint32_t keys[] = {Y, X};
    thread == 0 ? set(thread, X) : await(thread, keys, 2);
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"one_sleeper", 2, setup_two, one_sleeper, stage_close}, 3, {", waited", ", was there"}},
        {{"until_created", 2, setup_absent, one_sleeper, stage_close}, 3, {", waited", ", was there"}},
        {{"other_key", 2, setup_two, other_key, stage_close}, 2, {", waited", ", was there"}},
        {{"two_keys", 2, setup_two, two_keys, stage_close}, 3, {", waited", ", was there"}},
        {{"two_sleepers", 3, setup_three, two_sleepers, stage_close}, 2,
         {", waited, waited", ", was there, was there", ", waited, was there"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
