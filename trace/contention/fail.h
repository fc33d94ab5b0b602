/*
 * fail.h -- how stm-contention ends, and how it says why.
 */
#ifndef CONTENTION_FAIL_H
#define CONTENTION_FAIL_H

enum {
    EXIT_WHOLE = 0, /* done, and nothing was missing */
    EXIT_PARTLY = 1, /* done, but events were lost or a part could not be read: figures are lower bounds */
    EXIT_USAGE = 2, /* a wrong option or argument */
    EXIT_NOTHING = 3 /* no result: nothing to read, or the result could not be written */
};

/* "stm-contention: " and the text, printf-like, on stderr; a newline is added. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* At the end of a command that wrote to stdout: fails if not all of it could be written. */
void close_output(void);

#endif
