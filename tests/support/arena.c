#define _GNU_SOURCE
#include "arena.h"

#include "sanitizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REGION_SIZE ARENA_REGION_SIZE
#define REGION_COUNT (ARENA_SIZE / REGION_SIZE)
#define WIPED 0xdb
#define WIPED_MAX ((size_t)64 << 10)

/* Weak: the program that this is linked into may have it, or not (fiber.h). */
__attribute__((weak)) void __asan_poison_memory_region(const volatile void *address, size_t size);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void *address, size_t size);

static void forbid(const volatile void *address, size_t size)
{
    if (__asan_poison_memory_region != NULL)
        __asan_poison_memory_region(address, size);
}

static void allow(const volatile void *address, size_t size)
{
    if (__asan_unpoison_memory_region != NULL)
        __asan_unpoison_memory_region(address, size);
}

/* Stands before every piece. */
struct tag {
    size_t size;
    size_t mark;
};
#define MARK_LIVE ((size_t)0x6c697665)
#define MARK_FREED ((size_t)0x66726565)

char *arena_base;
static struct region {
    size_t used;
    size_t live; /* may wrap: freed by one, taken by another */
} regions[REGION_COUNT];

static struct {
    unsigned left; /* allocations until one fails, with that one; 0: none will */
    bool failed;
} shortages[REGION_COUNT];

void arena_fail(unsigned thread, unsigned number)
{
    shortages[thread].left = number;
    shortages[thread].failed = false;
}

bool arena_has_failed(unsigned thread)
{
    return shortages[thread].failed;
}

static void *take(void *context, size_t size, size_t alignment)
{
    (void)context;
    scheduler_settle_all(); /* what is there is about to be read or written without atomics */
    unsigned number = scheduler_thread();
    if (shortages[number].left != 0 && --shortages[number].left == 0) {
        shortages[number].failed = true;
        return NULL;
    }
    struct region *region = &regions[number];
    size_t place = (region->used + sizeof(struct tag) + alignment - 1) / alignment * alignment;
    if (place + size > REGION_SIZE)
        return NULL;
    char *piece = arena_base + number * REGION_SIZE + place;
    struct tag *tag = (struct tag *)(void *)(piece - sizeof *tag);
    allow(tag, sizeof *tag + size);
    tag->size = size;
    tag->mark = MARK_LIVE;
    region->used = (place + size + sizeof(struct tag) - 1) / sizeof(struct tag) * sizeof(struct tag);
    region->live += size;
    return piece;
}

static void give_back(void *context, void *piece, size_t size)
{
    (void)context;
    scheduler_settle_all();
    struct tag *tag = (struct tag *)(void *)((char *)piece - sizeof *tag);
    if (tag->mark != MARK_LIVE || tag->size != size) {
        scheduler_object(ORACLE_MEMORY, "%s of %zu bytes at %zx, taken as %zu",
                         tag->mark == MARK_FREED ? "second free" : "free", size, arena_offset(piece), tag->size);
        return;
    }
    tag->mark = MARK_FREED;
    regions[scheduler_thread()].live -= size;
    if (scheduler_thread() != SCHEDULER_NOBODY) /* else nobody could still look at it */
        memset(piece, WIPED, size < WIPED_MAX ? size : WIPED_MAX);
    forbid(piece, size);
}

stm_allocator arena_allocator(void)
{
    stm_allocator allocator = {take, give_back, NULL};
    return allocator;
}

void arena_reset(void)
{
    if (arena_base == NULL) {
        arena_base = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (arena_base == MAP_FAILED) {
            perror("arena: mmap");
            exit(2);
        }
    }
    for (unsigned i = 0; i < REGION_COUNT; i++) {
        forbid(arena_base + i * REGION_SIZE, regions[i].used);
        regions[i].used = 64;
        regions[i].live = 0;
        arena_fail(i, 0);
    }
}

/* ----------------------------------------------------------------------------- an image -- */

/* Most of what a store takes are zeros, which most runs leave alone: to look whether they are still there takes less
 * time than to write them anew. */
#define BLOCK ((size_t)1024)
#define IMAGE_MAX ((size_t)1 << 20)

static struct {
    struct region region;
    char *bytes; /* the blocks that are not zeros */
    bool zeros[IMAGE_MAX / BLOCK];
} image;

static bool is_zero(const char *block)
{
    static const char zeros[sizeof(uint64_t)];
    return memcmp(block, zeros, sizeof zeros) == 0 && memcmp(block, block + sizeof zeros, BLOCK - sizeof zeros) == 0;
}

bool arena_keep(void)
{
    const struct region *region = &regions[SCHEDULER_NOBODY];
    const char *from = arena_base + SCHEDULER_NOBODY * REGION_SIZE;
    if (UNDER_ASAN || UNDER_TSAN || region->used > IMAGE_MAX)
        return false;
    if (image.bytes == NULL)
        image.bytes = malloc(IMAGE_MAX);
    if (image.bytes == NULL) {
        perror("arena: malloc");
        exit(2);
    }
    char *to = image.bytes;
    for (size_t at = 0; at < region->used; at += BLOCK) {
        image.zeros[at / BLOCK] = is_zero(from + at);
        if (!image.zeros[at / BLOCK]) {
            memcpy(to, from + at, BLOCK);
            to += BLOCK;
        }
    }
    image.region = *region;
    return true;
}

void arena_bring_back(void)
{
    char *to = arena_base + SCHEDULER_NOBODY * REGION_SIZE;
    const char *from = image.bytes;
    for (size_t at = 0; at < image.region.used; at += BLOCK) {
        if (!image.zeros[at / BLOCK]) {
            memcpy(to + at, from, BLOCK);
            from += BLOCK;
        } else if (!is_zero(to + at)) {
            memset(to + at, 0, BLOCK);
        }
    }
    regions[SCHEDULER_NOBODY] = image.region;
}

/* ------------------------------------------------------------------------------ telling -- */

size_t arena_live_bytes(void)
{
    size_t live = 0;
    for (unsigned i = 0; i < REGION_COUNT; i++)
        live += regions[i].live;
    return live;
}
