/*
 * The same report as a component of babeltrace2: sink.stm.contention.
 *
 *     babeltrace2 DIR --component=sink.stm.contention --params='json="report.json"'
 *
 * With it, a trace may come through filters, from another machine (source.ctf.lttng-live), or from wherever else
 * babeltrace2 gets traces. It writes when the last event has come.
 */
#include "../analysis/analysis.h"
#include "../html/html.h"
#include "../json/json.h"
#include "../reader/sink.h"
#include "../text/text_report.h"

#include <babeltrace2/babeltrace.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

/* The macros of babeltrace2 make symbols by which it finds what a plugin has. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
BT_PLUGIN_MODULE();
BT_PLUGIN(stm);
BT_PLUGIN_DESCRIPTION("Contention in stores of libstm");
BT_PLUGIN_LICENSE("MIT");
#pragma GCC diagnostic pop

enum { TOP_DEFAULT = 10, TOP_MAX = 100000 };

typedef struct contention {
    analysis_options analysis_options;
    reader_options reader_options;
    trace_facts facts;
    analysis *analysis;
    sink *sink;
    char *path, *json, *html, *key, *label;
    bool quiet;
} contention;

static void contention_free(contention *contention)
{
    sink_free(contention->sink);
    if (contention->analysis != NULL)
        report_free(analysis_finish(contention->analysis, ""));
    trace_facts_free(&contention->facts);
    g_free(contention->path);
    g_free(contention->json);
    g_free(contention->html);
    g_free(contention->key);
    g_free(contention->label);
    g_free(contention);
}

/* ----------------------------------------------------------------------------- parameters -- */

static bool refuse(bt_self_component *self, const char *name, const char *wanted)
{
    BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_COMPONENT(self, "sink.stm.contention: parameter \"%s\" must be %s", name, wanted);
    return false;
}

static bool take_text(bt_self_component *self, const bt_value *params, const char *name, char **text)
{
    const bt_value *value = bt_value_map_borrow_entry_value_const(params, name);
    if (value == NULL)
        return true;
    if (!bt_value_is_string(value))
        return refuse(self, name, "a string");
    *text = g_strdup(bt_value_string_get(value));
    return true;
}

static bool take_top(bt_self_component *self, const bt_value *params, size_t *top)
{
    const bt_value *value = bt_value_map_borrow_entry_value_const(params, "top");
    if (value == NULL)
        return true;
    int64_t n = -1;
    if (bt_value_is_signed_integer(value))
        n = bt_value_integer_signed_get(value);
    if (n < 1 || n > TOP_MAX)
        return refuse(self, "top", "a number from 1 to 100,000");
    *top = (size_t)n;
    return true;
}

static bool take_quiet(bt_self_component *self, const bt_value *params, bool *quiet)
{
    const bt_value *value = bt_value_map_borrow_entry_value_const(params, "quiet");
    if (value == NULL)
        return true;
    if (!bt_value_is_bool(value))
        return refuse(self, "quiet", "true or false");
    *quiet = bt_value_bool_get(value) != BT_FALSE;
    return true;
}

static bool take_all(bt_self_component *self, const bt_value *params, contention *contention)
{
    analysis_options *options = &contention->analysis_options;
    if (!take_text(self, params, "path", &contention->path) || !take_text(self, params, "json", &contention->json) ||
        !take_text(self, params, "html", &contention->html) || !take_text(self, params, "key", &contention->key) ||
        !take_text(self, params, "label", &contention->label) || !take_top(self, params, &options->top) ||
        !take_quiet(self, params, &contention->quiet))
        return false;
    options->label = contention->label;
    analysis_options_key(options, contention->key);
    return true;
}

/* -------------------------------------------------------------------------------- writing -- */

typedef int writer(const report *report, FILE *file);

static int write_text(const report *report, FILE *file)
{
    text_report_write(report, file);
    return ferror(file) != 0 || fflush(file) != 0 ? -1 : 0;
}

static bool write_to(bt_self_component *self, const char *path, writer *write, const report *report)
{
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *file = is_stdout ? stdout : fopen(path, "w");
    bool written = file != NULL && write(report, file) == 0 && fflush(file) == 0;
    if (file != NULL && !is_stdout)
        written &= fclose(file) == 0;
    if (!written)
        BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_COMPONENT(self, "cannot write %s: %s", path, g_strerror(errno));
    return written;
}

static bool write_all(bt_self_component *self, contention *contention)
{
    report *report = analysis_finish(contention->analysis, contention->path != NULL ? contention->path : "");
    contention->analysis = NULL;
    bool written = true;
    if (!contention->quiet && g_strcmp0(contention->json, "-") != 0 && g_strcmp0(contention->html, "-") != 0)
        written &= write_to(self, "-", write_text, report);
    if (contention->json != NULL)
        written &= write_to(self, contention->json, json_report_write, report);
    if (contention->html != NULL)
        written &= write_to(self, contention->html, report_write_html, report);
    report_free(report);
    return written;
}

/* ------------------------------------------------------------------------------ component -- */

static contention *contention_of(bt_self_component_sink *self)
{
    return bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
}

static bt_component_class_initialize_method_status initialize(bt_self_component_sink *self,
                                                              bt_self_component_sink_configuration *configuration,
                                                              const bt_value *params, void *data)
{
    (void)configuration, (void)data;
    bt_self_component *component = bt_self_component_sink_as_self_component(self);
    contention *contention = g_new0(struct contention, 1);
    contention->analysis_options = (analysis_options){.top = TOP_DEFAULT, .delimiter = ':'};
    if (!take_all(component, params, contention)) {
        contention_free(contention);
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
    }
    contention->analysis = analysis_create(&contention->analysis_options, &contention->facts);
    contention->reader_options = (reader_options){.event = analysis_event, .context = contention->analysis};
    sink_setup setup = {1, &contention->reader_options, &contention->facts};
    contention->sink = sink_create(&setup);
    bt_self_component_set_data(component, contention);
    return sink_add_ports(contention->sink, self);
}

static void finalize(bt_self_component_sink *self)
{
    contention_free(contention_of(self));
}

static bt_component_class_sink_graph_is_configured_method_status configured(bt_self_component_sink *self)
{
    return sink_open_ports(contention_of(self)->sink, self);
}

static bt_component_class_sink_consume_method_status consume(bt_self_component_sink *self)
{
    contention *contention = contention_of(self);
    bt_component_class_sink_consume_method_status status = sink_consume(contention->sink);
    if (status == BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END &&
        !write_all(bt_self_component_sink_as_self_component(self), contention))
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
    return status;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
BT_PLUGIN_SINK_COMPONENT_CLASS(contention, consume);
BT_PLUGIN_SINK_COMPONENT_CLASS_INITIALIZE_METHOD(contention, initialize);
BT_PLUGIN_SINK_COMPONENT_CLASS_FINALIZE_METHOD(contention, finalize);
BT_PLUGIN_SINK_COMPONENT_CLASS_GRAPH_IS_CONFIGURED_METHOD(contention, configured);
BT_PLUGIN_SINK_COMPONENT_CLASS_DESCRIPTION(contention, "Report who fights over which keys of libstm's stores");
BT_PLUGIN_SINK_COMPONENT_CLASS_HELP(contention,
    "Parameters, all optional: json, html (files to write, \"-\" for the standard output), quiet (no text), top,\n"
    "key, label (as the options of stm-contention report), path (what to call the trace).");
#pragma GCC diagnostic pop
