#define _DEFAULT_SOURCE
#include "sweep.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define HAS_HOOKS 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define HAS_HOOKS 1
#endif

#ifdef HAS_HOOKS
void __lsan_ignore_object(const void *memory); /* of <sanitizer/lsan_interface.h> */
/* Of <sanitizer/allocator_interface.h>, which gcc 12 does not bring along. */
int __sanitizer_install_malloc_and_free_hooks(void (*note)(const volatile void *, size_t), void (*forget)(const volatile void *));

/* A hash set with linear probing, in static memory: hooks must not allocate. */
enum { SLOT_BITS = 20, SLOTS = 1 << SLOT_BITS, FILL_MAX = SLOTS / 2 };
static const volatile void *slots[SLOTS];
static size_t count;
static bool noting, paused;

static size_t home_of(const volatile void *memory)
{
    return (size_t)(((uintptr_t)memory >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SLOT_BITS));
}

static size_t slot_of(const volatile void *memory)
{
    size_t at = home_of(memory);
    while (slots[at] != NULL && slots[at] != memory)
        at = (at + 1) % SLOTS;
    return at;
}

static void note(const volatile void *memory, size_t size)
{
    (void)size;
    if (!noting || paused || memory == NULL || count >= FILL_MAX)
        return;
    size_t at = slot_of(memory);
    count += slots[at] == NULL;
    slots[at] = memory;
}

/* Those behind the gap that may not be reached any more move into it. */
static void close_gap(size_t gap)
{
    for (size_t at = (gap + 1) % SLOTS; slots[at] != NULL; at = (at + 1) % SLOTS) {
        size_t home = home_of(slots[at]);
        if ((at - home) % SLOTS < (at - gap) % SLOTS)
            continue;
        slots[gap] = slots[at];
        gap = at;
    }
    slots[gap] = NULL;
}

static void forget(const volatile void *memory)
{
    if (!noting || memory == NULL)
        return;
    size_t at = slot_of(memory);
    if (slots[at] == NULL)
        return;
    count--;
    close_gap(at);
}

void sweep_prepare(char **argv)
{
    const char *slices = getenv("G_SLICE");
    if (slices == NULL || strcmp(slices, "always-malloc") != 0) {
        setenv("G_SLICE", "always-malloc", 1);
        execv("/proc/self/exe", argv);
        perror("sweep: cannot start again");
        exit(2);
    }
    __sanitizer_install_malloc_and_free_hooks(note, forget);
}

void sweep_begin(void)
{
    noting = true;
}

bool sweep_is_full(void)
{
    return count >= FILL_MAX / 2;
}

void sweep_pause(void)
{
    paused = true;
}

void sweep_resume(void)
{
    paused = false;
}

void sweep_end(sweep_way way)
{
    noting = false;
    for (size_t at = 0; at < SLOTS && count > 0; at++) {
        if (slots[at] == NULL)
            continue;
        if (way == SWEEP_FREE)
            free((void *)(uintptr_t)slots[at]);
        else if (way == SWEEP_IGNORE)
            __lsan_ignore_object((const void *)(uintptr_t)slots[at]);
        slots[at] = NULL;
        count--;
    }
}

#else

void sweep_prepare(char **argv)
{
    (void)argv;
}

void sweep_begin(void)
{
}

bool sweep_is_full(void)
{
    return false;
}

void sweep_pause(void)
{
}

void sweep_resume(void)
{
}

void sweep_end(sweep_way way)
{
    (void)way;
}

#endif
