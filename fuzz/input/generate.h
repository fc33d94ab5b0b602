/*
 * generate.h -- programmes made up by chance, but not by any: transactions that hold a key or two in common, snapshots
 * beside them. Of bytes at random few are worth a thousand schedules; of these, most.
 */
#ifndef FUZZ_GENERATE_H
#define FUZZ_GENERATE_H

#include "program.h"

/* Without a schedule. */
void fuzz_generate(uint64_t seed, fuzz_program *program);
/* A few calls that belong together, at the end of a thread, as far as there is room. */
void fuzz_generate_calls(uint64_t seed, fuzz_program *program, unsigned thread);
/* A schedule for a programme that has its calls: a few long segments, a store or two that arrive in between. */
void fuzz_generate_moves(uint64_t seed, fuzz_program *program);

#endif
