/* commands.h -- what each command is and does: one file a command, list.c for list. */
#ifndef SNAPSHOT_COMMAND_COMMANDS_H
#define SNAPSHOT_COMMAND_COMMANDS_H

#include "options.h"

extern const struct command command_list, command_show, command_get, command_diff, command_stat,
    command_verify, command_export, command_restore, command_prune, command_compact, command_report;

#endif
