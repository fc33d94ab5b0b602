/*
 * silence.h -- whether a recording has no event at all: not even that a store was opened, which is recorded at every level.
 */
#ifndef RECORD_SILENCE_H
#define RECORD_SILENCE_H

#include <stdbool.h>

/* False if there is one, or it cannot be told. */
bool silence_is_total(const char *folder);

#endif
