/*
 * contention_command.h -- a command of stm-contention, within this process. babeltrace2 ends its process, by assertions of its own,
 * over some traces; the command guards itself by a process of its own (guard.h), and this by a jump out of the signal.
 */
#ifndef FUZZ_CONTENTION_COMMAND_H
#define FUZZ_CONTENTION_COMMAND_H

#include "capture.h"

#include <stdbool.h>

typedef struct reading {
    int status;      /* of its exit */
    bool failed;     /* it has ended by a message */
    bool gave_up;    /* babeltrace2 has ended it: nothing else is known */
    captured output, messages;
} reading;

/* argv ends with a NULL, and is changed. */
reading contention_command_run(int (*command)(int argc, char **argv), char **argv);

#endif
