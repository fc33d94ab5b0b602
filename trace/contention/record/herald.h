/*
 * herald.h -- a process that only shows LTTng the provider, before the program is started.
 *
 * LTTng writes its description of the events (the trace's metadata) when tracing is stopped: a trace whose daemon was
 * killed, or whose disk was full at the end, would be unreadable. To stop for a moment while the program runs would
 * lose events without a trace. So a process that does nothing registers the provider first: LTTng keeps what it learns
 * for all processes of a user, and a stop and a start before the program begins write it to disk.
 *
 * That also makes and fills the buffers before the program starts, and finds out whether the provider works at all.
 */
#ifndef CONTENTION_RECORD_HERALD_H
#define CONTENTION_RECORD_HERALD_H

#include <stdbool.h>
#include <sys/types.h>

enum { HERALD_TEXT_MAX = 1024 };

typedef struct herald_setting {
    const char *preload;
    const char *lttng_home;
    const char *folder; /* of the recording; NULL: nothing is written there as yet */
    pid_t daemon;
} herald_setting;

/* Returns false, and why, if LTTng does not know the provider afterwards. */
bool herald_run(const herald_setting *setting, char text[HERALD_TEXT_MAX]);

#endif
