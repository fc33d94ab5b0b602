/*
 * footprint.h -- which words of memory the threads of a program have in common: touched by two of
 * them in one run, and written by one. Only there does the order of the threads matter, so only
 * there need a scheduler think about changing threads.
 *
 * The set is learnt by running, and only grows: a word found in common in any run stays so.
 */
#ifndef TESTS_FOOTPRINT_H
#define TESTS_FOOTPRINT_H

#include "../../libstm/src/atomic.h"

/* Forgets which thread touched what; the words in common stay. */
void footprint_begin_run(void);
/* Forgets everything. */
void footprint_reset(void);
/* Thread (below 8) makes this access. True if it brought to light a new word in common. */
bool footprint_touch(unsigned thread, const stmi_access *access);
/* Whether the access reaches a word in common. */
bool footprint_is_common(const stmi_access *access);
/* How many words are in common. */
size_t footprint_common_count(void);

/* Whether swapping the two accesses, of different threads, could change what either of them sees. */
bool footprint_conflict(const stmi_access *a, const stmi_access *b);

#endif
