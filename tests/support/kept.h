/*
 * kept.h -- bytes of a run that is kept, to go on from there again (scheduler.h): each part of it writes itself behind
 * the one before, and is read back in the same order.
 */
#ifndef TESTS_KEPT_H
#define TESTS_KEPT_H

#include <stddef.h>
#include <string.h>

/* Where the next part goes. */
static inline char *kept_write(char *to, const void *bytes, size_t size)
{
    memcpy(to, bytes, size);
    return to + size;
}

/* Where the next part is. */
static inline const char *kept_read(const char *from, void *bytes, size_t size)
{
    memcpy(bytes, from, size);
    return from + size;
}

#endif
