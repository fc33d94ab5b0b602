/*
 * mutate.h -- changes a programme as a programme, and not as bytes: a call becomes another, a preemption is put in, a
 * segment moves, two programmes are spliced. An engine that has only bytes spends most inputs on what means nothing.
 */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include "program.h"

/* A few changes by chance, decided by the seed. What comes out fits into FUZZ_BYTES_MAX. */
void fuzz_mutate(uint64_t seed, fuzz_program *program);
/* Puts some of other's threads, or its schedule, in the place of program's. */
void fuzz_splice(uint64_t seed, fuzz_program *program, const fuzz_program *other);

/* The same for an engine's bytes: of `size` bytes in a place for size_max; returns how many there are now. Where
 * size_max is too small for a programme, they stay as they are. */
size_t fuzz_mutate_bytes(uint64_t seed, uint8_t *bytes, size_t size, size_t size_max);
size_t fuzz_splice_bytes(uint64_t seed, const uint8_t *bytes, size_t size, const uint8_t *other, size_t other_size,
                         uint8_t *out, size_t size_max);

#endif
