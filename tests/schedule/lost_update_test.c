/*
 * Lost update: two transactions check the same key out, and both commit what follows from the same old
 * value; one of them is overwritten unseen. Must not happen: a commit publishes a key only if it still has
 * the version that was checked out.
 *
 *     one                          two
 *     use x: version 1
 *                                  use x: version 1
 *                                  commit: version 2, OK
 *     commit: must be CONFLICT
 */
#include "stage.h"

static unsigned committed[SCHEDULER_THREAD_COUNT_MAX]; /* by each thread */

static void setup(unsigned threads)
{
    memset(committed, 0, sizeof committed);
    stage_open(threads, "w");
}

static void commit(unsigned thread)
{
    stm_status status = actor_commit(&stage_actors[thread]);
    committed[thread] += status == STM_OK;
    stage_status(thread, status);
}

/* As many versions as commits that answered OK. */
static void finish(void)
{
    stm_txn *txn;
    uint64_t version = 0;
    if (stm_txn_begin(stage_world.store, "count", &txn) != STM_OK ||
        stm_txn_use(txn, stage_key(0), NULL) != STM_OK ||
        stm_txn_version(txn, stage_key(0), &version) != STM_OK)
        scheduler_fail("the key cannot be read");
    stm_txn_end(txn);
    unsigned count = 0;
    for (unsigned i = 0; i < SCHEDULER_THREAD_COUNT_MAX; i++)
        count += committed[i];
    if (version != 1 + count)
        scheduler_fail("%u commits answered OK, and the version is %llu", count, (unsigned long long)version);
    stage_close();
}

static void setup_two(void)
{
    setup(2);
}

static void setup_three(void)
{
    setup(3);
}

/* Reads, and sets what follows from it. */
static void use_and_set(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (actor_use(me, 0) == STM_OK && actor_set(me, 0) == STM_OK)
        commit(thread);
}

/* Read for reading first; setting promotes it. */
static void get_and_set(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (actor_get(me, 0) == STM_OK && actor_set(me, 0) == STM_OK)
        commit(thread);
}

/* A key checked out for update is published by commit, set or not. */
static void use_only(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (actor_use(me, 0) == STM_OK && (thread == 0 || actor_set(me, 0) == STM_OK))
        commit(thread);
}

static void set_blindly(unsigned thread)
{
    if (actor_set(&stage_actors[thread], 0) == STM_OK)
        commit(thread);
}

/* After its commit a transaction is current again, and may commit the same key again -- unless another
 * commit came between. */
static void commit_again(unsigned thread)
{
    actor *me = &stage_actors[thread];
    use_and_set(thread);
    if (thread == 0 && me->held_count > 0 && actor_set(me, 0) == STM_OK)
        commit(thread);
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"use_and_set", 2, setup_two, use_and_set, finish}, 3, {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"get_and_set", 2, setup_two, get_and_set, finish}, 3, {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"use_only", 2, setup_two, use_only, finish}, 3, {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"set_blindly", 2, setup_two, set_blindly, finish}, 3, {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"commit_again", 2, setup_two, commit_again, finish}, 3,
         {"OK+OK, OK", "OK+OK, CONFLICT", "OK+CONFLICT, OK"}},
        {{"three", 3, setup_three, use_and_set, finish}, 2, {"OK, OK, OK", "CONFLICT, CONFLICT, OK"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
