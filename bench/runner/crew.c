/*
 * crew.c -- see crew.h.
 *
 * A thread warms up, learns meanwhile how many operations take about 20 us, meets the others at a barrier, and then
 * runs such batches until its time is over. One thread's time is what went by, less what the scheduler says it spent
 * waiting for a CPU: so other processes disturb a little less. With several all of it counts: while one waited
 * for a CPU, another may have had a lock to itself. Told is in any case how long they waited.
 */
#include "crew.h"

#include "../cpus.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 16
#define LINE 64
#define BATCH_NS 20000
#define BATCH_MAX 4096

/* What all threads of one run have in common. */
typedef struct crew {
    bench_session *session;
    int64_t warm_ns, run_ns; /* both 0: run count operations */
    uint64_t count;
    bool timed; /* each operation of the first lane */
    pthread_barrier_t barrier;
} crew;

/* One thread. Written by it alone between its start and the join. */
typedef struct member {
    _Alignas(2 * LINE) bench_worker worker;
    crew *crew;
    const bench_lane *lane;
    unsigned lane_index, cpu;
    uint64_t batch;
    pthread_t thread;
    uint64_t operations;
    int64_t run_ns, delay_ns;
    peer_context counts;
    uint64_t wrong;
    histogram *latency;
} member;

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How long this thread was ready to run and did not; 0 where the kernel does not tell. */
static int64_t delay_ns(void)
{
    char text[128];
    long long ran, waited = 0;
    int file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t size = read(file, text, sizeof text - 1);
    (void)close(file);
    text[size > 0 ? size : 0] = '\0';
    return sscanf(text, "%lld %lld", &ran, &waited) == 2 ? waited : 0;
}

/* --------------------------------------------------------------------------------- threads -- */

static void repeat(member *m, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        m->lane->run(&m->worker);
    m->operations += count;
}

static void run_batches(member *m, int64_t time_ns)
{
    int64_t deadline = now_ns() + time_ns;
    do
        repeat(m, m->batch);
    while (now_ns() < deadline);
}

static void run_timed(member *m, int64_t time_ns)
{
    int64_t last = now_ns(), deadline = last + time_ns;
    do {
        m->lane->run(&m->worker);
        int64_t now = now_ns();
        histogram_add(m->latency, (uint64_t)(now - last));
        m->operations++;
        last = now;
    } while (last < deadline);
}

static void warm_up(member *m)
{
    int64_t begin = now_ns(), deadline = begin + m->crew->warm_ns;
    do {
        int64_t before = now_ns();
        repeat(m, m->batch);
        if (now_ns() - before < BATCH_NS / 2 && m->batch < BATCH_MAX)
            m->batch *= 2;
    } while (now_ns() < deadline);
}

static void run(member *m)
{
    bool timed = m->crew->timed && m->lane_index == 0;
    warm_up(m);
    m->operations = 0;
    m->counts = *m->worker.context;
    (void)pthread_barrier_wait(&m->crew->barrier);

    int64_t begin = now_ns(), delayed = delay_ns();
    if (timed)
        run_timed(m, m->crew->run_ns);
    else
        run_batches(m, m->crew->run_ns);
    m->delay_ns = delay_ns() - delayed;
    m->run_ns = now_ns() - begin;
    m->counts.commits = m->worker.context->commits - m->counts.commits;
    m->counts.conflicts = m->worker.context->conflicts - m->counts.conflicts;
    m->counts.busy = m->worker.context->busy - m->counts.busy;
}

static void *member_main(void *arg)
{
    member *m = arg;
    const bench_session *session = m->crew->session;
    bench_pin(m->cpu);
    m->worker.context = session->peer->enter(session->store);
    if (m->crew->run_ns > 0)
        run(m);
    else
        repeat(m, m->crew->count);
    session->peer->leave(m->worker.context);
    return NULL;
}

/* -------------------------------------------------------------------------------- one run -- */

static uint64_t next_seed(void)
{
    static uint64_t seed; /* other numbers in each run, the same for every peer */
    return UINT64_C(0x9e3779b97f4a7c15) * ++seed;
}

static unsigned prepare(member *members, crew *c, const bench_configuration *configuration)
{
    unsigned count = 0;
    for (unsigned l = 0; l < LANES_MAX; l++) {
        const bench_lane *lane = &configuration->lanes[l];
        for (unsigned t = 0; t < lane->threads; t++, count++) {
            if (count == THREADS_MAX)
                bench_fail("%s: too many threads", configuration->name);
            members[count] = (member){.crew = c, .lane = lane, .lane_index = l, .batch = 1};
            members[count].cpu = count % bench_cpu_count();
            members[count].worker = (bench_worker){
                .session = c->session, .random = next_seed(), .index = t, .count = lane->threads};
        }
    }
    return count;
}

static void open_histograms(member *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        members[i].latency = calloc(1, sizeof(histogram));
        if (members[i].latency == NULL)
            bench_fail("out of memory");
    }
}

static void close_histograms(member *members, unsigned count, histogram *sum)
{
    for (unsigned i = 0; i < count; i++) {
        histogram_merge(sum, members[i].latency);
        free(members[i].latency);
    }
}

static void run_members(crew *c, member *members, unsigned count)
{
    if (pthread_barrier_init(&c->barrier, NULL, count) != 0)
        bench_fail("no barrier for %u threads", count);
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&members[i].thread, NULL, member_main, &members[i]) != 0)
            bench_fail("no thread");
    }
    for (unsigned i = 0; i < count; i++) {
        (void)pthread_join(members[i].thread, NULL);
        c->session->added += members[i].worker.added;
    }
    (void)pthread_barrier_destroy(&c->barrier);
}

static void add_member(crew_result *r, const member *m, unsigned count)
{
    double delayed = (double)m->delay_ns / (double)m->run_ns;
    r->lane = m->lane->name;
    r->threads++;
    r->operations += m->operations;
    r->rate += (double)m->operations * 1e9 / (double)(m->run_ns - (count == 1 ? m->delay_ns : 0));
    r->commits += m->counts.commits;
    r->conflicts += m->counts.conflicts;
    r->busy += m->counts.busy;
    r->wrong += m->worker.wrong;
    if (count <= bench_cpu_count() && delayed > r->delayed) /* else they wait for each other */
        r->delayed = delayed;
}

unsigned crew_run(bench_session *session, const bench_configuration *configuration, double milliseconds,
                  histogram *latency, crew_result results[LANES_MAX])
{
    static member members[THREADS_MAX];
    crew c = {.session = session, .run_ns = (int64_t)(milliseconds * 1e6), .timed = latency != NULL};
    unsigned count = prepare(members, &c, configuration), lanes = 0;
    c.warm_ns = c.run_ns / 5;
    if (latency != NULL)
        open_histograms(members, count);
    run_members(&c, members, count);
    if (latency != NULL)
        close_histograms(members, count, latency);
    memset(results, 0, LANES_MAX * sizeof *results);
    for (unsigned i = 0; i < count; i++) {
        add_member(&results[members[i].lane_index], &members[i], count);
        lanes = members[i].lane_index + 1;
    }
    return lanes;
}

void crew_repeat(bench_session *session, const bench_configuration *configuration, uint64_t operations)
{
    static member members[THREADS_MAX];
    crew c = {.session = session, .count = operations};
    unsigned count = prepare(members, &c, configuration);
    run_members(&c, members, count);
}

void crew_alone(bench_session *session, const bench_configuration *configuration, uint64_t count)
{
    static member members[THREADS_MAX];
    crew c = {.session = session, .count = count};
    (void)prepare(members, &c, configuration);
    members[0].worker.context = session->peer->enter(session->store);
    repeat(&members[0], count);
    session->peer->leave(members[0].worker.context);
    session->added += members[0].worker.added;
}
