/*
 * wait_test.c -- stm_txn_wait sleeps until something that the transaction holds has changed.
 *
 * What must not happen: a change is slept through (a lost wakeup); it wakes for nothing that
 * concerns it, or polls; it sleeps for ever where nothing could wake it.
 */
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define KEY stm_text("key")
#define LONG_NS (20 * SECOND) /* a test that waits that long has failed */

Test(wait, without_a_key_is_invalid)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "empty");

    ANSWERS(stm_txn_wait(txn, -1), STM_INVALID);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_wait(txn, 0), STM_INVALID);

    stm_txn_end(txn);
    close_store(store);
}

Test(wait, times_out_and_goes_on)
{
    static const int64_t timeouts[] = {0, 1, MILLISECOND, 50 * MILLISECOND};
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "patient");

    OK(stm_txn_use(txn, KEY, NULL));
    for (size_t i = 0; i < COUNT_OF(timeouts); i++) {
        const int64_t start = now_ns();
        ANSWERS(stm_txn_wait(txn, timeouts[i]), STM_TIMEOUT);
        cr_assert(now_ns() - start >= timeouts[i]);
        cr_assert(now_ns() - start < timeouts[i] + 5 * SECOND);
        OK(stm_txn_commit(txn));
    }

    stm_txn_end(txn);
    close_store(store);
}

/* Whatever was held, for update or read, there or not; and whatever was done to it. */
Test(wait, returns_at_once_when_something_has_changed_already)
{
    for (int way = 0; way < 8; way++) {
        stm_store *store = open_store(NULL);
        stm_txn *txn = begin(store, "late");

        if ((way & 1) != 0)
            put(store, "key", "before");
        OK(stm_txn_use(txn, stm_text("other"), NULL));
        if ((way & 2) != 0)
            OK(stm_txn_use(txn, KEY, NULL));
        else
            ANSWERS(stm_txn_get(txn, KEY, NULL), (way & 1) != 0 ? STM_OK : STM_NOT_FOUND);
        if ((way & 4) != 0)
            put(store, "key", "after");
        else
            erase(store, "key");
        OK(stm_txn_wait(txn, -1));
        OK(stm_txn_wait(txn, LONG_NS)); /* still so */
        ANSWERS(stm_txn_commit(txn), STM_CONFLICT);

        stm_txn_end(txn);
        close_store(store);
    }
}

/* ---- with a second thread ---- */

struct sleeper {
    stm_store *store;
    const char *key;
    int64_t timeout_ns;
    stm_status status;
    int64_t slept_ns, cpu_ns;
    pthread_t thread;
};

static int64_t cpu_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

static void *sleep_once(void *arg)
{
    struct sleeper *sleeper = arg;
    const int64_t start = now_ns(), cpu_start = cpu_now_ns();
    stm_txn *txn;

    sleeper->status = stm_txn_begin(sleeper->store, "sleeper", &txn);
    if (sleeper->status != STM_OK)
        return NULL;
    sleeper->status = stm_txn_use(txn, stm_text(sleeper->key), NULL);
    if (sleeper->status == STM_OK)
        sleeper->status = stm_txn_wait(txn, sleeper->timeout_ns);
    stm_txn_end(txn);
    sleeper->slept_ns = now_ns() - start;
    sleeper->cpu_ns = cpu_now_ns() - cpu_start;
    return NULL;
}

static void start(struct sleeper *sleeper)
{
    cr_assert_eq(pthread_create(&sleeper->thread, NULL, sleep_once, sleeper), 0);
}

static void join(struct sleeper *sleeper)
{
    cr_assert_eq(pthread_join(sleeper->thread, NULL), 0);
}

Test(wait, all_sleepers_wake_on_one_commit)
{
    enum { SLEEPERS = 8 };
    stm_store *store = open_store(NULL);
    struct sleeper sleepers[SLEEPERS];

    for (size_t i = 0; i < SLEEPERS; i++) {
        sleepers[i] =
            (struct sleeper){.store = store, .key = i % 2 == 0 ? "key" : "other", .timeout_ns = LONG_NS};
        start(&sleepers[i]);
    }
    stm_txn *txn = begin(store, "waker");
    while (stats_of(store).transactions < SLEEPERS + 1)
        sleep_ms(1);
    sleep_ms(50); /* all have begun; now they sleep */
    OK(stm_txn_set(txn, KEY, stm_text("1")));
    OK(stm_txn_set(txn, stm_text("other"), stm_text("1")));
    OK(stm_txn_commit(txn));
    for (size_t i = 0; i < SLEEPERS; i++) {
        join(&sleepers[i]);
        OK(sleepers[i].status);
        cr_assert(sleepers[i].slept_ns < LONG_NS / 2);
    }

    stm_txn_end(txn);
    close_store(store);
}

/* Keys that nobody holds change all the time, signals come in: it sleeps, and burns no time. */
static void take_note(int number)
{
    (void)number;
}

Test(wait, sleeps_through_what_does_not_concern_it)
{
    struct sigaction action = {.sa_handler = take_note};
    stm_store *store = open_store(NULL);
    struct sleeper sleeper = {.store = store, .key = "key", .timeout_ns = 300 * MILLISECOND};

    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    start(&sleeper);
    for (int i = 0; i < 20; i++) {
        put(store, "unrelated", "x");
        stm_snapshot_release(take(store, "unrelated"));
        sleep_ms(10);
        pthread_kill(sleeper.thread, SIGUSR1);
    }
    join(&sleeper);
    ANSWERS(sleeper.status, STM_TIMEOUT);
    cr_assert(sleeper.slept_ns >= sleeper.timeout_ns);
    cr_assert(sleeper.cpu_ns < 50 * MILLISECOND, "it used %lld ns", (long long)sleeper.cpu_ns);

    close_store(store);
}

/* A commit that failed has changed nothing, and wakes nobody. */
Test(wait, failed_commit_wakes_nobody)
{
    stm_store *store = open_store(NULL);
    struct sleeper sleeper = {.store = store, .key = "key", .timeout_ns = 200 * MILLISECOND};
    stm_txn *loser = begin(store, "loser");

    OK(stm_txn_set(loser, KEY, stm_text("x")));
    ANSWERS(stm_txn_get(loser, stm_text("other"), NULL), STM_NOT_FOUND);
    put(store, "other", "changed");
    start(&sleeper);
    sleep_ms(50);
    ANSWERS(stm_txn_commit(loser), STM_CONFLICT);
    join(&sleeper);
    ANSWERS(sleeper.status, STM_TIMEOUT);

    stm_txn_end(loser);
    close_store(store);
}

/* Each of many keys held must wake it. */
struct crowd {
    stm_store *store;
    stm_status status;
    uint64_t wakes, wakes_wanted;
};

#define CROWD 300

static void *wake_by_any(void *arg)
{
    struct crowd *crowd = arg;
    stm_bytes keys[CROWD];
    int names[CROWD];
    stm_txn *txn;

    for (int i = 0; i < CROWD; i++) {
        names[i] = i;
        keys[i] = stm_bytes_of(&names[i], sizeof(names[i]));
    }
    crowd->status = stm_txn_begin(crowd->store, "crowd", &txn);
    while (crowd->status == STM_OK && crowd->wakes < crowd->wakes_wanted) {
        stm_txn_reset(txn);
        crowd->status = stm_txn_using(txn, keys, CROWD, NULL);
        if (crowd->status != STM_OK)
            break;
        /* Tell that it is about to sleep, in a key that it does not hold. */
        stm_txn *ready;
        crowd->status = stm_txn_begin(crowd->store, "ready", &ready);
        if (crowd->status == STM_OK)
            crowd->status = stm_txn_set_int64(ready, stm_text("ready"), (int64_t)crowd->wakes + 1);
        if (crowd->status == STM_OK)
            crowd->status = stm_txn_commit(ready);
        stm_txn_end(ready);
        if (crowd->status == STM_OK)
            crowd->status = stm_txn_wait(txn, LONG_NS);
        crowd->wakes++;
    }
    stm_txn_end(txn);
    return NULL;
}

static void await_ready(stm_store *store, int64_t number)
{
    stm_txn *txn = begin(store, "await");
    int64_t ready = 0;

    for (;;) {
        stm_status status = stm_txn_get_int64(txn, stm_text("ready"), &ready);
        cr_assert(status == STM_OK || status == STM_NOT_FOUND);
        if (ready == number)
            break;
        OK(stm_txn_wait(txn, LONG_NS));
        stm_txn_reset(txn);
    }
    stm_txn_end(txn);
}

/* Turn by turn: each side sleeps until the other has moved. One lost wakeup and it stands still. */
Test(wait, any_of_many_keys_wakes_and_no_wakeup_is_lost)
{
    stm_store *store = open_store(NULL);
    struct crowd crowd = {store, STM_OK, 0, SLOWED_DOWN ? 300 : 2000};
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, wake_by_any, &crowd), 0);
    for (uint64_t i = 0; i < crowd.wakes_wanted; i++) {
        const int name = (int)(i * 7 % CROWD);
        await_ready(store, (int64_t)i + 1);
        put_bytes(store, stm_bytes_of(&name, sizeof(name)), stm_bytes_of(&i, sizeof(i)));
    }
    pthread_join(thread, NULL);
    OK(crowd.status);
    EQUALS(crowd.wakes, crowd.wakes_wanted);

    close_store(store);
}

/* What it has published itself is no change to it. */
Test(wait, own_commit_does_not_wake)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "self");

    OK(stm_txn_set(txn, KEY, stm_text("1")));
    OK(stm_txn_commit(txn));
    ANSWERS(stm_txn_wait(txn, 20 * MILLISECOND), STM_TIMEOUT);
    put(store, "key", "2");
    OK(stm_txn_wait(txn, LONG_NS));

    stm_txn_end(txn);
    close_store(store);
}

/* With all the time there is; and it has changed already. */
Test(wait, time_without_end_is_no_time_that_has_passed)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "for ever");

    OK(stm_txn_use(txn, KEY, NULL));
    put(store, "key", "new");
    OK(stm_txn_wait(txn, INT64_MAX));

    stm_txn_end(txn);
    close_store(store);
}

/* A commit that also reads a key wakes who waits for the one that it publishes. */
Test(wait, commit_that_reads_as_well_wakes)
{
    stm_store *store = open_store(NULL);
    struct sleeper sleeper = {.store = store, .key = "key", .timeout_ns = LONG_NS};

    start(&sleeper);
    do { /* until it has slept, and woken */
        stm_txn *mixed = begin(store, "mixed");
        ANSWERS(stm_txn_get(mixed, stm_text("only read"), NULL), STM_NOT_FOUND);
        OK(stm_txn_set(mixed, KEY, stm_text("new")));
        OK(stm_txn_commit(mixed));
        stm_txn_end(mixed);
        sleep_ms(1);
    } while (pthread_tryjoin_np(sleeper.thread, NULL) != 0);
    OK(sleeper.status);

    close_store(store);
}
