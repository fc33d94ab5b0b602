/*
 * value.h -- values that tell who wrote them and whether they are whole: a number that no other
 * write of the test has, and after it bytes that follow from the number, as many as it says.
 */
#ifndef TESTS_VALUE_H
#define TESTS_VALUE_H

#include <stm/stm.h>

#define VALUE_SIZE_MAX 1024

/* How long the values of a kind are; which one, the number decides. */
typedef enum value_kind {
    VALUE_WORD,   /* 8 bytes */
    VALUE_SMALL,  /* 9 to 16: two words, in the record or not, by the length of the key */
    VALUE_MIDDLE, /* 17 to 256 */
    VALUE_LARGE,  /* 257 to VALUE_SIZE_MAX */
    VALUE_MIXED,  /* any of these: they change places */
    VALUE_KIND_COUNT
} value_kind;

/* A number, never 0: the serial-th value that the thread writes. serial < 2^48. */
uint64_t value_number(value_kind kind, unsigned thread, uint64_t serial);

/* The value with this number, written to buffer. */
stm_bytes value_write(uint64_t number, char buffer[VALUE_SIZE_MAX]);

/* The number of a value; 0 if it is not whole, or was never written by anybody. */
uint64_t value_read(stm_bytes value);

#endif
