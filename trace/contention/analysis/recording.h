/*
 * recording.h -- what `stm-contention record` wrote beside the trace: recording.json.
 */
#ifndef CONTENTION_RECORDING_H
#define CONTENTION_RECORDING_H

/* The command line that was recorded; "" where unknown. To be freed by g_free. */
char *recording_program(const char *path);

#endif
