/*
 * footprint_bytes.h -- what a peer takes: memory of its own, and the files in its folder, which is in memory too.
 */
#ifndef BENCH_FOOTPRINT_BYTES_H
#define BENCH_FOOTPRINT_BYTES_H

#include <stdint.h>

/* Anonymous memory of this process, and the blocks of all files below folder. */
uint64_t footprint_bytes(const char *folder);
/* Of any process's own memory; 0 where the system does not tell. */
uint64_t footprint_of_process(int pid);
/* Removes the folder and all below it; none for "". */
void footprint_remove(const char *folder);

#endif
