/*
 * atomically_test.c -- stm_atomically and STM_ATOMICALLY run a body until it is committed, once.
 *
 * What must not happen: an increment is lost or done twice; a body that gave up, or ran out of
 * attempts or time, leaves anything behind; a thread that always comes second starves.
 */
#include "support.h"

#include <pthread.h>

#define KEY stm_text("key")
#define COUNTER stm_text("counter")

static int64_t number_of(stm_store *store, const char *key)
{
    stm_txn *txn = begin(store, "look");
    int64_t number = 0;
    const stm_status status = stm_txn_get_int64(txn, stm_text(key), &number);

    cr_assert(status == STM_OK || status == STM_NOT_FOUND, "%s", stm_status_name(status));
    stm_txn_end(txn);
    return number;
}

static stm_status increment(stm_txn *txn, void *arg)
{
    int64_t count = 0;
    const stm_status status = stm_txn_use_int64(txn, COUNTER, &count);

    (void)arg;
    return status == STM_OK ? stm_txn_set_int64(txn, COUNTER, count + 1) : status;
}

Test(atomically, commits_once)
{
    stm_store *store = open_store(NULL);

    OK(stm_atomically(store, "increment", NULL, increment, NULL));
    EQUALS(number_of(store, "counter"), 1);
    EQUALS(version_now(store, "counter"), 1);
    EQUALS(stats_of(store).transactions, 0); /* its handle is given back */

    close_store(store);
}

/* ---- many threads, one counter ---- */

struct counting {
    stm_store *store;
    int count;
    stm_status failure;
    pthread_t thread;
};

static void *count_by_call(void *arg)
{
    struct counting *counting = arg;

    for (int i = 0; i < counting->count && counting->failure == STM_OK; i++)
        counting->failure = stm_atomically(counting->store, "increment", NULL, increment, NULL);
    return NULL;
}

static void *count_by_block(void *arg)
{
    struct counting *counting = arg;

    for (int i = 0; i < counting->count && counting->failure == STM_OK; i++) {
        stm_status inside = STM_OK;
        STM_ATOMICALLY(counting->store, any_name, "increment", "counter", "other") {
            inside = increment(any_name, NULL);
        }
        counting->failure = inside != STM_OK ? inside : stm_atomically_status();
    }
    return NULL;
}

/* Nobody starves either: each thread has its own number of increments to get through. */
static void count_with_threads(void *(*count)(void *))
{
    enum { THREADS = 8 };
    stm_store *store = open_store(NULL);
    struct counting countings[THREADS];
    const int each = SLOWED_DOWN ? 500 : 5000;

    for (size_t i = 0; i < THREADS; i++) {
        countings[i] = (struct counting){.store = store, .count = each};
        cr_assert_eq(pthread_create(&countings[i].thread, NULL, count, &countings[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(countings[i].thread, NULL);
        OK(countings[i].failure);
    }
    EQUALS(number_of(store, "counter"), THREADS * each);
    EQUALS(stats_of(store).transactions, 0);

    close_store(store);
}

Test(atomically, threads_lose_no_increment)
{
    count_with_threads(count_by_call);
}

Test(atomically, threads_lose_no_increment_in_blocks)
{
    count_with_threads(count_by_block);
}

/* One whose body takes a while, among others that are through in no time: left to luck it would
 * come second for ever. */
struct hurrying {
    struct counting counting;
    const volatile bool *stop;
};

static void *hurry(void *arg)
{
    struct hurrying *hurrying = arg;

    while (!*hurrying->stop && hurrying->counting.failure == STM_OK)
        hurrying->counting.failure = stm_atomically(hurrying->counting.store, "hurry", NULL, increment, NULL);
    return NULL;
}

static stm_status increment_slowly(stm_txn *txn, void *arg)
{
    const stm_status status = increment(txn, NULL);
    int *runs = arg;

    ++*runs;
    sleep_ms(1);
    return status;
}

Test(atomically, slow_body_is_let_through)
{
    static volatile bool stop;
    const stm_policy policy = {.size = sizeof(policy), .time_ns_max = 20 * SECOND};
    stm_store *store = open_store(NULL);
    struct hurrying others[3];
    int runs = 0;

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        others[i] = (struct hurrying){{.store = store}, &stop};
        cr_assert_eq(pthread_create(&others[i].counting.thread, NULL, hurry, &others[i]), 0);
    }
    for (int i = 0; i < 5; i++)
        OK(stm_atomically(store, "slow", &policy, increment_slowly, &runs));
    /* 16 lost attempts before it is impatient, then one or a few; by luck alone it would be thousands. */
    cr_assert(runs <= 250, "5 commits took %d attempts", runs);
    stop = true;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        pthread_join(others[i].counting.thread, NULL);
        OK(others[i].counting.failure);
    }

    close_store(store);
}

/* ---- attempts ---- */

/* A body that somebody gets ahead of, for the first so many attempts. */
struct beaten {
    stm_store *store;
    int times, runs;
    uint64_t ids[10], operations[10];
    stm_status set;
};

static stm_status be_beaten(stm_txn *txn, void *arg)
{
    struct beaten *beaten = arg;

    beaten->ids[beaten->runs % 10] = stm_txn_id(txn);
    beaten->operations[beaten->runs % 10] = stm_txn_operation(txn);
    beaten->set = stm_txn_set(txn, KEY, stm_text("mine"));
    if (beaten->runs++ < beaten->times)
        put(beaten->store, "key", "theirs");
    return STM_OK;
}

Test(atomically, runs_again_after_a_conflict)
{
    stm_store *store = open_store(NULL);
    struct beaten beaten = {.store = store, .times = 4};

    OK(stm_atomically(store, "beaten", NULL, be_beaten, &beaten));
    EQUALS(beaten.runs, 5);
    HOLDS(store, "key", "mine");
    EQUALS(version_now(store, "key"), 5);
    for (int i = 0; i < 5; i++) {
        EQUALS(beaten.operations[i], beaten.ids[0]); /* one wish ... */
        for (int j = 0; j < i; j++)
            cr_assert_neq(beaten.ids[i], beaten.ids[j]); /* ... tried again and again */
    }

    close_store(store);
}

static stm_status answer(stm_txn *txn, void *arg)
{
    stm_status *status = arg;

    return stm_txn_set(txn, KEY, stm_text("given up")) == STM_OK ? *status : STM_INVALID;
}

Test(atomically, body_gives_up_with_its_own_status)
{
    static const stm_status statuses[] = {STM_NOT_FOUND, STM_END,       STM_TIMEOUT,    STM_NO_MEMORY,
                                          STM_INVALID,   STM_TOO_LARGE, STM_LIMIT,      STM_WRONG_TYPE,
                                          STM_FOREIGN,   STM_ENDED,     (stm_status)100};
    stm_store *store = open_store(NULL);

    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        stm_status status = statuses[i];
        ANSWERS(stm_atomically(store, "gives up", NULL, answer, &status), statuses[i]);
        LACKS(store, "key");
        EQUALS(version_now(store, "key"), 0);
    }

    close_store(store);
}

struct counted {
    int runs;
    stm_status status;
    uint64_t operation;
};

static stm_status answer_and_count(stm_txn *txn, void *arg)
{
    struct counted *counted = arg;

    if (counted->runs++ == 0)
        counted->operation = stm_txn_operation(txn);
    else if (counted->operation != stm_txn_operation(txn))
        return STM_INVALID; /* the same wish, but no longer the same operation */
    return answer(txn, &counted->status);
}

Test(atomically, attempts_are_bounded_by_the_policy)
{
    static const stm_status lost[] = {STM_CONFLICT, STM_BUSY};
    static const uint64_t limits[] = {1, 2, 7};
    stm_store *store = open_store(NULL);

    for (size_t s = 0; s < COUNT_OF(lost); s++) {
        for (size_t i = 0; i < COUNT_OF(limits); i++) {
            const stm_policy policy = {.size = sizeof(policy), .attempt_count_max = limits[i]};
            struct counted counted = {.status = lost[s]};
            ANSWERS(stm_atomically(store, "bounded", &policy, answer_and_count, &counted), STM_TIMEOUT);
            EQUALS(counted.runs, limits[i]);
            LACKS(store, "key");
        }
    }

    close_store(store);
}

Test(atomically, time_is_bounded_by_the_policy)
{
    static const stm_status lost[] = {STM_CONFLICT, STM_WAIT};
    stm_store *store = open_store(NULL);

    for (size_t s = 0; s < COUNT_OF(lost); s++) {
        const stm_policy policy = {.size = sizeof(policy), .time_ns_max = 60 * MILLISECOND};
        struct counted counted = {.status = lost[s]};
        const int64_t start = now_ns();
        ANSWERS(stm_atomically(store, "bounded", &policy, answer_and_count, &counted), STM_TIMEOUT);
        const int64_t took = now_ns() - start;
        cr_assert(took >= policy.time_ns_max && took < 5 * SECOND, "%lld ns", (long long)took);
        cr_assert(counted.runs >= 1);
    }

    close_store(store);
}

Test(atomically, backs_off_between_attempts)
{
    const stm_policy policy = {.size = sizeof(policy),
                               .attempt_count_max = 12,
                               .backoff_ns_min = 8 * MILLISECOND,
                               .backoff_ns_max = 16 * MILLISECOND,
                               .patience = 100};
    stm_store *store = open_store(NULL);
    struct counted counted = {.status = STM_CONFLICT};
    const int64_t start = now_ns();

    ANSWERS(stm_atomically(store, "backoff", &policy, answer_and_count, &counted), STM_TIMEOUT);
    cr_assert(now_ns() - start >= 8 * MILLISECOND); /* with jitter, but so many sleeps are not all near 0 */
    cr_assert(now_ns() - start < 2 * SECOND);

    close_store(store);
}

static stm_status careless(stm_txn *txn, void *arg)
{
    (void)arg;
    (void)!stm_txn_set(txn, KEY, stm_text("half"));
    (void)!stm_txn_set(txn, NO_BYTES, stm_text("other half"));
    return STM_OK;
}

Test(atomically, careless_body_does_not_commit_half)
{
    stm_store *store = open_store(NULL);

    ANSWERS(stm_atomically(store, "careless", NULL, careless, NULL), STM_INVALID);
    LACKS(store, "key");

    close_store(store);
}

Test(atomically, policy_without_a_size_is_invalid)
{
    const stm_policy policy = {.size = 0};
    stm_store *store = open_store(NULL);

    ANSWERS(stm_atomically(store, "invalid", &policy, increment, NULL), STM_INVALID);
    EQUALS(number_of(store, "counter"), 0);

    close_store(store);
}

/* ---- STM_WAIT ---- */

/* Takes what is in the box, and sleeps while there is nothing. */
static stm_status take_from_box(stm_txn *txn, void *arg)
{
    int64_t *taken = arg;
    const stm_status status = stm_txn_get_int64(txn, stm_text("box"), taken);

    if (status == STM_NOT_FOUND)
        return STM_WAIT;
    return status == STM_OK ? stm_txn_delete(txn, stm_text("box")) : status;
}

static stm_status put_into_box(stm_txn *txn, void *arg)
{
    const int64_t *number = arg;
    int64_t there;
    const stm_status status = stm_txn_get_int64(txn, stm_text("box"), &there);

    if (status == STM_OK)
        return STM_WAIT;
    return status == STM_NOT_FOUND ? stm_txn_set_int64(txn, stm_text("box"), *number) : status;
}

struct taking {
    stm_store *store;
    int64_t count, sum;
    stm_status failure;
};

static void *keep_taking(void *arg)
{
    struct taking *taking = arg;

    for (int64_t i = 0; i < taking->count && taking->failure == STM_OK; i++) {
        int64_t taken = 0;
        taking->failure = stm_atomically(taking->store, "take", NULL, take_from_box, &taken);
        taking->sum += taken;
    }
    return NULL;
}

/* A box for one thing, between two threads that sleep when it is empty or full. */
Test(atomically, waits_until_what_it_read_changes)
{
    stm_store *store = open_store(NULL);
    struct taking taking = {store, SLOWED_DOWN ? 300 : 2000, 0, STM_OK};
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, keep_taking, &taking), 0);
    for (int64_t i = 1; i <= taking.count; i++)
        OK(stm_atomically(store, "put", NULL, put_into_box, &i));
    pthread_join(thread, NULL);
    OK(taking.failure);
    EQUALS(taking.sum, taking.count * (taking.count + 1) / 2);

    close_store(store);
}

static stm_status wait_for_nothing(stm_txn *txn, void *arg)
{
    (void)txn;
    (void)arg;
    return STM_WAIT;
}

/* It would sleep for ever. */
Test(atomically, waiting_without_a_key_is_invalid)
{
    stm_store *store = open_store(NULL);

    ANSWERS(stm_atomically(store, "for ever", NULL, wait_for_nothing, NULL), STM_INVALID);

    close_store(store);
}

/* ---- the block ---- */

Test(atomically, block_commits_its_keys)
{
    stm_store *store = open_store(NULL);
    int runs = 0;

    STM_ATOMICALLY(store, txn, "transfer", "account_one", "account_two") {
        int64_t one = 100, two = 0;
        uint64_t version = 77;
        runs++;
        OK(stm_txn_version(txn, stm_text("account_two"), &version)); /* held already */
        EQUALS(version, 0);
        OK(stm_txn_use_int64(txn, stm_text("account_one"), &one));
        OK(stm_txn_use_int64(txn, stm_text("account_two"), &two));
        OK(stm_txn_set_int64(txn, stm_text("account_one"), one - 10));
        OK(stm_txn_set_int64(txn, stm_text("account_two"), two + 10));
        cr_assert_str_eq(stm_txn_label(txn), "transfer");
    }
    OK(stm_atomically_status());
    EQUALS(runs, 1);
    EQUALS(number_of(store, "account_one"), 90);
    EQUALS(number_of(store, "account_two"), 10);
    EQUALS(stats_of(store).transactions, 0);

    close_store(store);
}

Test(atomically, block_runs_again_after_a_conflict)
{
    stm_store *store = open_store(NULL);
    int runs = 0;

    STM_ATOMICALLY(store, txn, "beaten", "key") {
        OK(stm_txn_set(txn, KEY, stm_text("mine")));
        if (runs++ < 3)
            put(store, "key", "theirs");
    }
    OK(stm_atomically_status());
    EQUALS(runs, 4);
    HOLDS(store, "key", "mine");
    EQUALS(stats_of(store).transactions, 0);

    close_store(store);
}

Test(atomically, block_left_by_break_or_continue_commits)
{
    for (int how = 0; how < 2; how++) {
        stm_store *store = open_store(NULL);
        int runs = 0, after = 0;

        STM_ATOMICALLY(store, txn, "early", "key") {
            runs++;
            OK(stm_txn_set(txn, KEY, stm_text("early")));
            if (how == 0 && runs > 0)
                break;
            if (how == 1 && runs > 0)
                continue;
            after++;
        }
        OK(stm_atomically_status());
        EQUALS(runs, 1);
        EQUALS(after, 0);
        HOLDS(store, "key", "early");
        EQUALS(version_now(store, "key"), 1);
        EQUALS(stats_of(store).transactions, 0);

        close_store(store);
    }
}

Test(atomically, block_gives_up_by_reset)
{
    stm_store *store = open_store(NULL);
    int runs = 0;

    STM_ATOMICALLY(store, txn, "gives up", "key") {
        runs++;
        OK(stm_txn_set(txn, KEY, stm_text("never")));
        stm_txn_reset(txn);
        break;
    }
    OK(stm_atomically_status());
    EQUALS(runs, 1);
    EQUALS(version_now(store, "key"), 0);

    close_store(store);
}

Test(atomically, block_does_not_run_when_it_cannot)
{
    static const char *const seventeen[] = {"1",  "2",  "3",  "4",  "5",  "6",  "7",  "8", "9",
                                            "10", "11", "12", "13", "14", "15", "16", "17"};
    const stm_options options = {.key_size_max = 4};
    stm_store *store = open_store(&options);
    int runs = 0;

    STM_ATOMICALLY(NULL, txn, "no store", "key") {
        runs++;
    }
    ANSWERS(stm_atomically_status(), STM_INVALID);
    STM_ATOMICALLY(store, txn, "", "key") {
        runs++;
    }
    ANSWERS(stm_atomically_status(), STM_INVALID);
    STM_ATOMICALLY(store, txn, "key too large", "key", "longer key") {
        runs++;
    }
    ANSWERS(stm_atomically_status(), STM_TOO_LARGE);
    STM_ATOMICALLY(store, txn, "empty key", "key", "") {
        runs++;
    }
    ANSWERS(stm_atomically_status(), STM_INVALID);
    STM_ATOMICALLY(store, txn, "NULL key", "key", NULL) {
        runs++;
    }
    ANSWERS(stm_atomically_status(), STM_INVALID);
    for (stm_block block = stm_block_open(store, "too many", seventeen, 17); stm_block_next(&block);)
        runs++;
    cr_assert_neq(stm_atomically_status(), STM_OK);
    EQUALS(runs, 0);
    EQUALS(stats_of(store).transactions, 0);
    STM_ATOMICALLY(store, txn, "fits", "key") {
        runs++;
    }
    OK(stm_atomically_status()); /* the last block's, and of no other */
    EQUALS(runs, 1);

    close_store(store);
}

Test(atomically, block_takes_sixteen_keys)
{
    stm_store *store = open_store(NULL);

    STM_ATOMICALLY(store, txn, "sixteen", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13",
                   "14", "15", "16") {
        OK(stm_txn_set(txn, stm_text("16"), stm_text("last")));
    }
    OK(stm_atomically_status());
    HOLDS(store, "16", "last");
    EQUALS(version_now(store, "1"), 1);

    close_store(store);
}

/* A failure inside of the block that sticks ends it, for the reason it had. */
Test(atomically, block_ends_with_the_failure_inside)
{
    stm_store *store = open_store(NULL);
    int runs = 0;

    STM_ATOMICALLY(store, txn, "fails", "key") {
        runs++;
        OK(stm_txn_set(txn, KEY, stm_text("half")));
        ANSWERS(stm_txn_set(txn, NO_BYTES, stm_text("other half")), STM_INVALID);
    }
    ANSWERS(stm_atomically_status(), STM_INVALID);
    EQUALS(runs, 1);
    LACKS(store, "key");
    EQUALS(stats_of(store).transactions, 0);

    close_store(store);
}

struct other_thread {
    stm_store *store;
    stm_status before, after;
};

static void *fail_elsewhere(void *arg)
{
    struct other_thread *other = arg;

    other->before = stm_atomically_status();
    STM_ATOMICALLY(other->store, txn, "fails", "") {
    }
    other->after = stm_atomically_status();
    return NULL;
}

Test(atomically, status_is_of_the_calling_thread)
{
    stm_store *store = open_store(NULL);
    struct other_thread other = {store, STM_END, STM_END};
    pthread_t thread;

    STM_ATOMICALLY(store, txn, "succeeds", "key") {
    }
    cr_assert_eq(pthread_create(&thread, NULL, fail_elsewhere, &other), 0);
    pthread_join(thread, NULL);
    OK(stm_atomically_status());
    OK(other.before);
    ANSWERS(other.after, STM_INVALID);

    close_store(store);
}

/* ---- policies, and the time that is up ---- */

Test(atomically, a_policy_that_makes_no_sense_is_invalid)
{
    stm_store *store = open_store(NULL);
    const stm_policy bad[] = {
        {.size = 0},
        {.size = sizeof(bad[0]), .time_ns_max = -1},
        {.size = sizeof(bad[0]), .backoff_ns_min = -1},
        {.size = sizeof(bad[0]), .backoff_ns_max = -1},
    };
    const stm_policy good[] = {
        {.size = sizeof(good[0]), .time_ns_max = INT64_MAX},                         /* as good as none */
        {.size = sizeof(good[0]), .backoff_ns_min = 5000, .backoff_ns_max = 1000}, /* the least rules */
    };

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ANSWERS(stm_atomically(store, "bad", &bad[i], increment, NULL), STM_INVALID);
    for (size_t i = 0; i < COUNT_OF(good); i++)
        OK(stm_atomically(store, "good", &good[i], increment, NULL));
    EQUALS(number_of(store, "counter"), COUNT_OF(good));

    close_store(store);
}

static stm_status dawdle_and_wait(stm_txn *txn, void *arg)
{
    const stm_status status = stm_txn_use(txn, KEY, NULL);

    (void)arg;
    sleep_ms(5);
    return status == STM_OK ? STM_WAIT : status;
}

/* The body has used the time up before it asks to sleep. */
Test(atomically, wait_does_not_begin_when_the_time_is_up)
{
    const stm_policy policy = {.size = sizeof(policy), .time_ns_max = MILLISECOND};
    stm_store *store = open_store(NULL);

    ANSWERS(stm_atomically(store, "late", &policy, dawdle_and_wait, NULL), STM_TIMEOUT);

    close_store(store);
}

/* A failure that the body has overlooked, and then taken for BUSY, is told as what it was. */
static stm_status overlook(stm_txn *txn, void *arg)
{
    (void)arg;
    return stm_txn_set(txn, NO_BYTES, stm_text("x")) == STM_OK ? STM_OK : STM_BUSY;
}

Test(atomically, overlooked_failure_is_not_run_again)
{
    stm_store *store = open_store(NULL);

    ANSWERS(stm_atomically(store, "overlooks", NULL, overlook, NULL), STM_INVALID);

    close_store(store);
}

Test(atomically, block_without_a_key_does_not_run)
{
    stm_store *store = open_store(NULL);
    stm_block block = stm_block_open(store, "none", NULL, 0);

    cr_assert(!stm_block_next(&block));
    ANSWERS(stm_atomically_status(), STM_INVALID);

    close_store(store);
}

/* ---- the starving one that never comes on ---- */

struct starving {
    stm_store *store;
    pthread_barrier_t starves, seen;
    unsigned attempts;
    pthread_t thread;
};

/* Loses its first attempts; then it is starving, and stands still inside its body. */
static stm_status lose_and_stand_still(stm_txn *txn, void *arg)
{
    struct starving *starving = arg;
    const stm_status status = stm_txn_use(txn, KEY, NULL);

    if (starving->attempts++ < 2)
        put(starving->store, "key", "changed");
    else if (starving->attempts == 3) {
        pthread_barrier_wait(&starving->starves);
        pthread_barrier_wait(&starving->seen);
    }
    return status;
}

static void *starve(void *arg)
{
    const stm_policy policy = {.size = sizeof(policy), .patience = 1};
    struct starving *starving = arg;

    return stm_atomically(starving->store, "starving", &policy, lose_and_stand_still, starving) == STM_OK ? arg : NULL;
}

/* Others let it pass, but not for ever; and not beyond their own time. */
Test(atomically, starving_thread_that_stands_still_stops_nobody)
{
    const stm_policy hasty = {.size = sizeof(hasty), .time_ns_max = 1};
    struct starving starving = {.store = open_store(NULL)};
    void *well;

    pthread_barrier_init(&starving.starves, NULL, 2);
    pthread_barrier_init(&starving.seen, NULL, 2);
    cr_assert_eq(pthread_create(&starving.thread, NULL, starve, &starving), 0);
    pthread_barrier_wait(&starving.starves);
    OK(stm_atomically(starving.store, "passes", NULL, increment, NULL));
    OK(stm_atomically(starving.store, "hasty", &hasty, increment, NULL)); /* its first attempt it has */
    EQUALS(number_of(starving.store, "counter"), 2);
    pthread_barrier_wait(&starving.seen);
    pthread_join(starving.thread, &well);
    cr_assert_not_null(well);

    close_store(starving.store);
}
