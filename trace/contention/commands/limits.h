/*
 * limits.h -- how much time and memory reading may take: far more than a sound recording needs, so that only one that leads
 * babeltrace2 in circles meets them. Both grow with the recording.
 */
#ifndef CONTENTION_LIMITS_H
#define CONTENTION_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct limits {
    uint64_t seconds;   /* of the processor's time; 0: none */
    uint64_t megabytes; /* of memory that is written to; 0: none */
} limits;

/* For the folders among the arguments; or what STM_CONTENTION_SECONDS and STM_CONTENTION_MEGABYTES say. Ends the program with a
 * message where they say nonsense. */
limits limits_for(int argc, char **argv);
/* From now on, for this process. */
void limits_apply(const limits *limits);

/* Has the signal that ended the process to do with them? Then says so. */
bool limits_explain(const limits *limits, int signal);

#endif
