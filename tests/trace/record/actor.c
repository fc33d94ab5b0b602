/*
 * A program to be recorded: does, in order, what the words of its command line say. Every event that it causes is
 * forced, so a test knows their number.
 *
 *   conflicts N    lose N commits, each in a new transaction, to another transaction of this thread
 *   starve         lose 8 attempts of one operation: one event stm:starving
 *   lost           one transaction loses two keys to two others at its commit, another one key at a checkout; says their ids
 *   fork N         a child loses N commits in a store of its own, and ends; waits for it
 *   emit RATE S    two threads hand the provider checkouts, RATE a second together, for S seconds; says how many
 *   burst N        this thread hands the provider N checkouts, as fast as it can
 *   say TEXT       a line on stdout
 *   complain TEXT  a line on stderr
 *   echo           stdin to stdout
 *   file PATH      makes an empty file
 *   await PATH     until there is such a file; at most 30 seconds
 *   signal         waits for SIGINT, SIGTERM, SIGUSR1 or SIGUSR2, and says which; at most 30 seconds
 *   once           waits a moment, and fails if one of these signals has come again
 *   status N       the exit status at the end
 *   crash          SIGSEGV
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <stm/probe.h>
#include <stm/stm.h>

enum { EMITTER_COUNT = 2, BEHIND_MAX = 100000, AWAIT_SECONDS_MAX = 30 };

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "actor: %s\n", what);
    exit(99);
}

static void must(stm_status status, stm_status wanted, const char *what)
{
    if (status != wanted)
        fail(what);
}

static void lose(stm_txn *loser, stm_txn *winner)
{
    const stm_bytes key = stm_text("hot");
    stm_txn_reset(winner);
    must(stm_txn_set(loser, key, stm_text("late")), STM_OK, "set");
    must(stm_txn_set(winner, key, stm_text("first")), STM_OK, "set");
    must(stm_txn_commit(winner), STM_OK, "the winner does not win");
    must(stm_txn_commit(loser), STM_CONFLICT, "the loser does not lose");
    stm_txn_reset(loser);
}

/* A handle each time is an operation each time; one handle for all is one operation with many attempts. */
static void lose_often(long count, bool one_operation)
{
    stm_store *store;
    stm_txn *loser = NULL, *winner;
    must(stm_store_open(NULL, &store), STM_OK, "open");
    must(stm_txn_begin(store, "winner", &winner), STM_OK, "begin");
    for (long i = 0; i < count; i++) {
        if (loser == NULL)
            must(stm_txn_begin(store, "loser", &loser), STM_OK, "begin");
        lose(loser, winner);
        if (!one_operation) {
            stm_txn_end(loser);
            loser = NULL;
        }
    }
    if (loser != NULL)
        stm_txn_end(loser);
    stm_txn_end(winner);
    must(stm_store_close(store), STM_OK, "close");
}

static void publish(stm_store *store, const char *label, const char *const *keys, size_t count)
{
    stm_txn *txn;
    must(stm_txn_begin(store, label, &txn), STM_OK, "begin");
    for (size_t i = 0; i < count; i++)
        must(stm_txn_set(txn, stm_text(keys[i]), stm_text("nine bytes")), STM_OK, "set");
    must(stm_txn_commit(txn), STM_OK, "a publication");
    stm_txn_end(txn);
}

/* "rate" is published twice: only the second one has won it. */
static void lose_at_commit(stm_store *store)
{
    stm_txn *loser;
    stm_bytes value;
    must(stm_txn_begin(store, "transfer", &loser), STM_OK, "begin");
    must(stm_txn_get(loser, stm_text("rate"), &value), STM_OK, "get");
    must(stm_txn_use(loser, stm_text("account \"one\""), &value), STM_OK, "use");
    must(stm_txn_set(loser, stm_text("account \"one\""), stm_text("poorer")), STM_OK, "set");
    must(stm_txn_get(loser, stm_text("calm"), &value), STM_NOT_FOUND, "get");
    publish(store, "pay", (const char *const[]){"rate", "account \"one\"", "account two"}, 3);
    publish(store, "set rate", (const char *const[]){"rate"}, 1);
    must(stm_txn_commit(loser), STM_CONFLICT, "the loser does not lose");
    printf("commit %llu\n", (unsigned long long)stm_txn_id(loser));
    stm_txn_end(loser);
}

static void lose_at_checkout(stm_store *store)
{
    stm_txn *loser;
    stm_bytes value;
    must(stm_txn_begin(store, "audit", &loser), STM_OK, "begin");
    must(stm_txn_get(loser, stm_text("rate"), &value), STM_OK, "get");
    publish(store, "set rate", (const char *const[]){"rate"}, 1);
    must(stm_txn_get(loser, stm_text("account two"), &value), STM_CONFLICT, "the loser does not lose");
    printf("checkout %llu\n", (unsigned long long)stm_txn_id(loser));
    stm_txn_end(loser);
}

static void lose_both_ways(void)
{
    stm_store *store;
    must(stm_store_open(NULL, &store), STM_OK, "open");
    publish(store, "begin", (const char *const[]){"rate", "account \"one\"", "account two"}, 3);
    lose_at_commit(store);
    lose_at_checkout(store);
    must(stm_store_close(store), STM_OK, "close");
}

static void lose_in_child(long count)
{
    int status;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        lose_often(count, false);
        exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        fail("the child failed");
}

static const stm_observer *provider(void)
{
    const stm_observer *(*get)(void);
    *(void **)&get = dlsym(RTLD_DEFAULT, "stm_provider");
    if (get == NULL)
        fail("no provider is preloaded");
    return get();
}

static void emit(const stm_observer *observer, uint64_t number)
{
    stm_event event = {.kind = STM_EVENT_CHECKOUT, .store = 1};
    event.txn = number;
    event.key = stm_text("word:the");
    event.key_hash = UINT64_C(0xd0d27ec0b39267b6);
    event.version_from = number;
    observer->event(observer->context, &event);
}

typedef struct emitter {
    pthread_t thread;
    double rate, seconds;
    uint64_t count;
} emitter;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *run_emitter(void *arg)
{
    emitter *const e = arg;
    const stm_observer *const observer = provider();
    const double start = now();
    double elapsed;
    while ((elapsed = now() - start) < e->seconds) {
        uint64_t due = (uint64_t)(elapsed * e->rate);
        /* After a preemption, catch up; but look at the clock now and then. */
        if (due > e->count + BEHIND_MAX)
            due = e->count + BEHIND_MAX;
        for (; e->count < due; e->count++)
            emit(observer, e->count);
    }
    return NULL;
}

static void emit_from_threads(double rate, double seconds)
{
    emitter emitters[EMITTER_COUNT];
    uint64_t count = 0;
    for (int i = 0; i < EMITTER_COUNT; i++) {
        emitters[i] = (emitter){.rate = rate / (double)EMITTER_COUNT, .seconds = seconds};
        if (pthread_create(&emitters[i].thread, NULL, run_emitter, &emitters[i]) != 0)
            fail("no thread");
    }
    for (int i = 0; i < EMITTER_COUNT; i++) {
        pthread_join(emitters[i].thread, NULL);
        count += emitters[i].count;
    }
    printf("%llu\n", (unsigned long long)count);
}

static void burst(long count)
{
    const stm_observer *const observer = provider();
    for (long i = 0; i < count; i++)
        emit(observer, (uint64_t)i);
}

static void echo(void)
{
    int c;
    while ((c = getchar()) != EOF)
        putchar(c);
}

static void make_file(const char *path)
{
    FILE *const file = fopen(path, "w");
    if (file == NULL || fclose(file) != 0)
        fail(path);
}

static void await_file(const char *path)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    for (int i = 0; i < AWAIT_SECONDS_MAX * 100; i++) {
        if (access(path, F_OK) == 0)
            return;
        nanosleep(&moment, NULL);
    }
    fail("waited in vain for a file");
}

static sigset_t awaited;

static void await_signal(void)
{
    const struct timespec limit = {.tv_sec = AWAIT_SECONDS_MAX};
    const int number = sigtimedwait(&awaited, NULL, &limit);
    if (number < 0)
        fail("waited in vain for a signal");
    printf("signal %d\n", number);
    fflush(stdout);
}

static void expect_no_signal(void)
{
    const struct timespec moment = {.tv_nsec = 300000000};
    if (sigtimedwait(&awaited, NULL, &moment) > 0)
        fail("the signal came twice");
}

static _Noreturn void crash(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    fflush(NULL);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer may catch it */
    raise(SIGSEGV);
    abort();
}

static int exit_code;

/* Does what the words at argv say; returns how many they were. */
static int act(char **argv)
{
    const char *const verb = argv[0];
    const char *const object = argv[1] != NULL ? argv[1] : "";
    if (strcmp(verb, "echo") == 0)
        return echo(), 1;
    if (strcmp(verb, "starve") == 0)
        return lose_often(8, true), 1;
    if (strcmp(verb, "lost") == 0)
        return lose_both_ways(), 1;
    if (strcmp(verb, "signal") == 0)
        return await_signal(), 1;
    if (strcmp(verb, "once") == 0)
        return expect_no_signal(), 1;
    if (strcmp(verb, "crash") == 0)
        crash();
    if (argv[1] == NULL)
        fail(verb);
    if (strcmp(verb, "conflicts") == 0)
        lose_often(atol(object), false);
    else if (strcmp(verb, "fork") == 0)
        lose_in_child(atol(object));
    else if (strcmp(verb, "burst") == 0)
        burst(atol(object));
    else if (strcmp(verb, "say") == 0)
        puts(object);
    else if (strcmp(verb, "complain") == 0)
        fprintf(stderr, "%s\n", object);
    else if (strcmp(verb, "file") == 0)
        make_file(object);
    else if (strcmp(verb, "await") == 0)
        await_file(object);
    else if (strcmp(verb, "status") == 0)
        exit_code = atoi(object);
    else if (strcmp(verb, "emit") == 0 && argv[2] != NULL)
        return emit_from_threads(atof(object), atof(argv[2])), 3;
    else
        fail(verb);
    return 2;
}

int main(int argc, char **argv)
{
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGUSR1);
    sigaddset(&awaited, SIGUSR2);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "signal") == 0)
            sigprocmask(SIG_BLOCK, &awaited, NULL);
    for (int i = 1; i < argc;) {
        i += act(argv + i);
        fflush(stdout);
    }
    return exit_code;
}
