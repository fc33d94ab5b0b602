/*
 * leftover.h -- what babeltrace2 leaves open or mapped, taken away between two inputs: it forgets to close a stream each time that it
 * is asked about a folder (2.0.4), and where it is left in the middle, all of its files. An hour has more inputs than a process may
 * have files.
 */
#ifndef FUZZ_LEFTOVER_H
#define FUZZ_LEFTOVER_H

#include <stdio.h>

/* The newest stream that is open. */
FILE *leftover_newest(void);
/* Closes all that are newer than this one, which must be open still. */
void leftover_close(const FILE *newest);

/* Unmaps the files under the folder. */
void leftover_unmap(const char *folder);

#endif
