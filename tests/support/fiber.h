/*
 * fiber.h -- several stacks in one thread, changed by hand. AddressSanitizer and
 * ThreadSanitizer are told of each change.
 *
 * To ThreadSanitizer fibers are threads. A change of fibers orders nothing for it unless asked to
 * (`ordered`), so that it judges the code on the fibers by that code's own atomics alone.
 */
#ifndef TESTS_FIBER_H
#define TESTS_FIBER_H

#include <stdbool.h>

typedef struct fiber fiber;

/* The fiber that the calling thread is running on now: made once, at the start. */
fiber *fiber_main(void);
/* A fiber that begins with run(arg) when it is first changed to. run must never return. Exits on failure. */
fiber *fiber_open(void (*run)(void *arg), void *arg);
/* Not the one that is running. What is on its stack is forgotten. */
void fiber_close(fiber *fiber);
/* Goes on in `to`, until somebody changes back to the fiber that is running now. */
void fiber_change(fiber *to, bool ordered);

#endif
