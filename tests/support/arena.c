#define _GNU_SOURCE
#include "arena.h"

#include "kept.h"
#include "sanitizer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* Most of what a store takes no run ever writes. Which pages are written is learnt by forbidding it: the first write to a
 * page is a fault, from which on the page is one of those that are brought back. So a page that is not was never written
 * since. Pages that were once written remain so in the next image: it is laid out much like the last one. */
#define PAGE ((size_t)4096)
#define IMAGE_PAGES_MAX ((size_t)256)
#define USES_BEFORE_GUARD 4 /* before that it is cheaper to bring all back */

static struct {
    struct region region;
    char *bytes; /* IMAGE_PAGES_MAX pages */
    size_t page_count;
    unsigned uses;
    bool guarded;
    bool written[IMAGE_PAGES_MAX];
} image;

static struct sigaction handler_before;

static char *image_place(void)
{
    return arena_base + SCHEDULER_NOBODY * REGION_SIZE;
}

static void protect(size_t page, size_t count, int protection)
{
    if (mprotect(image_place() + page * PAGE, count * PAGE, protection) != 0) {
        perror("arena: mprotect");
        _exit(2);
    }
}

/* The access is made again when this returns: by then it is allowed, or somebody else looks after it. */
static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    size_t page = ((uintptr_t)info->si_addr - (uintptr_t)image_place()) / PAGE;
    if (image.guarded && page < image.page_count && !image.written[page]) {
        image.written[page] = true;
        protect(page, 1, PROT_READ | PROT_WRITE);
        return;
    }
    sigaction(signal_number, &handler_before, NULL);
}

static void watch_faults(void)
{
    struct sigaction now, ours = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&ours.sa_mask);
    sigaction(SIGSEGV, NULL, &now);
    if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_fault)
        return;
    handler_before = now;
    sigaction(SIGSEGV, &ours, NULL);
}

/* How many pages from here on have, or have not, been written. */
static size_t count_alike(size_t page)
{
    size_t end = page + 1;
    while (end < image.page_count && image.written[end] == image.written[page])
        end++;
    return end - page;
}

static void guard(void)
{
    watch_faults();
    image.guarded = true;
    for (size_t page = 0, count; page < image.page_count; page += count) {
        count = count_alike(page);
        if (!image.written[page])
            protect(page, count, PROT_READ);
    }
}

void arena_forget(void)
{
    if (image.guarded)
        protect(0, image.page_count, PROT_READ | PROT_WRITE);
    image.guarded = false;
    image.page_count = 0;
}

bool arena_keep(void)
{
    const struct region *region = &regions[SCHEDULER_NOBODY];
    arena_forget();
    if (UNDER_ASAN || UNDER_TSAN || region->used > IMAGE_PAGES_MAX * PAGE)
        return false;
    if (image.bytes == NULL)
        image.bytes = aligned_alloc(PAGE, IMAGE_PAGES_MAX * PAGE);
    if (image.bytes == NULL) {
        perror("arena: malloc");
        exit(2);
    }
    image.region = *region;
    image.page_count = (region->used + PAGE - 1) / PAGE;
    image.uses = 0;
    memcpy(image.bytes, image_place(), image.page_count * PAGE);
    return true;
}

static void bring_back_pages(void)
{
    for (size_t page = 0, count; page < image.page_count; page += count) {
        count = count_alike(page);
        if (!image.guarded || image.written[page])
            memcpy(image_place() + page * PAGE, image.bytes + page * PAGE, count * PAGE);
    }
}

void arena_bring_back(void)
{
    bring_back_pages();
    regions[SCHEDULER_NOBODY] = image.region;
    if (++image.uses == USES_BEFORE_GUARD)
        guard();
}

/* --------------------------------------------------------------------- a run that is kept -- */

#define LINE ((size_t)64)

bool arena_can_be_saved(void)
{
    return image.guarded;
}

/* Most of the time that it takes to keep a run goes here: as many bytes at once as the processor can.
 * (AFL++'s compiler, 4.04, crashes over the clones.) */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__AFL_COMPILER)
#define AT_ONCE __attribute__((target_clones("avx2", "default")))
#else
#define AT_ONCE
#endif
#define GROUP 4u /* lines */
typedef uint64_t lanes __attribute__((vector_size(LINE / 2), may_alias));

static bool any(const lanes *differ)
{
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof *differ / sizeof(uint64_t); i++)
        all |= (*differ)[i];
    return all != 0;
}

/* A bit for each line of the page that is not the same in both. Few are not. */
AT_ONCE static uint64_t differing_lines(const lanes *a, const lanes *b)
{
    uint64_t lines = 0;
    for (unsigned group = 0; group < PAGE / LINE; group += GROUP, a += 2 * GROUP, b += 2 * GROUP) {
        lanes differ = a[0] ^ b[0];
        for (unsigned i = 1; i < 2 * GROUP; i++)
            differ |= a[i] ^ b[i];
        for (unsigned i = 0; any(&differ) && i < GROUP; i++) {
            lanes line = (a[2 * i] ^ b[2 * i]) | (a[2 * i + 1] ^ b[2 * i + 1]);
            lines |= (uint64_t)any(&line) << (group + i);
        }
    }
    return lines;
}

/* Those lines that are not as in the image. */
static char *save_pages(char *to)
{
    for (size_t page = 0; page < image.page_count; page++) {
        if (!image.written[page])
            continue;
        const char *place = image_place() + page * PAGE;
        uint64_t lines = differing_lines((const lanes *)(const void *)place,
                                         (const lanes *)(const void *)(image.bytes + page * PAGE));
        for (; lines != 0; lines &= lines - 1) {
            size_t at = (size_t)__builtin_ctzll(lines) * LINE;
            to = kept_write(to, &(size_t){page * PAGE + at}, sizeof(size_t));
            to = kept_write(to, place + at, LINE);
        }
    }
    return kept_write(to, &(size_t){SIZE_MAX}, sizeof(size_t));
}

static const char *load_pages(const char *from)
{
    bring_back_pages();
    size_t at;
    from = kept_read(from, &at, sizeof at);
    while (at != SIZE_MAX) {
        from = kept_read(from, image_place() + at, LINE);
        from = kept_read(from, &at, sizeof at);
    }
    return from;
}

char *arena_save(char *to)
{
    to = kept_write(to, regions, sizeof regions);
    to = kept_write(to, shortages, sizeof shortages);
    for (unsigned i = 0; i < SCHEDULER_NOBODY; i++)
        to = kept_write(to, arena_base + i * REGION_SIZE, regions[i].used);
    return save_pages(to);
}

const char *arena_load(const char *from)
{
    from = kept_read(from, regions, sizeof regions);
    from = kept_read(from, shortages, sizeof shortages);
    for (unsigned i = 0; i < SCHEDULER_NOBODY; i++)
        from = kept_read(from, arena_base + i * REGION_SIZE, regions[i].used);
    return load_pages(from);
}

/* ------------------------------------------------------------------------------ telling -- */

size_t arena_live_bytes(void)
{
    size_t live = 0;
    for (unsigned i = 0; i < REGION_COUNT; i++)
        live += regions[i].live;
    return live;
}
