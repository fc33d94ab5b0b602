/*
 * arena.h -- the allocator of a store under the scheduler. The same schedule gets the same
 * addresses, since each logical thread takes its pieces from a region of its own; nothing is used
 * twice within one run, and what is freed is wiped and, under AddressSanitizer, forbidden: whoever
 * still looks at it is found out.
 */
#ifndef TESTS_ARENA_H
#define TESTS_ARENA_H

#include "scheduler.h"

#include <stm/stm.h>

#define ARENA_REGION_SIZE ((size_t)64 << 20) /* of a logical thread, or of whatever runs outside the scheduler */

/* Its context is not used: there is one arena in a program. */
stm_allocator arena_allocator(void);
/* Begins afresh: everything handed out is gone. */
void arena_reset(void);
/* Keeps what is in the arena now, which was all taken outside of the scheduler, and brings it back after a reset: as if
 * all calls since the reset had been made again. False: not under AddressSanitizer, to which it would be forbidden. */
bool arena_keep(void);
void arena_bring_back(void);
/* What was kept is of no more use; before it is written over, which would be watched. */
void arena_forget(void);
/* Of a run that is kept (kept.h). False: there is no image that it could be told from. */
bool arena_can_be_saved(void);
char *arena_save(char *to);
const char *arena_load(const char *from);
/* The thread's number-th allocation from now on finds no memory; those before and after it do. 0: none will fail. */
void arena_fail(unsigned thread, unsigned number);
/* Whether it came to that since. */
bool arena_has_failed(unsigned thread);
/* Bytes handed out and not freed. */
size_t arena_live_bytes(void);

extern char *arena_base; /* NULL until the first reset */
#define ARENA_SIZE (((size_t)SCHEDULER_THREAD_COUNT_MAX + 1) * ARENA_REGION_SIZE)

/* Where in the arena, or 0 for an address that is not in it: the same in every process. */
static inline size_t arena_offset(const volatile void *address)
{
    size_t offset = (size_t)((uintptr_t)address - (uintptr_t)arena_base);
    return arena_base != NULL && offset < ARENA_SIZE ? offset : 0;
}

#endif
