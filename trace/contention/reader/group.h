/*
 * group.h -- which folders are parts of one trace: the saves of a flight recording, or what was rotated away.
 */
#ifndef CONTENTION_GROUP_H
#define CONTENTION_GROUP_H

#include <babeltrace2/babeltrace.h>
#include <glib.h>

/* Lists (GPtrArray) of paths; the paths must outlive them. Free with g_ptr_array_unref. */
GPtrArray *group_traces(const bt_component_class_source *class, const GPtrArray *paths);

#endif
