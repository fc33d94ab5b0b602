/*
 * strategy.h -- the ways to choose who makes the next step (scheduler_choose): as written, at random, by
 * priorities, with a thread stopped, and one schedule after the other until all are done.
 *
 * Choosing allocates nothing: it happens between any two steps, and ThreadSanitizer would take the
 * allocator for something that the threads share.
 */
#ifndef TESTS_STRATEGY_H
#define TESTS_STRATEGY_H

#include "scheduler.h"

/* ---- as written: "0*12 1*5 0~*2 0", or just as the last run went */

typedef struct strategy_segment {
    unsigned choice; /* a thread; or a store that arrives ("0~", and "0~~" for one that overtakes) */
    uint64_t steps;  /* UINT64_MAX: to its end */
} strategy_segment;

typedef struct strategy_script {
    strategy_segment *segments;
    size_t count;
    size_t at;
    uint64_t made; /* steps of the present segment */
} strategy_script;

/* False if the text is not a schedule. Closed by the caller. */
bool strategy_script_parse(strategy_script *script, const char *text);
void strategy_script_of_last_run(strategy_script *script);
void strategy_script_copy(strategy_script *script, const strategy_script *from);
/* Makes one segment of neighbours of the same thread, and begins at the beginning. */
void strategy_script_join(strategy_script *script);
void strategy_script_rewind(strategy_script *script);
void strategy_script_close(strategy_script *script);
unsigned strategy_script_choose(void *script, const scheduler_view *view);

/* ---- at random */

typedef struct strategy_random {
    uint64_t state;
    unsigned one_in;  /* of how many chances to change one is taken */
    bool everywhere;  /* also before accesses that concern nobody else, as far as is known */
    unsigned arrives_one_in; /* how soon a store that waits arrives */
} strategy_random;

strategy_random strategy_random_open(uint64_t seed, bool everywhere);
unsigned strategy_random_choose(void *random, const scheduler_view *view);

/* ---- at random, or one thread after the other; but one thread stops, until all others have ended or wait */

typedef struct strategy_freeze {
    unsigned victim;
    uint8_t waiting; /* a bit for each that has given way (scheduler_yield) */
    bool thawed;
    uint64_t at;    /* it stops before its step of this number, until all others have ended */
    uint64_t state; /* random numbers; 0: the others run one after the other */
} strategy_freeze;

unsigned strategy_freeze_choose(void *freeze, const scheduler_view *view);

/* ---- by priorities */

#define STRATEGY_PCT_DEPTH_MAX 8

typedef struct strategy_pct {
    uint64_t state;
    unsigned thread_count;
    int64_t priority[2 * SCHEDULER_THREAD_COUNT_MAX]; /* of threads, and then of their store buffers */
    int64_t lowest;
    uint64_t fall_at[STRATEGY_PCT_DEPTH_MAX]; /* counted in steps that matter */
    unsigned fall_count;
    uint64_t steps;
} strategy_pct;

/* Finds a bug that needs `depth` ordered steps, with a known probability; steps: about how many there are. */
strategy_pct strategy_pct_open(uint64_t seed, unsigned thread_count, unsigned depth, uint64_t steps);
unsigned strategy_pct_choose(void *pct, const scheduler_view *view);

/* ---- one schedule after the other, depth first */

/* Where there was a choice: which of its ways the present schedule takes. */
typedef struct strategy_fork {
    uint64_t step;
    unsigned taken, count;
} strategy_fork;

/* What the search does next, once it has decided. */
typedef struct strategy_way {
    unsigned next;
    bool holds;        /* one store of the thread left, with those that must not overtake it, stays in its buffer */
    uint64_t held;     /* made_at of that store */
} strategy_way;

/* Where stores are delayed, those of a thread arrive when another one goes on: until then nobody could tell. At `delays`
 * such changes in a schedule one store may be held back. It arrives before its thread goes on, and at the latest before
 * others; and before any access of another thread to its word, or not. */
typedef struct strategy_search_run { /* of the present run */
    size_t at; /* the next fork */
    unsigned preemptions;
    unsigned delayed;
    unsigned dozing;            /* preempted before an access with which nothing has conflicted since */
    unsigned yielded;           /* gave way (scheduler_yield) since all had a turn */
    unsigned stubborn;          /* spin on, by choice, as long as the spins come close together */
    uint64_t spun_at[SCHEDULER_THREAD_COUNT_MAX]; /* in own steps */
    uint64_t loaded_at[SCHEDULER_THREAD_COUNT_MAX]; /* a word in common, for the last time, in own steps */
    bool redundant;             /* the same as another schedule: no more forks */
    bool decided;               /* on this way; stores that arrive before are being told */
    strategy_way way;
    unsigned from;              /* whose turn it was */
} strategy_search_run;

/* Where a run was kept (SCHEDULER_KEEP), to try the other ways from there. */
typedef struct strategy_search_kept {
    strategy_search_run run;
    uint64_t step;
} strategy_search_kept;

typedef struct strategy_search {
    unsigned bound;
    bool fair; /* set after opening: whoever spins is left for the next in order, and that is no fork. Far fewer
                  schedules, for programs whose threads try again and again */
    unsigned delays;      /* 0: all stores arrive in time */
    strategy_fork *forks; /* of the present schedule, in order of steps; room for one a step */
    size_t fork_count;
    bool keeps; /* set after opening: runs are kept where they can be, and left where they turn out to be redundant */
    strategy_search_kept *kept; /* on the way to the present schedule, in order */
    size_t kept_count;
    strategy_search_run run;
} strategy_search;

strategy_search strategy_search_open(unsigned bound);
void strategy_search_close(strategy_search *search);
unsigned strategy_search_choose(void *search, const scheduler_view *view);
/* Readies the next schedule: from the beginning, or, if the search has kept any, to be gone on with from the last that it
 * has kept. False: all are done. */
bool strategy_search_next(strategy_search *search);
/* All that the rest of the search below this point depends on, besides the run (scheduler_describe). */
char *strategy_search_describe(const strategy_search *search, char *to);
/* Readies the first one again. */
void strategy_search_restart(strategy_search *search);

#endif
