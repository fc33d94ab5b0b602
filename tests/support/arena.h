/*
 * arena.h -- the allocator of a store under the scheduler. The same schedule gets the same
 * addresses, since each logical thread takes its pieces from a region of its own; nothing is used
 * twice within one run, and what is freed is wiped and, under AddressSanitizer, forbidden: whoever
 * still looks at it is found out.
 */
#ifndef TESTS_ARENA_H
#define TESTS_ARENA_H

#include <stm/stm.h>

/* Its context is not used: there is one arena in a program. */
stm_allocator arena_allocator(void);
/* Begins afresh: everything handed out is gone. */
void arena_reset(void);
/* Bytes handed out and not freed. */
size_t arena_live_bytes(void);
/* Where in the arena, or 0 for an address that is not in it: the same in every process. */
size_t arena_offset(const volatile void *address);

#endif
