/*
 * machine.h -- the clock, the futex and the sleep that the library meets under the scheduler, in place of the C
 * library's: whoever links this gets them instead.
 *
 * The clock moves two milliseconds at each look, for each logical thread by itself, so that what a
 * thread reads there does not depend on the schedule. A futex puts a logical thread to sleep, not the
 * real one; a sleep is a step in which nothing happens. With nothing scheduled, both are the real ones.
 */
#ifndef TESTS_MACHINE_H
#define TESTS_MACHINE_H

#include <stdint.h>

/* Sets the clock back to the beginning. */
void machine_reset(void);
/* The clock, of a run that is kept (kept.h). */
char *machine_save(char *to);
const char *machine_load(const char *from);
/* The kernel's futex, for the scheduler itself. */
void machine_futex(uint32_t *address, int operation, uint32_t value);
/* The real time of day, for whoever measures or limits a search: clock_gettime is the scheduled threads' own. */
double machine_seconds_now(void);

#endif
