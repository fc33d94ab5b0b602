/*
 * bench.h -- the words that the files of stm-bench share.
 *
 * A *variant* is one thing that can be measured: one or two *lanes* of threads that repeat an
 * operation on a *bank*, which is a store and a plain table filled with the same accounts. All
 * variants take turns in every *round*, so that a slow moment of the machine hits the compared ones
 * alike; a ratio is formed within a round, and the median over the rounds is what counts.
 *
 * Nothing here is a limit that a test enforces: of times the report says what was wanted and what
 * was found. What must hold, whatever the speed, are the invariants: no money appears or vanishes.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stm/stm.h>
#include <string.h>

#include "plain_table.h"

/* ---------------------------------------------------------------------------------- bank -- */

#define BENCH_OPENING_BALANCE 1000 /* of each account */

/* Accounts "account:00000000", "account:00000001", ...; a value begins with the balance, an int64_t. */
typedef struct bench_bank {
    size_t key_count;
    size_t value_size;
    stm_store *store;
    stm_key *handles; /* of the store, by account number */
    plain_table *table;
    pthread_mutex_t mutex; /* for the variants that lock the table; alone on its line */
    stm_snapshot *held;    /* by variants that measure beside a snapshot */
} bench_bank;

/* The bank of this size, made when it is first asked for, and kept. */
bench_bank *bench_bank_of(size_t key_count, size_t value_size);
/* Ends the program if the sum of the balances, in the store or in the table, is not what it was. */
void bench_bank_check(const bench_bank *bank);
void bench_banks_close(void);

/* A store filled with accounts, for those who need one of their own. */
stm_store *bench_store_filled(size_t key_count, size_t value_size);

/* --------------------------------------------------------------------------------- worker -- */

typedef struct bench_counts {
    uint64_t commits, conflicts, busy;
} bench_counts;

/* What one thread of a lane works with; on cache lines of its own. */
typedef struct bench_worker {
    bench_bank *bank;
    stm_txn *txn;
    uint64_t random; /* the state of its own generator */
    int64_t sum;     /* of what was read, so that reading is not optimised away */
    char *buffer;    /* for a value */
    bench_counts counts;
} bench_worker;

/* An operation. open and close may be NULL. */
typedef struct bench_work {
    void (*open)(bench_worker *worker);
    void (*run)(bench_worker *worker, uint64_t count); /* exactly count times */
    void (*close)(bench_worker *worker);
} bench_work;

/* open and close for those who need one transaction handle. */
void bench_txn_open(bench_worker *worker);
void bench_txn_close(bench_worker *worker);

/* -------------------------------------------------------------------------------- variant -- */

#define BENCH_LANES_MAX 2

typedef struct bench_lane {
    const char *title; /* in the report */
    const char *unit;  /* "transfer": what is counted */
    const bench_work *work;
    unsigned threads;    /* 0: no such lane */
    unsigned batch;      /* operations between two looks at the clock */
    bool unit_is_key;    /* an operation counts for each key of the bank, not for one */
    bool by_rate;        /* report units a second, not time a unit, and ratios of these */
    const char *against; /* name of the variant whose first lane this one is compared with */
    double wanted;       /* of the ratio: at most, or by_rate at least; 0: nothing */
    double wanted_rate;  /* units a second at least; 0: nothing */
} bench_lane;

typedef struct bench_variant {
    const char *group; /* heading in the report */
    const char *name;  /* "transfer/names": for --only, --count and JSON */
    size_t key_count, value_size;
    bench_lane lanes[BENCH_LANES_MAX];
    bool sleeps;                      /* may wait, so that its CPU time is not all of its time */
    void (*before)(bench_bank *bank); /* around a measurement; may be NULL */
    void (*after)(bench_bank *bank);
} bench_variant;

/* Each file of variants gives them as a table that ends with a NULL name. */
extern const bench_variant bench_transfer_variants[];
extern const bench_variant bench_read_variants[];
extern const bench_variant bench_snapshot_variants[];
extern const bench_variant bench_hot_variants[];
extern const bench_variant bench_value_variants[];

/* ---------------------------------------------------------------------------- measurement -- */

typedef struct bench_sample {
    double rate; /* units a second, of all threads of the lane together */
    bench_counts counts;
} bench_sample;

/* Runs the variant once. Out: a sample for each of its lanes.
 * Returns how much its threads got of the CPUs that they could have; 1 where threads may wait. */
double bench_measure(const bench_variant *variant, double milliseconds,
                     bench_sample samples[BENCH_LANES_MAX]);

/* Runs exactly count operations of the first lane in the calling thread, not timed. */
void bench_count(const bench_variant *variant, uint64_t count);

/* -------------------------------------------------------------------------------- results -- */

typedef struct bench_result {
    const bench_variant *variant;
    bool selected;
    bench_sample *samples[BENCH_LANES_MAX]; /* one a round */
} bench_result;

/* A figure that is no time: counted once, before the rounds. */
typedef struct bench_fact {
    const char *group;
    const char *name;
    char title[96];
    double value;
    const char *unit;
} bench_fact;

#define BENCH_FACTS_MAX 64

typedef struct bench_facts {
    bench_fact list[BENCH_FACTS_MAX];
    size_t count;
} bench_facts;

void bench_facts_add(bench_facts *facts, const char *group, const char *name, double value, const char *unit,
                     const char *title, ...) __attribute__((format(printf, 6, 7)));

/* Memory: bytes per key, and what a snapshot holds while commit_count transfers run. */
void bench_memory(bench_facts *facts, uint64_t commit_count);

typedef struct bench_report {
    const bench_result *results;
    size_t result_count;
    unsigned round_count;
    double milliseconds;
    unsigned disturbed_count; /* measurements kept although other processes took CPU time */
    const bench_facts *facts;
} bench_report;

void bench_report_table(const bench_report *report);
void bench_report_json(const bench_report *report);

/* --------------------------------------------------------------------------------- failing -- */

/* Says what is wrong and ends the program. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a call that has to answer OK: else ends the program, naming the call. */
#define BENCH_CHECK(call) bench_check_ok((call), #call)
static inline void bench_check_ok(stm_status status, const char *call)
{
    if (status != STM_OK)
        bench_fail("%s: %s", call, stm_status_name(status));
}

/* The balance in a value, whose size is checked. */
static inline int64_t bench_balance(stm_bytes value, size_t value_size)
{
    int64_t balance;
    if (value.data == NULL || value.size != value_size)
        bench_fail("a value of %zu bytes has %zu", value_size, value.data == NULL ? 0 : value.size);
    memcpy(&balance, value.data, sizeof balance);
    return balance;
}

#endif
