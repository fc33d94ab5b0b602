/*
 * Snapshot skew: two readers disagree on the order of two commits (long fork), or one sees the later of
 * two commits and not the earlier. Must not happen: a commit has one revision, read from the clock after all
 * its keys are installed; a snapshot shows all commits up to its own; and who looks past a commit that
 * is under way takes its proposed revision back.
 *
 *     one              two              three              four
 *     set x                                                               "x and y, old and new"
 *                      set y
 *                                       x new, y old
 *                                                          y new, x old: must not be
 */
#include "stage.h"

#define X 0
#define Y 1

static uint64_t revisions[SCHEDULER_THREAD_COUNT_MAX];

static void setup_two(void)
{
    stage_open(2, "ws");
}

static void setup_three(void)
{
    stage_open(3, "ws");
}

static void setup_four(void)
{
    stage_open(4, "ws");
}

static stm_status set(unsigned thread, uint32_t key)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_set(me, key);
    return status == STM_OK ? actor_commit(me) : status;
}

static void note_seen(unsigned thread, uint64_t x, uint64_t y)
{
    bool x_new = !stage_is_initial(x), y_new = !stage_is_initial(y);
    stage_outcome(thread, x_new && y_new ? "both" : x_new ? "x" : y_new ? "y" : "none");
}

static void snapshot_both(unsigned thread, uint32_t first, uint32_t second)
{
    actor *me = &stage_actors[thread];
    actor_take(me);
    revisions[thread] = stm_snapshot_revision(me->snapshot);
    uint64_t a = actor_look(me, first), b = actor_look(me, second);
    note_seen(thread, first == X ? a : b, first == X ? b : a);
    actor_release(me);
}

static void read_both(unsigned thread, uint32_t first, uint32_t second)
{
    actor *me = &stage_actors[thread];
    if (actor_get(me, first) == STM_OK && actor_get(me, second) == STM_OK)
        note_seen(thread, actor_value(me, X), actor_value(me, Y));
    else
        stage_outcome(thread, "CONFLICT");
}

/* ---- two writers, two readers: the history says whether the readers agree */

static void fork_of_snapshots(unsigned thread)
{
    if (thread < 2)
        set(thread, thread);
    else
        snapshot_both(thread, thread == 2 ? X : Y, thread == 2 ? Y : X);
}

static void fork_of_readers(unsigned thread)
{
    if (thread < 2)
        set(thread, thread);
    else
        read_both(thread, thread == 2 ? X : Y, thread == 2 ? Y : X);
}

static void fork_of_both(unsigned thread)
{
    if (thread < 2)
        set(thread, thread);
    else if (thread == 2)
        snapshot_both(thread, X, Y);
    else
        read_both(thread, Y, X);
}

/* ---- one writer commits x, and then y; whoever sees y sees x */

static void in_order(unsigned thread)
{
    if (thread == 0) {
        set(thread, X);
        actor_reset(&stage_actors[thread]);
        set(thread, Y);
    } else {
        snapshot_both(thread, X, Y);
    }
}

/* ---- the writer of y has seen x */

static void follows(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 0) {
        set(thread, X);
    } else if (thread == 1) {
        stm_status status = actor_get(me, X);
        if (status == STM_OK)
            status = set(thread, Y);
        stage_status(thread, status);
    } else {
        snapshot_both(thread, Y, X);
    }
}

/* ---- two snapshots: of the earlier revision is what the later one shows, or older */

static void setup_revisions(void)
{
    memset(revisions, 0, sizeof revisions);
    stage_open(3, "ws");
}

static void two_revisions(unsigned thread)
{
    if (thread == 0) {
        set(thread, X);
        set(thread, X);
    } else {
        snapshot_both(thread, X, Y);
    }
}

static void finish_revisions(void)
{
    const history_log *logs = stage_world.history->logs + stage_world.actor_count;
    uint64_t one = logs[1].cells[0].version, two = logs[2].cells[0].version;
    if (revisions[1] == revisions[2])
        scheduler_fail("two snapshots of the same revision");
    if ((revisions[1] < revisions[2] && one > two) || (revisions[2] < revisions[1] && two > one))
        scheduler_fail("snapshots of revisions %llu and %llu show versions %llu and %llu",
                       (unsigned long long)revisions[1], (unsigned long long)revisions[2],
                       (unsigned long long)one, (unsigned long long)two);
    stage_close();
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"in_order", 2, setup_two, in_order, stage_close}, 3, {", none", ", x", ", both"}},
        {{"follows", 3, setup_three, follows, stage_close}, 2,
         {", OK, none", ", OK, x", ", OK, y", ", OK, both", ", CONFLICT, x"}},
        {{"two_revisions", 3, setup_revisions, two_revisions, finish_revisions}, 2, {", x, x", ", none, x"}},
        {{"fork_of_snapshots", 4, setup_four, fork_of_snapshots, stage_close}, 1,
         {", , x, x", ", , y, y", ", , none, both", ", , both, none"}},
        {{"fork_of_readers", 4, setup_four, fork_of_readers, stage_close}, 1,
         {", , x, x", ", , y, y", ", , none, both", ", , both, none"}},
        {{"fork_of_both", 4, setup_four, fork_of_both, stage_close}, 1,
         {", , x, x", ", , y, y", ", , none, both", ", , both, none"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
