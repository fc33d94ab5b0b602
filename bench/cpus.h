/*
 * cpus.h -- which processors a benchmark may use, and keeping a thread on one of them.
 */
#ifndef BENCH_CPUS_H
#define BENCH_CPUS_H

/* CPUs that the program may run on: those that it had at the first call, which must come before any thread is pinned. */
unsigned bench_cpu_count(void);

/* Keeps the calling thread on the index-th of them. */
void bench_pin(unsigned index);

#endif
