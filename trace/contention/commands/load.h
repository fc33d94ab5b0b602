/*
 * load.h -- a recording, read and analysed, or the end of the program with a message that says why not.
 */
#ifndef CONTENTION_LOAD_H
#define CONTENTION_LOAD_H

#include "../analysis/analysis.h"

report *load_report(const char *path, const analysis_options *options);

/* Reads with a listener of one's own; ends the program as load_report does. Facts are freed by trace_facts_free. */
void load_events(const char *path, const reader_options *options, trace_facts *facts);

/* EXIT_WHOLE or EXIT_PARTLY. */
int load_status(const report *report);

#endif
