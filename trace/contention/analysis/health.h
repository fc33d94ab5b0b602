/*
 * health.h -- can the rest be believed? What was recorded, what was lost, and what it means for the figures.
 */
#ifndef CONTENTION_HEALTH_H
#define CONTENTION_HEALTH_H

#include "analysis.h"
#include "winners.h"

/* Counts, span and path are filled in already. */
void health_fill(health *health, const trace_facts *facts, const analysis_options *options, const winner_counts *winners,
                 bool keys_overflowed);

#endif
