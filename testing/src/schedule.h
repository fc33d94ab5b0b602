/*
 * schedule.h -- a schedule's two forms beside the one that the scheduler takes (strategy.h): a text, for people and
 * command lines, and bytes, for fuzzers. Any bytes are a schedule:
 *
 *     byte 0     bit 0: stores are delayed
 *     each next  bits 0-1 thread | 2-7 what: 0 to 60 that many accesses and one more; 61 its oldest store that waits
 *                arrives; 62 the newest that may do so before the older ones; 63 accesses until it ends
 *
 * What a thread cannot do when its turn comes is left out.
 */
#ifndef TESTING_SCHEDULE_H
#define TESTING_SCHEDULE_H

#include "strategy.h"

#include <stm/stm.h>

typedef struct schedule {
    strategy_script script;
    bool delayed; /* stores */
} schedule;

/* Each makes a new one, which the caller closes. */
bool schedule_of_text(schedule *schedule, const char *text); /* false: it is none */
void schedule_of_bytes(schedule *schedule, stm_bytes bytes);
void schedule_of_last_run(schedule *schedule, bool delayed);
void schedule_close(schedule *schedule);

/* Its text, and its bytes, to be freed by the caller. */
char *schedule_text(const schedule *schedule);
stm_bytes schedule_bytes(const schedule *schedule);

/* Makes it one of fewer segments, as long as fails() says that it still does. At most `tries` of that. */
typedef bool schedule_fails(schedule *schedule);
void schedule_shrink(schedule *schedule, schedule_fails *fails, unsigned tries);

#endif
