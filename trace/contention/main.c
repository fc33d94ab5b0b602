/*
 * stm-contention -- who fights over which keys, since when, and what to do about it.
 *
 *     record/     runs a program and records what its stores do
 *     reader/     reads a recording: the only door to babeltrace2
 *     analysis/   turns events into a report (report.h), in one pass
 *     text/ json/ html/   write the report
 *     commands/   report, explain, seed and diff
 */
#include "commands/commands.h"
#include "commands/guard.h"
#include "fail.h"
#include "record/record.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stm/stm.h>
#include <string.h>

static const char help[] =
    "usage: stm-contention COMMAND ...\n"
    "From a conflict to its culprit: which keys of a libstm store threads fight over, who wins, and what to do.\n"
    "\n"
    "  record [options] -- PROGRAM ...  run a program, record it, and report\n"
    "  report [options] DIR             what a recording says\n"
    "  explain [--json] DIR TRANSACTION the story of one transaction\n"
    "  seed [-o FILE] DIR TRANSACTION   a conflict as a programme for stm-replay\n"
    "  diff [options] BEFORE AFTER      did the fix help?\n"
    "\n"
    "  -h, --help     this text; also after a command\n"
    "  -V, --version  the library's version\n"
    "\n"
    "Exit status of report, explain, seed and diff: 0 done, 1 done, but the recording is incomplete and figures are lower\n"
    "bounds, 2 wrong usage, 3 no result. That of record is the program's.\n";

typedef struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    bool reads; /* a trace, whose bytes nobody vouches for */
} command;

static const command commands[] = {
    {"record", record_main, false},
    {"report", report_main, true},
    {"explain", explain_main, true},
    {"seed", seed_main, true},
    {"diff", diff_main, true},
};

static int run(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].reads ? guard_run(commands[i].run, argc - 1, argv + 1) : commands[i].run(argc - 1, argv + 1);
    fail(EXIT_USAGE, "%s: no such command; see stm-contention --help", argv[1]);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    if (argc < 2)
        fail(EXIT_USAGE, "which command? record, report, explain, seed or diff; see stm-contention --help");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(help, stdout);
        return EXIT_WHOLE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("stm-contention (libstm %s)\n", stm_version());
        return EXIT_WHOLE;
    }
    return run(argc, argv);
}
