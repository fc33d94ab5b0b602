/*
 * Write skew: each of two transactions reads what the other one writes, and both commit, as if each had
 * been first. Must not happen: a commit checks that what it only read has not changed, at the
 * instant at which it publishes.
 *
 *     one                          two
 *     get x: on call                                      "one of x and y stays on call"
 *                                  get y: on call
 *     set y: off
 *                                  set x: off
 *     commit: OK
 *                                  commit: must be CONFLICT (or the other way round)
 */
#include "stage.h"

/* Threads that committed having read what was there at first. */
static bool committed[SCHEDULER_THREAD_COUNT_MAX];

static void setup(unsigned threads, const char *kinds)
{
    memset(committed, 0, sizeof committed);
    stage_open(threads, kinds);
}

static void setup_two(void)
{
    setup(2, "ws");
}

static void setup_three(void)
{
    setup(3, "wws");
}

static void setup_absent(void)
{
    setup(2, "WS");
}

/* Reads its own key and writes the next thread's. */
static void read_and_write(unsigned thread, unsigned threads)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_get(me, thread);
    if (status == STM_OK || status == STM_NOT_FOUND)
        status = actor_set(me, (thread + 1) % threads);
    if (status == STM_OK)
        status = actor_commit(me);
    committed[thread] = status == STM_OK && stage_is_initial(me->held[0].value);
    stage_status(thread, status);
}

static void two(unsigned thread)
{
    read_and_write(thread, 2);
}

static void three(unsigned thread)
{
    read_and_write(thread, 3);
}

/* The writer of y reads x in the same call that checks y out. */
static void at_once(unsigned thread)
{
    actor *me = &stage_actors[thread];
    static const uint32_t both[] = {0, 1};
    stm_status status = actor_getting(me, both, 2);
    if (status == STM_OK)
        status = actor_set(me, thread);
    if (status == STM_OK)
        status = actor_commit(me);
    committed[thread] = status == STM_OK && me->held[1 - thread].version == 1;
    stage_status(thread, status);
}

static void finish(void)
{
    bool all = true;
    for (unsigned i = 0; i < stage_world.actor_count - 1; i++)
        all &= committed[i];
    if (all)
        scheduler_fail("all committed, though each overwrote what another had read");
    stage_close();
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"two", 2, setup_two, two, finish}, 3, {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"absent", 2, setup_absent, two, finish}, 3, {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"at_once", 2, setup_two, at_once, finish}, 3, {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"three", 3, setup_three, three, finish}, 2, {"OK, OK, OK", "OK, CONFLICT, OK"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
