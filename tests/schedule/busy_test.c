/*
 * Busy: a commit has been decided, and its thread does not get on to finish it. Another writer of the
 * key must be told BUSY -- not CONFLICT, since nothing that it checked out has changed, and not be kept
 * waiting; the same call must work later on. Readers and snapshots must go on as if it were finished.
 *
 *     one                          two                          reader
 *     commit x: decides, version 2
 *                                  use x: version 2
 *                                  set x, commit: BUSY
 *                                                               get x: version 2
 *       finishes
 *                                  commit: OK, version 3
 */
#include "stage.h"

#define X 0
#define Y 1

static const uint32_t both[] = {X, Y};

static void setup(void)
{
    stage_open(3, "sl");
}

static void write_both(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_using(me, both, 2);
    if (status == STM_OK && (status = actor_set(me, X)) == STM_OK && (status = actor_set(me, Y)) == STM_OK)
        status = actor_commit(me);
    stage_status(thread, status);
}

/* Commits again after BUSY; actor_commit sees to it that CONFLICT names a key that has changed. */
static void write_x_until_told(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_set(me, X);
    unsigned busy = 0;
    if (status == STM_OK)
        while ((status = actor_commit(me)) == STM_BUSY && busy < 4)
            busy++;
    if (busy > 0)
        stage_outcome(thread, "BUSY");
    stage_status(thread, status);
}

static void read_both(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_get(me, X);
    if (status == STM_OK)
        status = actor_get(me, Y);
    if (status == STM_OK)
        status = actor_commit(me);
    if (status == STM_BUSY)
        scheduler_fail("a reader is told BUSY");
}

static void snapshot_both(unsigned thread)
{
    actor *me = &stage_actors[thread];
    actor_take(me);
    uint64_t x = actor_look(me, X), y = actor_look(me, Y);
    if (x == 0 || y == 0)
        scheduler_fail("a snapshot misses a key that always had a value");
    actor_release(me);
}

static void with_reader(unsigned thread)
{
    thread == 0 ? write_both(thread) : thread == 1 ? write_x_until_told(thread) : read_both(thread);
}

static void with_snapshot(unsigned thread)
{
    thread == 0 ? write_both(thread) : thread == 1 ? write_x_until_told(thread) : snapshot_both(thread);
}

/*
 * Put aside: who meets an undecided commit gives it a moment, and then goes before it. Two who do so, and then lose, must
 * not make it lose: from its third attempt on it also holds what it only read.
 *
 *     one                          two                     three
 *     install in X
 *                                  put one aside; CONFLICT
 *     install in X again
 *                                                          put one aside; CONFLICT
 *     install in X and Z: OK
 */
#define Z 2

static void setup_doomed(void)
{
    stage_open(3, "sss");
    for (unsigned thread = 1; thread <= 2; thread++) {
        actor_set(&stage_actors[thread], X);
        actor_set(&stage_actors[thread], Y);
    }
    actor_set(&stage_actors[0], Y);
    actor_commit(&stage_actors[0]);
    actor_reset(&stage_actors[0]);
    actor_get(&stage_actors[0], Z);
    actor_set(&stage_actors[0], X);
}

static void commit_once(unsigned thread)
{
    stage_status(thread, actor_commit(&stage_actors[thread]));
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"reader", 3, setup, with_reader, stage_close}, 2,
         {"OK, OK, ", "OK, BUSY+OK, ", "OK, CONFLICT, ", "CONFLICT, OK, "}},
        {{"snapshot", 3, setup, with_snapshot, stage_close}, 2,
         {"OK, OK, ", "OK, BUSY+OK, ", "OK, CONFLICT, ", "CONFLICT, OK, "}},
        {{"put_aside", 3, setup_doomed, commit_once, stage_close}, 2, {"OK, CONFLICT, CONFLICT"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
