/*
 * What delayed stores can show, and what they never may: the classic litmus tests, each in a few thousand random
 * schedules. "Seen" that must not be is a scheduler that accuses the library wrongly; "never seen" that should be is
 * one that misses what real processors do.
 */
#include "scheduler.h"
#include "strategy.h"

#include "random.h"

#include <stdio.h>

#define RUNS 3000

static stmi_word x, y;
static uint64_t seen[2][2]; /* by thread: first and second look */
static memory_order first_order, second_order;
static unsigned failures;

static void setup(void)
{
    x = y = 0;
    seen[0][0] = seen[0][1] = seen[1][0] = seen[1][1] = 0;
    scheduler_delay_stores();
}

/* Each stores one word and looks at the other's. */
static void store_and_look(unsigned thread)
{
    stmi_store(thread == 0 ? &x : &y, 1, first_order);
    seen[thread][0] = stmi_load(thread == 0 ? &y : &x, SEQ_CST);
}

static void swap_and_look(unsigned thread)
{
    stmi_swap(thread == 0 ? &x : &y, 1, first_order);
    seen[thread][0] = stmi_load(thread == 0 ? &y : &x, SEQ_CST);
}

static void neither_saw(void)
{
    if (seen[0][0] == 0 && seen[1][0] == 0)
        scheduler_fail("neither saw the other's store");
}

/* One stores x, then y; the other looks at y, then x. */
static void look_backwards(void)
{
    seen[1][0] = stmi_load(&y, ACQUIRE);
    seen[1][1] = stmi_load(&x, ACQUIRE);
}

static void pass_message(unsigned thread)
{
    if (thread == 1) {
        look_backwards();
        return;
    }
    stmi_store(&x, 1, first_order);
    stmi_store(&y, 1, second_order);
}

static void pass_message_by_add(unsigned thread)
{
    if (thread == 1) {
        look_backwards();
        return;
    }
    stmi_store(&x, 1, first_order);
    stmi_add(&y, 1, second_order);
}

static void second_without_first(void)
{
    if (seen[1][0] == 1 && seen[1][1] == 0)
        scheduler_fail("the second store was seen before the first");
}

/* Both stores to one word. */
static void store_twice(unsigned thread)
{
    if (thread == 0) {
        stmi_store(&x, 1, first_order);
        stmi_store(&x, 2, second_order);
        if (stmi_load(&x, RELAXED) != 2)
            scheduler_fail("a thread does not see its own store");
    } else {
        seen[1][0] = stmi_load(&x, RELAXED);
        seen[1][1] = stmi_load(&x, RELAXED);
    }
}

static void backwards(void)
{
    if (seen[1][0] > seen[1][1] || x != 2)
        scheduler_fail("stores to one word came out of order");
}

static void expect(const char *what, void (*thread)(unsigned thread), void (*finish)(void), memory_order first,
                   memory_order second, bool expected)
{
    const scheduler_program program = {what, 2, setup, thread, finish};
    unsigned count = 0;
    first_order = first;
    second_order = second;
    for (uint64_t i = 0; i < RUNS; i++) {
        strategy_random random = strategy_random_open(random_mix(i + 1), true);
        count += !scheduler_run(&program, strategy_random_choose, &random);
    }
    if ((count > 0) == expected)
        return;
    fprintf(stderr, "%s: seen %u times, and should %sbe\n", what, count, expected ? "" : "not ");
    failures++;
}

int main(void)
{
    expect("relaxed stores, then loads", store_and_look, neither_saw, RELAXED, RELAXED, true);
    expect("release stores, then loads", store_and_look, neither_saw, RELEASE, RELEASE, true);
    expect("seq_cst stores, then loads", store_and_look, neither_saw, SEQ_CST, SEQ_CST, false);
    expect("seq_cst exchanges, then loads", swap_and_look, neither_saw, SEQ_CST, SEQ_CST, false);
    expect("relaxed, then relaxed", pass_message, second_without_first, RELAXED, RELAXED, true);
    expect("release, then relaxed", pass_message, second_without_first, RELEASE, RELAXED, true);
    expect("relaxed, then release", pass_message, second_without_first, RELAXED, RELEASE, false);
    expect("release, then release", pass_message, second_without_first, RELEASE, RELEASE, false);
    expect("relaxed, then seq_cst", pass_message, second_without_first, RELAXED, SEQ_CST, false);
    expect("relaxed, then a relaxed addition", pass_message_by_add, second_without_first, RELAXED, RELAXED, true);
    expect("relaxed, then a seq_cst addition", pass_message_by_add, second_without_first, RELAXED, SEQ_CST, false);
    expect("twice to one word", store_twice, backwards, RELAXED, RELAXED, false);
    return failures == 0 ? 0 : 1;
}
