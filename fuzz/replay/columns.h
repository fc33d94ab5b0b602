/*
 * columns.h -- a run as people read it: a column a thread, time going down, what each call answered.
 */
#ifndef REPLAY_COLUMNS_H
#define REPLAY_COLUMNS_H

#include "program.h"

#include <stdbool.h>
#include <stdio.h>

/* Remembers what the runs from now on answer. */
void columns_listen(void);
/* Prints the last run, as far as it got; with every access to shared memory if steps. */
void columns_print(FILE *stream, const fuzz_program *program, bool steps);

#endif
