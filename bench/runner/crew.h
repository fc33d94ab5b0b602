/*
 * crew.h -- threads, pinned, that run one configuration of a workload: for some time, or a number of times.
 */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include "histogram.h"
#include "workload.h"

typedef struct crew_result {
    const char *lane;
    unsigned threads;
    uint64_t operations;
    double rate; /* operations a second, of all threads of the lane together */
    uint64_t commits, conflicts, busy, wrong;
    double delayed; /* the part of its time that a thread waited for a CPU; the worst thread's */
} crew_result;

/* Runs every lane for the time given, after a fifth of it to warm up. With a histogram, each operation is timed,
 * of the first lane only. Out: a result for each lane. Returns how many lanes there are. */
unsigned crew_run(bench_session *session, const bench_configuration *configuration, double milliseconds,
                  histogram *latency, crew_result results[LANES_MAX]);

/* Every thread does its operation count times, not timed. */
void crew_repeat(bench_session *session, const bench_configuration *configuration, uint64_t count);

/* Every operation of the first lane, count times in the calling thread: for counting instructions. */
void crew_alone(bench_session *session, const bench_configuration *configuration, uint64_t count);

#endif
