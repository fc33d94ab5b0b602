/*
 * busy_test.c -- BUSY: another commit holds a key at this very moment, or a checkout found no moment of rest.
 *
 * What must not happen: BUSY changes or loses anything, or sticks; it names somebody who did not hold the key, or
 * one that was met at an earlier call; an operation that starves by BUSY goes unnoticed.
 */
#include "busy.h"
#include "support.h"

#include <stm/probe.h>

#define HELD stm_text(BUSY_KEY)
#define EVENT_COUNT_MAX 100

struct record {
    stm_event events[EVENT_COUNT_MAX];
    size_t count;
};

static void note(void *context, const stm_event *event)
{
    struct record *record = context;

    if (record->count < EVENT_COUNT_MAX && strcmp(event->label, "late") == 0) /* by the test's only thread that has it */
        record->events[record->count++] = *event;
}

struct stage {
    gate gate;
    struct record record;
    stm_observer observer;
    stm_store *store;
    busy_holder holder;
    stm_txn *late;
};

static void open_stage(struct stage *stage)
{
    gate_make(&stage->gate);
    stage->observer = (stm_observer){sizeof(stm_observer),
                                     STM_EVENT_BIT(STM_EVENT_BUSY) | STM_EVENT_BIT(STM_EVENT_STARVING), true, note,
                                     &stage->record, NULL};
    const stm_options options = {.allocator = gate_allocator(&stage->gate), .observer = &stage->observer};
    stage->store = open_store(&options);
    stage->holder = (busy_holder){.gate = &stage->gate, .store = stage->store};
    stage->late = begin(stage->store, "late");
}

static void close_stage(struct stage *stage)
{
    stm_txn_end(stage->late);
    close_store(stage->store);
    gate_unmake(&stage->gate);
}

Test(busy, names_the_holder_and_changes_nothing)
{
    static struct stage stage;
    char why[300];

    open_stage(&stage);
    put(stage.store, "busy before", "x"); /* before the held key, in the order of commits */
    cr_assert(busy_hold(&stage.holder));
    OK(stm_txn_set(stage.late, HELD, stm_text("mine")));
    for (int i = 0; i < 3; i++)
        ANSWERS(stm_txn_commit(stage.late), STM_BUSY);
    stm_txn_explain(stage.late, why, sizeof(why));
    cr_assert(strstr(why, "\"holder\"") != NULL, "%s", why);

    EQUALS(stage.record.count, 3);
    for (int i = 0; i < 3; i++) {
        const stm_event *event = &stage.record.events[i];
        EQUALS(event->kind, STM_EVENT_BUSY);
        EQUALS(event->txn, stm_txn_id(stage.late));
        EQUALS(event->stage, STM_STAGE_COMMIT);
        cr_assert(same_bytes(event->key, HELD), "key is %s", shown(event->key));
        EQUALS(event->winner.txn, stage.holder.txn);
        EQUALS(event->winner.tid, stage.holder.tid);
        cr_assert_str_eq(event->winner.label, "holder");
    }
    cr_assert(busy_release(&stage.holder));
    OK(stm_txn_commit(stage.late));
    HOLDS(stage.store, BUSY_KEY, "mine");
    close_stage(&stage);
}

Test(busy, does_not_disturb_readers_and_other_keys)
{
    static struct stage stage;
    stm_bytes value;

    open_stage(&stage);
    cr_assert(busy_hold(&stage.holder));
    put(stage.store, "other", "x");
    ANSWERS(stm_txn_get(stage.late, HELD, &value), STM_NOT_FOUND); /* the holder publishes it without a value */
    OK(stm_txn_commit(stage.late));
    cr_assert(busy_release(&stage.holder));
    close_stage(&stage);
}

/* ... also after a commit that was told whom it met. */
Test(busy, names_nobody_at_a_checkout)
{
    static struct stage stage;
    char why[300];

    open_stage(&stage);
    cr_assert(busy_hold(&stage.holder));
    OK(stm_txn_use(stage.late, HELD, NULL));
    ANSWERS(stm_txn_commit(stage.late), STM_BUSY);
    cr_assert(busy_release(&stage.holder));
    stm_txn_reset(stage.late);

    ANSWERS(busy_checkout(&stage.gate, stage.store, stage.late), STM_BUSY);
    stm_txn_explain(stage.late, why, sizeof(why));
    cr_assert(strstr(why, "holder") == NULL, "%s", why);
    EQUALS(stage.record.count, 2);
    const stm_event *event = &stage.record.events[1];
    EQUALS(event->kind, STM_EVENT_BUSY);
    EQUALS(event->stage, STM_STAGE_CHECKOUT);
    EQUALS(event->key.size, 0);
    EQUALS(event->winner.txn, 0);

    OK(stm_txn_get(stage.late, HELD, NULL)); /* the same call again */
    OK(stm_txn_commit(stage.late));
    close_stage(&stage);
}

/* The same attempt may be BUSY many times; it is lost only when the handle is reset. */
Test(busy, starves_by_attempts)
{
    static struct stage stage;
    size_t starving = 0, busy = 0;

    open_stage(&stage);
    cr_assert(busy_hold(&stage.holder));
    for (int attempt = 1; attempt <= 17; attempt++) {
        EQUALS(stm_txn_attempt(stage.late), attempt);
        OK(stm_txn_use(stage.late, HELD, NULL));
        ANSWERS(stm_txn_commit(stage.late), STM_BUSY);
        ANSWERS(stm_txn_commit(stage.late), STM_BUSY);
        stm_txn_reset(stage.late);
    }
    for (size_t i = 0; i < stage.record.count; i++) {
        const stm_event *event = &stage.record.events[i];
        busy += event->kind == STM_EVENT_BUSY;
        if (event->kind != STM_EVENT_STARVING)
            continue;
        EQUALS(event->attempt, starving == 0 ? 8 : 16);
        cr_assert(same_bytes(event->key, HELD), "key is %s", shown(event->key));
        cr_assert(event->elapsed_ns > 0);
        starving++;
    }
    EQUALS(starving, 2);
    EQUALS(busy, 34);
    cr_assert(busy_release(&stage.holder));
    close_stage(&stage);
}

static stm_status set_held(stm_txn *txn, void *arg)
{
    unsigned *bodies = arg;

    ++*bodies;
    return stm_txn_set(txn, HELD, stm_text("mine"));
}

/* The commit alone is tried again, as often as the policy says: what the body has done is kept. */
Test(busy, ends_atomically_when_attempts_are_used_up)
{
    static struct stage stage;
    const stm_policy policy = {.size = sizeof(policy), .attempt_count_max = 3};
    unsigned bodies = 0;

    open_stage(&stage);
    cr_assert(busy_hold(&stage.holder));
    ANSWERS(stm_atomically(stage.store, "patient", &policy, set_held, &bodies), STM_TIMEOUT);
    EQUALS(bodies, 1);
    cr_assert(busy_release(&stage.holder));
    LACKS(stage.store, BUSY_KEY);
    OK(stm_atomically(stage.store, "patient", &policy, set_held, &bodies));
    HOLDS(stage.store, BUSY_KEY, "mine");
    close_stage(&stage);
}
