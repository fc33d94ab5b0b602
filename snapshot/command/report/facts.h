/*
 * facts.h -- what the page tells: gathered from the file in bounded memory, before anything is drawn.
 */
#ifndef SNAPSHOT_COMMAND_REPORT_FACTS_H
#define SNAPSHOT_COMMAND_REPORT_FACTS_H

#include "../compare.h"
#include "../survey.h"

#define SNAPSHOTS_SHOWN ((guint)400)
#define DIFFERENCES_SHOWN ((guint)400)
#define ROWS_SHOWN ((guint)100)

/* A snapshot, and what had happened since the one before it in the file. Published again counts as changed.
 * */
struct instant {
    struct snapshot snapshot;
    int64_t added, changed, removed;
};

/* A key that is another than in the snapshot before; texts are escaped and short. "" where there is nothing.
 * */
struct difference {
    enum change change;
    GString *key, *before, *after, *writer;
    int64_t version_before, version_after;
};

struct hot_key {
    GString *key;
    int64_t conflicts, error;
};

struct counter {
    GString *name;
    int64_t value;
};

struct facts {
    const char *path;
    int64_t file_bytes;
    struct snapshot snapshot; /* which the page is about */
    struct survey survey;
    GArray *instants;      /* struct instant, oldest first, up to the snapshot: the last SNAPSHOTS_SHOWN */
    int64_t instant_count; /* of the file, up to the snapshot */
    bool has_before;       /* there is a snapshot before: what follows is about the two */
    struct snapshot before;
    uint64_t counts[CHANGE_COUNT];
    GArray *differences;         /* struct difference, the first in the order of keys */
    GArray *hot_keys, *counters; /* as of the snapshot */
};

void facts_gather(struct facts *facts, struct file *file, const struct snapshot *snapshot,
                  const struct options *options);
void facts_free(struct facts *facts); /* but for the path, which is the file's, and lasts as long as that */

#endif
