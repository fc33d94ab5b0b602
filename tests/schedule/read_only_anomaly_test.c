/*
 * Read-only anomaly: two writers are serializable, until a reader, which changes nothing, has seen a
 * state that fits no order of the two (Fekete, O'Neil, O'Neil, "A read-only transaction anomaly under
 * snapshot isolation", 2004). Must not happen: one's commit comes before two's, since it read the old
 * x; so whoever sees two's x must see one's y.
 *
 *     one                          two                          reader
 *     get x: old; set y
 *     commit: installs y
 *       checks x: still old
 *                                  set x; commit: OK
 *                                                               x new, y old (not decided yet)
 *       decides                                                 ... so this must fail, or come before
 */
#include "stage.h"

#define X 0
#define Y 1

static const uint32_t both[] = {X, Y};

static void setup(void)
{
    stage_open(3, "ws");
}

static bool writers(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = STM_OK;
    if (thread == 0)
        status = actor_get(me, X);
    if (thread < 2 && status == STM_OK)
        status = actor_set(me, thread == 0 ? Y : X);
    if (thread < 2 && status == STM_OK)
        status = actor_commit(me);
    if (thread < 2)
        stage_status(thread, status);
    return thread < 2;
}

static void note_seen(unsigned thread, uint64_t x, uint64_t y)
{
    bool x_new = !stage_is_initial(x), y_new = !stage_is_initial(y);
    stage_outcome(thread, x_new && y_new ? "both" : x_new ? "x" : y_new ? "y" : "none");
}

static void by_snapshot(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (writers(thread))
        return;
    actor_take(me);
    uint64_t y = actor_look(me, Y);
    note_seen(thread, actor_look(me, X), y);
    actor_release(me);
}

static void by_getting(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (writers(thread))
        return;
    if (actor_getting(me, both, 2) == STM_OK)
        note_seen(thread, actor_value(me, X), actor_value(me, Y));
    else
        scheduler_fail("a reader that holds nothing is not served");
}

/* y first, then x, each in a call of its own: the second look at y must bump, too. */
static void one_by_one(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (writers(thread))
        return;
    if (actor_get(me, Y) == STM_OK && actor_get(me, X) == STM_OK)
        note_seen(thread, actor_value(me, X), actor_value(me, Y));
    else
        stage_outcome(thread, "CONFLICT");
}

/* The reader writes, elsewhere. */
static void setup_writer(void)
{
    stage_open(3, "wsw");
}

static void by_writer(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (writers(thread))
        return;
    if (actor_getting(me, both, 2) != STM_OK)
        scheduler_fail("a reader that holds nothing is not served");
    note_seen(thread, actor_value(me, X), actor_value(me, Y));
    if (actor_set(me, 2) == STM_OK)
        stage_status(thread, actor_commit(me));
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"by_snapshot", 3, setup, by_snapshot, stage_close}, 2,
         {"OK, OK, none", "OK, OK, x", "OK, OK, y", "OK, OK, both", "CONFLICT, OK, x"}},
        {{"by_getting", 3, setup, by_getting, stage_close}, 2,
         {"OK, OK, none", "OK, OK, x", "OK, OK, y", "OK, OK, both", "CONFLICT, OK, x"}},
        {{"one_by_one", 3, setup, one_by_one, stage_close}, 2,
         {"OK, OK, none", "OK, OK, CONFLICT", "OK, OK, both", "CONFLICT, OK, x"}},
        {{"by_writer", 3, setup_writer, by_writer, stage_close}, 2,
         {"OK, OK, none+OK", "OK, OK, both+OK", "CONFLICT, OK, x+OK"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
