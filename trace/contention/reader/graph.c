#include "find.h"
#include "group.h"
#include "metadata.h"
#include "reader.h"
#include "repair.h"
#include "sink.h"

#include <glib.h>

/* ------------------------------------------------------------------------- the component -- */

static bt_component_class_initialize_method_status initialize(bt_self_component_sink *self,
                                                              bt_self_component_sink_configuration *configuration,
                                                              const bt_value *params, void *setup)
{
    (void)configuration, (void)params;
    sink *sink = sink_create(setup);
    bt_self_component_set_data(bt_self_component_sink_as_self_component(self), sink);
    return sink_add_ports(sink, self);
}

static sink *sink_of(bt_self_component_sink *self)
{
    return bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
}

static void finalize(bt_self_component_sink *self)
{
    sink_free(sink_of(self));
}

static bt_component_class_sink_graph_is_configured_method_status configured(bt_self_component_sink *self)
{
    return sink_open_ports(sink_of(self), self);
}

static bt_component_class_sink_consume_method_status consume(bt_self_component_sink *self)
{
    return sink_consume(sink_of(self));
}

static bt_component_class_sink *sink_class_create(void)
{
    bt_component_class_sink *class = bt_component_class_sink_create("contention", consume);
    if (class != NULL) {
        bt_component_class_sink_set_initialize_method(class, initialize);
        bt_component_class_sink_set_finalize_method(class, finalize);
        bt_component_class_sink_set_graph_is_configured_method(class, configured);
    }
    return class;
}

/* ----------------------------------------------------------------------------- troubles -- */

/* What babeltrace2 says went wrong: its first cause is the deepest one. Always takes the error away. */
static char *take_cause(void)
{
    const bt_error *error = bt_current_thread_take_error();
    if (error == NULL)
        return NULL;
    char *cause = NULL;
    if (bt_error_get_cause_count(error) > 0)
        cause = g_strdup(bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0)));
    bt_error_release(error);
    return cause;
}

static void note(trace_facts *facts, const char *path)
{
    char *cause = take_cause();
    if (facts->trouble == NULL)
        facts->trouble = g_strdup_printf("%s: %s", path, cause != NULL ? cause : "not a trace of CTF 1.8");
    g_free(cause);
}

/* ------------------------------------------------------------------------------- source -- */

static bt_value *inputs(const GPtrArray *paths)
{
    bt_value *params = bt_value_map_create();
    bt_value *list = NULL;
    if (params == NULL ||
        bt_value_map_insert_empty_array_entry(params, "inputs", &list) != BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK)
        g_error("out of memory"); /* as GLib does everywhere */
    for (guint i = 0; i < paths->len; i++)
        if (bt_value_array_append_string_element(list, g_ptr_array_index(paths, i)) !=
            BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK)
            g_error("out of memory");
    return params;
}

/* One source for all folders of one trace: only so does babeltrace2 see that a packet that was saved twice (by two
 * snapshots of one session) is one packet. */
static const bt_component_source *add_source(bt_graph *graph, const bt_component_class_source *class,
                                             const GPtrArray *paths)
{
    const bt_component_source *source = NULL;
    bt_value *params = inputs(paths);
    bt_graph_add_component_status status =
        bt_graph_add_source_component(graph, class, g_ptr_array_index(paths, 0), params, BT_LOGGING_LEVEL_NONE, &source);
    bt_value_put_ref(params);
    return status == BT_GRAPH_ADD_COMPONENT_STATUS_OK ? source : NULL;
}

/* NULL facts: its trouble is not of interest. */
static bool can_open(const bt_component_class_source *class, const char *path, trace_facts *facts)
{
    GPtrArray *paths = g_ptr_array_new();
    g_ptr_array_add(paths, (gpointer)(uintptr_t)path);
    bt_graph *graph = bt_graph_create(0);
    bool opened = graph != NULL && add_source(graph, class, paths) != NULL;
    if (!opened && facts != NULL)
        note(facts, path);
    g_free(take_cause());
    bt_graph_put_ref(graph);
    g_ptr_array_unref(paths);
    return opened;
}

static bool can_open_copy(void *class, const char *path)
{
    return can_open(class, path, NULL);
}

/* Puts what can be saved in the place of those that make babeltrace2 refuse all of them. */
static void keep_readable(const bt_component_class_source *class, GPtrArray *paths, GPtrArray *repaired, trace_facts *facts)
{
    for (guint i = 0; i < paths->len;) {
        const char *path = g_ptr_array_index(paths, i);
        bool endless = repair_is_endless(path);
        if (endless && facts->trouble == NULL)
            facts->trouble = g_strdup_printf("%s: a packet says that it has no size", path);
        if (!endless && can_open(class, path, facts)) {
            i++;
            continue;
        }
        facts->truncated = true;
        char *folder = repair_trace(g_ptr_array_index(paths, i), can_open_copy, (void *)(uintptr_t)class);
        g_ptr_array_remove_index(paths, i);
        if (folder != NULL) {
            g_ptr_array_insert(paths, (gint)i++, g_strdup(folder));
            g_ptr_array_add(repaired, folder);
        }
    }
}

/* Metadata that is cut off would be read for ever. */
static void keep_described(GPtrArray *paths, trace_facts *facts)
{
    for (guint i = 0; i < paths->len;) {
        const char *path = g_ptr_array_index(paths, i);
        if (metadata_is_whole(path)) {
            i++;
            continue;
        }
        facts->truncated = true;
        if (facts->trouble == NULL)
            facts->trouble = g_strdup_printf("%s/metadata: cut off or damaged; without it, the trace cannot be read", path);
        g_ptr_array_remove_index(paths, i);
    }
}

/* -------------------------------------------------------------------------------- graph -- */

typedef struct flow {
    bt_graph *graph;
    bt_component_class_sink *sink_class;
    GPtrArray *sources; /* bt_component_source */
    uint64_t port_count;
} flow;

/* Groups: lists of folders. False: babeltrace2 refuses one of them. */
static bool add_sources(flow *flow, const bt_component_class_source *class, const GPtrArray *groups)
{
    for (guint i = 0; i < groups->len; i++) {
        const bt_component_source *source = add_source(flow->graph, class, g_ptr_array_index(groups, i));
        if (source == NULL)
            return false;
        g_ptr_array_add(flow->sources, (gpointer)(uintptr_t)source);
        flow->port_count += bt_component_source_get_output_port_count(source);
    }
    return true;
}

static bool connect(const flow *flow, const bt_component_sink *sink)
{
    uint64_t next = 0;
    for (guint i = 0; i < flow->sources->len; i++) {
        const bt_component_source *source = g_ptr_array_index(flow->sources, i);
        for (uint64_t j = 0; j < bt_component_source_get_output_port_count(source); j++)
            if (bt_graph_connect_ports(flow->graph, bt_component_source_borrow_output_port_by_index_const(source, j),
                                       bt_component_sink_borrow_input_port_by_index_const(sink, next++),
                                       NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK)
                return false;
    }
    return true;
}

static bool run(const flow *flow, const reader_options *options, trace_facts *facts)
{
    sink_setup setup = {flow->port_count, options, facts};
    const bt_component_sink *sink = NULL;
    if (setup.port_count == 0)
        return true; /* traces without a single stream */
    bt_graph_add_component_status status = bt_graph_add_sink_component_with_initialize_method_data(
        flow->graph, flow->sink_class, "report", NULL, &setup, BT_LOGGING_LEVEL_NONE, &sink);
    return status == BT_GRAPH_ADD_COMPONENT_STATUS_OK && connect(flow, sink) &&
           bt_graph_run(flow->graph) == BT_GRAPH_RUN_STATUS_OK;
}

/* False: babeltrace2 refuses these traces. */
static bool read_together(const bt_component_class_source *class, const GPtrArray *paths, const reader_options *options,
                          trace_facts *facts)
{
    flow flow = {bt_graph_create(0), sink_class_create(), g_ptr_array_new(), 0};
    GPtrArray *groups = group_traces(class, paths);
    if (flow.graph == NULL || flow.sink_class == NULL)
        g_error("out of memory");
    bool taken = add_sources(&flow, class, groups);
    if (taken && !run(&flow, options, facts)) {
        note(facts, "the trace");
        facts->truncated = true;
    }
    g_ptr_array_unref(groups);
    g_ptr_array_unref(flow.sources);
    bt_graph_put_ref(flow.graph);
    bt_component_class_sink_put_ref(flow.sink_class);
    facts->trace_count = paths->len;
    return taken;
}

static bool are_endless(const GPtrArray *paths)
{
    for (guint i = 0; i < paths->len; i++)
        if (repair_is_endless(g_ptr_array_index(paths, i)))
            return true;
    return false;
}

static void remove_repaired(gpointer folder)
{
    repair_remove(folder);
}

static reader_status read_by(const bt_plugin *plugin, GPtrArray *paths, const reader_options *options, trace_facts *facts)
{
    const bt_component_class_source *class = bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs");
    if (class == NULL) {
        facts->trouble = g_strdup("babeltrace2's plugin \"ctf\" cannot read files; reinstall libbabeltrace2-0");
        return READER_UNREADABLE;
    }
    keep_described(paths, facts);
    if (paths->len == 0)
        return READER_UNREADABLE;
    if (!are_endless(paths) && read_together(class, paths, options, facts))
        return READER_OK;
    g_free(take_cause()); /* the same again, with the folder, from the one that is to blame */
    GPtrArray *repaired = g_ptr_array_new_with_free_func(remove_repaired);
    keep_readable(class, paths, repaired, facts);
    bool taken = paths->len > 0 && read_together(class, paths, options, facts);
    if (!taken)
        note(facts, "the traces together");
    g_ptr_array_unref(repaired);
    return taken ? READER_OK : READER_UNREADABLE;
}

/* For as long as the process lives: to find it, babeltrace2 loads all plugins that there are. */
static const bt_plugin *find_plugin(void)
{
    static const bt_plugin *plugin;
    if (plugin == NULL)
        bt_plugin_find("ctf", BT_TRUE, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, &plugin);
    return plugin;
}

static reader_status read_found(GPtrArray *paths, const reader_options *options, trace_facts *facts)
{
    facts->trace_count_found = paths->len;
    if (paths->len == 0)
        return facts->trouble != NULL ? READER_UNREADABLE : READER_NO_TRACE;
    bt_current_thread_clear_error(); /* with one that somebody left behind, babeltrace2 would end the process */
    const bt_plugin *plugin = find_plugin();
    if (plugin == NULL) {
        g_free(take_cause());
        facts->trouble = g_strdup("babeltrace2's plugin \"ctf\" was not found; reinstall libbabeltrace2-0, or set "
                                  "BABELTRACE_PLUGIN_PATH to its folder");
        return READER_UNREADABLE;
    }
    return read_by(plugin, paths, options, facts);
}

reader_status reader_run(const char *path, const reader_options *options, trace_facts *facts)
{
    *facts = (trace_facts){0};
    GPtrArray *paths = find_traces(path, &facts->trouble);
    reader_status status = read_found(paths, options, facts);
    g_ptr_array_unref(paths);
    return status;
}

void trace_facts_free(trace_facts *facts)
{
    g_free(facts->trouble);
    *facts = (trace_facts){0};
}
