/*
 * commands.h -- the commands. Each takes its own name as argv[0] and returns the exit status.
 */
#ifndef CONTENTION_COMMANDS_H
#define CONTENTION_COMMANDS_H

int report_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int seed_main(int argc, char **argv);
int diff_main(int argc, char **argv);

#endif
