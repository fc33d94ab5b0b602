/*
 * comparison_json.h -- a comparison for programs; trace/README.md describes its members.
 */
#ifndef CONTENTION_COMPARISON_JSON_H
#define CONTENTION_COMPARISON_JSON_H

#include "comparison.h"

#include <stdio.h>

/* With the top keys of either side. Whether it was written, the file tells. */
void comparison_json_write(const comparison *comparison, size_t top, FILE *file);

#endif
