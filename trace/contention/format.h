/*
 * format.h -- numbers as people read them: 12,345 and 34 % and 1.2 ms.
 *
 * Each returns one of a few buffers of its thread, good for a single printf.
 */
#ifndef CONTENTION_FORMAT_H
#define CONTENTION_FORMAT_H

#include <stdint.h>

const char *format_count(uint64_t n);
const char *format_percent(double share); /* of 0 to 1 */
const char *format_part(uint64_t part, uint64_t whole);
const char *format_duration(int64_t ns);
/* As format_duration, of a point in time: with more digits. */
const char *format_moment(int64_t ns);
const char *format_rate(double per_second);
/* "s" unless it is one. */
const char *format_plural(uint64_t n);

#endif
