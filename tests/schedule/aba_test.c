/*
 * ABA: a key changes and changes back, and a stale commit takes it for unchanged. Must not happen: what
 * is compared is a version, which only rises, also over deletes; and a node that is used again carries
 * a sequence number.
 *
 *     one                          two
 *     use x: version 1
 *                                  delete x: version 2
 *                                  set x: version 3, the same value
 *                                  delete x: version 4
 *     commit: must be CONFLICT
 */
#include "stage.h"

#define X 0
#define Y 1

static void setup_present(void)
{
    stage_open(2, "ws");
}

static void setup_absent(void)
{
    stage_open(2, "Ws");
}

static stm_status change(actor *me, uint32_t key, bool present)
{
    actor_reset(me);
    stm_status status = present ? actor_set(me, key) : actor_delete(me, key);
    return status == STM_OK ? actor_commit(me) : status;
}

/* Deletes and sets in turn; stops when it is told CONFLICT. */
static void change_often(unsigned thread, bool present)
{
    for (unsigned i = 0; i < 3; i++, present = !present) {
        stm_status status = change(&stage_actors[thread], X, present);
        if (status != STM_OK) {
            stage_status(thread, status);
            return;
        }
    }
    stage_outcome(thread, "3");
}

static void hold_and_set(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_use(me, X);
    if (status == STM_OK && (status = actor_set(me, X)) == STM_OK)
        status = actor_commit(me);
    stage_status(thread, status);
}

static void delete_create_delete(unsigned thread)
{
    thread == 0 ? hold_and_set(thread) : change_often(thread, false);
}

static void create_delete_create(unsigned thread)
{
    thread == 0 ? hold_and_set(thread) : change_often(thread, true);
}

/* Absence that was read counts as read. */
static void absence_read(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 1) {
        change_often(thread, true);
        return;
    }
    stm_status status = actor_get(me, X);
    if (status == STM_OK || status == STM_NOT_FOUND)
        status = actor_set(me, Y);
    if (status == STM_OK)
        status = actor_commit(me);
    stage_status(thread, status);
}

/* The same transaction commits the same key again and again: its node is the same memory each time. Another,
 * that met the node, must not take a later attempt for the one that it met. */
static void node_again(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = STM_OK;
    for (unsigned i = 0; i < 3 && status == STM_OK; i++) {
        status = actor_set(me, X);
        if (status == STM_OK)
            status = actor_commit(me);
    }
    stage_status(thread, status);
}

static void node_reused(unsigned thread)
{
    thread == 0 ? hold_and_set(thread) : node_again(thread);
}

static void node_reused_by_both(unsigned thread)
{
    node_again(thread);
}

/*
 * The sequence number in a head wraps around: here after 16 attempts, in earnest after half a million.
 * Who lingers since the last time must not take the same node, with the same number, for the same
 * attempt: else a writer that found its owner put aside would take the head away from an owner that has
 * decided.
 */
#define WRAP 16

static void setup_wrap(void)
{
    stage_open(2, "s");
}

static void commit_some(actor *me, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        actor_reset(me);
        if (actor_set(me, X) == STM_OK)
            actor_commit(me);
    }
}

/* Interrupted only during the first commit, and when the numbers are about to come again. */
static void commit_round_and_round(unsigned thread)
{
    actor *me = &stage_actors[thread];
    commit_some(me, 1);
    scheduler_quiet(true);
    commit_some(me, WRAP - 2);
    scheduler_quiet(false);
    commit_some(me, 2);
}

static void reader_at_wrap(unsigned thread)
{
    if (thread == 0)
        commit_round_and_round(thread);
    else
        actor_get(&stage_actors[thread], X);
}

static void writer_at_wrap(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 0)
        commit_round_and_round(thread);
    else
        stage_status(thread, actor_set(me, X) == STM_OK ? actor_commit(me) : STM_CONFLICT);
}

/*
 * Who has read a head, and comes to its owner's status when that speaks of another attempt with the same
 * number, must not believe it: X below never changes, so the second may not be told CONFLICT.
 *
 *     one                                       two
 *     install in X; Y has changed: give X back
 *                                               (has read the head of X while it led to one's entry)
 *     commit Z, 16 times
 *                                               read one's status; commit X: must be OK
 */
#define Z 2

static void setup_doomed(void)
{
    stage_open(2, "sss");
    actor_set(&stage_actors[0], X);
    actor_set(&stage_actors[0], Y);
    change(&stage_actors[1], Y, true);
    actor_reset(&stage_actors[1]);
}

static void status_at_wrap(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 1) {
        stm_status status = actor_set(me, X);
        stage_status(thread, status == STM_OK ? actor_commit(me) : status);
        return;
    }
    stage_status(thread, actor_commit(me));
    scheduler_quiet(true);
    for (unsigned i = 0; i < WRAP; i++)
        change(me, Z, true);
    scheduler_quiet(false);
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"delete_create_delete", 2, setup_present, delete_create_delete, stage_close}, 3,
         {"OK, 3", "CONFLICT, 3", "OK, CONFLICT"}},
        {{"create_delete_create", 2, setup_absent, create_delete_create, stage_close}, 3,
         {"OK, 3", "CONFLICT, 3", "OK, CONFLICT"}},
        {{"absence_read", 2, setup_absent, absence_read, stage_close}, 3, {"OK, 3", "CONFLICT, 3"}},
        {{"node_reused", 2, setup_present, node_reused, stage_close}, 3,
         {"OK, OK", "CONFLICT, OK", "OK, CONFLICT"}},
        {{"node_reused_by_both", 2, setup_present, node_reused_by_both, stage_close}, 3,
         {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"reader_at_wrap", 2, setup_wrap, reader_at_wrap, stage_close}, 3, {NULL}},
        {{"writer_at_wrap", 2, setup_wrap, writer_at_wrap, stage_close}, 3, {", OK", ", CONFLICT"}},
        {{"status_at_wrap", 2, setup_doomed, status_at_wrap, stage_close}, 3, {"CONFLICT, OK"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
