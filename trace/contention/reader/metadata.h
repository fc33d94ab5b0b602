/*
 * metadata.h -- is the metadata of a trace whole? babeltrace2 (2.0.4) reads for ever when its last packet is cut off.
 */
#ifndef CONTENTION_METADATA_H
#define CONTENTION_METADATA_H

#include <stdbool.h>

/* In the folder of that trace. False: it is cut off, or its packets make no sense. Text without packets is whole. */
bool metadata_is_whole(const char *path);

#endif
