#define _GNU_SOURCE
#include "scheduler.h"

#include "arena.h"
#include "fiber.h"
#include "footprint.h"
#include "machine.h"
#include "random.h"
#include "sanitizer.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct step {
    stmi_access access;
    unsigned thread;
};

static fiber *home;
static fiber *fibers[SCHEDULER_THREAD_COUNT_MAX];
static void (*tell_death)(void);

static struct {
    const scheduler_program *program;
    scheduler_choose *choose;
    void *strategy;
    scheduler_view view;
    unsigned current; /* who is running now */
    bool lining_up;   /* threads run to their first access, and no further */
    unsigned alive;   /* a bit for each thread whose function has not returned */
    const volatile uint32_t *asleep_on[SCHEDULER_THREAD_COUNT_MAX]; /* NULL: awake */
    bool has_timeout[SCHEDULER_THREAD_COUNT_MAX];
    bool timed_out[SCHEDULER_THREAD_COUNT_MAX];
    bool footprint_grew;
    uint64_t hash;
    char failure[1024];
} run = {.current = SCHEDULER_NOBODY};

static struct step steps[SCHEDULER_STEP_COUNT_MAX];

/* ---------------------------------------------------------------------------- failing -- */

void scheduler_fail(const char *format, ...)
{
    if (run.failure[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(run.failure, sizeof run.failure, format, arguments);
    va_end(arguments);
}

static void die_telling(void)
{
    if (tell_death != NULL)
        tell_death();
    fflush(NULL);
    _Exit(1);
}

#if UNDER_ASAN || UNDER_TSAN
void __sanitizer_set_death_callback(void (*callback)(void));

static void die_of_report(void)
{
    scheduler_fail("the sanitizer's report is above");
    if (tell_death != NULL)
        tell_death();
    fflush(NULL);
}

static void catch_crashes(void)
{
    __sanitizer_set_death_callback(die_of_report);
}
#else
/* Not safe in a signal handler, but the program is lost anyway, and its schedule is worth a try. */
static void on_crash(int signal_number)
{
    signal(signal_number, SIG_DFL);
    scheduler_fail("signal %d (%s)", signal_number, strsignal(signal_number));
    die_telling();
}

static void catch_crashes(void)
{
    static char stack[64 << 10];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}
#endif

void scheduler_on_death(void (*tell)(void))
{
    tell_death = tell;
    catch_crashes();
}

/* ------------------------------------------------------------------------------ steps -- */

static void note_step(unsigned thread)
{
    scheduler_view *view = &run.view;
    const stmi_access *access = &view->next[thread];
    if (view->steps == SCHEDULER_STEP_COUNT_MAX) {
        scheduler_fail("not done after %u steps: somebody waits for ever", SCHEDULER_STEP_COUNT_MAX);
        die_telling();
    }
    steps[view->steps++] = (struct step){*access, thread};
    view->own_steps[thread]++;
    view->last = thread;
    run.footprint_grew |= footprint_touch(thread, access);
    uint64_t where = arena_offset(access->address) * 2 + access->size;
    run.hash = random_mix(run.hash ^ where << 24 ^ (uint64_t)access->line << 8 ^ (uint64_t)access->kind << 4 ^
                          thread);
}

/* Nobody can make a step: those asleep run out of time, or wait for a wake-up that will not come. */
static void wake_all_asleep(void)
{
    for (unsigned i = 0; i < run.view.thread_count; i++) {
        if (run.asleep_on[i] == NULL)
            continue;
        if (!run.has_timeout[i])
            scheduler_fail("thread %u sleeps for ever: nobody is left to wake it", i);
        run.asleep_on[i] = NULL;
        run.timed_out[i] = true;
        run.view.runnable |= 1u << i;
    }
}

static unsigned pick(void)
{
    if (run.view.runnable == 0)
        wake_all_asleep();
    unsigned next = run.choose(run.strategy, &run.view);
    if (next >= run.view.thread_count || (run.view.runnable >> next & 1) == 0) {
        fprintf(stderr, "scheduler: the strategy chose thread %u, which cannot run\n", next);
        abort();
    }
    note_step(next);
    return next;
}

/* The running thread stands before an access; on return the access has been chosen to be made. */
static void stand(void)
{
    unsigned self = run.current;
    unsigned next = pick();
    if (next == self)
        return;
    run.current = next;
    fiber_change(fibers[next], false);
}

static void before_access(const stmi_access *access)
{
    if (run.current == SCHEDULER_NOBODY)
        return;
    run.view.next[run.current] = *access;
    if (run.lining_up)
        fiber_change(home, true);
    else
        stand();
}

/* -------------------------------------------------------------------------------- run -- */

/* A fiber serves its logical thread in all runs. */
static void serve(void *arg)
{
    unsigned self = (unsigned)(uintptr_t)arg;
    for (;;) {
        run.program->thread(self);
        run.alive &= ~(1u << self);
        run.view.runnable &= ~(1u << self);
        fiber_change(home, true);
    }
}

static void enter(unsigned thread, bool ordered)
{
    if (fibers[thread] == NULL)
        fibers[thread] = fiber_open(serve, (void *)(uintptr_t)thread);
    run.current = thread;
    fiber_change(fibers[thread], ordered);
    run.current = SCHEDULER_NOBODY;
}

static void run_threads(void)
{
    run.lining_up = true;
    for (unsigned i = 0; i < run.view.thread_count; i++) {
        run.alive |= 1u << i;
        run.view.runnable |= 1u << i;
        enter(i, true);
    }
    run.lining_up = false;
    while (run.alive != 0)
        enter(pick(), false);
}

bool scheduler_run(const scheduler_program *program, scheduler_choose *choose, void *strategy)
{
    if (home == NULL)
        home = fiber_main();
    memset(&run, 0, sizeof run);
    run.program = program;
    run.choose = choose;
    run.strategy = strategy;
    run.current = SCHEDULER_NOBODY;
    run.view.thread_count = program->thread_count;
    run.view.last = SCHEDULER_NOBODY;
    footprint_begin_run();
    arena_reset();
    machine_reset();
    program->setup();
    stmi_access_hook = before_access;
    run_threads();
    stmi_access_hook = NULL;
    program->finish();
    return run.failure[0] == '\0';
}

/* -------------------------------------------------------------------- asked from within -- */

unsigned scheduler_thread(void)
{
    return run.current;
}

uint64_t scheduler_mark(scheduler_edge edge)
{
    static const uint64_t clock;
    if (run.current == SCHEDULER_NOBODY)
        return run.view.steps;
    stmi_access access = {edge == SCHEDULER_BEGIN ? STMI_LOAD : STMI_STORE, &clock, sizeof clock, __func__,
                          __LINE__};
    before_access(&access);
    return run.view.steps;
}

void scheduler_quiet(bool quiet)
{
    unsigned bit = 1u << run.current;
    run.view.quiet = quiet ? run.view.quiet | bit : run.view.quiet & ~bit;
}

int scheduler_sleep(const volatile uint32_t *address, uint32_t value, bool has_timeout)
{
    stmi_access access = {STMI_LOAD, address, sizeof *address, "futex_wait", 0};
    before_access(&access);
    if (*address != value)
        return EAGAIN;
    unsigned self = run.current;
    run.asleep_on[self] = address;
    run.has_timeout[self] = has_timeout;
    run.timed_out[self] = false;
    run.view.runnable &= ~(1u << self);
    stand();
    return run.timed_out[self] ? ETIMEDOUT : 0;
}

int scheduler_wake(const volatile uint32_t *address, int count)
{
    stmi_access access = {STMI_RMW, address, sizeof *address, "futex_wake", 0};
    before_access(&access);
    int woken = 0;
    for (unsigned i = 0; i < run.view.thread_count && woken < count; i++) {
        if (run.asleep_on[i] != address)
            continue;
        run.asleep_on[i] = NULL;
        run.view.runnable |= 1u << i;
        woken++;
    }
    return woken;
}

/* ----------------------------------------------------------------------------- telling -- */

const char *scheduler_failure(void)
{
    return run.failure;
}

uint64_t scheduler_trace_hash(void)
{
    return run.hash;
}

uint64_t scheduler_step_count(void)
{
    return run.view.steps;
}

unsigned scheduler_step_thread(uint64_t step)
{
    return steps[step].thread;
}

bool scheduler_footprint_grew(void)
{
    return run.footprint_grew;
}

void scheduler_print_schedule(FILE *stream)
{
    for (uint64_t i = 0, from = 0; i < run.view.steps; i++) {
        if (i + 1 < run.view.steps && steps[i + 1].thread == steps[i].thread)
            continue;
        fprintf(stream, "%s%u*%llu", from == 0 ? "" : " ", steps[i].thread,
                (unsigned long long)(i + 1 - from));
        from = i + 1;
    }
}

void scheduler_print_steps(FILE *stream, uint64_t count)
{
    static const char *const kinds[] = {"load ", "store", "rmw  ", "spin "};
    uint64_t first = run.view.steps > count ? run.view.steps - count : 0;
    for (uint64_t i = first; i < run.view.steps; i++) {
        const stmi_access *access = &steps[i].access;
        fprintf(stream, "%5llu  %*s%u %s %7zx %s:%d%s\n", (unsigned long long)i, (int)steps[i].thread * 8, "",
                steps[i].thread, kinds[access->kind], arena_offset(access->address), access->site,
                access->line, footprint_is_common(access) ? "" : "  (its own)");
    }
}
