/*
 * Many owners: a commit wants a key that two others hold in turn, each of whom it puts aside; but whenever it comes to take
 * the key, that one has given it back, and the other has it. Must not happen: it goes on for ever. After so many tries it is
 * told BUSY, not CONFLICT: the key has not changed. Nor are the two told BUSY: each loses to a change of another key.
 *
 *     patient                      one                     two
 *     commit x
 *                                  hold x
 *     finds one's, puts it aside
 *                                  give x back: CONFLICT
 *                                                          hold x
 *     finds two's, puts it aside
 *                                                          give x back: CONFLICT
 *                                  hold x
 *     ...: BUSY
 *
 * No search finds that: the one schedule is chosen by what has come of it so far.
 */
#include "stage.h"

#include "../../libstm/src/txn.h"
#include "../../libstm/src/word.h"

#include <stdio.h>

#define PATIENT 0
#define RIVAL 3 /* an actor, and no thread: whoever is about to lose commits y in his name */

enum { X, Y };

static bool over;
static unsigned holder;        /* whose turn it is */
static bool has_held;          /* in this turn */
static unsigned losses[RIVAL]; /* of each thread */

static void setup(void)
{
    stage_open(4, "ss");
    over = false;
    holder = 1;
    has_held = false;
    losses[1] = losses[2] = 0;
    actor_set(&stage_actors[PATIENT], X);
}

static void lose_again_and_again(unsigned thread)
{
    actor *me = &stage_actors[thread], *rival = &stage_actors[RIVAL];
    while (!over) {
        actor_reset(me);
        actor_set(me, X);
        actor_set(me, Y);
        actor_reset(rival);
        if (actor_set(rival, Y) != STM_OK || actor_commit(rival) != STM_OK)
            scheduler_fail("the rival does not commit y");
        stm_status status = actor_commit(me);
        if (status != STM_CONFLICT)
            scheduler_fail("thread %u has lost y, and is told %s", thread, stm_status_name(status));
        losses[thread]++;
    }
}

static void run_thread(unsigned thread)
{
    if (thread != PATIENT) {
        lose_again_and_again(thread);
        return;
    }
    stm_status status = actor_commit(&stage_actors[PATIENT]);
    if (status != STM_BUSY)
        scheduler_fail("who never gets the key is told %s", stm_status_name(status));
    over = true;
}

static void finish(void)
{
    if (losses[1] < 3 || losses[2] < 3)
        scheduler_fail("it was told BUSY after %u and %u others", losses[1], losses[2]);
    if (actor_commit(&stage_actors[PATIENT]) != STM_OK)
        scheduler_fail("the same call does not work when nobody holds the key");
    stage_close();
}

/* Whether this thread's entry stands in x. */
static bool has_x(unsigned thread)
{
    const struct stm_txn *txn = stage_actors[thread].txn;
    uint64_t head = stmi_peek(&stage_actors[PATIENT].txn->chunks[0]->entries[0].record->head);
    return !stmi_head_is_clean(head) && stmi_head_entry(head)->owner == txn;
}

static bool is_put_aside(unsigned thread)
{
    return stmi_status_state(stmi_peek(&stage_actors[thread].txn->status)) == STMI_ABORTED;
}

static unsigned choose(void *none, const scheduler_view *view)
{
    (void)none;
    if ((view->runnable & 1u << PATIENT) == 0)
        return (view->runnable & 1u << 1) != 0 ? 1 : 2;
    if (strcmp(view->next[PATIENT].site, "take_head") != 0)
        return PATIENT;
    if (has_x(holder)) {
        has_held = true;
        return is_put_aside(holder) ? holder : PATIENT;
    }
    if (has_held) /* and has given it back */
        holder = 3 - holder;
    has_held = false;
    return holder;
}

int main(void)
{
    static const scheduler_program program = {"many_owners", 3, setup, run_thread, finish};
    if (scheduler_run(&program, choose, NULL))
        return 0;
    fprintf(stderr, "many_owners: FAILED: %s\n", scheduler_failure());
    scheduler_print_steps(stderr, 400);
    return 1;
}
