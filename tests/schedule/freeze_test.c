/*
 * A thread that stops for ever -- preempted, paged out, in a debugger -- must not hold up anybody else,
 * wherever it stops (promise: never blocks). So one thread, the victim, is stopped before its first
 * access to shared memory, before its second, and so on up to its last; each time the others run to
 * their ends:
 *
 *     writer     commits keys that the victim has nothing to do with, makes new ones: always OK
 *     reader     reads the victim's keys, in a transaction and in a snapshot: always a value, never BUSY
 *     rival      commits on the victim's own keys: OK, or BUSY at worst, and nothing else
 *
 * Then the victim comes back, and must be told something true: stage_close checks the history of all. A
 * second round stops the victim at the same places while the others are half-way through their own.
 */
#include "sanitizer.h"
#include "stage.h"
#include "strategy.h"

#include <stdio.h>

#define VICTIM 0
#define WRITER 1
#define READER 2
#define RIVAL 3

enum { X, Y, ELSEWHERE, NEW_ONE, NEW_TWO, NEW_THREE };
static const uint32_t both[] = {X, Y};

static bool alone;           /* the others begin only after the victim has stopped */
static unsigned rival_busy;  /* how often, in this run */

/* ------------------------------------------------------------------------------ others -- */

static void expect(unsigned thread, stm_status status, stm_status allowed, const char *what)
{
    if (status != STM_OK && status != allowed)
        scheduler_fail("thread %u: %s answered %s", thread, what, stm_status_name(status));
}

static void write_elsewhere(unsigned thread)
{
    actor *me = &stage_actors[thread];
    static const uint32_t keys[] = {ELSEWHERE, NEW_THREE};
    for (unsigned i = 0; i < 2; i++) {
        actor_reset(me);
        expect(thread, actor_set(me, keys[i]), STM_OK, "set of a key of its own");
        expect(thread, actor_commit(me), STM_OK, "commit of a key of its own");
    }
}

static void read_and_look(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_getting(me, both, 2);
    expect(thread, status, STM_OK, "getting");
    if (status == STM_OK)
        expect(thread, actor_commit(me), alone ? STM_OK : STM_CONFLICT, "a reader's commit");
    actor_take(me);
    if (actor_look(me, X) == 0 || actor_look(me, Y) == 0)
        scheduler_fail("a snapshot misses a key that always had a value");
    actor_release(me);
}

static void rival(unsigned thread)
{
    actor *me = &stage_actors[thread];
    for (unsigned i = 0; i < 2; i++) {
        actor_reset(me);
        stm_status status = actor_set(me, both[i]);
        expect(thread, status, STM_OK, "set of the victim's key");
        if (status == STM_OK)
            status = actor_commit(me);
        if (status == STM_BUSY)
            rival_busy++;
        else
            expect(thread, status, alone ? STM_OK : STM_CONFLICT, "commit of the victim's key");
    }
}

static void others(unsigned thread)
{
    if (thread == WRITER)
        write_elsewhere(thread);
    else if (thread == READER)
        read_and_look(thread);
    else
        rival(thread);
}

/* ----------------------------------------------------------------------------- victims -- */

static void checkout(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread != VICTIM) {
        others(thread);
        return;
    }
    if (actor_use(me, X) == STM_OK)
        actor_get(me, Y);
    actor_reset(me);
}

static void commit_two(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread != VICTIM)
        others(thread);
    else if (actor_using(me, both, 2) == STM_OK && actor_set(me, X) == STM_OK && actor_set(me, Y) == STM_OK)
        actor_commit(me);
}

static void commit_mixed(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread != VICTIM)
        others(thread);
    else if (actor_get(me, X) == STM_OK && actor_set(me, Y) == STM_OK)
        actor_commit(me);
}

static void snapshot(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread != VICTIM) {
        others(thread);
        return;
    }
    actor_take(me);
    actor_look(me, X);
    actor_look(me, Y);
    actor_release(me);
}

/* Old versions are there to be dropped, or handed to another snapshot. */
static void release(unsigned thread)
{
    if (thread != VICTIM)
        others(thread);
    else
        actor_release(&stage_actors[thread]);
}

/* Makes two keys, and the index grows under its hands: others make keys, too. */
static void create(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread != VICTIM)
        others(thread);
    else if (actor_set(me, NEW_ONE) == STM_OK && actor_set(me, NEW_TWO) == STM_OK)
        actor_commit(me);
}

static void setup(void)
{
    rival_busy = 0;
    stage_open(4, "smwSSS");
}

static void setup_release(void)
{
    setup();
    actor_take(&stage_actors[VICTIM]);
    for (unsigned i = 0; i < 2; i++) {
        expect(RIVAL, actor_using(&stage_actors[RIVAL], both, 2), STM_OK, "using");
        expect(RIVAL, actor_commit(&stage_actors[RIVAL]), STM_OK, "commit");
    }
    actor_reset(&stage_actors[RIVAL]);
}

static void setup_create(void)
{
    setup();
    stage_fill_index(0);
}

/* ----------------------------------------------------------------------------- running -- */

/* random == 0: the others run one after the other, when the victim has stopped; else among its steps. */
static bool run(const scheduler_program *program, uint64_t at, uint64_t random)
{
    strategy_freeze freeze = {.victim = VICTIM, .at = at, .state = random};
    alone = random == 0;
    if (scheduler_run(program, strategy_freeze_choose, &freeze))
        return true;
    fprintf(stderr, "%s: FAILED, stopped before step %llu: %s\n  again: --case %s --schedule \"",
            program->name, (unsigned long long)at, scheduler_failure(), program->name);
    scheduler_print_schedule(stderr);
    fprintf(stderr, "\"\n");
    scheduler_print_steps(stderr, UINT64_MAX);
    return false;
}

/* How many steps the victim makes when it has the store to itself. */
static uint64_t own_steps(void)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < scheduler_step_count(); i++)
        count += scheduler_step_thread(i) == VICTIM;
    return count;
}

static bool freeze_everywhere(const scheduler_program *program)
{
    const unsigned rounds = UNDER_ASAN || UNDER_TSAN ? 2 : 20;
    if (!run(program, UINT64_MAX, 0))
        return false;
    uint64_t steps = own_steps(), busy = 0;
    for (uint64_t at = 0; at < steps; at++) {
        if (!run(program, at, 0))
            return false;
        busy += rival_busy > 0;
    }
    for (uint64_t at = 0; at < steps; at++)
        for (unsigned i = 0; i < rounds; i++)
            if (!run(program, at, 1 + at * rounds + i))
                return false;
    printf(
        "%s: stopped at %llu places, %llu times among others; BUSY on the victim's own keys at %llu places\n",
        program->name, (unsigned long long)steps, (unsigned long long)(steps * rounds),
        (unsigned long long)busy);
    return true;
}

int main(int argc, char **argv)
{
    static const scheduler_program programs[] = {
        {"checkout", 4, setup, checkout, stage_close},
        {"commit_two", 4, setup, commit_two, stage_close},
        {"commit_mixed", 4, setup, commit_mixed, stage_close},
        {"snapshot", 4, setup, snapshot, stage_close},
        {"release", 4, setup_release, release, stage_close},
        {"create", 4, setup_create, create, stage_close},
    };
    size_t count = sizeof programs / sizeof programs[0];
    if (argc > 1) { /* --case NAME --schedule "..." */
        explorer_case cases[sizeof programs / sizeof programs[0]];
        memset(cases, 0, sizeof cases);
        for (size_t i = 0; i < count; i++)
            cases[i].program = programs[i];
        return explorer_main(argc, argv, cases, count);
    }
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good &= freeze_everywhere(&programs[i]);
    return good ? 0 : 1;
}
