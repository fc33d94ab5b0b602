/*
 * html.h -- the report as one HTML file: no network, no second file, readable without its script.
 *
 * Out: the whole page, or an unspecified beginning of it. Returns 0, or -1 with errno of the write that failed; the
 * file has been flushed, so that a full disk is found here. The report may hold any bytes in its strings.
 */
#ifndef CONTENTION_HTML_H
#define CONTENTION_HTML_H

#include <stdio.h>

#include "report.h"

int report_write_html(const report *report, FILE *out);

#endif
