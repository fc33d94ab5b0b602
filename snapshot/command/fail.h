/*
 * fail.h -- the ways out of stm-snapshot: its exit statuses, and the end with a sentence on stderr.
 */
#ifndef SNAPSHOT_COMMAND_FAIL_H
#define SNAPSHOT_COMMAND_FAIL_H

enum {
    EXIT_FINE = 0,
    EXIT_DIFFERENT = 1, /* differences, a failed check, a key that is not there: an answer, not an accident */
    EXIT_USAGE = 2,
    EXIT_TROUBLE = 3 /* the file cannot be read, the output not be written */
};

/* printf-like; the command's name goes before, a newline after. */
_Noreturn void fail(int exit_status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* At the end of every command: whether the output has arrived shows up now, when everything has to leave its
 * buffer. Returns exit_status, or fails. */
int finish_output(int exit_status);

#endif
