/*
 * Dirty read: somebody sees what a transaction wrote that was never committed. Must not happen: a value in a
 * node is current only once its owner's status says COMMITTED, and that word changes once.
 *
 *     writer                       other                        reader
 *     use x, use y; set both
 *                                  commit y: OK
 *     commit: installs x
 *                                                               get x: must be the old value
 *       finds y changed: CONFLICT
 *                                                               get x: must be the old value
 */
#include "stage.h"

#define X 0
#define Y 1

static uint64_t dirty;      /* what the writer set x to */
static bool writer_failed;
static uint64_t seen[4];

static void setup(void)
{
    dirty = 0;
    writer_failed = false;
    memset(seen, 0, sizeof seen);
    stage_open(3, "sw");
}

static void write_both(unsigned thread)
{
    actor *me = &stage_actors[thread];
    static const uint32_t both[] = {X, Y};
    stm_status status = actor_using(me, both, 2);
    if (status == STM_OK)
        status = actor_set(me, X);
    dirty = actor_value(me, X);
    if (status == STM_OK)
        status = actor_set(me, Y);
    if (status == STM_OK)
        status = actor_commit(me);
    writer_failed = status != STM_OK;
    stage_status(thread, status);
}

static void write_y(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stage_status(thread, actor_set(me, Y) == STM_OK ? actor_commit(me) : STM_CONFLICT);
}

static void read_by_transactions(unsigned thread)
{
    actor *me = &stage_actors[thread];
    for (unsigned i = 0; i < 2; i++) {
        if (actor_get(me, X) == STM_OK)
            seen[i] = actor_value(me, X);
        actor_reset(me);
    }
}

static void read_by_peek(unsigned thread)
{
    for (unsigned i = 0; i < 2; i++) {
        stm_bytes value;
        if (stm_txn_peek(stage_actors[thread].txn, stage_key(X), &value) == STM_OK)
            seen[i] = value_read(value);
        if (seen[i] == 0)
            scheduler_fail("peek gave a value that is not whole");
    }
}

static void read_by_snapshot(unsigned thread)
{
    actor *me = &stage_actors[thread];
    actor_take(me);
    seen[0] = actor_look(me, X);
    seen[1] = actor_look(me, X);
    actor_release(me);
    if (seen[0] != seen[1])
        scheduler_fail("a snapshot changed");
}

static void with_transactions(unsigned thread)
{
    thread == 0 ? write_both(thread) : thread == 1 ? write_y(thread) : read_by_transactions(thread);
}

static void with_peek(unsigned thread)
{
    thread == 0 ? write_both(thread) : thread == 1 ? write_y(thread) : read_by_peek(thread);
}

static void with_snapshot(unsigned thread)
{
    thread == 0 ? write_both(thread) : thread == 1 ? write_y(thread) : read_by_snapshot(thread);
}

static void finish(void)
{
    for (unsigned i = 0; writer_failed && i < 4; i++)
        if (seen[i] == dirty)
            scheduler_fail("a value was read that was never committed");
    stage_close();
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"by_transactions", 3, setup, with_transactions, finish}, 2,
         {"OK, OK, ", "CONFLICT, OK, ", "OK, CONFLICT, "}},
        {{"by_peek", 3, setup, with_peek, finish}, 2, {"OK, OK, ", "CONFLICT, OK, ", "OK, CONFLICT, "}},
        {{"by_snapshot", 3, setup, with_snapshot, finish}, 2,
         {"OK, OK, ", "CONFLICT, OK, ", "OK, CONFLICT, "}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
