/*
 * recording.h -- what `stm-contention record` wrote beside the trace: recording.json.
 */
#ifndef CONTENTION_RECORDING_H
#define CONTENTION_RECORDING_H

#include <stdbool.h>

typedef struct recording {
    char *program; /* the command line that was recorded; "" where unknown */
    char *trouble; /* why it is not complete; "" if it is, or where unknown */
    bool is_flight; /* only the last moments before each save were kept */
} recording;

/* In that folder, or in the one above it, as each save of a flight recording has a folder of its own. */
recording recording_load(const char *path);
void recording_free(recording *recording);

#endif
