/*
 * seed_text.h -- a planned conflict as a file for stm-replay, with comments that say what it was in the recording. ASCII only: stm-replay takes
 * anything else for the bytes of a fuzzer.
 */
#ifndef CONTENTION_SEED_TEXT_H
#define CONTENTION_SEED_TEXT_H

#include "seed_plan.h"

#include <stdio.h>

void seed_text_write(const char *path, const gathered *found, const trace_facts *facts, const seed_plan *plan, FILE *file);

#endif
