/*
 * find.h -- where the traces are: LTTng nests them (ust/uid/0/64-bit), and a recording may have several.
 */
#ifndef CONTENTION_FIND_H
#define CONTENTION_FIND_H

#include <glib.h>

/* Folders under path, itself included, with a file "metadata", in order; free with g_ptr_array_unref. If there is none,
 * or a folder cannot be read, *trouble may become a sentence about it, to be freed. */
GPtrArray *find_traces(const char *path, char **trouble);

#endif
