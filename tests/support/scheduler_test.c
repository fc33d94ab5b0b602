/*
 * The scheduler and the explorer, on programs so small that every schedule can be counted by hand:
 * they must find each bug at the number of preemptions that it needs, and not claim one below; try
 * all schedules, none twice; give the same trace again for the same schedule; and notice threads
 * that wait for each other.
 */
#define _GNU_SOURCE
#include "explorer.h"
#include "footprint.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHECK(condition) check((condition), #condition, __LINE__)

static int failures;

static void check(bool good, const char *what, int line)
{
    if (good)
        return;
    fprintf(stderr, "scheduler_test.c:%d: not so: %s\n", line, what);
    failures++;
}

static stmi_word a, b, c, own[2];

static void clear(void)
{
    a = b = c = 0;
    own[0] = own[1] = 0;
}

static void nothing(void)
{
}

/* ---- two threads that add one to a counter, not atomically: needs one preemption */

static void add_one(unsigned thread)
{
    (void)thread;
    uint64_t seen = stmi_load(&a, RELAXED);
    stmi_store(&a, seen + 1, RELAXED);
}

static void both_counted(void)
{
    if (a != 2)
        scheduler_fail("an addition was lost");
}

static const scheduler_program lost = {"lost", 2, clear, add_one, both_counted};

/* ---- 0 must be interrupted while a is set, and 1 while c is set: needs two */

static void nested(unsigned thread)
{
    if (thread == 0) {
        stmi_store(&a, 1, RELAXED);
        if (stmi_load(&c, RELAXED) == 1)
            scheduler_fail("each saw the other halfway");
        stmi_store(&a, 0, RELAXED);
    } else {
        if (stmi_load(&a, RELAXED) == 1)
            stmi_store(&c, 1, RELAXED);
        stmi_store(&c, 0, RELAXED);
    }
}

static const scheduler_program halfway = {"halfway", 2, clear, nested, nothing};

/* ---- four stores each, to one word, or each to its own */

static void store_common(unsigned thread)
{
    for (int i = 0; i < 4; i++)
        stmi_store(&a, thread, RELAXED);
}

static void store_own(unsigned thread)
{
    for (int i = 0; i < 4; i++)
        stmi_store(&own[thread], 1, RELAXED);
}

static const scheduler_program common = {"common", 2, clear, store_common, nothing};
static const scheduler_program apart = {"apart", 2, clear, store_own, nothing};
static const scheduler_program three = {"three", 3, clear, store_common, nothing};

static void enumeration(void)
{
    /* One after the other: 2 orders. One preemption: after 1, 2 or 3 stores of the first. Two: also
     * after 1, 2 or 3 of the second. */
    CHECK(explorer_exhaust(&common, 0).schedules == 2);
    CHECK(explorer_exhaust(&common, 1).schedules == 2 + 2 * 3);
    CHECK(explorer_exhaust(&common, 2).schedules == 2 + 2 * 3 + 2 * 3 * 3);
    /* All interleavings of 4 and 4 steps: 8! / (4! 4!). */
    CHECK(explorer_exhaust(&common, 8).schedules == 70);
    CHECK(explorer_exhaust(&apart, 8).schedules == 2);
    /* 3 threads: 3! orders without preemption; all interleavings: 12! / (4! 4! 4!). */
    CHECK(explorer_exhaust(&three, 0).schedules == 6);
    CHECK(explorer_exhaust(&three, 12).schedules == 34650);
}

/* ---- every bug at its depth */

static void depths(void)
{
    CHECK(!explorer_exhaust(&lost, 0).failed);
    CHECK(explorer_exhaust(&lost, 1).failed);
    CHECK(!explorer_exhaust(&halfway, 1).failed);
    CHECK(explorer_exhaust(&halfway, 2).failed);
}

/* ---- the footprint is learnt: b matters only where 1 has seen a, which no run shows before one is
 * preempted before the access to a */

static void hidden(unsigned thread)
{
    if (thread == 0) {
        stmi_store(&a, 1, RELAXED);
        stmi_store(&b, 1, RELAXED);
        stmi_store(&b, 0, RELAXED);
        stmi_store(&a, 0, RELAXED);
    } else if (stmi_load(&a, RELAXED) == 1 && stmi_load(&b, RELAXED) == 1) {
        scheduler_fail("b was seen set");
    }
}

static const scheduler_program learnt = {"learnt", 2, clear, hidden, nothing};

static void footprint(void)
{
    footprint_reset();
    explorer_tally tally = explorer_exhaust(&learnt, 1);
    CHECK(tally.failed);
    CHECK(tally.passes > 1);
}

/* ---- replay */

static void replay(void)
{
    CHECK(explorer_replay(&lost, "0*2 1*2"));
    CHECK(explorer_replay(&lost, "1 0"));
    CHECK(!explorer_replay(&lost, "0*1 1*2 0*1"));
    uint64_t hash = scheduler_trace_hash();
    CHECK(!explorer_replay(&lost, "0*1 1"));
    CHECK(scheduler_trace_hash() == hash);
    CHECK(!explorer_replay(&lost, "1*1 0"));
    CHECK(scheduler_trace_hash() != hash);
}

/* ---- a thread that spins until another has stored: both ways out of a spin are tried */

static bool gave_up, went_on;

static void wait_a_little(unsigned thread)
{
    if (thread == 0) {
        stmi_store(&a, 1, RELAXED);
        stmi_store(&a, 0, RELAXED);
        return;
    }
    for (int tries = 0; stmi_load(&a, RELAXED) == 1; tries++) {
        if (tries == 3) {
            gave_up = true;
            return;
        }
        stmi_pause();
    }
    went_on = true;
}

static const scheduler_program impatient = {"impatient", 2, clear, wait_a_little, nothing};

static void spinning(void)
{
    CHECK(!explorer_exhaust(&impatient, 1).failed);
    CHECK(gave_up && went_on);
}

/* ---- sleeping on a futex: the flag is looked at before going to sleep, and the kernel looks again */

static _Atomic(uint32_t) doorbell;

static void clear_doorbell(void)
{
    clear();
    doorbell = 0;
}

static void futex(int operation, uint32_t value)
{
    syscall(SYS_futex, &doorbell, operation, value, NULL, NULL, 0);
}

static void ring(void)
{
    stmi_store(&a, 1, SEQ_CST);
    stmi_add(&doorbell, 1, SEQ_CST);
    futex(FUTEX_WAKE_PRIVATE, 1);
}

static void sleep_well(unsigned thread)
{
    if (thread == 0) {
        ring();
        return;
    }
    uint32_t seen = stmi_load(&doorbell, SEQ_CST);
    if (stmi_load(&a, SEQ_CST) == 0)
        futex(FUTEX_WAIT_PRIVATE, seen);
}

/* The bell is read too late: what rang before is not noticed. */
static void sleep_badly(unsigned thread)
{
    if (thread == 0)
        ring();
    else if (stmi_load(&a, SEQ_CST) == 0)
        futex(FUTEX_WAIT_PRIVATE, stmi_load(&doorbell, SEQ_CST));
}

static const scheduler_program woken = {"woken", 2, clear_doorbell, sleep_well, nothing};
static const scheduler_program missed = {"missed", 2, clear_doorbell, sleep_badly, nothing};

static void sleeping(void)
{
    CHECK(!explorer_exhaust(&woken, 4).failed);
    CHECK(explorer_exhaust(&missed, 1).failed);
    CHECK(strstr(scheduler_failure(), "sleeps for ever") != NULL);
}

/* ---- at random, and by priorities, through the front door */

static int front_door(const scheduler_program *program)
{
    char *argv[] = {(char[]){"scheduler_test"}, (char[]){"--bound"}, (char[]){"0"}, NULL};
    explorer_case tried = {.program = *program};
    return explorer_main(3, argv, &tried, 1);
}

int main(void)
{
    explorer_be_quiet();
    enumeration();
    depths();
    footprint();
    replay();
    spinning();
    sleeping();
    CHECK(front_door(&woken) == 0);
    CHECK(front_door(&lost) == 1); /* which no run without preemption shows: found at random */
    CHECK(front_door(&halfway) == 1);
    return failures == 0 ? 0 : 1;
}
