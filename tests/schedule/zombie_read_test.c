/*
 * Zombie read: a transaction that will fail in the end sees, before that, two keys from different
 * instants, and acts on a state that never was. Must not happen: each checkout looks again at all that is
 * held; what does not belong to one instant is CONFLICT at once (opacity).
 *
 *     writer                       reader
 *                                  get x: version 1
 *     commit x and y: version 2
 *                                  get y: must not be version 2, but CONFLICT
 */
#include "stage.h"

#define X 0
#define Y 1

static const uint32_t both[] = {X, Y};

static void setup(void)
{
    stage_open(2, "sw");
}

static void setup_three(void)
{
    stage_open(3, "sws");
}

static void write_both(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_using(me, both, 2);
    if (status == STM_OK && (status = actor_set(me, X)) == STM_OK && (status = actor_set(me, Y)) == STM_OK)
        status = actor_commit(me);
    stage_status(thread, status);
}

/* Both keys were at version 1, and only ever change together. */
static void same_instant(unsigned thread)
{
    const actor *me = &stage_actors[thread];
    if (me->held_count >= 2 && me->held[0].version != me->held[1].version)
        scheduler_fail("x is of version %llu, and y of %llu", (unsigned long long)me->held[0].version,
                       (unsigned long long)me->held[1].version);
}

static void get_get(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 0) {
        write_both(thread);
        return;
    }
    stm_status status = actor_get(me, X);
    if (status == STM_OK)
        status = actor_get(me, Y);
    same_instant(thread);
    stage_status(thread, status);
    if (status == STM_OK)
        stage_status(thread, actor_commit(me));
}

static void use_get(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 0) {
        write_both(thread);
        return;
    }
    stm_status status = actor_use(me, Y);
    if (status == STM_OK)
        status = actor_get(me, X);
    same_instant(thread);
    stage_status(thread, status);
    if (status == STM_OK)
        stage_status(thread, actor_commit(me));
}

static void getting(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 0) {
        write_both(thread);
        return;
    }
    stm_status status = actor_getting(me, both, 2);
    if (status != STM_OK)
        scheduler_fail("a checkout of nothing held before is told %s", stm_status_name(status));
    same_instant(thread);
    stage_status(thread, actor_commit(me));
}

/* The reader holds x; y follows z in one commit, z follows x in another: three keys, two writers. */
static void chain(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status;
    if (thread < 2) { /* reads its key, writes the next */
        status = actor_get(me, thread);
        if (status == STM_OK && (status = actor_set(me, thread + 1)) == STM_OK)
            status = actor_commit(me);
    } else {
        status = actor_get(me, 2);
        if (status == STM_OK && (status = actor_get(me, 0)) == STM_OK)
            status = actor_get(me, 1);
    }
    stage_status(thread, status);
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"get_get", 2, setup, get_get, stage_close}, 3, {"OK, CONFLICT", "OK, OK+OK", "OK, OK+CONFLICT"}},
        {{"use_get", 2, setup, use_get, stage_close}, 3,
         {"OK, CONFLICT", "OK, OK+OK", "OK, OK+CONFLICT", "CONFLICT, OK+OK"}},
        {{"getting", 2, setup, getting, stage_close}, 3, {"OK, OK", "OK, CONFLICT"}},
        {{"chain", 3, setup_three, chain, stage_close}, 2, {"OK, OK, OK", "OK, OK, CONFLICT"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
