/*
 * memo.h -- where the schedules of a programme have been. A run that comes to where another one has been, all of whose
 * continuations have been run, has nothing more to show: what follows, and what oracles say of it, depends on nothing
 * but where it is (scheduler_describe, strategy_search_describe). So it is left there, and the schedules that would have
 * followed are counted as run.
 *
 * A place is known by 128 bits of a hash of all that it consists of.
 */
#ifndef FUZZ_MEMO_H
#define FUZZ_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Forgets all places: another programme, or the same one with other forks. */
void memo_clear(void);
/* The present run is at a place that these bytes describe, behind so many forks, when so many schedules have been
 * counted. Returns how many schedules follow from it, all of them run already; 0: it is not known yet. */
uint64_t memo_visit(const char *bytes, size_t size, size_t forks, uint64_t schedules);
/* All schedules are done, and counted, that follow from places on the present way behind at least so many forks. */
void memo_leave(size_t forks, uint64_t schedules);

#endif
