/*
 * say.h -- what record tells its user: always on stderr, since stdout belongs to the program that is recorded.
 */
#ifndef CONTENTION_RECORD_SAY_H
#define CONTENTION_RECORD_SAY_H

#include <stdbool.h>
#include <stdint.h>

enum { SIZE_TEXT_MAX = 32 };

/* --quiet leaves only what record_warn() says. */
void record_say_quietly(bool quiet);

/* printf-like; the command's name goes before, a newline behind. */
void record_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void record_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "128 MiB". Returns text. */
char *record_size_text(uint64_t bytes, char text[SIZE_TEXT_MAX]);

#endif
