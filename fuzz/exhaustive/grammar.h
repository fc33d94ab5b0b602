/*
 * grammar.h -- all programmes of a bounded grammar, by number: a few threads of a few transactions each, over two keys
 * that have values at first. A transaction is one of
 *
 *     get k     set k     delete k     peek k          of either key
 *     get both  set both  get k0, set k1               and the other way round
 *     a snapshot that reads both
 *
 * (delete only where threads have one transaction each) and commits, or releases; between two of them is a reset. Programmes that differ only in what threads or keys are
 * called are one. Keys are checked out in the order of their numbers.
 */
#ifndef FUZZ_GRAMMAR_H
#define FUZZ_GRAMMAR_H

#include "program.h"

typedef struct grammar_shape {
    unsigned thread_count;      /* 2 to 4 */
    unsigned transaction_count; /* of each thread, 1 to 3 */
} grammar_shape;

#define GRAMMAR_KEY_COUNT 2u

/* How many numbers there are: many are another one's programme by other names. 0: the shape is too large. */
uint64_t grammar_size(const grammar_shape *shape);
/* False: it is the programme of a smaller number. Without a schedule. */
bool grammar_program(const grammar_shape *shape, uint64_t number, fuzz_program *program);

#endif
