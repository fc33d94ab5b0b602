/*
 * number.h -- numbers for people: 1234567 as "1,234,567", and their reading from a command line.
 */
#ifndef EXAMPLES_NUMBER_H
#define EXAMPLES_NUMBER_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Room for one number as text. */
typedef struct number {
    char text[28]; /* 20 digits, 6 commas, NUL */
} number;

static inline const char *grouped(uint64_t n, number *room)
{
    char *at = room->text + sizeof(room->text) - 1;
    *at = '\0';
    for (int digits = 0; digits == 0 || n != 0; digits++, n /= 10) {
        if (digits != 0 && digits % 3 == 0)
            *--at = ',';
        *--at = (char)('0' + n % 10);
    }
    return at;
}

/* The text lives to the end of the enclosing block: long enough for a printf. */
#define GROUPED(n) grouped((n), &(number){{0}})

/* A whole number between min and max, and nothing else in the text. */
static inline bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *n)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < min || value > max)
        return false;
    *n = value;
    return true;
}

#endif
