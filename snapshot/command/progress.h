/*
 * progress.h -- one line on stderr that says how far a long command is: only on a terminal, only after a
 * moment, and not where rows go to a terminal at the same time.
 */
#ifndef SNAPSHOT_COMMAND_PROGRESS_H
#define SNAPSHOT_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* doing is "comparing"; it must outlive the progress. total 0: not known. */
void progress_begin(const char *doing, uint64_t total);
/* Cheap: may be called for every key. */
void progress_step(uint64_t done);
/* Takes the line away. Harmless without a begin. */
void progress_end(void);

/* As a stm_file_progress of the library; arg is not used. */
bool progress_callback(uint64_t done, uint64_t total, void *arg);

#endif
