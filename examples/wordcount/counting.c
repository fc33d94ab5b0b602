#define _POSIX_C_SOURCE 200809L
#include "counting.h"

#include "fail.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

enum { PROGRESS_PERIOD_NS = 100000000, BATCHES_BETWEEN_CLOCKS = 16 };

typedef struct gang {
    pthread_barrier_t start; /* none begins before all are there, and the main thread */
    sem_t finished;          /* posted by each at its end */
    pthread_t *threads;
} gang;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---------------------------------------------------------------------------- one thread -- */

/* Makes ready the words of the next transaction; they never reach beyond the end of the slice. */
static void prepare_batch(worker *w)
{
    const size_t offset = (size_t)(w->word_count % w->slice_size);
    const size_t left = w->slice_size - offset;
    const uint32_t *words = w->corpus->words + w->slice_begin + offset;

    w->batch_size = left < w->batch_size_max ? left : w->batch_size_max;
    for (size_t i = 0; i < w->batch_size; i++)
        w->keys[i] = vocabulary_key(&w->corpus->vocabulary, words[i]);
    w->attempt_count = 0;
}

/* The body of the transaction: adds one to the total of each word of the batch. A word may come
 * twice; the second time it finds the private copy of the first. */
static stm_status count_batch(stm_txn *txn, void *arg)
{
    worker *w = arg;
    w->attempt_count++;
    stm_status status = stm_txn_using(txn, w->keys, w->batch_size, NULL); /* all at one instant */
    for (size_t i = 0; i < w->batch_size && status == STM_OK; i++) {
        int64_t total = 0;
        status = stm_txn_use_int64(txn, w->keys[i], &total);
        if (status == STM_OK)
            status = stm_txn_set_int64(txn, w->keys[i], total + 1);
    }
    return status;
}

static bool has_time_left(const worker *w)
{
    return w->deadline == 0.0 || w->batch_count % BATCHES_BETWEEN_CLOCKS != 0 || seconds_now() < w->deadline;
}

static void count_slice(worker *w)
{
    while (w->word_count < w->word_count_goal && has_time_left(w)) {
        prepare_batch(w);
        w->status = stm_atomically(w->store, "count words", NULL, count_batch, w);
        if (w->status != STM_OK)
            return;
        w->word_count += w->batch_size;
        w->batch_count++;
        if (w->attempt_count > w->attempt_count_most)
            w->attempt_count_most = w->attempt_count;
    }
}

static void *run(void *arg)
{
    worker *shared = arg;
    pthread_barrier_wait(&shared->gang->start);
    if (shared->slice_size > 0) {
        worker own = *shared; /* its counters on no other thread's cache line */
        count_slice(&own);
        *shared = own;
    }
    sem_post(&shared->gang->finished);
    return NULL;
}

/* --------------------------------------------------------------------------- all threads -- */

static void share_out(counting *c, gang *g, const corpus *t, stm_store *store, const options *o)
{
    for (size_t i = 0; i < c->worker_count; i++) {
        const size_t begin = t->word_count * i / c->worker_count;
        const size_t size = t->word_count * (i + 1) / c->worker_count - begin;
        c->workers[i] = (worker){.corpus = t,
                                 .store = store,
                                 .gang = g,
                                 .batch_size_max = o->batch_size,
                                 .slice_begin = begin,
                                 .slice_size = size,
                                 .word_count_goal = UINT64_MAX};
        if (o->pass_count > 0) {
            c->workers[i].word_count_goal = o->pass_count * size;
            c->batch_count_goal += o->pass_count * ((size + o->batch_size - 1) / o->batch_size);
        }
    }
}

/* Starts the threads, and returns when. */
static double start(counting *c, gang *g, double seconds)
{
    g->threads = resized(NULL, c->worker_count, sizeof(*g->threads));
    if (pthread_barrier_init(&g->start, NULL, (unsigned)c->worker_count + 1) != 0)
        fail("cannot make a barrier");
    sem_init(&g->finished, 0, 0);
    for (size_t i = 0; i < c->worker_count; i++) {
        const int error = pthread_create(&g->threads[i], NULL, run, &c->workers[i]);
        if (error != 0)
            fail("cannot start thread %zu of %zu: %s", i + 1, c->worker_count, strerror(error));
    }
    const double begin = seconds_now();
    for (size_t i = 0; i < c->worker_count; i++)
        c->workers[i].deadline = seconds > 0.0 ? begin + seconds : 0.0;
    pthread_barrier_wait(&g->start);
    return begin;
}

/* Waits until one more thread has finished. Returns false if that takes longer than a period. */
static bool await_one(gang *g)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PROGRESS_PERIOD_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (sem_timedwait(&g->finished, &until) != 0) {
        if (errno == ETIMEDOUT)
            return false;
    }
    return true;
}

static void join(counting *c, gang *g)
{
    for (size_t i = 0; i < c->worker_count; i++) {
        pthread_join(g->threads[i], NULL);
        must(c->workers[i].status, "count words");
    }
    sem_destroy(&g->finished);
    pthread_barrier_destroy(&g->start);
    free(g->threads);
}

void count_words(counting *c, const corpus *t, stm_store *store, const options *o,
                 counting_progress *progress, void *arg)
{
    gang g;
    *c = (counting){.worker_count = o->thread_count};
    c->workers = resized(NULL, c->worker_count, sizeof(*c->workers));
    share_out(c, &g, t, store, o);
    const double begin = start(c, &g, o->seconds);
    for (size_t finished = 0; progress != NULL && finished < c->worker_count;) {
        if (await_one(&g))
            finished++;
        else
            progress(c, seconds_now() - begin, arg);
    }
    join(c, &g);
    c->seconds = seconds_now() - begin;
}

void counting_free(counting *c)
{
    free(c->workers);
}

uint64_t counting_word_count(const counting *c)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < c->worker_count; i++)
        sum += c->workers[i].word_count;
    return sum;
}

uint64_t counting_attempt_count_most(const counting *c)
{
    uint64_t most = 0;
    for (size_t i = 0; i < c->worker_count; i++)
        most = c->workers[i].attempt_count_most > most ? c->workers[i].attempt_count_most : most;
    return most;
}

/* A thread that has gone through its slice p times, and through the first r words of it once more,
 * has counted those p + 1 times, and the others p times. */
uint64_t *count_plainly(const counting *c, const corpus *t)
{
    uint64_t *totals = resized(NULL, t->vocabulary.word_count, sizeof(*totals));
    memset(totals, 0, t->vocabulary.word_count * sizeof(*totals));
    for (size_t i = 0; i < c->worker_count; i++) {
        const worker *w = &c->workers[i];
        for (size_t offset = 0; offset < w->slice_size; offset++) {
            const uint64_t passes = w->word_count / w->slice_size;
            const bool once_more = offset < w->word_count % w->slice_size;
            totals[t->words[w->slice_begin + offset]] += passes + once_more;
        }
    }
    return totals;
}
