/*
 * contention_command.h -- a command of stm-contention, within this process. babeltrace2 ends its process, by assertions of its own,
 * over some traces, and reads others for ever; the command guards itself by a process of its own (guard.h), and this by a jump out of
 * a signal.
 */
#ifndef FUZZ_CONTENTION_COMMAND_H
#define FUZZ_CONTENTION_COMMAND_H

#include "capture.h"

#include <stdbool.h>

typedef struct reading {
    int status;      /* of its exit */
    bool failed;     /* it has ended by a message */
    bool gave_up;    /* babeltrace2 has ended it, or does not come to an end: nothing else is known */
    captured output, messages;
} reading;

/* What the commands so far have made stays: plugins that were loaded, and the like. What those after this leave behind is swept away
 * between two of them; files under the folder, too, that stay mapped. */
void contention_command_settle(const char *folder);

/* argv ends with a NULL, and is changed. */
reading contention_command_run(int (*command)(int argc, char **argv), char **argv);

#endif
