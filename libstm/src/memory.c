#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE ((size_t)4096)
#define HUGE_PAGE ((size_t)2 << 20)
#define MAPPED_MIN ((size_t)64 << 10) /* below, mmap costs more than it saves */

int64_t stmi_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void *stmi_memory_get(struct stmi_memory *memory, size_t size, size_t alignment)
{
    void *address;
    if (memory->hooks.alloc != NULL)
        address = memory->hooks.alloc(memory->hooks.context, size, alignment);
    else if (alignment <= _Alignof(max_align_t))
        address = malloc(size);
    else
        address = aligned_alloc(alignment, stmi_round_up(size, alignment));
    if (address != NULL)
        stmi_add(&memory->bytes_used, size, RELAXED);
    return address;
}

void stmi_memory_put(struct stmi_memory *memory, void *address, size_t size)
{
    if (address == NULL)
        return;
    stmi_sub(&memory->bytes_used, size, RELAXED);
    if (memory->hooks.free != NULL)
        memory->hooks.free(memory->hooks.context, address, size);
    else
        free(address);
}

static bool is_mapped(const struct stmi_memory *memory, size_t size)
{
    return memory->hooks.alloc == NULL && size >= MAPPED_MIN;
}

/* Maps size bytes that begin at a multiple of the huge page, by mapping more and cutting the ends. */
static void *map_huge(size_t size)
{
    size_t wide = size + HUGE_PAGE;
    char *start = mmap(NULL, wide, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return MAP_FAILED;
    char *address = (char *)stmi_round_up((size_t)start, HUGE_PAGE);
    if (address > start)
        munmap(start, (size_t)(address - start));
    munmap(address + size, (size_t)(start + wide - (address + size))); /* never nothing: see the line above */
    madvise(address, size, MADV_HUGEPAGE); /* only advice: a refusal costs speed, nothing else */
    return address;
}

void *stmi_pages_get(struct stmi_memory *memory, size_t size)
{
    size = stmi_round_up(size, PAGE);
    if (!is_mapped(memory, size)) {
        void *address = stmi_memory_get(memory, size, PAGE);
        return address == NULL ? NULL : memset(address, 0, size);
    }
    void *address = size >= HUGE_PAGE
                        ? map_huge(size)
                        : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED)
        return NULL;
    stmi_add(&memory->bytes_used, size, RELAXED);
    return address;
}

void stmi_pages_put(struct stmi_memory *memory, void *address, size_t size)
{
    if (address == NULL)
        return;
    size = stmi_round_up(size, PAGE);
    if (!is_mapped(memory, size)) {
        stmi_memory_put(memory, address, size);
        return;
    }
    stmi_sub(&memory->bytes_used, size, RELAXED);
    munmap(address, size);
}
