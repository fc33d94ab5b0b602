/*
 * fiber.h -- several stacks, of which one runs at a time, changed by hand: in one thread, which is fast; or each in a
 * real thread of its own, of which only the one whose turn it is goes on (baton.h), so that thread-local
 * variables, debuggers and ThreadSanitizer find what they know.
 *
 * The sanitizers are told of each change of stacks, if they are there: also where only the program that this is linked
 * into was built with one. To ThreadSanitizer fibers are threads. A change orders nothing for it unless asked to
 * (`ordered`), so that it judges the code on the fibers by that code's own atomics alone -- provided that
 * it sees these: where this was not built for it, it sees none of the library's, and each change is ordered.
 */
#ifndef TESTS_FIBER_H
#define TESTS_FIBER_H

#include <stdbool.h>

typedef struct fiber fiber;
typedef enum { FIBER_STACK, FIBER_THREAD, FIBER_KIND_COUNT } fiber_kind;

/* The fiber that the calling thread is running on now: made once, at the start. */
fiber *fiber_main(void);
/* A fiber that begins with run(arg) when it is first changed to. run must never return. Exits on failure. */
fiber *fiber_open(fiber_kind kind, void (*run)(void *arg), void *arg);
/* A new one in the place of one that is not running. What is on its stack is forgotten; a real thread cannot be
 * ended from outside, and is left standing. */
fiber *fiber_open_again(fiber *fiber);
/* Whether such fibers can be saved: what is on the stack of one that is not running, to be brought back later. */
bool fiber_can_be_saved(fiber_kind kind);
char *fiber_save(const fiber *fiber, char *to);
const char *fiber_load(fiber *fiber, const char *from);
/* A real thread that fork() has not brought along. */
bool fiber_is_lost(const fiber *fiber);
/* Goes on in `to`, until somebody changes back to the fiber that is running now. */
void fiber_change(fiber *to, bool ordered);

#endif
