#define _GNU_SOURCE
#include "crew.h"

#include "random.h"
#include "sanitizer.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

crew_member crew[CREW_THREAD_COUNT_MAX];

static uint64_t begun_ns;

uint64_t crew_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

crew_options crew_parse(int argc, char **argv, uint64_t transactions)
{
    crew_options options = {4, transactions / (UNDER_TSAN ? 16 : UNDER_ASAN ? 8 : 1), 1};
    bool good = argc % 2 == 1;
    for (int i = 1; good && i < argc; i += 2) {
        char *end;
        uint64_t value = strtoull(argv[i + 1], &end, 10);
        good = *end == '\0' && end != argv[i + 1];
        if (strcmp(argv[i], "--threads") == 0)
            options.threads = (unsigned)value;
        else if (strcmp(argv[i], "--transactions") == 0)
            options.transactions = value;
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = value;
        else
            good = false;
    }
    if (!good || options.threads == 0 || options.threads > CREW_THREAD_COUNT_MAX) {
        fprintf(stderr, "usage: %s [--threads 1..%d] [--transactions COUNT] [--seed NUMBER]\n", argv[0],
                CREW_THREAD_COUNT_MAX);
        exit(2);
    }
    return options;
}

void crew_open(const crew_options *options)
{
    for (unsigned i = 0; i < options->threads; i++)
        crew[i] = (crew_member){.number = i, .random = random_mix(options->seed * CREW_THREAD_COUNT_MAX + i)};
    begun_ns = crew_now_ns();
}

struct duty {
    pthread_t thread;
    pthread_barrier_t *start;
    crew_member *member;
    void (*work)(crew_member *me);
};

static void *serve(void *arg)
{
    struct duty *duty = arg;
    pthread_barrier_wait(duty->start);
    duty->work(duty->member);
    return NULL;
}

void crew_work(const crew_options *options, uint64_t transactions, void (*work)(crew_member *me))
{
    struct duty duties[CREW_THREAD_COUNT_MAX];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, options->threads);
    for (unsigned i = 0; i < options->threads; i++) {
        crew[i].share = transactions / options->threads + (i < transactions % options->threads);
        duties[i] = (struct duty){.start = &start, .member = &crew[i], .work = work};
        if (pthread_create(&duties[i].thread, NULL, serve, &duties[i]) != 0)
            crew_fail("no thread");
    }
    for (unsigned i = 0; i < options->threads; i++)
        pthread_join(duties[i].thread, NULL);
    pthread_barrier_destroy(&start);
}

uint64_t crew_done(const crew_options *options)
{
    uint64_t done = 0;
    for (unsigned i = 0; i < options->threads; i++)
        done += crew[i].done;
    return done;
}

void crew_tell(const char *name, const crew_options *options)
{
    uint64_t conflicts = 0, busy = 0, checked = 0;
    for (unsigned i = 0; i < options->threads; i++) {
        conflicts += crew[i].conflicts;
        busy += crew[i].busy;
        checked += crew[i].checked;
    }
    printf("%s: %u threads, %llu transactions, %llu told CONFLICT, %llu BUSY, %llu checks, %.1f s\n", name,
           options->threads, (unsigned long long)crew_done(options), (unsigned long long)conflicts,
           (unsigned long long)busy, (unsigned long long)checked, (double)(crew_now_ns() - begun_ns) * 1e-9);
}

void crew_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    _Exit(1); /* at once, while the others are still at it */
}

void crew_must(stm_status status, const char *what)
{
    if (status != STM_OK)
        crew_fail("%s: %s", what, stm_status_name(status));
}

void crew_stumble(crew_member *me)
{
    if (random_below(&me->random, 64) == 0)
        sched_yield();
}
