/*
 * snapshot_command.h -- a command of stm-snapshot, within this process: what it writes is kept, and where it would end the
 * process, it ends.
 */
#ifndef FUZZ_SNAPSHOT_COMMAND_H
#define FUZZ_SNAPSHOT_COMMAND_H

#include "../../snapshot/command/commands.h"
#include "capture.h"

typedef struct answer {
    int status;          /* of its exit */
    bool failed;         /* it has ended by a message */
    captured output, messages;
} answer;

answer snapshot_command_run(const struct command *command, const struct options *options);

#endif
