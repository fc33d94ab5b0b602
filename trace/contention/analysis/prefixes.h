/*
 * prefixes.h -- keys that begin alike, up to and with their last delimiter, added up.
 */
#ifndef CONTENTION_PREFIXES_H
#define CONTENTION_PREFIXES_H

#include "../report.h"

#include <glib.h>

/* Sorted: of hot_keys_sorted(). Keys without the delimiter are left out; the report gets at most top of them. */
void prefixes_fill(const GPtrArray *sorted, char delimiter, size_t top, report *report);

#endif
