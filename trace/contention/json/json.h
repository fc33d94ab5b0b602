/*
 * json.h -- the report as JSON, for programs. trace/README.md describes its members; "schema" counts their changes.
 */
#ifndef CONTENTION_JSON_H
#define CONTENTION_JSON_H

#include "../report.h"

#include <stdio.h>

enum { JSON_SCHEMA = 1 };

/* 0, or -1 with errno. */
int json_report_write(const report *report, FILE *file);

#endif
