/*
 * trace_cost.c -- what an event costs the program that is traced; trace-cost.sh runs it, and switches recording on and off.
 *
 * What it costs to watch an attempt at all (asking what is recorded, and when it began) is measured by itself, with
 * an event that does not happen; that is on while the others are measured, too.
 *
 * The program does one thing over and over, in rounds. In each round it does so once with recording off and once with it
 * on, in turns which comes first; between the two it asks for the switch on its standard output, and waits for a line of
 * input. A cost is the difference within a round, by the number of events; the median of the rounds counts, with the
 * smallest and the largest beside it. Times are CPU times of the one thread: what others take does not count, nor
 * does LTTng's own daemon.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stm/stm.h>

enum { KEYS = 16, ROUNDS_MAX = 1000 };

typedef struct subject {
    stm_store *store;
    stm_txn *txn, *other;
    stm_key keys[KEYS];
    stm_bytes names[KEYS];
} subject;

static void must(stm_status answer, stm_status expected)
{
    if (answer == expected)
        return;
    fprintf(stderr, "trace_cost: a call answered %s, not %s\n", stm_status_name(answer), stm_status_name(expected));
    exit(1);
}

/* ---- what is done: each a number of times, and so many events ---- */

static void check_out(subject *s, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        must(stm_txn_using_keys(s->txn, s->keys, KEYS, NULL), STM_OK);
        stm_txn_reset(s->txn);
    }
}

static void commit(subject *s, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        must(stm_txn_use_key(s->txn, s->keys[0], NULL), STM_OK);
        must(stm_txn_commit(s->txn), STM_OK);
        stm_txn_reset(s->txn);
    }
}

static void publish(subject *s, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        must(stm_txn_using_keys(s->txn, s->keys, KEYS, NULL), STM_OK);
        must(stm_txn_commit(s->txn), STM_OK);
        stm_txn_reset(s->txn);
    }
}

static void conflict(subject *s, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        must(stm_txn_use_key(s->txn, s->keys[0], NULL), STM_OK);
        must(stm_txn_use_key(s->other, s->keys[0], NULL), STM_OK);
        must(stm_txn_commit(s->other), STM_OK);
        must(stm_txn_commit(s->txn), STM_CONFLICT);
        stm_txn_reset(s->other);
        stm_txn_end(s->txn); /* and a new operation, lest it starve */
        must(stm_txn_begin(s->store, "loser", &s->txn), STM_OK);
    }
}

/* What wordcount does to eight words, without the others whom it does it against. */
static void count_words(subject *s, unsigned times)
{
    enum { WORDS = 8 };
    for (unsigned i = 0; i < times; i++) {
        must(stm_txn_using(s->txn, s->names, WORDS, NULL), STM_OK);
        for (unsigned j = 0; j < WORDS; j++) {
            int64_t total = 0;
            must(stm_txn_use_int64(s->txn, s->names[j], &total), STM_OK);
            must(stm_txn_set_int64(s->txn, s->names[j], total + 1), STM_OK);
        }
        must(stm_txn_commit(s->txn), STM_OK);
        stm_txn_reset(s->txn);
    }
}

static const struct {
    const char *name;
    void (*run)(subject *, unsigned times);
    unsigned times, events; /* a measurement; events each time */
} works[] = {
    {"attempt", commit, 40000, 1},
    {"checkout", check_out, 4000, KEYS},
    {"commit", commit, 40000, 1},
    {"publish", publish, 3000, KEYS},
    {"conflict", conflict, 20000, 1},
    {"words", count_words, 8000, 1},
};

/* ---- measuring ---- */

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void switch_recording(const char *to)
{
    char line[16];
    printf("%s\n", to);
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        exit(1);
}

static double measure(subject *s, size_t work, const char *recording)
{
    switch_recording(recording);
    works[work].run(s, works[work].times / 4);
    double begin = cpu_ns();
    works[work].run(s, works[work].times);
    return (cpu_ns() - begin) / works[work].times;
}

static int by_value(const void *left, const void *right)
{
    double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

static void open_subject(subject *s)
{
    char name[32];
    must(stm_store_open(NULL, &s->store), STM_OK);
    must(stm_txn_begin(s->store, "loser", &s->txn), STM_OK);
    must(stm_txn_begin(s->store, "winner", &s->other), STM_OK);
    for (unsigned i = 0; i < KEYS; i++) {
        snprintf(name, sizeof name, "account:%08u", i);
        must(stm_key_resolve(s->store, stm_text(name), &s->keys[i]), STM_OK);
        s->names[i] = stm_key_name(s->keys[i]);
        must(stm_txn_set_int64(s->txn, s->names[i], 0), STM_OK);
    }
    must(stm_txn_commit(s->txn), STM_OK);
    stm_txn_reset(s->txn);
}

static void tell(const char *name, unsigned events, double *off, double *cost, size_t rounds)
{
    qsort(off, rounds, sizeof *off, by_value);
    qsort(cost, rounds, sizeof *cost, by_value);
    printf("result %-10s %6.0f ns (%.0f to %.0f), beside %.0f ns of work\n", name, cost[rounds / 2], cost[0],
           cost[rounds - 1], off[rounds / 2] / events);
}

static void measure_rounds(subject *s, size_t work, size_t rounds)
{
    static double off[ROUNDS_MAX], cost[ROUNDS_MAX];
    for (size_t i = 0; i < rounds; i++) {
        double on = 0;
        if (i % 2 == 1)
            on = measure(s, work, "on");
        off[i] = measure(s, work, "off");
        if (i % 2 == 0)
            on = measure(s, work, "on");
        cost[i] = (on - off[i]) / works[work].events;
    }
    tell(works[work].name, works[work].events, off, cost, rounds);
}

int main(int argc, char **argv)
{
    subject s;
    long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    size_t work = 0;
    while (argc == 3 && work < sizeof works / sizeof works[0] && strcmp(works[work].name, argv[1]) != 0)
        work++;
    if (rounds < 1 || rounds > ROUNDS_MAX || work == sizeof works / sizeof works[0]) {
        fprintf(stderr, "usage: trace_cost attempt|checkout|commit|publish|conflict|words ROUNDS (see trace-cost.sh)\n");
        return 2;
    }
    open_subject(&s);
    measure_rounds(&s, work, (size_t)rounds);
    stm_txn_end(s.txn);
    stm_txn_end(s.other);
    must(stm_store_close(s.store), STM_OK);
    return 0;
}
