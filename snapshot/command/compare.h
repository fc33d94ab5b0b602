/*
 * compare.h -- two snapshots, side by side in the order of keys: what came, what went, what is another value
 * now.
 *
 * By value: a key that was published again with the same type and value has not changed. Where one of the two
 * was exported without values, size and version have to tell instead.
 */
#ifndef SNAPSHOT_COMMAND_COMPARE_H
#define SNAPSHOT_COMMAND_COMPARE_H

#include "rows.h"

enum change { CHANGE_NONE, CHANGE_ADDED, CHANGE_REMOVED, CHANGE_VALUE, CHANGE_REPUBLISHED };
#define CHANGE_COUNT (CHANGE_REPUBLISHED + 1)

/* The rows stand at the key; before is not of it where it was added, nor after where it was removed. False:
 * stop. */
typedef bool compare_visit(enum change change, struct rows *before, struct rows *after, void *arg);

/* Out: how many keys of each kind. Both at their beginning; visit is not called for CHANGE_NONE. */
void compare(struct rows *before, struct rows *after, compare_visit *visit, void *arg,
             uint64_t counts[CHANGE_COUNT]);

const char *change_name(enum change change); /* "added" */

#endif
