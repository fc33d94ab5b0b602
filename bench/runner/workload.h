/*
 * workload.h -- what is measured: the same operations, on the same keys, with the same random numbers, for
 * every peer.
 *
 * A workload is one or more operations on a store filled with accounts of 1,000 each. It is run in
 * *configurations*: one or two *lanes* of threads that repeat an operation. What must always hold is checked
 * at the end of each: the accounts are all there, and their sum is what was put in. Where a peer promises
 * it, every scan and every pair that is read adds up too.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "../peers/peer.h"
#include "zipf.h"

#include <stdbool.h>

#define OPENING_NUMBER 1000
#define LANES_MAX 2
#define CONFIGURATIONS_MAX 4

typedef struct bench_workload bench_workload;

/* A peer's store, filled for a workload. */
typedef struct bench_session {
    const peer *peer;
    const bench_workload *workload;
    void *store;
    void *value;      /* an opening one */
    size_t key_count; /* that are there at any time */
    zipf zipf;
    uint8_t *odd;  /* where keys come and go, which of each pair of numbers is there */
    int64_t added; /* to all numbers together, by all who have finished */
} bench_session;

/* The keys of an operation to come, for a peer that likes to know them in time. */
#define AHEAD_KEYS_MAX 4
typedef struct bench_ahead {
    bool chosen;
    uint32_t numbers[AHEAD_KEYS_MAX];
    char texts[AHEAD_KEYS_MAX][PEER_KEY_SIZE];
} bench_ahead;

/* One thread's part. */
typedef struct bench_worker {
    const bench_session *session;
    peer_context *context;
    uint64_t random;
    unsigned index, count; /* of this thread in its lane, and of all threads there */
    int64_t added;         /* to all numbers together */
    int64_t seen;          /* so that reading is not optimised away */
    bench_ahead transfer_ahead, read_ahead;
    uint64_t wrong;        /* scans and pairs that did not add up, by a peer that does not promise it */
} bench_worker;

typedef void bench_operation(bench_worker *worker);

typedef struct bench_lane {
    const char *name;
    unsigned threads; /* 0: no such lane */
    bench_operation *run;
} bench_lane;

typedef struct bench_configuration {
    const char *name; /* "2 threads"; NULL ends the list */
    bench_lane lanes[LANES_MAX];
} bench_configuration;

struct bench_workload {
    const char *name;  /* "transfer" */
    const char *title; /* "transfer between 2 of 100,000 keys" */
    const char *unit;  /* "transfer": what the first lane counts */
    size_t key_count, value_size;
    bool replaces;    /* keys come and go; as many more are absent */
    bool only_checks; /* not worth measuring */
    bench_configuration configurations[CONFIGURATIONS_MAX + 1];
};

extern const bench_workload bench_workloads[]; /* ends with a NULL name */

const bench_workload *bench_workload_named(const char *name);

/* Whether the peer can do all that is asked for, with so many threads. */
bool bench_can_run(const peer *peer, const bench_configuration *configuration);

/* Opens a store in folder and fills it with key_count accounts. */
bench_session bench_session_open(const peer *peer, const bench_workload *workload, size_t key_count,
                                 const char *folder);
/* Ends the program if an account, or money, has appeared or vanished. */
void bench_session_check(const bench_session *session);
void bench_session_close(bench_session *session);

#endif
