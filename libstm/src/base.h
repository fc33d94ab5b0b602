/* base.h -- small words that every file of the core uses. */
#ifndef STMI_BASE_H
#define STMI_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define stmi_likely(x) __builtin_expect(!!(x), 1)
#define stmi_unlikely(x) __builtin_expect(!!(x), 0)
#define STMI_INLINE static inline __attribute__((always_inline))
#define STMI_COLD __attribute__((cold, noinline))

/* The object that holds this member. */
#define STMI_CONTAINER(pointer, type, member) \
    ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

STMI_INLINE size_t stmi_round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

/* Floor of the binary logarithm; value > 0. */
STMI_INLINE unsigned stmi_log2(uint64_t value)
{
    return 63u - (unsigned)__builtin_clzll(value);
}

int64_t stmi_now_ns(void); /* CLOCK_MONOTONIC */

#endif
