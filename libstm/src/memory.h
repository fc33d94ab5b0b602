/*
 * memory.h -- where the store gets its memory: the caller's allocator, or malloc and mmap; and how
 * much of it is out. Thread-safe; a failure is NULL, and never anything worse.
 */
#ifndef STMI_MEMORY_H
#define STMI_MEMORY_H

#include "atomic.h"
#include "base.h"

#include <stm/stm.h>

struct stmi_memory {
    stm_allocator hooks; /* alloc == NULL: the default */
    stmi_word bytes_used;
};

/* Not zeroed. */
void *stmi_memory_get(struct stmi_memory *memory, size_t size, size_t alignment);
void stmi_memory_put(struct stmi_memory *memory, void *address, size_t size);

/* Zeroed, at a page's beginning, for tables: fresh from mmap when large, since zeroing a grown table
 * by hand stalls the one who grows it, and in huge pages where that pays. */
void *stmi_pages_get(struct stmi_memory *memory, size_t size);
void stmi_pages_put(struct stmi_memory *memory, void *address, size_t size);

#endif
