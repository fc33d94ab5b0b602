#include "engine.h"

#include "arena.h"
#include "story.h"

static const stm_testing_program *present;
static unsigned thread_count;
static bool delays; /* stores, in this run */

static scheduler_choose *chooses; /* by whom the present run's choices are */
static void *strategy;

static uint8_t *meetings;
static size_t meeting_count;

void engine_count_meetings(uint8_t *counters, size_t count)
{
    meetings = count == 0 ? NULL : counters;
    meeting_count = count;
}

/* ---------------------------------------------------------------------- the user's parts -- */

static void call(stm_testing_function *function)
{
    if (function != NULL)
        function(present->context);
}

static void setup(void)
{
    if (delays)
        scheduler_delay_stores();
    story_begin(thread_count);
    call(present->setup);
}

static bool has_failed(void)
{
    return scheduler_objector() != ORACLE_NONE;
}

static void thread(unsigned number)
{
    if (!has_failed()) /* in setup */
        call(present->threads[number]);
}

static void finish(void)
{
    if (!has_failed())
        call(present->check);
    call(present->teardown);
    if (arena_live_bytes() != 0)
        scheduler_object(ORACLE_MEMORY, "%zu bytes of a store are left over: teardown ends what is open and closes it",
                         arena_live_bytes());
}

/* A small store is quick to open and close, and grows as well as a large one. */
static void fill_options(stm_options *options)
{
    if (options->allocator.alloc == NULL && options->allocator.free == NULL)
        options->allocator = arena_allocator();
    if (options->observer == NULL)
        options->observer = &story_observer;
    if (options->key_count_hint == 0)
        options->key_count_hint = 1;
}

/* -------------------------------------------------------------------------------- running -- */

void engine_use(const stm_testing_program *program, uint64_t steps_max, bool real_threads)
{
    present = program;
    thread_count = 0;
    while (thread_count < STM_TESTING_THREAD_COUNT_MAX && program->threads[thread_count] != NULL)
        thread_count++;
    scheduler_give_up_after(steps_max);
    scheduler_use_threads(real_threads);
    scheduler_serve_users(fill_options);
}

unsigned engine_thread_count(void)
{
    return thread_count;
}

/* One thread stands here, the other goes on there. */
static void note_meeting(const scheduler_view *view, unsigned next)
{
    if (meetings == NULL || view->last >= thread_count || next >= thread_count || next == view->last)
        return;
    uint64_t here = (uint64_t)view->next[view->last].line, there = (uint64_t)view->next[next].line;
    uint64_t mixed = (here << 20 ^ there) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    uint8_t *counter = &meetings[mixed % meeting_count];
    *counter = (uint8_t)(*counter + (*counter != UINT8_MAX));
}

static unsigned choose(void *unused, const scheduler_view *view)
{
    (void)unused;
    unsigned next = chooses(strategy, view);
    note_meeting(view, next & ~SCHEDULER_UNTIL_COMMON);
    return next;
}

bool engine_run(scheduler_choose *choose_by, void *strategy_by, bool delayed)
{
    const scheduler_program program = {present->name, thread_count, setup, thread, finish};
    delays = delayed;
    chooses = choose_by;
    strategy = strategy_by;
    return scheduler_run(&program, meetings == NULL ? chooses : choose, meetings == NULL ? strategy : NULL);
}

bool engine_run_schedule(schedule *schedule)
{
    strategy_script_rewind(&schedule->script);
    return engine_run(strategy_script_choose, &schedule->script, schedule->delayed);
}
