/*
 * capture.h -- what a program writes to stdout and stderr, kept in memory, to be looked at.
 */
#ifndef FUZZ_CAPTURE_H
#define FUZZ_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct captured {
    const char *text; /* valid until the next capture; ends with a NUL that size does not count */
    size_t size;
    bool cut; /* there was more */
} captured;

/* From now on, until capture_end. */
void capture_begin(void);
/* Gives stdout and stderr back. */
void capture_end(captured *output, captured *messages);

/* Nothing in it could do anything to a terminal: UTF-8, without control characters but line breaks and tabs. */
bool captured_is_safe(const captured *captured);
/* A JSON text, whole. True also if it was cut off: then nobody can tell. */
bool captured_is_json(const captured *captured);

#endif
