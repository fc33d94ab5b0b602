/*
 * Old versions: a snapshot loses a value that it still needs, or one is kept that nobody needs any
 * more. Must not happen: the owner of a key pushes the old value before it overwrites it, if an
 * announced snapshot sees it; who releases a snapshot hands each of its old versions to another that
 * sees it, or drops it.
 *
 *     writer                       A                            B
 *                                  holds a snapshot
 *     commit x: pushes version 1
 *       for A
 *                                                               takes a snapshot
 *     commit x: must push
 *       version 2, for B
 *                                  release: drops version 1,
 *                                  which only A saw
 *                                                               looks: version 2
 *     commit x: who keeps
 *       version 3?
 *                                                               release: drops version 2
 *     in the end: no old version is left (stage_close looks)
 */
#include "stage.h"

#define X 0
#define Y 1

static void commit_x(actor *me, bool present)
{
    stm_status status = present ? actor_set(me, X) : actor_delete(me, X);
    if (status == STM_OK)
        status = actor_commit(me);
    if (status != STM_OK)
        scheduler_fail("the only writer is told %s", stm_status_name(status));
}

static void write_often(unsigned thread)
{
    for (unsigned i = 0; i < 3; i++)
        commit_x(&stage_actors[thread], true);
}

/* ---- one snapshot, held from the beginning, released among the commits */

static void setup_held(const char *kinds)
{
    stage_open(2, kinds);
    actor_take(&stage_actors[1]);
}

static void setup_small(void)
{
    setup_held("s");
}

static void setup_large(void)
{
    setup_held("l");
}

static void setup_mixed(void)
{
    setup_held("x");
}

static void look_and_release(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (!stage_is_initial(actor_look(me, X)))
        scheduler_fail("a snapshot shows what was committed after it");
    if (!stage_is_initial(actor_look(me, X)))
        scheduler_fail("a snapshot has changed");
    actor_release(me);
}

static void release_among_commits(unsigned thread)
{
    thread == 0 ? write_often(thread) : look_and_release(thread);
}

static void delete_and_create(unsigned thread)
{
    if (thread == 1) {
        look_and_release(thread);
        return;
    }
    commit_x(&stage_actors[thread], false);
    commit_x(&stage_actors[thread], true);
    commit_x(&stage_actors[thread], false);
}

/* ---- two snapshots of different instants, both with old versions already */

static void setup_two_held(void)
{
    stage_open(3, "s");
    actor_take(&stage_actors[1]);
    commit_x(&stage_actors[0], true);
    actor_take(&stage_actors[2]);
    commit_x(&stage_actors[0], true);
}

static void release_two(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 0) {
        commit_x(me, true);
        commit_x(me, true);
    } else {
        actor_look(me, X);
        actor_release(me);
    }
}

/* ---- one held, and another one taken meanwhile */

static void setup_one_held(void)
{
    stage_open(3, "s");
    actor_take(&stage_actors[1]);
    commit_x(&stage_actors[0], true);
}

static void take_and_release(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 0) {
        commit_x(me, true);
        commit_x(me, true);
    } else if (thread == 1) {
        actor_release(me);
    } else {
        actor_take(me);
        actor_look(me, X);
        actor_release(me);
    }
}

/* ---- two writers, of the same key: each may have reserved memory for an old version that it then need
 * not keep */

static void setup_two_writers(void)
{
    stage_open(3, "ls");
    actor_take(&stage_actors[2]);
}

static void two_writers(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 2) {
        actor_look(me, X);
        actor_release(me);
        return;
    }
    stm_status status = actor_set(me, X);
    if (status == STM_OK)
        status = actor_set(me, Y);
    if (status == STM_OK)
        status = actor_commit(me);
    stage_status(thread, status);
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"small", 2, setup_small, release_among_commits, stage_close}, 3, {NULL}},
        {{"large", 2, setup_large, release_among_commits, stage_close}, 3, {NULL}},
        {{"mixed", 2, setup_mixed, release_among_commits, stage_close}, 3, {NULL}},
        {{"delete_and_create", 2, setup_small, delete_and_create, stage_close}, 3, {NULL}},
        {{"release_two", 3, setup_two_held, release_two, stage_close}, 2, {NULL}},
        {{"take_and_release", 3, setup_one_held, take_and_release, stage_close}, 2, {NULL}},
        {{"two_writers", 3, setup_two_writers, two_writers, stage_close}, 2,
         {"OK, OK, ", "OK, CONFLICT, ", "CONFLICT, OK, "}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
