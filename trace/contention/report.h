/*
 * report.h -- what was found in a trace: plain data, filled once by analysis.c, read by the writers of text, JSON and HTML.
 *
 * All times are nanoseconds of the trace's clock (CLOCK_MONOTONIC) relative to health.begin_ns, unless a name says otherwise; all
 * strings are UTF-8 without control characters, owned by the report and never NULL; lists are sorted as their comment says.
 * A figure that the trace's levels cannot give is marked by the has_... member of its part, and its part says what it would need.
 *
 * Attempts: a BUSY that is followed by the same call again is counted as busy and the attempt goes on. So ok + conflict + busy are
 * answers, as the store's own counters have them, while times are those of whole attempts.
 */
#ifndef CONTENTION_REPORT_H
#define CONTENTION_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

typedef struct outcome_counts {
    uint64_t ok, conflict, busy;
} outcome_counts;

/* Can the rest be believed? */
typedef struct health {
    char *path;                /* of the trace */
    char *program;             /* the recorded command line, "" where unknown */
    char *started_at;          /* ISO 8601 with zone, "" where unknown */
    int64_t begin_ns, span_ns; /* first event; first to last (after --from, --to) */
    uint64_t event_count;
    uint64_t kind_counts[EVENT_KIND_COUNT];
    size_t process_count, thread_count, store_count;
    bool has_conflicts, has_busy, has_commits, has_checkouts, has_publishes; /* the level was recorded, as far as can be told */
    bool truncated;            /* the trace ends in the middle; what came before is reported */
    uint64_t lost_events, lost_packets;
    uint64_t winners_matched;  /* conflicts whose winner's commit is in the trace */
    uint64_t winners_unmatched;
    uint64_t winners_unnamed;  /* conflicts without a winner's id */
    uint64_t winners_verified; /* conflicts whose winner did publish the version that was found, by its publish event */
    uint64_t winners_contradicted; /* ... another transaction did: must not be */
    uint64_t foreign_count;    /* events that are none of ours */
    bool lower_bounds;         /* figures are lower bounds: something was lost or cut off */
    char **notes;              /* sentences, the gravest first */
    size_t note_count;
} health;

typedef enum cause {
    CAUSE_NONE = 0,       /* hardly anything is lost */
    CAUSE_HOT_KEY,        /* one key above half of the losses */
    CAUSE_FEW_KEYS,       /* no single key, but a handful of them together */
    CAUSE_HOT_PREFIX,     /* neither, but the keys of one prefix, which are not nearly all keys */
    CAUSE_READ_ONLY_KEYS, /* losers had only read the key */
    CAUSE_UNSET_UPDATES,  /* losers had it checked out for update and did not set it */
    CAUSE_LARGE_READ_SETS,
    CAUSE_BUSY,           /* BUSY above CONFLICT */
    CAUSE_STARVED_LABEL,  /* one label loses nearly always */
    CAUSE_STALLED,        /* losers were not running most of the time */
    CAUSE_SPREAD          /* many keys, many labels: simply too much at once */
} cause;

typedef struct advice {
    cause rule;
    char *text;     /* a sentence that says what to do, naming key or label */
    char *evidence; /* a sentence with the figures that it follows from */
} advice;

typedef struct verdict {
    bool has_attempts;      /* commits were recorded: ok, shares and wasted_share are known */
    outcome_counts attempts;
    uint64_t abandoned;
    int64_t busy_ns;        /* of all attempts together: begin to outcome, whether their thread was running or not */
    int64_t wasted_ns;      /* of those that ended in CONFLICT or BUSY or were abandoned */
    int64_t stalled_ns;     /* part of wasted_ns in attempts of a millisecond or more */
    uint64_t stalled;       /* so many of them */
    double wasted_share;    /* wasted_ns to busy_ns, 0 to 1 */
    cause cause;
    char *sentence;         /* the whole verdict in one sentence */
    advice *advice;         /* the weightiest first; none if all is well */
    size_t advice_count;
} verdict;

typedef struct hot_key {        /* most conflicts + busy first */
    char *name;                 /* printable ASCII, all else as \xNN; "..." where it goes on; "(unknown)" */
    uint64_t store, hash;
    uint64_t process;           /* pid, as stores are numbered in each process; 0 where unknown */
    uint64_t conflicts, busy;
    uint64_t also_changed;      /* conflicts in which it had changed, too, but was not the first such key */
    double cumulative_share;    /* of all losses (conflicts + busy), with the keys before it, 0 to 1 */
    int64_t wasted_ns;
    uint64_t writer_count;      /* distinct winning transactions' threads and labels */
    char *top_winner;           /* label */
    double top_winner_share;    /* of its conflicts */
    uint64_t lost_reading;      /* losers only read it */
    uint64_t lost_unset;        /* losers held it for update and had not set it */
} hot_key;

typedef struct hot_prefix {     /* key texts up to and with the last delimiter, most losses first */
    char *prefix;
    uint64_t key_count, conflicts, busy;
    int64_t wasted_ns;
} hot_prefix;

/* Rows are losers, columns are winners; names[i] names row i and column i; cells[row * count + column]. */
typedef struct matrix {
    size_t count;
    char **names;
    uint64_t *conflicts;
    int64_t *wasted_ns;
} matrix;

typedef struct label_row {      /* most wasted first */
    char *label;
    uint64_t commits, wins, abandoned; /* wins: conflicts that it caused to others */
    uint64_t conflicts, busy;   /* that it suffered */
    int64_t busy_ns;            /* time in all its attempts */
    int64_t wasted_ns;          /* in its own lost attempts */
    int64_t charged_ns;         /* in attempts of others that lost to it */
} label_row;

typedef struct thread_row {     /* most losses first */
    uint64_t tid, pid;
    char *name;                 /* process or thread name, "" where unknown */
    uint64_t commits, wins, conflicts, busy;
    uint64_t longest_streak;    /* of losses in a row */
    char *streak_label;
} thread_row;

typedef struct owner_row {      /* who held what others found busy, most first */
    char *label;
    uint64_t tid;
    uint64_t busy;              /* BUSY answers */
    char *top_key;
} owner_row;

typedef struct histogram_bar {
    uint64_t low, high;         /* inclusive */
    uint64_t count;
} histogram_bar;

/* Exact up to 63, and at most 1/32 too high above; the maximum is exact. */
typedef struct quantiles {
    uint64_t count, p50, p90, p99, max;
} quantiles;

typedef struct latency_part {
    bool has_latency;           /* commits were recorded */
    histogram_bar *attempts;    /* operations by how many attempts they needed */
    size_t attempt_bar_count;
    quantiles first_begin_to_ok_ns;
    quantiles attempt_ok_ns, attempt_lost_ns;
    quantiles winner_reads, winner_writes, loser_reads, loser_writes; /* sizes of sets, keys */
} latency_part;

typedef struct burst {          /* most conflicts first */
    int64_t from_ns, to_ns;
    uint64_t conflicts, busy;
    char *top_key;
} burst;

typedef struct timeline {
    int64_t bucket_ns;
    size_t bucket_count;        /* at most 240 */
    outcome_counts *buckets;
    burst *bursts;
    size_t burst_count;
    size_t heat_row_count;      /* the first hot keys, in their order */
    uint64_t *heat;             /* losses: heat[row * bucket_count + bucket] */
} timeline;

typedef struct avoidable {
    bool has_modes;             /* the trace tells what was held for update and what was only read */
    bool has_sets;              /* ... and what was set */
    uint64_t lost_reading, lost_unset;
} avoidable;

typedef struct story_step {     /* an attempt of the story */
    uint64_t txn, attempt;
    int64_t begin_ns, end_ns;
    event_kind outcome;         /* EVENT_COMMIT, EVENT_CONFLICT, EVENT_BUSY, EVENT_ABANDON */
    char *key;
    uint64_t expected, found;
    uint64_t winner_txn, winner_tid;
    char *winner_label;
    uint64_t times;             /* BUSY in a row, over the same key and by the same owner: one step */
} story_step;

typedef struct story {          /* an operation that took longest or lost most often, the worst first */
    uint64_t store, operation, tid;
    char *label;
    uint64_t attempts;          /* seen; steps may be fewer: first and last ones */
    int64_t elapsed_ns, wasted_ns;
    bool finished;              /* it committed in the end */
    story_step *steps;
    size_t step_count;          /* at most 16 */
} story;

/* One attempt in the worst millisecond. */
typedef struct lane_mark {
    size_t lane;
    int64_t begin_ns, end_ns;
    event_kind outcome;
    uint64_t txn;
    char *label;
    char *key;                  /* fought for, "" on OK */
    ptrdiff_t winner;           /* index of the mark that won, or -1: not in the picture */
} lane_mark;

typedef struct lanes {
    int64_t from_ns, to_ns;     /* none: both 0 */
    size_t lane_count;
    uint64_t *tids;
    lane_mark *marks;           /* by end_ns; at most 2,000, and cut says that there were more */
    size_t mark_count;
    bool cut;
} lanes;

typedef struct report {
    health health;
    verdict verdict;
    hot_key *keys;         size_t key_count;         /* at most --top of them; */
    size_t key_count_all;                            /* of so many that lost */
    hot_prefix *prefixes;  size_t prefix_count;
    matrix by_label, by_thread;                      /* at most 16 each, the rest summed in "(others)" */
    label_row *labels;     size_t label_count;
    thread_row *threads;   size_t thread_count;
    owner_row *owners;     size_t owner_count;
    latency_part latency;
    timeline timeline;
    avoidable avoidable;
    story *stories;        size_t story_count;       /* at most 5 */
    lanes lanes;
} report;

void report_free(report *report);

#endif
