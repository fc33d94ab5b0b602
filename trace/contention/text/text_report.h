/*
 * text_report.h -- the report as text: for a terminal of 80 to 110 columns, or a file.
 */
#ifndef CONTENTION_TEXT_REPORT_H
#define CONTENTION_TEXT_REPORT_H

#include "../report.h"

#include <stdio.h>

void text_report_write(const report *report, FILE *file);

#endif
