/*
 * queue_test.c -- two producers and a consumer at one queue, in as many orders as you like. What must hold in all of
 * them: each number that was put in comes out once, and those of one producer in the order in which they went in.
 */
#include "queue.h"

#include <stm/testing.h>

#define CAPACITY 2
#define NUMBER_MAX 8

static queue fifo;
static int64_t came_out[NUMBER_MAX];
static int out_count;
static int64_t put_in[2]; /* by each producer: the sum of what went in */

static void setup(void *context)
{
    (void)context;
    out_count = 0;
    put_in[0] = put_in[1] = 0;
    STM_TESTING_REQUIRE(queue_open(&fifo, CAPACITY) == STM_OK);
}

static void put(int64_t number)
{
    queue_answer answer = queue_put(&fifo, number);
    stm_testing_note("put %d: %s", (int)number, answer == QUEUE_DONE ? "done" : "full");
    STM_TESTING_REQUIRE(answer == QUEUE_DONE || answer == QUEUE_FULL);
    if (answer == QUEUE_DONE)
        put_in[stm_testing_thread()] += number;
}

static void take(void)
{
    int64_t number;
    queue_answer answer = queue_take(&fifo, &number);
    if (answer == QUEUE_EMPTY)
        return;
    STM_TESTING_REQUIRE(answer == QUEUE_DONE && out_count < NUMBER_MAX);
    stm_testing_note("took %d", (int)number);
    came_out[out_count++] = number;
}

static void first_producer(void *context)
{
    (void)context;
    put(1);
    put(2);
}

static void second_producer(void *context)
{
    (void)context;
    put(10);
}

static void consumer(void *context)
{
    (void)context;
    take();
    take();
}

static void check(void *context)
{
    int64_t sum = 0, last_small = 0;
    (void)context;
    for (int i = 0; i <= CAPACITY; i++) /* what is left in it, and a look at the empty one */
        take();
    for (int i = 0; i < out_count; i++) {
        sum += came_out[i];
        STM_TESTING_REQUIRE(came_out[i] >= 10 || came_out[i] > last_small);
        last_small = came_out[i] < 10 ? came_out[i] : last_small;
    }
    if (sum != put_in[0] + put_in[1])
        stm_testing_fail("%d went in and %d came out", (int)(put_in[0] + put_in[1]), (int)sum);
}

static void teardown(void *context)
{
    (void)context;
    STM_TESTING_REQUIRE(queue_close(&fifo) == STM_OK);
}

static const stm_testing_program program = {
    .size = sizeof program,
    .name = "queue",
    .setup = setup,
    .threads = {first_producer, second_producer, consumer},
    .check = check,
    .teardown = teardown,
};

#ifdef QUEUE_FUZZ
STM_TESTING_FUZZ_TARGET(program)
#else
int main(int argc, char **argv)
{
    return stm_testing_main(argc, argv, &program, 1);
}
#endif
