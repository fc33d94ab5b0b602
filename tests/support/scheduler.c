#define _GNU_SOURCE
#include "scheduler.h"

#include "arena.h"
#include "fiber.h"
#include "footprint.h"
#include "kept.h"
#include "machine.h"
#include "random.h"
#include "sanitizer.h"
#include "store_buffer.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct step {
    stmi_access access;
    unsigned choice;
};

extern bool stmi_membarrier_works; /* epoch.h */
extern void (*stmi_options_hook)(stm_options *options); /* store.h */

static fiber *home;
static fiber *fibers[FIBER_KIND_COUNT][SCHEDULER_THREAD_COUNT_MAX];
static fiber_kind kind; /* of the threads of all further runs */
static uint64_t step_count_max = SCHEDULER_STEP_COUNT_MAX;
static bool gives_up; /* then the run has failed; else the program is ended */
static void (*tell_death)(void);
static void (*fill_options)(stm_options *options);
static const scheduler_keeper *keeper;
static bool (*is_enough)(void);

static struct {
    const scheduler_program *program;
    scheduler_choose *choose;
    void *strategy;
    scheduler_view view;
    unsigned current; /* who is running now */
    bool lining_up;   /* threads run to their first access, and no further */
    bool until_common; /* the strategy is not to be asked before the next access that matters */
    unsigned alive;   /* a bit for each thread whose function has not returned */
    const volatile uint32_t *asleep_on[SCHEDULER_THREAD_COUNT_MAX]; /* NULL: awake */
    bool has_timeout[SCHEDULER_THREAD_COUNT_MAX];
    bool timed_out[SCHEDULER_THREAD_COUNT_MAX];
    bool slept_out[SCHEDULER_THREAD_COUNT_MAX]; /* in its present call, while nobody else did */
    uint64_t call_began[SCHEDULER_THREAD_COUNT_MAX]; /* in own steps */
    bool delayed; /* stores */
    bool going_on;
    bool given_up;
    bool left;  /* it has ended before its time: given up, or enough has been seen */
    bool keeps; /* the running thread has gone home for this */
    bool footprint_grew;
    uint64_t hash;
    oracle objector;
} run = {.current = SCHEDULER_NOBODY};

/* Too large to be cleared before each run: */
static store_buffer buffers[SCHEDULER_THREAD_COUNT_MAX];
static char failure[2048];
static struct step steps[SCHEDULER_STEP_COUNT_MAX];

/* ---------------------------------------------------------------------------- failing -- */

__attribute__((format(printf, 2, 0))) static void object(oracle by, const char *format, va_list arguments)
{
    if (run.objector != ORACLE_NONE || oracle_is_silent(by))
        return;
    run.objector = by;
    vsnprintf(failure, sizeof failure, format, arguments);
}

void scheduler_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    object(ORACLE_ASSERTION, format, arguments);
    va_end(arguments);
}

void scheduler_object(oracle by, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    object(by, format, arguments);
    va_end(arguments);
}

static void die_telling(void)
{
    if (tell_death == NULL) { /* under a fuzzing engine, to which only a crash is a finding */
        fprintf(stderr, "%s objects: %s\n", oracle_name(run.objector), scheduler_failure());
        abort();
    }
    tell_death();
    fflush(NULL);
    _Exit(1);
}

/* There if this, or the program that this is linked into, was built with a sanitizer. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static void die_of_report(void)
{
    scheduler_object(ORACLE_CRASH, "the sanitizer's report is above");
    if (tell_death != NULL)
        tell_death();
    fflush(NULL);
}

/* Not safe in a signal handler, but the program is lost anyway, and its schedule is worth a try. */
static void on_crash(int signal_number)
{
    signal(signal_number, SIG_DFL);
    scheduler_object(ORACLE_CRASH, "signal %d (%s)", signal_number, strsignal(signal_number));
    die_telling();
}

static void catch_crashes(void)
{
    static char stack[64 << 10];
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(die_of_report);
        return;
    }
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

void scheduler_on_death(void (*tell)(void))
{
    tell_death = tell;
    catch_crashes();
}

/* ------------------------------------------------------------------------------ steps -- */

/* The stacks of its threads are left as they are. Does not return but at home. */
static void leave(void)
{
    run.left = true;
    if (run.current != SCHEDULER_NOBODY)
        fiber_change(home, true);
}

static void give_up(void)
{
    scheduler_object(ORACLE_STEPS, "not done after %llu steps: somebody waits for ever",
                     (unsigned long long)step_count_max);
    if (!gives_up)
        die_telling();
    run.given_up = true;
    leave();
}

static inline void note_step(unsigned choice, const stmi_access *access)
{
    scheduler_view *view = &run.view;
    if (view->steps >= step_count_max) {
        give_up();
        return;
    }
    steps[view->steps++] = (struct step){*access, choice};
    uint64_t where = arena_offset(access->address) * 2 + access->size;
    uint64_t what = where << 24 ^ (uint64_t)access->line << 8 ^ (uint64_t)access->kind << 6 ^ choice;
    run.hash = (run.hash ^ what) * UINT64_C(0x9e3779b97f4a7c15);
    run.hash ^= run.hash >> 29;
}

static inline void note_thread_step(unsigned thread, const stmi_access *access)
{
    scheduler_view *view = &run.view;
    note_step(thread, access);
    view->own_steps[thread]++;
    if (!gives_up && view->own_steps[thread] - run.call_began[thread] == SCHEDULER_CALL_STEP_COUNT_MAX)
        scheduler_object(ORACLE_STEPS, "thread %u has made %u steps in one call, and goes on", thread,
                         SCHEDULER_CALL_STEP_COUNT_MAX);
}

/* ----------------------------------------------------------------------- stores that wait -- */

static void note_waiting(unsigned thread)
{
    const store_buffer *buffer = &buffers[thread];
    unsigned bit = 1u << thread;
    run.view.waiting = buffer->count > 0 ? run.view.waiting | bit : run.view.waiting & ~bit;
    run.view.overtaking =
        store_buffer_overtaker(buffer) > 0 ? run.view.overtaking | bit : run.view.overtaking & ~bit;
}

static void store_later(volatile void *address, size_t size, uint64_t value, memory_order order)
{
    uint64_t made_at = run.current == SCHEDULER_NOBODY ? 0 : run.view.own_steps[run.current];
    store_buffer_entry entry = {address, size, value, order, made_at};
    if (run.current == SCHEDULER_NOBODY) {
        store_buffer passing = {0};
        store_buffer_add(&passing, &entry);
        store_buffer_arrive_all(&passing);
        return;
    }
    store_buffer_add(&buffers[run.current], &entry);
    if (order == SEQ_CST)
        store_buffer_arrive_all(&buffers[run.current]);
    note_waiting(run.current);
}

static volatile void *find_place(volatile void *address)
{
    return run.current == SCHEDULER_NOBODY ? address : store_buffer_place(&buffers[run.current], address);
}

/* What must arrive before the running thread makes this access. */
static void settle_before(const stmi_access *access)
{
    if (access->kind != STMI_RMW)
        return;
    if (access->order == RELAXED || access->order == ACQUIRE)
        scheduler_settle((const void *)(uintptr_t)access->address, access->size);
    else
        scheduler_settle_all();
}

void scheduler_settle(const void *address, size_t size)
{
    if (run.current == SCHEDULER_NOBODY || buffers[run.current].count == 0)
        return;
    store_buffer_arrive_upto(&buffers[run.current], address, size);
    note_waiting(run.current);
}

void scheduler_settle_all(void)
{
    if (run.current == SCHEDULER_NOBODY || buffers[run.current].count == 0)
        return;
    store_buffer_arrive_all(&buffers[run.current]);
    note_waiting(run.current);
}

void scheduler_settle_everybody(void)
{
    for (unsigned i = 0; i < run.view.thread_count; i++) {
        store_buffer_arrive_all(&buffers[i]);
        note_waiting(i);
    }
}

/* A step of no thread. False: choice is not one. */
static bool arrive(unsigned choice)
{
    unsigned thread = choice & 15u;
    bool overtakes = choice == SCHEDULER_OVERTAKE(thread);
    if (thread >= run.view.thread_count || (choice != SCHEDULER_ARRIVE(thread) && !overtakes) ||
        buffers[thread].count == 0)
        return false;
    unsigned at = overtakes ? store_buffer_overtaker(&buffers[thread]) : 0;
    const store_buffer_entry *entry = &buffers[thread].entries[at];
    stmi_access access = {STMI_STORE, entry->order, entry->address, entry->size, "arrives", 0};
    note_step(choice, &access);
    store_buffer_arrive(&buffers[thread], at);
    note_waiting(thread);
    return true;
}

static void hook_stores(bool on)
{
    /* As where the kernel has it: so an epoch is entered by a store that may be late. */
    stmi_membarrier_works = on && run.delayed;
    stmi_store_hook = on && run.delayed ? store_later : NULL;
    stmi_place_hook = on && run.delayed ? find_place : NULL;
}

/* ------------------------------------------------------------------------ runs that are kept -- */

#define KEPT_COUNT_MAX ((size_t)1 << 16)
#define KEPT_BYTES_MAX ((size_t)1 << 30)

/* One behind the other, each between two places. */
static struct {
    char *bytes;
    size_t places[KEPT_COUNT_MAX + 1]; /* the first is 0 */
    size_t count;
} kept;

void scheduler_keep_by(const scheduler_keeper *by)
{
    keeper = by;
}

bool scheduler_can_keep(void)
{
    return keeper != NULL && fiber_can_be_saved(kind) && arena_can_be_saved();
}

static char *save_rest(char *to)
{
    for (unsigned i = 0; i < run.view.thread_count; i++) {
        to = kept_write(to, &buffers[i].count, sizeof buffers[i].count);
        to = kept_write(to, buffers[i].entries, buffers[i].count * sizeof buffers[i].entries[0]);
    }
    to = arena_save(to);
    to = machine_save(to);
    return keeper->save(to);
}

static const char *load_rest(const char *from)
{
    for (unsigned i = 0; i < run.view.thread_count; i++) {
        from = kept_read(from, &buffers[i].count, sizeof buffers[i].count);
        from = kept_read(from, buffers[i].entries, buffers[i].count * sizeof buffers[i].entries[0]);
    }
    from = arena_load(from);
    from = machine_load(from);
    return keeper->load(from);
}

static void make_room(void)
{
    if (kept.bytes == NULL)
        kept.bytes = mmap(NULL, KEPT_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (kept.bytes == MAP_FAILED || kept.count == KEPT_COUNT_MAX ||
        kept.places[kept.count] + SCHEDULER_IMAGE_MAX > KEPT_BYTES_MAX) {
        fprintf(stderr, "scheduler: no room to keep a run %zu times\n", kept.count + 1);
        exit(2);
    }
}

/* At home. Threads that have ended are still to be ready for the next run. */
static void keep_run(void)
{
    make_room();
    char *to = kept.bytes + kept.places[kept.count];
    to = kept_write(to, &run, sizeof run);
    for (unsigned i = 0; i < run.view.thread_count; i++)
        to = fiber_save(fibers[kind][i], to);
    to = footprint_save(to);
    to = save_rest(to);
    kept.places[++kept.count] = (size_t)(to - kept.bytes);
}

static void load_run(void)
{
    const char *from = kept.bytes + kept.places[kept.count - 1];
    from = kept_read(from, &run, sizeof run);
    for (unsigned i = 0; i < run.view.thread_count; i++)
        from = fiber_load(fibers[kind][i], from);
    from = footprint_load(from);
    load_rest(from);
}

/* False: that is not what was asked for. Where the run is gone on with from here, this returns once more. */
static bool keep(unsigned choice)
{
    if (choice == SCHEDULER_LEAVE)
        leave();
    if (choice != SCHEDULER_KEEP)
        return false;
    run.keeps = run.current != SCHEDULER_NOBODY;
    if (run.keeps)
        fiber_change(home, true);
    else
        keep_run();
    return true;
}

/* How the run came here is of no matter: who looked at what, and in which order. */
static char *describe_thread(unsigned thread, char *to)
{
    const scheduler_view *view = &run.view;
    bool alive = (run.alive >> thread & 1) != 0;
    const stmi_access *next = &view->next[thread];
    uint64_t facts[] = {view->own_steps[thread],     view->calls[thread],       run.call_began[thread],
                        (uint64_t)(uintptr_t)run.asleep_on[thread],             run.has_timeout[thread],
                        run.timed_out[thread],       run.slept_out[thread],     alive ? (uint64_t)next->kind : 0,
                        alive ? (uint64_t)next->order : 0,                      alive ? (uintptr_t)next->address : 0,
                        alive ? next->size : 0,      alive ? (uint64_t)next->line : 0};
    to = kept_write(to, facts, sizeof facts);
    return alive ? fiber_save(fibers[kind][thread], to) : to;
}

char *scheduler_describe(char *to)
{
    const scheduler_view *view = &run.view;
    uint64_t facts[] = {view->thread_count, view->last,   view->runnable, view->quiet,    view->waiting, view->overtaking,
                        view->ending,       view->steps,  run.alive,      run.objector,   footprint_digest()};
    to = kept_write(to, facts, sizeof facts);
    for (unsigned i = 0; i < view->thread_count; i++)
        to = describe_thread(i, to);
    return save_rest(to);
}

void scheduler_watch_ends(bool (*by)(void))
{
    is_enough = by;
}

bool scheduler_was_left(void)
{
    return run.left;
}

/* ------------------------------------------------------------------------------- switches -- */

/* Nobody can make a step: those asleep run out of time, or wait for a wake-up that will not come. */
static void wake_all_asleep(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < run.view.thread_count; i++)
        count += run.asleep_on[i] != NULL;
    for (unsigned i = 0; i < run.view.thread_count; i++) {
        if (run.asleep_on[i] == NULL)
            continue;
        if (!run.has_timeout[i])
            scheduler_object(ORACLE_STEPS, "thread %u sleeps for ever: nobody is left to wake it", i);
        run.asleep_on[i] = NULL;
        run.timed_out[i] = true;
        run.slept_out[i] = count == 1;
        run.view.runnable |= 1u << i;
    }
}

static unsigned pick(void)
{
    if (run.view.runnable == 0)
        wake_all_asleep();
    unsigned next = run.choose(run.strategy, &run.view);
    while (!run.left && (keep(next) || arrive(next)))
        next = run.choose(run.strategy, &run.view);
    if (run.left)
        return SCHEDULER_NOBODY;
    run.until_common = (next & SCHEDULER_UNTIL_COMMON) != 0;
    next &= ~SCHEDULER_UNTIL_COMMON;
    if (next >= run.view.thread_count || (run.view.runnable >> next & 1) == 0) {
        fprintf(stderr, "scheduler: the strategy chose %u, which cannot go\n", next);
        abort();
    }
    note_thread_step(next, &run.view.next[next]);
    run.view.last = next;
    run.footprint_grew |= footprint_touch(next, &run.view.next[next]);
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
    fiber_change(fibers[kind][next], false);
}

static void before_access(const stmi_access *access)
{
    unsigned self = run.current;
    if (self == SCHEDULER_NOBODY)
        return;
    footprint_word *own = run.until_common && access->kind != STMI_SPIN ? footprint_own(access) : NULL;
    if (own != NULL) {
        note_thread_step(self, access);
        run.footprint_grew |= footprint_touch_word(self, access->kind != STMI_LOAD, own);
    } else {
        run.view.next[self] = *access;
        if (run.lining_up)
            fiber_change(home, true);
        else
            stand();
    }
    settle_before(access);
}

/* -------------------------------------------------------------------------------- run -- */

/* Its last stores may arrive late, too: it is not gone before somebody chooses that. */
static void end_thread(void)
{
    static const char end;
    stmi_access access = {STMI_LOAD, SEQ_CST, &end, sizeof end, __func__, __LINE__};
    if (buffers[run.current].count > 0) {
        run.until_common = false;
        run.view.ending |= 1u << run.current;
        before_access(&access);
    }
    scheduler_settle_all();
}

/* A fiber serves its logical thread in all runs. */
static void serve(void *arg)
{
    unsigned self = (unsigned)(uintptr_t)arg;
    for (;;) {
        run.program->thread(self);
        end_thread();
        run.alive &= ~(1u << self);
        run.view.runnable &= ~(1u << self);
        fiber_change(home, true);
    }
}

/* Until it, or whoever it has given way to, comes home: at its end, or to line up. On the way it may have asked for the run
 * to be kept. */
static void change_to(unsigned thread, bool ordered)
{
    run.current = thread;
    fiber_change(fibers[kind][thread], ordered);
    while (run.keeps) {
        run.keeps = false;
        keep_run();
        fiber_change(fibers[kind][run.current], true);
    }
    run.current = SCHEDULER_NOBODY;
    if (is_enough != NULL && !run.left && !run.lining_up)
        run.left = is_enough();
}

static void enter(unsigned thread, bool ordered)
{
    fiber **mine = &fibers[kind][thread];
    if (*mine == NULL || fiber_is_lost(*mine))
        *mine = fiber_open(kind, serve, (void *)(uintptr_t)thread);
    change_to(thread, ordered);
}

/* Of a run that was left: those of its threads that had not ended. */
static void renew_fibers(void)
{
    for (unsigned i = 0; i < run.view.thread_count; i++)
        if ((run.alive >> i & 1) != 0)
            fibers[kind][i] = fiber_open_again(fibers[kind][i]);
}

static void line_up(void)
{
    run.lining_up = true;
    for (unsigned i = 0; i < run.view.thread_count; i++) {
        run.alive |= 1u << i;
        run.view.runnable |= 1u << i;
        enter(i, true);
    }
    run.lining_up = false;
}

static void run_threads(void)
{
    while (run.alive != 0 && !run.left) {
        unsigned next = pick();
        if (!run.left)
            enter(next, false);
    }
    if (run.left)
        renew_fibers();
}

static void hook_all(bool on)
{
    run.going_on = on;
    stmi_threads_are_logical = on;
    stmi_options_hook = on ? fill_options : NULL;
    stmi_show_hook = on && fill_options != NULL ? scheduler_settle : NULL;
}

static void hook_accesses(bool on)
{
    stmi_access_hook = on ? before_access : NULL;
    hook_stores(on);
}

static bool end_run(void)
{
    hook_accesses(false);
    if (!run.left)
        run.program->finish();
    hook_all(false);
    return run.objector == ORACLE_NONE;
}

bool scheduler_run(const scheduler_program *program, scheduler_choose *choose, void *strategy)
{
    if (home == NULL)
        home = fiber_main();
    memset(&run, 0, sizeof run);
    failure[0] = '\0';
    for (unsigned i = 0; i < SCHEDULER_THREAD_COUNT_MAX; i++)
        buffers[i].count = 0;
    run.program = program;
    run.choose = choose;
    run.strategy = strategy;
    run.current = SCHEDULER_NOBODY;
    run.view.thread_count = program->thread_count;
    run.view.last = SCHEDULER_NOBODY;
    run.view.buffers = buffers;
    kept.count = 0;
    footprint_begin_run();
    arena_reset();
    machine_reset();
    hook_all(true);
    program->setup();
    machine_reset(); /* how often setup looked at the clock is nobody's business: it may have taken a short cut */
    hook_accesses(true);
    line_up();
    run_threads();
    return end_run();
}

bool scheduler_run_on(size_t count)
{
    kept.count = count;
    load_run();
    hook_all(true);
    hook_accesses(true);
    if (run.current != SCHEDULER_NOBODY)
        change_to(run.current, true);
    run_threads();
    return end_run();
}

/* -------------------------------------------------------------------- asked from within -- */

void scheduler_use_threads(bool real)
{
    kind = real ? FIBER_THREAD : FIBER_STACK;
}

void scheduler_serve_users(void (*fill)(stm_options *options))
{
    fill_options = fill;
}

void scheduler_give_up_after(uint64_t steps)
{
    step_count_max = steps < SCHEDULER_STEP_COUNT_MAX ? steps : SCHEDULER_STEP_COUNT_MAX;
    gives_up = true;
}

unsigned scheduler_thread(void)
{
    return run.current;
}

uint64_t scheduler_mark(scheduler_edge edge)
{
    static const uint64_t clock;
    if (run.current == SCHEDULER_NOBODY)
        return run.view.steps;
    stmi_access access = {edge == SCHEDULER_BEGIN ? STMI_LOAD : STMI_STORE, SEQ_CST, &clock, sizeof clock, __func__,
                          __LINE__};
    before_access(&access);
    return run.view.steps;
}

void scheduler_delay_stores(void)
{
    run.delayed = !UNDER_TSAN;
}

void scheduler_call(void)
{
    if (run.current == SCHEDULER_NOBODY)
        return;
    run.call_began[run.current] = run.view.own_steps[run.current];
    run.view.calls[run.current]++;
    run.slept_out[run.current] = false;
}

void scheduler_quiet(bool quiet)
{
    unsigned bit = 1u << run.current;
    run.view.quiet = quiet ? run.view.quiet | bit : run.view.quiet & ~bit;
}

static const char yielding;

void scheduler_yield(void)
{
    stmi_access access = {STMI_SPIN, SEQ_CST, &yielding, sizeof yielding, __func__, __LINE__};
    before_access(&access);
}

bool scheduler_is_yield(const stmi_access *access)
{
    return access->address == &yielding;
}

int scheduler_sleep(const volatile uint32_t *address, uint32_t value, bool has_timeout)
{
    stmi_access access = {STMI_LOAD, SEQ_CST, address, sizeof *address, "futex_wait", 0};
    before_access(&access);
    scheduler_settle_all(); /* the kernel does that */
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

bool scheduler_slept_out(void)
{
    return run.current != SCHEDULER_NOBODY && run.slept_out[run.current];
}

int scheduler_wake(const volatile uint32_t *address, int count)
{
    stmi_access access = {STMI_RMW, SEQ_CST, address, sizeof *address, "futex_wake", 0};
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

bool scheduler_is_running(void)
{
    return run.going_on;
}

const char *scheduler_failure(void)
{
    return failure;
}

oracle scheduler_objector(void)
{
    return run.objector;
}

uint64_t scheduler_trace_hash(void)
{
    return run.hash;
}

uint64_t scheduler_step_count(void)
{
    return run.view.steps;
}

uint64_t scheduler_own_steps(unsigned thread)
{
    return run.view.own_steps[thread];
}

unsigned scheduler_step_thread(uint64_t step)
{
    return steps[step].choice & 15u;
}

unsigned scheduler_step_choice(uint64_t step)
{
    return steps[step].choice;
}

void scheduler_step_text(uint64_t step, char *text, size_t size)
{
    static const char *const kinds[] = {"load ", "store", "rmw  ", "spin "};
    const stmi_access *access = &steps[step].access;
    snprintf(text, size, "%s %zx %s:%d", kinds[access->kind], arena_offset(access->address), access->site,
             access->line);
}

bool scheduler_footprint_grew(void)
{
    return run.footprint_grew;
}

void scheduler_print_schedule(FILE *stream)
{
    for (uint64_t i = 0, from = 0; i < run.view.steps; i++) {
        if (i + 1 < run.view.steps && steps[i + 1].choice == steps[i].choice)
            continue;
        unsigned thread = scheduler_step_thread(i);
        const char *mark = steps[i].choice == thread                     ? ""
                           : steps[i].choice == SCHEDULER_ARRIVE(thread) ? "~"
                                                                         : "~~";
        fprintf(stream, "%s%u%s*%llu", from == 0 ? "" : " ", thread, mark, (unsigned long long)(i + 1 - from));
        from = i + 1;
    }
}

void scheduler_print_steps(FILE *stream, uint64_t count)
{
    uint64_t first = run.view.steps > count ? run.view.steps - count : 0;
    for (uint64_t i = first; i < run.view.steps; i++) {
        unsigned thread = scheduler_step_thread(i);
        char text[128];
        scheduler_step_text(i, text, sizeof text);
        fprintf(stream, "%5llu  %*s%u%s %s%s\n", (unsigned long long)i, (int)thread * 8, "", thread,
                steps[i].choice == thread ? "" : "~", text,
                footprint_is_common(&steps[i].access) ? "" : "  (its own)");
    }
}
