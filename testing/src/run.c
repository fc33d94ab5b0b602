#define _GNU_SOURCE
#include "engine.h"
#include "footprint.h"
#include "random.h"
#include "story.h"

#include <stdlib.h>

#define RUNS 1000u
#define PREEMPTIONS 2u
#define STEPS_MAX 20000u
#define SHRINK_TRIES 4000u
#define DEPTH_MIN 2u
#define DEPTH_MAX 4u

/* Of the last call of stm_testing_run: what its result points to. */
static char *schedule_shown;
static stm_bytes bytes_shown;

/* What is asked of a smaller schedule: to fail as the first one did. */
static oracle objector_wanted;

struct hunt {
    const stm_testing_plan *plan;
    stm_testing_result *result;
    uint64_t longest; /* run, in steps */
};

/* ------------------------------------------------------------------------------ strategies -- */

/* False: that was enough. */
static bool run_one(struct hunt *hunt, scheduler_choose *choose, void *strategy)
{
    hunt->result->runs++;
    hunt->result->failed = !engine_run(choose, strategy, hunt->plan->delay_stores);
    hunt->longest = scheduler_step_count() > hunt->longest ? scheduler_step_count() : hunt->longest;
    return !hunt->result->failed;
}

static bool may_go_on(const struct hunt *hunt)
{
    return hunt->plan->runs_max == 0 || hunt->result->runs < hunt->plan->runs_max;
}

static uint64_t run_count(const stm_testing_plan *plan)
{
    return plan->runs_max == 0 ? RUNS : plan->runs_max;
}

static void exhaust(struct hunt *hunt)
{
    strategy_search search =
        strategy_search_open(hunt->plan->preemptions == 0 ? PREEMPTIONS : hunt->plan->preemptions);
    bool more = true;
    search.fair = true;
    while (more && may_go_on(hunt) && run_one(hunt, strategy_search_choose, &search)) {
        if (scheduler_footprint_grew()) /* the schedules so far were of fewer forks */
            strategy_search_restart(&search);
        else
            more = strategy_search_next(&search);
    }
    hunt->result->complete = !more;
    strategy_search_close(&search);
}

static void run_at_random(struct hunt *hunt)
{
    bool good = true;
    for (uint64_t i = 0; good && i < run_count(hunt->plan); i++) {
        strategy_random random = strategy_random_open(random_mix(hunt->plan->seed + i), i % 8 == 0);
        good = run_one(hunt, strategy_random_choose, &random);
    }
}

static void run_by_priorities(struct hunt *hunt)
{
    bool good = true;
    hunt->longest = 100; /* the first run tells */
    for (uint64_t i = 0; good && i < run_count(hunt->plan); i++) {
        unsigned depth = hunt->plan->depth == 0 ? DEPTH_MIN + (unsigned)(i % (DEPTH_MAX - DEPTH_MIN + 1))
                                                : hunt->plan->depth;
        strategy_pct pct =
            strategy_pct_open(random_mix(hunt->plan->seed + i), engine_thread_count(), depth, hunt->longest);
        good = run_one(hunt, strategy_pct_choose, &pct);
    }
}

/* The others go one after the other, or at random. False: it failed, or that was enough. */
static bool freeze_everywhere(struct hunt *hunt, unsigned victim, uint64_t random)
{
    for (uint64_t at = 0; may_go_on(hunt); at++) {
        strategy_freeze freeze = {.victim = victim, .at = at, .state = random};
        if (!run_one(hunt, strategy_freeze_choose, &freeze))
            return false;
        if (scheduler_own_steps(victim) <= at)
            return true;
    }
    return false;
}

static void freeze_all(struct hunt *hunt)
{
    bool more = true;
    for (unsigned victim = 0; more && victim < engine_thread_count(); victim++)
        more = freeze_everywhere(hunt, victim, 0) &&
               freeze_everywhere(hunt, victim, random_mix(hunt->plan->seed + victim) | 1);
    hunt->result->complete = more;
}

static void run_written(struct hunt *hunt, schedule *schedule)
{
    story_tell(true);
    hunt->result->runs = 1;
    hunt->result->failed = !engine_run_schedule(schedule);
    story_tell(false);
}

/* -------------------------------------------------------------------------------- result -- */

static bool still_fails(schedule *schedule)
{
    return !engine_run_schedule(schedule) && scheduler_objector() == objector_wanted;
}

/* What a thread does after the last change is all that it does: "0*12 1" instead of "0*12 1*57". */
static void open_the_end(schedule *schedule)
{
    strategy_script *script = &schedule->script;
    if (script->count == 0 || script->segments[script->count - 1].choice >= SCHEDULER_THREAD_COUNT_MAX)
        return;
    strategy_segment *last = &script->segments[script->count - 1];
    uint64_t steps = last->steps;
    last->steps = UINT64_MAX;
    if (!still_fails(schedule))
        last->steps = steps;
}

/* The schedule of the run that failed, made small, and told. */
static void look_closer(schedule *schedule, bool keep)
{
    objector_wanted = scheduler_objector();
    if (!keep) {
        schedule_shrink(schedule, still_fails, SHRINK_TRIES);
        open_the_end(schedule);
    }
    story_tell(true);
    engine_run_schedule(schedule);
    story_tell(false);
}

static void show(stm_testing_result *result, const schedule *schedule)
{
    result->steps = scheduler_step_count();
    result->trace_hash = scheduler_trace_hash();
    result->message = scheduler_failure();
    result->schedule = schedule_shown = schedule_text(schedule);
    result->bytes = bytes_shown = schedule_bytes(schedule);
    result->segments = schedule->script.count;
}

static void hunt_and_show(const stm_testing_plan *plan, schedule *written, stm_testing_result *result)
{
    struct hunt hunt = {.plan = plan, .result = result};
    schedule last;
    bool delayed = plan->delay_stores;
    switch (plan->strategy) {
    case STM_TESTING_EXHAUSTIVE: exhaust(&hunt); break;
    case STM_TESTING_RANDOM: run_at_random(&hunt); break;
    case STM_TESTING_PCT: run_by_priorities(&hunt); break;
    case STM_TESTING_FREEZE: freeze_all(&hunt); break;
    case STM_TESTING_SCHEDULE:
    case STM_TESTING_BYTES:
        run_written(&hunt, written);
        delayed = written->delayed;
        break;
    }
    schedule_of_last_run(&last, delayed);
    if (result->failed)
        look_closer(&last, plan->keep_schedule);
    show(result, &last);
    schedule_close(&last);
}

/* ------------------------------------------------------------------------------- arguments -- */

static bool refuse(stm_testing_result *result, const char *why)
{
    result->message = why;
    return false;
}

static bool program_is_good(const stm_testing_program *program, stm_testing_result *result)
{
    if (program == NULL || program->size != sizeof *program)
        return refuse(result, "program.size must be sizeof(stm_testing_program)");
    if (program->name == NULL || program->threads[0] == NULL || program->threads[1] == NULL)
        return refuse(result, "a program needs a name and at least two threads");
    return true;
}

static bool plan_is_good(const stm_testing_plan *plan, stm_testing_result *result)
{
    if (plan->size != sizeof *plan)
        return refuse(result, "plan.size must be sizeof(stm_testing_plan)");
    if ((unsigned)plan->strategy > STM_TESTING_BYTES)
        return refuse(result, "plan.strategy is none");
    if (plan->depth != 0 && (plan->depth < DEPTH_MIN || plan->depth > DEPTH_MAX))
        return refuse(result, "plan.depth must be 2 to 4, or 0");
    if (plan->steps_max > SCHEDULER_STEP_COUNT_MAX)
        return refuse(result, "plan.steps_max must be at most 100,000");
    if (plan->delay_stores && plan->strategy != STM_TESTING_RANDOM && plan->strategy != STM_TESTING_PCT)
        return refuse(result, "plan.delay_stores is for RANDOM and PCT");
    if (plan->bytes.data == NULL && plan->bytes.size > 0)
        return refuse(result, "plan.bytes has a size and no data");
    return true;
}

static bool read_written(const stm_testing_plan *plan, schedule *written, stm_testing_result *result)
{
    if (plan->strategy == STM_TESTING_BYTES)
        schedule_of_bytes(written, plan->bytes);
    else if (plan->strategy == STM_TESTING_SCHEDULE &&
             (plan->schedule == NULL || !schedule_of_text(written, plan->schedule)))
        return refuse(result, "plan.schedule is no schedule, such as \"0*12 1*5 0\"");
    return true;
}

stm_status stm_testing_run(const stm_testing_program *program, const stm_testing_plan *plan,
                           stm_testing_result *result)
{
    static const stm_testing_plan usual = {.size = sizeof usual};
    schedule written = {0};
    if (result == NULL)
        return STM_INVALID;
    *result = (stm_testing_result){.message = "", .schedule = ""};
    if (plan == NULL)
        plan = &usual;
    if (scheduler_is_running())
        refuse(result, "a run is going on");
    else if (program_is_good(program, result) && plan_is_good(plan, result) && read_written(plan, &written, result)) {
        free(schedule_shown);
        free((void *)(uintptr_t)bytes_shown.data);
        engine_use(program, plan->steps_max == 0 ? STEPS_MAX : plan->steps_max, plan->real_threads);
        footprint_reset();
        hunt_and_show(plan, &written, result);
        schedule_close(&written);
        return STM_OK;
    }
    return STM_INVALID;
}
