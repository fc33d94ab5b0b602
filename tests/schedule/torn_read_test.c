/*
 * Torn read: a reader gets the beginning of one value and the end of another. Must not happen: values
 * are written word by word while others copy them, but a copy counts only if a second look finds the
 * same version in the same place.
 *
 *     writer                       reader
 *                                  looks at x: version 1
 *                                  copies the first word
 *     commit: version 2
 *     commit: version 3, in the memory of version 1
 *                                  copies the second word
 *                                  looks again: not version 1, begins anew
 *
 * Each value says who wrote it and how it goes on (value.h); actors refuse one that is not whole. Sizes
 * change from commit to commit in the mixed case: from the record to a block of its own and back.
 */
#include "stage.h"

#define COMMITS 3

static void setup_small(void)
{
    stage_open(2, "s");
}

static void setup_middle(void)
{
    stage_open(2, "m");
}

static void setup_large(void)
{
    stage_open(2, "l");
}

static void setup_mixed(void)
{
    stage_open(2, "x");
}

static void write_often(unsigned thread)
{
    actor *me = &stage_actors[thread];
    for (unsigned i = 0; i < COMMITS; i++) {
        stm_status status = actor_set(me, 0);
        if (status == STM_OK)
            status = actor_commit(me);
        if (status != STM_OK)
            scheduler_fail("the only writer is told %s", stm_status_name(status));
    }
}

static void note_seen(unsigned thread, uint64_t number)
{
    uint64_t serial = (number & UINT64_C(0xffffffffffff)) - 1;
    stage_outcome(thread, stage_is_initial(number) ? "initial"
                          : serial == 0            ? "first"
                          : serial == 1            ? "second"
                                                   : "third");
}

static void by_get(unsigned thread)
{
    if (thread == 0) {
        write_often(thread);
    } else if (actor_get(&stage_actors[thread], 0) == STM_OK) {
        note_seen(thread, actor_value(&stage_actors[thread], 0));
    }
}

static void by_snapshot(unsigned thread)
{
    if (thread == 0) {
        write_often(thread);
    } else {
        actor_take(&stage_actors[thread]);
        note_seen(thread, actor_look(&stage_actors[thread], 0));
        actor_release(&stage_actors[thread]);
    }
}

/* One that writes too: its private copy must be whole, and what it overwrites. */
static void by_use(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 0) {
        stm_status status = STM_OK;
        for (unsigned i = 0; i < 2 && status == STM_OK; i++) {
            status = actor_set(me, 0);
            if (status == STM_OK)
                status = actor_commit(me);
        }
        stage_status(thread, status);
    } else if (actor_use(me, 0) == STM_OK) {
        note_seen(thread, actor_value(me, 0));
        stage_status(thread, actor_commit(me));
    }
}

#define EXPECTED {", initial", ", first", ", second", ", third"}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"small", 2, setup_small, by_get, stage_close}, 3, EXPECTED},
        {{"middle", 2, setup_middle, by_get, stage_close}, 3, EXPECTED},
        {{"large", 2, setup_large, by_get, stage_close}, 3, EXPECTED},
        {{"mixed", 2, setup_mixed, by_get, stage_close}, 3, EXPECTED},
        {{"small_snapshot", 2, setup_small, by_snapshot, stage_close}, 3, EXPECTED},
        {{"large_snapshot", 2, setup_large, by_snapshot, stage_close}, 3, EXPECTED},
        {{"mixed_snapshot", 2, setup_mixed, by_snapshot, stage_close}, 3, EXPECTED},
        {{"small_use", 2, setup_small, by_use, stage_close}, 3, {"OK, initial+CONFLICT", "OK, second+OK"}},
        {{"mixed_use", 2, setup_mixed, by_use, stage_close}, 3, {"OK, initial+CONFLICT", "OK, second+OK"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
