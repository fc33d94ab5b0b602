/*
 * sink.h -- the component that babeltrace2 delivers messages to: merges its ports by time, decodes, and hands on.
 *
 * It merges by itself, instead of putting a muxer before it, for two reasons: it is cheaper, since only the times of
 * events are compared; and a stream that cannot be read to its end does not take the others with it.
 */
#ifndef CONTENTION_SINK_H
#define CONTENTION_SINK_H

#include "reader.h"

#include <babeltrace2/babeltrace.h>

/* What a sink is made with; must outlive it. */
typedef struct sink_setup {
    uint64_t port_count;
    const reader_options *options;
    trace_facts *facts;
} sink_setup;

typedef struct sink sink;

/* For the methods of a component class; the name of port 0 is "in", of others "in" and the number. */
sink *sink_create(const sink_setup *setup);
void sink_free(sink *sink);
bt_component_class_initialize_method_status sink_add_ports(sink *sink, bt_self_component_sink *self);
bt_component_class_sink_graph_is_configured_method_status sink_open_ports(sink *sink, bt_self_component_sink *self);
/* A few thousand events. */
bt_component_class_sink_consume_method_status sink_consume(sink *sink);

#endif
