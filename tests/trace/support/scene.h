/*
 * scene.h -- a trace for a test, told in the words of transactions, and the report about it.
 *
 * Threads are numbered from 1, run on CPU (thread - 1) % cpu_count, and have the ids SCENE_TID + thread. Transaction ids
 * are chosen by the test; times are microseconds since the trace's beginning, at SCENE_BEGIN_NS of its clock. All calls end the
 * program with a message when they fail.
 */
#ifndef SCENE_H
#define SCENE_H

#include "../../../trace/contention/analysis/analysis.h"
#include "ctf_writer.h"

enum { SCENE_PID = 4000, SCENE_TID = 4000 };
#define SCENE_BEGIN_NS INT64_C(5000000000)
#define SCENE_CLOCK_OFFSET_S INT64_C(1700000000)

typedef struct scene {
    ctf_writer *writer;
    char folder[64];
    size_t cpu_count;
    uint64_t store; /* of all that follows; 1 at first */
    uint64_t pid;   /* SCENE_PID at first */
} scene;

/* Who does what: the members that all calls have in common. */
typedef struct doer {
    unsigned thread;
    uint64_t txn, op, attempt; /* op 0: the transaction's own; attempt 0: 1 */
    const char *label;
    int64_t begin_us, end_us; /* of the attempt */
    uint64_t read_count, write_count;
} doer;

/* On what, and against whom. */
typedef struct fight {
    const char *key;
    uint64_t expected, found;
    uint64_t winner_txn;
    unsigned winner_thread;
    const char *winner_label;
    bool update, was_set;
} fight;

/* In a new folder under TMPDIR. */
scene *scene_open(const ctf_options *options);
/* The folder stays, for reading. */
void scene_close(scene *scene);
/* Takes the folder away and frees. */
void scene_end(scene *scene);

void scene_commit(scene *scene, const doer *doer);
void scene_conflict(scene *scene, const doer *doer, const fight *fight);
void scene_conflict_key(scene *scene, const doer *doer, const fight *fight);
void scene_busy(scene *scene, const doer *doer, const fight *fight);
void scene_abandon(scene *scene, const doer *doer);
void scene_checkout(scene *scene, const doer *doer, const fight *fight);
/* Of version found of the key. */
void scene_publish(scene *scene, const doer *doer, const fight *fight);
void scene_event(scene *scene, unsigned thread, const event *event);

/* What the report says. Options may be NULL. */
report *scene_report(const scene *scene, const analysis_options *options);
/* Of any folder; NULL where there is nothing to report, and facts, if not NULL, say why. */
report *scene_report_of(const char *folder, const analysis_options *options, trace_facts *facts);

void scene_remove(const char *folder);

#endif
