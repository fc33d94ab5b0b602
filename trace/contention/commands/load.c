#include "load.h"

#include "../fail.h"

void load_events(const char *path, const reader_options *options, trace_facts *facts)
{
    switch (reader_run(path, options, facts)) {
    case READER_OK:
        return;
    case READER_NO_TRACE:
        fail(EXIT_NOTHING, "%s: there is no trace in this folder, nor in one inside it; make one by stm-contention "
                           "record -o FOLDER -- PROGRAM", path);
    case READER_UNREADABLE:
        fail(EXIT_NOTHING, "cannot read %s", facts->trouble != NULL ? facts->trouble : path);
    }
}

static void check_events(const char *path, const trace_facts *facts)
{
    if (facts->event_count > 0 || facts->lost_events > 0 || facts->lost_packets > 0)
        return;
    if (facts->foreign_count > 0)
        fail(EXIT_NOTHING, "%s: a trace, but none of libstm: none of its %llu events is of the provider \"stm\"", path,
             (unsigned long long)facts->foreign_count);
    if (facts->truncated)
        fail(EXIT_NOTHING, "%s: not a single event could be read (%s)", path,
             facts->trouble != NULL ? facts->trouble : "it is damaged");
    if (facts->declared == 0)
        fail(EXIT_NOTHING, "%s: the trace is empty; was the program run with libstm-trace.so preloaded?", path);
    if ((facts->declared & 1u << EVENT_STORE) != 0)
        fail(EXIT_NOTHING, "%s: the trace is empty: no store was opened while recording. Does the program use libstm, and do its "
                           "stores name no observer of their own?", path);
}

report *load_report(const char *path, const analysis_options *options)
{
    trace_facts facts = {0};
    analysis *analysis = analysis_create(options, &facts);
    reader_options reading = {.progress = true, .event = analysis_event, .context = analysis};
    load_events(path, &reading, &facts);
    check_events(path, &facts);
    report *report = analysis_finish(analysis, path);
    trace_facts_free(&facts);
    return report;
}

int load_status(const report *report)
{
    return report->health.lower_bounds ? EXIT_PARTLY : EXIT_WHOLE;
}
