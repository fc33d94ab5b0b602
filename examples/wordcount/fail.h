/*
 * fail.h -- the one way out when there is no way on: says why on stderr, exits with EXIT_TROUBLE.
 */
#ifndef WORDCOUNT_FAIL_H
#define WORDCOUNT_FAIL_H

#include <stddef.h>
#include <stm/stm.h>

enum {
    EXIT_VERIFIED = 0, /* the store holds the right totals */
    EXIT_WRONG = 1,    /* it does not */
    EXIT_TROUBLE = 2   /* bad options, a file that cannot be read, no memory */
};

/* printf-like; a newline is added. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails unless status is OK; doing completes "cannot ...". */
void must(stm_status status, const char *doing);

/* As realloc(memory, count * size), but never returns NULL. */
void *resized(void *memory, size_t count, size_t size);

#endif
