/*
 * latency.h -- how long operations take, how many attempts they need, and how large the sets of keys are.
 */
#ifndef CONTENTION_LATENCY_H
#define CONTENTION_LATENCY_H

#include "histogram.h"
#include "operations.h"

typedef struct latency {
    histogram attempts;           /* of operations that committed */
    histogram first_begin_to_ok;  /* of those seen from their first attempt */
    histogram ok, lost;           /* of attempts */
    histogram ok_reads, ok_writes, lost_reads, lost_writes;
} latency;

void latency_outcome(latency *latency, const outcome *outcome);
/* Where the operation had lost before, it tells when it began; NULL: it never lost. */
void latency_committed(latency *latency, const outcome *outcome, const operation *operation);
void latency_fill(const latency *latency, report *report);

#endif
