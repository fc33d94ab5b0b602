/*
 * squarify.h -- rectangles of given areas that fill a larger one, none more oblong than need be.
 *
 * Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000: rows along the shorter side of what is left, each
 * as long as its rectangles become less oblong by it.
 */
#ifndef SNAPSHOT_COMMAND_REPORT_SQUARIFY_H
#define SNAPSHOT_COMMAND_REPORT_SQUARIFY_H

#include <stddef.h>

struct area {
    double x, y, width, height;
};

/* In: count amounts above 0, the largest first; the whole. Out: areas, in proportion to the amounts. */
void squarify(const double *amounts, size_t count, struct area whole, struct area *areas);

#endif
