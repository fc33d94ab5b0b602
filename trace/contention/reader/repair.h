/*
 * repair.h -- a trace that babeltrace2 refuses, as far as it is whole. It refuses all of a trace when a single stream is cut off
 * in the middle of a packet: after a crash, on a full disk. So a folder is made in which that stream ends with its last whole
 * packet, and all others are what they were.
 *
 * Where packets end is known from LTTng's layout of their heads; streams of another layout are taken as they are, or not at all.
 */
#ifndef CONTENTION_REPAIR_H
#define CONTENTION_REPAIR_H

#include <stdbool.h>

/* Whether babeltrace2 takes that folder. */
typedef bool repair_check(void *context, const char *path);

/* Has one of its streams a packet that says it has no size? At that, babeltrace2 (2.0.4) would stay for ever, and take memory. */
bool repair_is_endless(const char *path);

/* The new folder, under TMPDIR, to be removed by repair_remove; NULL: nothing could be saved. */
char *repair_trace(const char *path, repair_check *check, void *context);
/* Takes the folder away and frees its name. */
void repair_remove(char *folder);

#endif
