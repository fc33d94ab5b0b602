/*
 * engine.h -- makes single runs of a user's program: between <stm/testing.h>, and the scheduler of tests/support.
 */
#ifndef TESTING_ENGINE_H
#define TESTING_ENGINE_H

#include "schedule.h"

#include <stm/testing.h>

/* Whose runs are made from now on, and how. */
void engine_use(const stm_testing_program *program, uint64_t steps_max, bool real_threads);
unsigned engine_thread_count(void);

/* One run. False: it failed. */
bool engine_run(scheduler_choose *choose, void *strategy, bool delayed);
/* By a schedule, from its beginning. */
bool engine_run_schedule(schedule *schedule);

/* Where to count which places of two threads have met, from now on; NULL: nowhere. */
void engine_count_meetings(uint8_t *counters, size_t count);

#endif
