/*
 * baton.h -- where one real thread waits until it is its turn: of all threads that have one, exactly one goes on.
 *
 * Passing it orders nothing that ThreadSanitizer sees, unless asked to (fiber.h): the futex is the kernel's, and the
 * turn is written where it does not look.
 */
#ifndef TESTS_BATON_H
#define TESTS_BATON_H

#include <stdint.h>

typedef struct baton {
    uint32_t turn; /* 1: it is */
} baton;

/* Whoever waits here goes on; the caller is to wait at its own next. */
void baton_pass(baton *to);
void baton_wait(baton *mine);

#endif
