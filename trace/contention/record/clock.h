/*
 * clock.h -- the monotonic clock, which is the trace's too.
 */
#ifndef CONTENTION_RECORD_CLOCK_H
#define CONTENTION_RECORD_CLOCK_H

#include <stdint.h>

int64_t clock_now_ns(void);
int64_t clock_now_ms(void);

#endif
