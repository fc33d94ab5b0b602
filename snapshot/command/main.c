/*
 * stm-snapshot -- looks into the files that libstm-snapshot writes.
 *
 * stm-snapshot COMMAND FILE: finds the command, and sees to it at the end that its output has arrived.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "fail.h"

static const struct command *const commands[] = {
    &command_list,   &command_show,    &command_get,   &command_diff,    &command_stat,   &command_verify,
    &command_export, &command_restore, &command_prune, &command_compact, &command_report,
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void print_help(void)
{
    puts("usage: stm-snapshot COMMAND [options] FILE ...\n"
         "Looks into the snapshots of a store that libstm wrote to a file.\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
    puts("\nFILE:ID is one of the file's snapshots; FILE alone, the newest.\n"
         "Keys and values are shown with \\xNN for each byte that does not print, and \\\\ for a backslash;\n"
         "write keys like that, too.\n"
         "\n"
         "stm-snapshot COMMAND --help tells more of each; stm-snapshot --version, which version this is.\n"
         "\n"
         "Exit status: 0 fine; 1 there are differences, a check failed, or there is no such key; 2 wrong "
         "usage;\n"
         "3 a file could not be read, or the output not be written.");
}

int main(int argc, char **argv)
{
    if (!isatty(STDOUT_FILENO))
        setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        fail(EXIT_TROUBLE, "cannot write the output: there is no standard output");
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help();
        return finish_output(EXIT_FINE);
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("stm-snapshot (libstm %s)\n", stm_version());
        return finish_output(EXIT_FINE);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0) {
            struct options options = options_parse(commands[i], argc - 1, argv + 1);
            int status = commands[i]->run(&options);
            options_free(&options);
            return finish_output(status);
        }
    if (argc < 2)
        fail(EXIT_USAGE, "say what to do: stm-snapshot COMMAND FILE; see stm-snapshot --help");
    fail(EXIT_USAGE, "there is no command %s; see stm-snapshot --help", name);
}
