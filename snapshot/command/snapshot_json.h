/* snapshot_json.h -- what every JSON says about the snapshot that it is of, and its keys. */
#ifndef SNAPSHOT_COMMAND_SNAPSHOT_JSON_H
#define SNAPSHOT_COMMAND_SNAPSHOT_JSON_H

#include "rows.h"

/* As members of the current object. */
void snapshot_json(struct json *json, const struct snapshot *snapshot);

/* A whole object on stdout: the snapshot, and the rows up to their end, a line each. */
void snapshot_keys_json(struct rows *rows, const struct snapshot *snapshot);

#endif
