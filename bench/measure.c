/*
 * measure.c -- one measurement: threads, pinned, that repeat an operation for some milliseconds.
 *
 * Every thread warms up for a fifth of the time, meets the others at a barrier, and then runs batches
 * until the time is over. Where no thread ever waits, a lane's time is the CPU time that its threads
 * used, by the number of CPUs that they had: so what other processes take does not count. Elsewhere it is
 * the time that went by since the first thread started. How much of their CPUs the threads got is
 * noted too: their caches were shared with whatever else ran there.
 */
#include "bench.h"
#include "cpus.h"
#include "key_text.h"

#include <stdlib.h>
#include <time.h>

#define THREADS_MAX 16
#define LINE 64

/* One thread. Written by it alone between its start and the join. */
typedef struct runner {
    _Alignas(2 * LINE) bench_worker worker;
    const bench_lane *lane;
    unsigned lane_index;
    unsigned cpu;
    unsigned seed;
    int64_t warm_ns, run_ns;
    pthread_barrier_t *barrier;
    pthread_t thread;
    int64_t start_ns, end_ns, cpu_ns;
    uint64_t operations;
} runner;

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---------------------------------------------------------------------------------- threads -- */

static void worker_open(bench_worker *worker, bench_bank *bank, const bench_work *work, unsigned seed)
{
    *worker = (bench_worker){.bank = bank, .random = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1)};
    if (work->open != NULL)
        work->open(worker);
}

static void worker_close(bench_worker *worker, const bench_work *work)
{
    if (work->close != NULL)
        work->close(worker);
}

static uint64_t run_for(runner *r, int64_t time_ns)
{
    uint64_t operations = 0;
    int64_t deadline = clock_ns(CLOCK_MONOTONIC) + time_ns;
    do {
        r->lane->work->run(&r->worker, r->lane->batch);
        operations += r->lane->batch;
    } while (clock_ns(CLOCK_MONOTONIC) < deadline);
    return operations;
}

static void *runner_main(void *arg)
{
    runner *r = arg;
    bench_bank *bank = r->worker.bank;
    bench_pin(r->cpu);
    worker_open(&r->worker, bank, r->lane->work, r->seed);
    (void)run_for(r, r->warm_ns);
    bench_counts warm = r->worker.counts;
    (void)pthread_barrier_wait(r->barrier);

    int64_t cpu_before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    r->start_ns = clock_ns(CLOCK_MONOTONIC);
    r->operations = run_for(r, r->run_ns);
    r->end_ns = clock_ns(CLOCK_MONOTONIC);
    r->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before;

    worker_close(&r->worker, r->lane->work);
    r->worker.counts.commits -= warm.commits;
    r->worker.counts.conflicts -= warm.conflicts;
    r->worker.counts.busy -= warm.busy;
    return NULL;
}

/* ------------------------------------------------------------------------------ measurement -- */

static unsigned thread_count_of(const bench_variant *variant)
{
    unsigned count = 0;
    for (unsigned l = 0; l < BENCH_LANES_MAX; l++)
        count += variant->lanes[l].threads;
    return count;
}

/* Sets the runners up, lane after lane. */
static void prepare(runner *runners, const bench_variant *variant, bench_bank *bank, double milliseconds,
                    pthread_barrier_t *barrier)
{
    static unsigned seed; /* other numbers in each round */
    unsigned count = 0;
    for (unsigned l = 0; l < BENCH_LANES_MAX; l++) {
        for (unsigned t = 0; t < variant->lanes[l].threads; t++, count++) {
            runners[count] = (runner){.lane = &variant->lanes[l], .lane_index = l, .barrier = barrier};
            runners[count].worker.bank = bank;
            runners[count].cpu = count % bench_cpu_count();
            runners[count].seed = ++seed;
            runners[count].run_ns = (int64_t)(milliseconds * 1e6);
            runners[count].warm_ns = runners[count].run_ns / 5;
        }
    }
}

static void run_all(runner *runners, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&runners[i].thread, NULL, runner_main, &runners[i]) != 0)
            bench_fail("no thread");
    }
    for (unsigned i = 0; i < count; i++)
        (void)pthread_join(runners[i].thread, NULL);
}

static int64_t first_start(const runner *runners, unsigned count)
{
    int64_t start_ns = runners[0].start_ns;
    for (unsigned i = 1; i < count; i++)
        start_ns = runners[i].start_ns < start_ns ? runners[i].start_ns : start_ns;
    return start_ns;
}

/* What the threads of one lane, or of several, have done and used. */
typedef struct total {
    uint64_t operations;
    int64_t cpu_ns, wall_ns; /* sums over the threads */
    unsigned threads;
    bench_counts counts;
} total;

static void add_runner(total *t, const runner *r, int64_t start_ns)
{
    t->operations += r->operations;
    t->cpu_ns += r->cpu_ns;
    t->wall_ns += r->end_ns - start_ns;
    t->threads++;
    t->counts.commits += r->worker.counts.commits;
    t->counts.conflicts += r->worker.counts.conflicts;
    t->counts.busy += r->worker.counts.busy;
}

static unsigned cpus_of(const total *t)
{
    return t->threads < bench_cpu_count() ? t->threads : bench_cpu_count();
}

static bench_sample sample_of(const bench_lane *lane, const total *t, bool sleeps, const bench_bank *bank)
{
    double units = (double)t->operations * (lane->unit_is_key ? (double)bank->key_count : 1);
    double ns = sleeps ? (double)t->wall_ns / t->threads : (double)t->cpu_ns / cpus_of(t);
    return (bench_sample){.rate = units * 1e9 / ns, .counts = t->counts};
}

static double collect(const bench_variant *variant, const runner *runners, unsigned count,
                      const bench_bank *bank, bench_sample samples[BENCH_LANES_MAX])
{
    total all = {0}, lanes[BENCH_LANES_MAX] = {{0}};
    int64_t start_ns = first_start(runners, count);
    for (unsigned i = 0; i < count; i++) {
        add_runner(&all, &runners[i], start_ns);
        add_runner(&lanes[runners[i].lane_index], &runners[i], start_ns);
    }
    for (unsigned l = 0; l < BENCH_LANES_MAX && lanes[l].threads > 0; l++)
        samples[l] = sample_of(&variant->lanes[l], &lanes[l], variant->sleeps, bank);
    if (variant->sleeps)
        return 1;
    return (double)all.cpu_ns / (double)all.wall_ns * all.threads / cpus_of(&all);
}

double bench_measure(const bench_variant *variant, double milliseconds, bench_sample samples[BENCH_LANES_MAX])
{
    static runner runners[THREADS_MAX];
    pthread_barrier_t barrier;
    unsigned count = thread_count_of(variant);
    bench_bank *bank = bench_bank_of(variant->key_count, variant->value_size);
    if (count > THREADS_MAX || pthread_barrier_init(&barrier, NULL, count) != 0)
        bench_fail("%s: no barrier for %u threads", variant->name, count);

    prepare(runners, variant, bank, milliseconds, &barrier);
    if (variant->before != NULL)
        variant->before(bank);
    run_all(runners, count);
    if (variant->after != NULL)
        variant->after(bank);
    (void)pthread_barrier_destroy(&barrier);
    bench_bank_check(bank);

    memset(samples, 0, BENCH_LANES_MAX * sizeof *samples);
    return collect(variant, runners, count, bank, samples);
}

void bench_count(const bench_variant *variant, uint64_t count)
{
    bench_worker worker;
    bench_bank *bank = bench_bank_of(variant->key_count, variant->value_size);
    const bench_work *work = variant->lanes[0].work;
    if (variant->before != NULL)
        variant->before(bank);
    worker_open(&worker, bank, work, 0);
    work->run(&worker, count);
    worker_close(&worker, work);
    if (variant->after != NULL)
        variant->after(bank);
    bench_bank_check(bank);
}
