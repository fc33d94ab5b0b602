/*
 * testing.h -- libstm-testing: your own transactions under a scheduler that decides who goes next.
 *
 * A bug in concurrent code hides in an order of events that hardly ever comes. This library makes the order an
 * input: it runs two to four of your functions as logical threads, one at a time, and changes from one to another only
 * where it is told to, before an access to memory that threads share. The same schedule gives the same run, to the
 * hash. So all schedules up to a bound can be tried, those that fail can be replayed and made small, and a fuzzer can
 * make them up.
 *
 * Link it INSTEAD OF libstm: it is libstm, compiled so that a scheduler is asked before each such access
 * inside the library, and slower by that. Outside of a run it behaves as libstm does.
 *
 *     static void setup(void *queue)   { queue_open(queue); }             opens a store
 *     static void produce(void *queue) { queue_push(queue, 7); }          as many threads as there are functions
 *     static void consume(void *queue) { queue_pop(queue, &got); }
 *     static void check(void *queue)   { STM_TESTING_REQUIRE(got == 7); }
 *     static void teardown(void *queue) { queue_close(queue); }           closes it
 *
 *     static queue fifo;
 *     static const stm_testing_program program = {
 *         .size = sizeof program, .name = "queue", .setup = setup, .threads = {produce, consume},
 *         .check = check, .teardown = teardown, .context = &fifo};
 *
 *     int main(int argc, char **argv) { return stm_testing_main(argc, argv, &program, 1); }
 *
 * or, for libFuzzer and AFL++, in place of main: STM_TESTING_FUZZ_TARGET(program)
 *
 * What happens in a run
 *     setup      alone: as often as there are runs, so keep it short
 *     threads    each runs to its first access and stands before it; then the strategy names one, which makes the
 *                access and runs on to its next; until all have returned
 *     check      alone: did it come out right?
 *     teardown   alone: everything is given back. Whatever a store still holds then is a failure
 *
 * A run fails if a requirement does (STM_TESTING_REQUIRE, stm_testing_fail); if it does not end: a thread that is never
 * done, or all asleep; if memory of a store is freed twice or left over; or if it crashes, which ends the program.
 *
 * What your functions may not do under it, or runs differ and hang:
 *   - wait for another thread by anything but the store: no mutex, no condition, no sleep, no input. stm_txn_wait,
 *     stm_atomically and STM_ATOMICALLY may sleep: the scheduler wakes them. A loop that waits for others to get on calls
 *     stm_testing_spin() in each round. A loop that tries again after CONFLICT or BUSY need not.
 *   - start threads, or call the library from other real threads while a run goes on.
 *   - rely on thread-local variables, unless real_threads is asked for: all logical threads have the same.
 *   - share anything but the store without saying so: stm_testing_point() before each access.
 *   - ask the time, random numbers, addresses or the world, and do otherwise each time; nor keep anything from one
 *     run to the next that setup does not set back.
 *   - name an allocator when a store is opened: it gets one that gives the same addresses to the same schedule. Nor an
 *     observer, if its story is to be printed; and without the library's own, a loop after BUSY calls stm_testing_spin.
 *
 * CONFLICT and BUSY are answered as in earnest. BUSY is rarer there than here, where a thread is stopped in the midst
 * of a commit as easily as anywhere else. Time passes two milliseconds at each look at the clock.
 *
 * Threads. One run at a time in a process; everything here is called by the thread that called stm_testing_run, or by
 * your functions in it. What is promised of libstm after fork() holds: the child may make runs of its own.
 * Trouble of its own (no memory for its stacks) ends the program, with a message.
 */
#ifndef STM_TESTING_H
#define STM_TESTING_H

#include <stm/stm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------------------------- program -- */

#define STM_TESTING_THREAD_COUNT_MAX 4

typedef void stm_testing_function(void *context);

typedef struct stm_testing_program {
    size_t size;                    /* sizeof(stm_testing_program) */
    const char *name;               /* in messages */
    stm_testing_function *setup;    /* may be NULL, as the next but one and the last */
    stm_testing_function *threads[STM_TESTING_THREAD_COUNT_MAX]; /* 2 to 4, then NULL; the same may be named twice */
    stm_testing_function *check;
    stm_testing_function *teardown; /* after check, also if the run has failed; not if it did not end */
    void *context;
} stm_testing_program;

/* ----------------------------------------------------------- for setup, threads and check -- */

/* The run has failed, for this reason, as of printf. The first one counts. It goes on all the same: return. */
STM_API void stm_testing_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* In a function that returns nothing: fails the run and returns, unless condition holds. Transactions and snapshots
 * that are open then may stay so: of a run that has failed nobody asks what it left over. */
#define STM_TESTING_REQUIRE(condition)                                                      \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            stm_testing_fail("%s:%d: %s", __FILE__, __LINE__, #condition);                  \
            return;                                                                         \
        }                                                                                   \
    } while (0)

/* Adds a line to the running thread's column of the story (stm_testing_print), as of printf. Costs nothing in
 * other runs than the one that is told. */
STM_API void stm_testing_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Who is running, from 0; STM_TESTING_NOBODY in setup, check and teardown, and outside of a run. */
#define STM_TESTING_NOBODY STM_TESTING_THREAD_COUNT_MAX
STM_API unsigned stm_testing_thread(void);

/* The running thread is about to read, write, or read and write memory that another thread may access as well: another
 * one may come first. Does nothing outside of a run. */
typedef enum stm_testing_access { STM_TESTING_READ = 0, STM_TESTING_WRITE, STM_TESTING_UPDATE } stm_testing_access;
STM_API void stm_testing_point(stm_testing_access access, const volatile void *address, size_t size);

/* The running thread cannot get on until another one has done something. */
STM_API void stm_testing_spin(void);

/* ----------------------------------------------------------------------------------- plan -- */

typedef enum stm_testing_strategy {
    STM_TESTING_EXHAUSTIVE = 0, /* all schedules with at most so many preemptions (changes away from a thread that
                                   could go on), but for those that differ only in the order of accesses whose order
                                   makes no difference. A thread that waits for another is left for the next in order,
                                   without counting */
    STM_TESTING_RANDOM,         /* at random; how often threads change is drawn for each run */
    STM_TESTING_PCT,            /* by random priorities that change at a few places (Burckhardt et al., 2010): finds a
                                   bug that takes `depth` events in one order with a known probability */
    STM_TESTING_FREEZE,         /* each thread in turn stops before each of its steps, until all others have ended, or
                                   wait for it: asleep, told BUSY, or in stm_testing_spin */
    STM_TESTING_SCHEDULE,       /* the one that is written in `schedule` */
    STM_TESTING_BYTES           /* the one that is meant by `bytes`: any bytes mean one */
} stm_testing_strategy;

/* Zero in any member means its default. */
typedef struct stm_testing_plan {
    size_t size;                  /* sizeof(stm_testing_plan) */
    stm_testing_strategy strategy;
    unsigned preemptions;         /* EXHAUSTIVE; default 2 */
    unsigned depth;               /* PCT: 2 to 4; default: each in turn */
    uint64_t seed;                /* RANDOM, PCT, FREEZE: the same seed, the same schedules */
    uint64_t runs_max;            /* RANDOM, PCT: default 1,000; EXHAUSTIVE, FREEZE: default none */
    const char *schedule;         /* SCHEDULE: of a result, or "0*12 1*5 0": thread 0 for 12 accesses, 1 for 5, then 0 to
                                     its end; whoever is left when it is used up runs on, in order of numbers */
    stm_bytes bytes;              /* BYTES */
    uint64_t steps_max;           /* of a run, or it is taken to be without end; default 20,000, at most 100,000 */
    bool delay_stores;            /* RANDOM, PCT: what the library stores with an order weaker than sequential
                                     consistency reaches the other threads late (SCHEDULE and BYTES say so themselves):
                                     weak memory, as far as C11 allows it of stores. Not under ThreadSanitizer */
    bool real_threads;            /* carry each logical thread by a real one, of which one goes on at a time: slower,
                                     but debuggers and thread-local variables know them; the same runs, the same hashes */
    bool keep_schedule;           /* do not make a schedule that fails small */
} stm_testing_plan;

/* Pointers are valid until the next call of stm_testing_run, _fuzz or _main. */
typedef struct stm_testing_result {
    bool failed;
    bool complete;         /* EXHAUSTIVE, FREEZE: all schedules were run; not stopped by runs_max or a failure */
    uint64_t runs;         /* without those that made a failure small */
    uint64_t steps;        /* of the last run; if one has failed, that is the one in question, made small */
    uint64_t trace_hash;   /* of its steps: the same in every process */
    const char *message;   /* "" if it did not fail */
    const char *schedule;  /* its schedule, as plan.schedule takes it: "0*31 1", "delayed: 0*9 1~" */
    stm_bytes bytes;       /* the same as plan.bytes takes it: a seed for a fuzzer */
    size_t segments;       /* of the schedule */
} stm_testing_result;

/* Runs program as plan says (NULL: EXHAUSTIVE with all defaults), up to the first run that fails.
 * Returns OK: look at result->failed; INVALID: NULL, a size that is not set, less than two threads, a number out of
 * range, or text that is no schedule. Then result->message says which. */
STM_API stm_status stm_testing_run(const stm_testing_program *program, const stm_testing_plan *plan,
                                   stm_testing_result *result) STM_CHECK;

/* Writes the story of the last run to stream, a column a thread, time going down: what the threads noted, checked out,
 * committed and were told; then how it came out. Only of runs by SCHEDULE and BYTES, and of those that failed. */
STM_API void stm_testing_print(FILE *stream);

/* ---------------------------------------------------------------------- ready for the shell -- */

/* The main() of a test: runs count programs in every way, or as its arguments say (--help). Prints a line a way, and
 * of the first failure the story and how to see it again. A crash prints its schedule first.
 * Returns the exit status: 0 passed, 1 failed, 2 trouble. */
STM_API int stm_testing_main(int argc, char **argv, const stm_testing_program *programs, size_t count);

/* What a fuzzing engine calls with each input: the schedule that the bytes mean, and a few that follow from them. On
 * failure prints the story and how to see it again, and calls abort(). Returns 0. */
STM_API int stm_testing_fuzz(const stm_testing_program *program, const uint8_t *data, size_t size, uint8_t *counters,
                             size_t counter_count);

/* Defines LLVMFuzzerTestOneInput for this program. An engine sees no coverage of a schedule: which places in the code
 * of two threads have met is counted in counters that libFuzzer takes for coverage of its own. */
#ifdef __cplusplus
#define STM_TESTING_EXTERN_C_ extern "C"
#else
#define STM_TESTING_EXTERN_C_
#endif
#define STM_TESTING_COUNTER_COUNT 4096
#define STM_TESTING_FUZZ_TARGET(program)                                                                     \
    __attribute__((section("__libfuzzer_extra_counters"))) static uint8_t                                    \
        stm_testing_counters_[STM_TESTING_COUNTER_COUNT];                                                    \
    STM_TESTING_EXTERN_C_ int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                      \
    STM_TESTING_EXTERN_C_ int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                       \
    {                                                                                                        \
        return stm_testing_fuzz(&(program), data, size, stm_testing_counters_, STM_TESTING_COUNTER_COUNT);   \
    }

#ifdef __cplusplus
}
#endif

#endif
