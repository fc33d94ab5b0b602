#include "sink.h"

#include "decode.h"
#include "progress.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EVENTS_A_CONSUME = 4096 };
#define NS_A_SECOND INT64_C(1000000000)

/* Clocks of one machine and one boot differ by what the tracer measured when each session began, which is little. */
#define SAME_CLOCK_NS (2 * NS_A_SECOND)

typedef struct port {
    bt_message_iterator *iterator;
    bt_message_array_const messages;
    uint64_t count, next;    /* of messages */
    const bt_event *event;   /* to be handed on next; NULL: the port has ended */
    int64_t time_ns;         /* of that event */
    uint64_t frequency;
    int64_t shift_ns;        /* to the clock of the first trace */
    uint64_t pid;            /* of a trace of one process */
    const char *procname;
} port;

struct sink {
    const reader_options *options;
    trace_facts *facts;
    decoder *decoder;
    progress progress;
    port *ports;
    uint64_t port_count;
    port **heap; /* those with an event; the earliest first */
    uint64_t heap_count;
    bool started, stopped;
};

/* -------------------------------------------------------------------------------- times -- */

static int64_t add_limited(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

static int64_t multiply_limited(int64_t a, int64_t b)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
    return product;
}

static int64_t cycles_to_ns(uint64_t cycles, uint64_t frequency)
{
    if (frequency == (uint64_t)NS_A_SECOND || frequency == 0)
        return cycles > INT64_MAX ? INT64_MAX : (int64_t)cycles;
    uint64_t seconds = cycles / frequency;
    double rest = (double)(cycles % frequency) / (double)frequency * (double)NS_A_SECOND;
    return add_limited(multiply_limited((int64_t)MIN(seconds, (uint64_t)INT64_MAX), NS_A_SECOND), (int64_t)rest);
}

static void adopt_clock(sink *sink, port *port, const bt_clock_class *clock)
{
    int64_t seconds;
    uint64_t cycles;
    port->frequency = bt_clock_class_get_frequency(clock);
    bt_clock_class_get_offset(clock, &seconds, &cycles);
    int64_t offset_ns = add_limited(multiply_limited(seconds, NS_A_SECOND), cycles_to_ns(cycles, port->frequency));
    if (!sink->facts->has_clock_offset) {
        sink->facts->has_clock_offset = true;
        sink->facts->clock_offset_ns = offset_ns;
    }
    int64_t difference_ns;
    if (__builtin_sub_overflow(offset_ns, sink->facts->clock_offset_ns, &difference_ns))
        difference_ns = 0;
    bool same = difference_ns > -SAME_CLOCK_NS && difference_ns < SAME_CLOCK_NS;
    port->shift_ns = same ? 0 : difference_ns;
}

/* ------------------------------------------------------------------------------ streams -- */

static const bt_value *environment(const bt_trace *trace, const char *name)
{
    return bt_trace_borrow_environment_entry_value_by_name_const(trace, name);
}

static void begin_stream(sink *sink, port *port, const bt_stream *stream)
{
    const bt_stream_class *class = bt_stream_borrow_class_const(stream);
    const bt_trace *trace = bt_stream_borrow_trace_const(stream);
    const bt_clock_class *clock = bt_stream_class_borrow_default_clock_class_const(class);
    const bt_value *pid = environment(trace, "vpid");
    const bt_value *procname = environment(trace, "procname");
    if (clock != NULL)
        adopt_clock(sink, port, clock);
    if (bt_stream_class_borrow_event_common_context_field_class_const(class) != NULL)
        sink->facts->has_context = true;
    port->pid = 0;
    if (pid != NULL && bt_value_get_type(pid) == BT_VALUE_TYPE_SIGNED_INTEGER)
        port->pid = (uint64_t)bt_value_integer_signed_get(pid);
    port->procname = "";
    if (procname != NULL && bt_value_get_type(procname) == BT_VALUE_TYPE_STRING)
        port->procname = bt_value_string_get(procname);
    sink->facts->declared |= decoder_declared(bt_trace_borrow_class_const(trace));
}

static void note_trouble(trace_facts *facts)
{
    const bt_error *error = bt_current_thread_take_error();
    facts->truncated = true;
    if (error == NULL)
        return;
    if (facts->trouble == NULL && bt_error_get_cause_count(error) > 0)
        facts->trouble = g_strdup(bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0)));
    bt_error_release(error);
}

/* Where the number is not told, it is at least one. */
static uint64_t lost_events(const bt_message *message)
{
    uint64_t count;
    bool is_told = bt_message_discarded_events_get_count(message, &count) == BT_PROPERTY_AVAILABILITY_AVAILABLE;
    return is_told ? count : 1;
}

static uint64_t lost_packets(const bt_message *message)
{
    uint64_t count;
    bool is_told = bt_message_discarded_packets_get_count(message, &count) == BT_PROPERTY_AVAILABILITY_AVAILABLE;
    return is_told ? count : 1;
}

/* True: it is an event, and the port stands before it. */
static bool take(sink *sink, port *port, const bt_message *message)
{
    switch (bt_message_get_type(message)) {
    case BT_MESSAGE_TYPE_EVENT:
        port->event = bt_message_event_borrow_event_const(message);
        port->time_ns = 0;
        if (port->frequency != 0) {
            const bt_clock_snapshot *clock = bt_message_event_borrow_default_clock_snapshot_const(message);
            port->time_ns = add_limited(cycles_to_ns(bt_clock_snapshot_get_value(clock), port->frequency), port->shift_ns);
        }
        return true;
    case BT_MESSAGE_TYPE_STREAM_BEGINNING:
        begin_stream(sink, port, bt_message_stream_beginning_borrow_stream_const(message));
        return false;
    case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
        sink->facts->lost_events += lost_events(message);
        return false;
    case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
        sink->facts->lost_packets += lost_packets(message);
        return false;
    default:
        return false;
    }
}

static void put_messages(port *port)
{
    for (uint64_t i = 0; i < port->count; i++)
        bt_message_put_ref(port->messages[i]);
    port->count = port->next = 0;
}

/* To its next event. False: there is none. */
static bool advance(sink *sink, port *port)
{
    port->event = NULL;
    for (;;) {
        while (port->next < port->count)
            if (take(sink, port, port->messages[port->next++]))
                return true;
        put_messages(port);
        bt_message_iterator_next_status status =
            bt_message_iterator_next(port->iterator, &port->messages, &port->count);
        if (status == BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
            continue;
        port->count = 0;
        if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_END)
            note_trouble(sink->facts);
        return false;
    }
}

/* --------------------------------------------------------------------------------- heap -- */

static void sift_down(sink *sink)
{
    port **heap = sink->heap, *port = heap[0];
    uint64_t i = 0;
    for (;;) {
        uint64_t child = 2 * i + 1;
        if (child >= sink->heap_count)
            break;
        if (child + 1 < sink->heap_count && heap[child + 1]->time_ns < heap[child]->time_ns)
            child++;
        if (heap[child]->time_ns >= port->time_ns)
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = port;
}

static void heap_add(sink *sink, port *port)
{
    uint64_t i = sink->heap_count++;
    for (; i > 0 && port->time_ns < sink->heap[(i - 1) / 2]->time_ns; i = (i - 1) / 2)
        sink->heap[i] = sink->heap[(i - 1) / 2];
    sink->heap[i] = port;
}

/* ---------------------------------------------------------------------------- component -- */

sink *sink_create(const sink_setup *setup)
{
    sink *sink = g_new0(struct sink, 1);
    sink->options = setup->options;
    sink->facts = setup->facts;
    sink->decoder = decoder_create(setup->options->every_field);
    sink->port_count = setup->port_count;
    sink->ports = g_new0(port, setup->port_count);
    sink->heap = g_new0(port *, setup->port_count);
    sink->progress = progress_begin(setup->options->progress);
    return sink;
}

void sink_free(sink *sink)
{
    if (sink == NULL)
        return;
    progress_end(&sink->progress);
    for (uint64_t i = 0; i < sink->port_count; i++) {
        put_messages(&sink->ports[i]);
        bt_message_iterator_put_ref(sink->ports[i].iterator);
    }
    decoder_free(sink->decoder);
    g_free(sink->ports);
    g_free(sink->heap);
    g_free(sink);
}

bt_component_class_initialize_method_status sink_add_ports(sink *sink, bt_self_component_sink *self)
{
    for (uint64_t i = 0; i < sink->port_count; i++) {
        char name[32] = "in";
        if (i > 0)
            snprintf(name, sizeof name, "in%" PRIu64, i);
        if (bt_self_component_sink_add_input_port(self, name, NULL, NULL) != BT_SELF_COMPONENT_ADD_PORT_STATUS_OK)
            return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
    }
    return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

bt_component_class_sink_graph_is_configured_method_status sink_open_ports(sink *sink, bt_self_component_sink *self)
{
    for (uint64_t i = 0; i < sink->port_count; i++) {
        port *port = &sink->ports[i];
        if (bt_message_iterator_create_from_sink_component(
                self, bt_self_component_sink_borrow_input_port_by_index(self, i), &port->iterator) !=
            BT_MESSAGE_ITERATOR_CREATE_FROM_SINK_COMPONENT_STATUS_OK)
            return BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_ERROR;
    }
    return BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_OK;
}

static void hand_on(sink *sink, const port *port)
{
    event event = {.time_ns = port->time_ns, .pid = port->pid, .procname = port->procname};
    event.label = event.key = event.winner_label = "";
    if (!decoder_event(sink->decoder, port->event, &event)) {
        sink->facts->foreign_count++;
        return;
    }
    event.begin_ns = event.begin_ns > 0 ? add_limited(event.begin_ns, port->shift_ns) : 0;
    sink->facts->event_count++;
    if (!sink->options->event(sink->options->context, &event))
        sink->stopped = true;
}

/* The first consume: a port that cannot be read at all is no reason to leave the others out. */
static void start(sink *sink)
{
    for (uint64_t i = 0; i < sink->port_count; i++)
        if (advance(sink, &sink->ports[i]))
            heap_add(sink, &sink->ports[i]);
}

bt_component_class_sink_consume_method_status sink_consume(sink *sink)
{
    if (!sink->started) {
        sink->started = true;
        start(sink);
    }
    for (int i = 0; i < EVENTS_A_CONSUME && sink->heap_count > 0 && !sink->stopped; i++) {
        port *first = sink->heap[0];
        hand_on(sink, first);
        if (!advance(sink, first))
            sink->heap[0] = sink->heap[--sink->heap_count];
        if (sink->heap_count > 1)
            sift_down(sink);
    }
    progress_tell(&sink->progress, sink->facts->event_count);
    sink->facts->tells_sets = decoder_tells_sets(sink->decoder);
    sink->facts->tells_modes = decoder_tells_modes(sink->decoder);
    if (sink->heap_count == 0 || sink->stopped)
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END;
    return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK;
}
