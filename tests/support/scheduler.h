/*
 * scheduler.h -- runs a few logical threads in one real one, and changes from one to another only
 * where it is told to: before an access to shared memory (the hook of the testing build, atomic.h).
 * What happens between two accesses nobody else can see, so a schedule -- who makes the next
 * access, each time -- says all there is to say about a run with sequentially consistent memory; and
 * the same schedule gives the same run, to the last address.
 *
 *     start:   each thread runs to its first access, and stands before it
 *     a step:  choose() names a thread; it makes the access before which it stands, and runs on to the next
 *     end:     every thread's function has returned
 *
 * A thread that nobody chooses is a thread that has stopped. A thread that never ends is found by the
 * limit on steps, and all threads asleep on a futex (machine.h) are a lost wake-up.
 *
 * Weak memory, if the program's setup asks for it (scheduler_delay_stores): a thread's stores, but for those of sequential
 * consistency, wait in its store buffer (store_buffer.h), where only the thread itself sees them, until choose()
 * names SCHEDULER_ARRIVE(thread) instead of a thread, or the thread makes an access that must not overtake them.
 */
#ifndef TESTS_SCHEDULER_H
#define TESTS_SCHEDULER_H

#include "../../libstm/src/atomic.h"
#include "oracle.h"
#include "store_buffer.h"

#include <stm/stm.h>

#include <stdio.h>

#define SCHEDULER_THREAD_COUNT_MAX 4u
#define SCHEDULER_NOBODY SCHEDULER_THREAD_COUNT_MAX
#define SCHEDULER_STEP_COUNT_MAX 100000u /* of a run; the longest honest one is far shorter */
#define SCHEDULER_CALL_STEP_COUNT_MAX 2000u /* of a call (scheduler_call), whatever others do */

/* What choose() may answer besides a thread: the oldest store that the thread has made and nobody else has seen
 * arrives; or the newest that may do so before the older ones, relaxed and to another word. */
#define SCHEDULER_ARRIVE(thread) ((thread) | 16u)
#define SCHEDULER_OVERTAKE(thread) ((thread) | 32u)

/* All that threads share must be shared through the library, or by scheduler_mark: the scheduler
 * changes threads nowhere else, and the explorer takes the order of all else to be of no matter. */
typedef struct scheduler_program {
    const char *name;
    unsigned thread_count;
    void (*setup)(void);            /* before each run, alone */
    void (*thread)(unsigned thread);
    void (*finish)(void);           /* after each run, alone: looks at what came of it */
} scheduler_program;

/* What a strategy may look at. */
typedef struct scheduler_view {
    unsigned thread_count;
    unsigned last;     /* who made the last step; SCHEDULER_NOBODY before the first */
    unsigned runnable; /* a bit for each thread that can make a step; never 0 */
    uint64_t steps;    /* made so far */
    uint64_t own_steps[SCHEDULER_THREAD_COUNT_MAX];
    unsigned calls[SCHEDULER_THREAD_COUNT_MAX]; /* begun by each (scheduler_call): all but the last have ended */
    unsigned quiet;    /* a bit for each thread that is not to be interrupted just now */
    unsigned waiting;  /* a bit for each thread that has made stores which nobody else has seen */
    unsigned overtaking; /* the same, for SCHEDULER_OVERTAKE */
    unsigned ending;     /* a bit for each thread that has nothing left to do but to let its stores arrive */
    const store_buffer *buffers; /* of each thread */
    stmi_access next[SCHEDULER_THREAD_COUNT_MAX]; /* before which each of them stands */
} scheduler_view;

/* Added to a thread, it says: do not ask again before that thread stands before an access to a word in common
 * (footprint.h), or spins. */
#define SCHEDULER_UNTIL_COMMON 64u

/* Instead of a thread: keep the run as it is (scheduler_run_on), and ask again; or, end it here, without finish. */
#define SCHEDULER_KEEP 128u
#define SCHEDULER_LEAVE 129u

/* Names one of the runnable threads, or a store of one that is waiting. */
typedef unsigned scheduler_choose(void *strategy, const scheduler_view *view);

/* One run, from setup to finish. False if it failed; why is in scheduler_failure(). A run that does not
 * end within the limit on steps is reported, and ends the program, unless scheduler_give_up_after() was called. */
bool scheduler_run(const scheduler_program *program, scheduler_choose *choose, void *strategy);

/* Runs of which only the end differs from the last one need not be made from the beginning: where the strategy says so, a
 * run is kept as it is, with all that it consists of, and can be gone on with from there, as often as one likes. What it
 * consists of besides the stacks, the arena and the scheduler's own, the program saves and loads (kept.h), in
 * all further runs; NULL: there is nothing. */
typedef struct scheduler_keeper {
    char *(*save)(char *to);
    const char *(*load)(const char *from);
} scheduler_keeper;
void scheduler_keep_by(const scheduler_keeper *keeper);
/* Whether the run that is going on, from its setup on, can be kept: not where stacks are real threads, under a sanitizer,
 * or before the arena has an image. */
bool scheduler_can_keep(void);
/* Like scheduler_run, of the last run's program and strategy, from where it was kept for the count-th time; what was kept
 * later is forgotten. */
bool scheduler_run_on(size_t count);
/* What the rest of the run depends on: two runs that are the same here will come to the same end. Called between steps;
 * SCHEDULER_IMAGE_MAX bytes at most. */
char *scheduler_describe(char *to);
#define SCHEDULER_IMAGE_MAX ((size_t)8 << 20)
/* Is asked after each end of a thread, in all further runs; true: the run is left there, without finish. NULL: nobody. */
void scheduler_watch_ends(bool (*is_enough)(void));
bool scheduler_was_left(void);

/* From now on each logical thread is carried by a real one (fiber.h), or by a stack again, as in the beginning. The
 * same schedule gives the same run either way. */
void scheduler_use_threads(bool real);
/* From now on a run that does not end within so many steps has failed, without finish, and what its threads held is
 * lost. For threads that are not all calls of the library: the steps of a call are not limited any more. */
void scheduler_give_up_after(uint64_t steps);

/* All further runs are of programs that know the public header only. When a store is opened, fill() may fill in options
 * that were not given; and the values that a checkout shows have arrived, for they are read plainly. */
void scheduler_serve_users(void (*fill)(stm_options *options));

/* From a run's setup to its finish. */
bool scheduler_is_running(void);

/* Of the run that is going on, or else of the last one. */
const char *scheduler_failure(void);         /* "" if it did not fail */
oracle scheduler_objector(void);             /* ORACLE_NONE if it did not fail */
uint64_t scheduler_trace_hash(void);         /* of all its steps: who, what, where */
uint64_t scheduler_step_count(void);
uint64_t scheduler_own_steps(unsigned thread);
unsigned scheduler_step_thread(uint64_t step);
unsigned scheduler_step_choice(uint64_t step); /* what choose() answered */
/* What the step did, as a line of text: "load  1a40 stmi_look:83". */
void scheduler_step_text(uint64_t step, char *text, size_t size);
bool scheduler_footprint_grew(void);         /* new words in common came to light (footprint.h) */
/* Its schedule, as explorer_replay reads it: "0*12 1*5 0*30", thread 0 for 12 steps and so on. */
void scheduler_print_schedule(FILE *stream);
/* Its last steps, at most count of them, a column a thread. */
void scheduler_print_steps(FILE *stream, uint64_t count);
/* Called before the program ends because of a crash or the limit on steps. */
void scheduler_on_death(void (*tell)(void));

/* From within setup, threads and finish. */
void scheduler_fail(const char *format, ...) __attribute__((format(printf, 1, 2))); /* the first one counts */
/* The same, by somebody in particular, who may be silent. */
void scheduler_object(oracle by, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The running thread begins a call of the library; ORACLE_STEPS counts its steps from here. */
void scheduler_call(void);
/* Whatever the running thread has stored to these bytes arrives: they are about to be read by other means than an
 * atomic load. */
void scheduler_settle(const void *address, size_t size);
/* All that it has stored arrives. */
void scheduler_settle_all(void);
/* All that anybody has stored arrives: membarrier(2). */
void scheduler_settle_everybody(void);
unsigned scheduler_thread(void); /* who is running; SCHEDULER_NOBODY in setup and finish */

/* Reads the clock of the run, which moves with every step. A mark is a step of its own: two marks
 * one of which is an end are in the same order in every run that the explorer takes for the same.
 * So "a ended before b began" can be told from the two numbers. */
typedef enum { SCHEDULER_BEGIN, SCHEDULER_END } scheduler_edge;
uint64_t scheduler_mark(scheduler_edge edge);

/* From within setup: in this run a thread's stores reach the others late. Not under ThreadSanitizer, which would not
 * see by whom they are made. */
void scheduler_delay_stores(void);

/* The running thread is not to be interrupted from now on, or is again: for a long stretch that only
 * leads from one interesting place to another. */
void scheduler_quiet(bool quiet);

/* The running thread cannot get on until another one has done something, and would look again and again. Unlike the
 * library's own spinning, which gives up after a few looks and then acts, this may go on for ever: a strategy
 * that takes all schedules in turn lets the others go first. */
void scheduler_yield(void);
bool scheduler_is_yield(const stmi_access *access);

/* For machine.c. Sleeps if *address still is value, like FUTEX_WAIT; returns 0 or an errno. */
int scheduler_sleep(const volatile uint32_t *address, uint32_t value, bool has_timeout);
/* Whether the calling thread's last call slept until all others had ended. */
bool scheduler_slept_out(void);
/* Wakes at most count threads that sleep on address; returns how many. */
int scheduler_wake(const volatile uint32_t *address, int count);

#endif
