/*
 * observer_test.c -- the observer is told of each point of a transaction, with all that a tracer needs.
 *
 * What must not happen: an event is missing, comes twice or out of order, or was not asked for; a
 * member tells of another transaction or key; a member that the event does not name is not zero.
 */
#include "support.h"

#include <stm/probe.h>
#include <unistd.h>

#define KEY stm_text("key")
#define EVENT_COUNT_MAX 200

/* What happened, in order. Written by the test's only thread. Keys are copied: the header lets the
 * pointers go when the call returns, but for labels and keys. */
struct record {
    stm_event events[EVENT_COUNT_MAX];
    size_t count;
};

static void note(void *context, const stm_event *event)
{
    struct record *record = context;

    if (record->count < EVENT_COUNT_MAX)
        record->events[record->count] = *event;
    record->count++;
}

static stm_observer observer_of(struct record *record, uint64_t events, bool begin_times)
{
    return (stm_observer){sizeof(stm_observer), events, begin_times, note, record, NULL};
}

static stm_store *open_watched(const stm_observer *observer)
{
    const stm_options options = {.observer = observer};

    return open_store(&options);
}

/* The next event must be of this kind; returns it. */
static const stm_event *next(struct record *record, size_t *at, stm_event_kind kind)
{
    cr_assert(*at < record->count, "no event where kind %d was due", (int)kind);
    cr_assert(record->count <= EVENT_COUNT_MAX);
    cr_assert(record->events[*at].kind == kind, "event %zu is of kind %d, not %d", *at,
              (int)record->events[*at].kind, (int)kind);
    return &record->events[(*at)++];
}

#define KEY_IS(event, text) \
    cr_assert(same_bytes((event)->key, stm_text(text)), "key is %s", shown((event)->key))

Test(observer, sees_open_and_close)
{
    static struct record record;
    const stm_observer observer = observer_of(&record, STM_EVENT_ALL, false);
    stm_store *first = open_watched(&observer), *second = open_watched(&observer);
    size_t at = 0;

    OK(stm_store_close(first));
    close_store(second);
    const uint64_t first_number = next(&record, &at, STM_EVENT_STORE_OPEN)->store;
    const uint64_t second_number = next(&record, &at, STM_EVENT_STORE_OPEN)->store;
    cr_assert(first_number >= 1);
    cr_assert_neq(first_number, second_number);
    EQUALS(next(&record, &at, STM_EVENT_STORE_CLOSE)->store, first_number);
    EQUALS(next(&record, &at, STM_EVENT_STORE_CLOSE)->store, second_number);
    EQUALS(record.count, at);
}

Test(observer, sees_checkouts_and_a_commit)
{
    static struct record record;
    const stm_observer observer = observer_of(&record, STM_EVENT_ALL, false);
    stm_store *store = open_watched(&observer);
    stm_txn *txn = begin(store, "painter");
    const stm_bytes keys[] = {stm_text("a"), stm_text("b")};
    const uint64_t id = stm_txn_id(txn);
    const stm_event *event;
    size_t at = 0;

    OK(stm_txn_using(txn, keys, 2, NULL));
    ANSWERS(stm_txn_get(txn, stm_text("c"), NULL), STM_NOT_FOUND);
    OK(stm_txn_set(txn, keys[1], stm_text("blue")));
    OK(stm_txn_commit(txn));
    stm_snapshot *snapshot = take(store, "later");
    const uint64_t revision = stm_snapshot_revision(snapshot);

    const uint64_t number = next(&record, &at, STM_EVENT_STORE_OPEN)->store;
    const char *const names[] = {"a", "b", "c"};
    uint64_t hashes[3];
    for (size_t i = 0; i < 3; i++) {
        event = next(&record, &at, STM_EVENT_CHECKOUT);
        EQUALS(event->store, number);
        EQUALS(event->txn, id);
        EQUALS(event->operation, id);
        EQUALS(event->attempt, 1);
        cr_assert_str_eq(event->label, "painter");
        KEY_IS(event, names[i]);
        EQUALS(event->version_from, 0);
        EQUALS(event->update, i < 2);
        EQUALS(event->begin_ns, 0);
        EQUALS(event->elapsed_ns, 0);
        EQUALS(event->winner.txn, 0);
        hashes[i] = event->key_hash;
    }
    cr_assert_neq(hashes[0], hashes[1]);

    event = next(&record, &at, STM_EVENT_COMMIT);
    EQUALS(event->txn, id);
    EQUALS(event->operation, id);
    cr_assert_str_eq(event->label, "painter");
    EQUALS(event->read_count, 1);
    EQUALS(event->write_count, 2);
    cr_assert(event->revision > 0 && event->revision <= revision);

    bool published[2] = {false, false};
    for (size_t i = 0; i < 2; i++) { /* in whatever order */
        event = next(&record, &at, STM_EVENT_PUBLISH);
        const size_t which = same_bytes(event->key, keys[0]) ? 0 : 1;
        KEY_IS(event, names[which]);
        cr_assert(!published[which]);
        published[which] = true;
        EQUALS(event->txn, id);
        EQUALS(event->key_hash, hashes[which]);
        EQUALS(event->version_from, 0);
        EQUALS(event->version_to, 1);
        EQUALS(event->value_size, which == 0 ? 0 : 4);
    }
    EQUALS(next(&record, &at, STM_EVENT_SNAPSHOT_TAKEN)->revision, revision);
    EQUALS(record.count, at);

    stm_snapshot_release(snapshot);
    stm_txn_end(txn);
    close_store(store);
}

Test(observer, sees_every_key_of_a_conflict)
{
    static struct record record;
    const stm_observer observer = observer_of(
        &record, STM_EVENT_BIT(STM_EVENT_CONFLICT) | STM_EVENT_BIT(STM_EVENT_CONFLICT_KEY), false);
    stm_store *store = open_watched(&observer);
    stm_txn *loser = begin(store, "loser"), *winner = begin(store, "winner");
    const uint64_t winner_id = stm_txn_id(winner), loser_id = stm_txn_id(loser);
    const stm_bytes keys[] = {stm_text("k0"), stm_text("k1"), stm_text("k2"), stm_text("k3")};
    bool named[4] = {false};
    size_t at = 0;

    put(store, "k1", "x");
    OK(stm_txn_using(loser, keys, 3, NULL));
    ANSWERS(stm_txn_get(loser, keys[3], NULL), STM_NOT_FOUND);
    OK(stm_txn_set(loser, keys[2], stm_text("mine")));
    OK(stm_txn_using(winner, keys + 1, 3, NULL));
    OK(stm_txn_commit(winner));
    ANSWERS(stm_txn_commit(loser), STM_CONFLICT);

    EQUALS(record.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const stm_event *event = next(&record, &at, i == 0 ? STM_EVENT_CONFLICT : STM_EVENT_CONFLICT_KEY);
        EQUALS(event->txn, loser_id);
        EQUALS(event->operation, loser_id);
        cr_assert_str_eq(event->label, "loser");
        EQUALS(event->stage, STM_STAGE_COMMIT);
        EQUALS(event->changed_count, 3);
        EQUALS(event->winner.txn, winner_id);
        cr_assert_str_eq(event->winner.label, "winner");
        EQUALS(event->winner.tid, gettid());
        cr_assert(event->key_index >= 1 && event->key_index <= 3);
        cr_assert(!named[event->key_index]);
        named[event->key_index] = true;
        cr_assert(same_bytes(event->key, keys[event->key_index]));
        EQUALS(event->version_from, event->key_index == 1 ? 1 : 0);
        EQUALS(event->version_to, event->version_from + 1);
        EQUALS(event->update, event->key_index != 3);
        EQUALS(event->was_set, event->key_index == 2);
    }

    stm_txn_end(loser);
    stm_txn_end(winner);
    close_store(store);
}

Test(observer, sees_a_conflict_at_a_checkout)
{
    static struct record record;
    const stm_observer observer = observer_of(&record, STM_EVENT_BIT(STM_EVENT_CONFLICT), false);
    stm_store *store = open_watched(&observer);
    stm_txn *loser = begin(store, "loser");
    size_t at = 0;

    OK(stm_txn_use(loser, KEY, NULL));
    put(store, "key", "x");
    ANSWERS(stm_txn_use(loser, stm_text("other"), NULL), STM_CONFLICT);
    const stm_event *event = next(&record, &at, STM_EVENT_CONFLICT);
    EQUALS(event->stage, STM_STAGE_CHECKOUT);
    EQUALS(event->changed_count, 1);
    KEY_IS(event, "key");
    ANSWERS(stm_txn_commit(loser), STM_CONFLICT); /* the same one, told again: no event */
    EQUALS(record.count, at);

    stm_txn_end(loser);
    close_store(store);
}

Test(observer, sees_what_is_abandoned)
{
    static struct record record;
    const stm_observer observer = observer_of(&record, STM_EVENT_BIT(STM_EVENT_ABANDON), false);
    stm_store *store = open_watched(&observer);
    stm_txn *txn = begin(store, "abandons");
    size_t at = 0;

    stm_txn_reset(txn); /* nothing checked out: nothing abandoned */
    OK(stm_txn_use(txn, KEY, NULL));
    OK(stm_txn_commit(txn));
    stm_txn_reset(txn); /* committed */
    EQUALS(record.count, 0);

    OK(stm_txn_use(txn, KEY, NULL));
    const uint64_t first = stm_txn_id(txn);
    stm_txn_reset(txn);
    OK(stm_txn_use(txn, KEY, NULL));
    const uint64_t second = stm_txn_id(txn);
    stm_txn_end(txn);
    const stm_event *event = next(&record, &at, STM_EVENT_ABANDON);
    EQUALS(event->txn, first);
    cr_assert_str_eq(event->label, "abandons");
    EQUALS(next(&record, &at, STM_EVENT_ABANDON)->txn, second);

    txn = begin(store, "lost"); /* an attempt ends once: by CONFLICT, it is not abandoned as well */
    OK(stm_txn_use(txn, KEY, NULL));
    put(store, "key", "x");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    stm_txn_reset(txn);
    EQUALS(record.count, at);
    stm_txn_end(txn);

    close_store(store);
}

Test(observer, sees_snapshots)
{
    static struct record record;
    const stm_observer observer = observer_of(
        &record, STM_EVENT_BIT(STM_EVENT_SNAPSHOT_TAKEN) | STM_EVENT_BIT(STM_EVENT_SNAPSHOT_RELEASED), false);
    stm_store *store = open_watched(&observer);
    size_t at = 0;

    put(store, "key", "a value that is longer than a small one");
    stm_snapshot *one = take(store, "one"), *two = take(store, "two");
    const uint64_t revisions[] = {stm_snapshot_revision(one), stm_snapshot_revision(two)};
    put(store, "key", "overwritten");
    sleep_ms(5);
    stm_snapshot_release(two);
    stm_snapshot_release(one);

    const stm_event *event = next(&record, &at, STM_EVENT_SNAPSHOT_TAKEN);
    const uint64_t first = event->snapshot;
    cr_assert_str_eq(event->label, "one");
    EQUALS(event->revision, revisions[0]);
    event = next(&record, &at, STM_EVENT_SNAPSHOT_TAKEN);
    const uint64_t second = event->snapshot;
    cr_assert(first >= 1 && second > first);
    event = next(&record, &at, STM_EVENT_SNAPSHOT_RELEASED);
    EQUALS(event->snapshot, second);
    EQUALS(event->revision, revisions[1]);
    event = next(&record, &at, STM_EVENT_SNAPSHOT_RELEASED);
    EQUALS(event->snapshot, first);
    cr_assert_str_eq(event->label, "one");
    EQUALS(event->revision, revisions[0]);
    cr_assert(event->held_ns >= 5 * MILLISECOND && event->held_ns < 20 * SECOND);
    cr_assert(event->bytes > 0); /* the old value */
    EQUALS(record.count, at);

    close_store(store);
}

/* ---- attempts ---- */

struct beaten {
    stm_store *store;
    int times;
};

static stm_status be_beaten(stm_txn *txn, void *arg)
{
    struct beaten *beaten = arg;
    const stm_status status = stm_txn_set(txn, KEY, stm_text("mine"));

    if (beaten->times-- > 0)
        put(beaten->store, "key", "theirs");
    return status;
}

Test(observer, sees_attempts_of_one_operation_and_starvation)
{
    static struct record record;
    const stm_observer observer =
        observer_of(&record,
                    STM_EVENT_BIT(STM_EVENT_CONFLICT) | STM_EVENT_BIT(STM_EVENT_STARVING) |
                        STM_EVENT_BIT(STM_EVENT_COMMIT),
                    true);
    const stm_policy policy = {.size = sizeof(policy), .backoff_ns_min = 1, .backoff_ns_max = 1};
    stm_store *store = open_watched(&observer);
    struct beaten beaten = {store, 20};
    uint64_t operation = 0, attempts = 0, starvations = 0;

    OK(stm_atomically(store, "beaten", &policy, be_beaten, &beaten));
    cr_assert(record.count <= EVENT_COUNT_MAX);
    for (size_t i = 0; i < record.count; i++) {
        const stm_event *event = &record.events[i];
        if (strcmp(event->label, "beaten") != 0)
            continue;
        operation = operation == 0 ? event->operation : operation;
        EQUALS(event->operation, operation);
        if (event->kind == STM_EVENT_STARVING) {
            EQUALS(event->attempt, UINT64_C(8) << starvations);
            KEY_IS(event, "key");
            cr_assert(event->elapsed_ns > 0);
            starvations++;
        } else {
            EQUALS(event->attempt, ++attempts);
        }
    }
    EQUALS(attempts, 21);
    EQUALS(starvations, 2);

    close_store(store);
}

Test(observer, is_told_the_time_only_where_it_asks)
{
    for (int asks = 0; asks < 2; asks++) {
        static struct record record;
        const stm_observer observer = observer_of(&record, STM_EVENT_BIT(STM_EVENT_COMMIT), asks != 0);
        record.count = 0;
        stm_store *store = open_watched(&observer);
        stm_txn *txn = begin(store, "timed");
        size_t at = 0;

        const int64_t before = now_ns();
        OK(stm_txn_use(txn, KEY, NULL));
        const int64_t after = now_ns();
        OK(stm_txn_commit(txn));
        const stm_event *event = next(&record, &at, STM_EVENT_COMMIT);
        if (asks) {
            cr_assert(event->begin_ns >= before && event->begin_ns <= after);
        } else {
            EQUALS(event->begin_ns, 0);
        }

        stm_txn_end(txn);
        close_store(store);
    }
}

/* Set, commit, set, commit: the second attempt holds the keys of the first, and did not begin with it. */
Test(observer, is_told_when_an_attempt_that_goes_on_began)
{
    static struct record record;
    const stm_observer observer = observer_of(&record, STM_EVENT_BIT(STM_EVENT_COMMIT), true);
    stm_store *store = open_watched(&observer);
    stm_txn *txn = begin(store, "goes on");
    size_t at = 0;

    OK(stm_txn_set(txn, KEY, stm_text("1")));
    OK(stm_txn_commit(txn));
    sleep_ms(2);
    const int64_t before = now_ns();
    OK(stm_txn_set(txn, KEY, stm_text("2")));
    OK(stm_txn_commit(txn));
    cr_assert(next(&record, &at, STM_EVENT_COMMIT)->begin_ns < before);
    const stm_event *event = next(&record, &at, STM_EVENT_COMMIT);
    cr_assert(event->begin_ns >= before && event->begin_ns <= now_ns());

    stm_txn_end(txn);
    close_store(store);
}

/* ---- switched on and off ---- */

struct switched {
    struct record record; /* what note() takes */
    uint64_t on, asked;
};

static uint64_t which_are_on(void *context, uint64_t events)
{
    struct switched *switched = context;

    switched->asked |= events;
    return switched->on;
}

static void do_everything(stm_store *store);

Test(observer, is_asked_what_it_wants_at_present)
{
    static struct switched switched;
    const stm_observer observer = {sizeof(observer), STM_EVENT_ALL, true, note, &switched, which_are_on};
    stm_store *store = open_watched(&observer);
    stm_txn *txn = begin(store, "watched now and then");
    size_t at = 0;

    do_everything(store);
    EQUALS(switched.record.count, 0);
    EQUALS(switched.asked, STM_EVENT_ALL & ~STM_EVENT_BIT(STM_EVENT_STORE_CLOSE));

    /* On in the middle of an attempt: its commit was not wanted when it began. */
    OK(stm_txn_use(txn, KEY, NULL));
    switched.on = STM_EVENT_BIT(STM_EVENT_COMMIT);
    OK(stm_txn_commit(txn));
    EQUALS(switched.record.count, 0);
    const int64_t before = now_ns();
    OK(stm_txn_set(txn, KEY, stm_text("x")));
    OK(stm_txn_commit(txn));
    cr_assert(next(&switched.record, &at, STM_EVENT_COMMIT)->begin_ns >= before);
    switched.on = 0;
    OK(stm_txn_commit(txn));
    EQUALS(switched.record.count, at);

    /* A conflict is told at once, but not when the attempt began, since nobody asked then. */
    stm_txn_reset(txn);
    OK(stm_txn_use(txn, KEY, NULL));
    put(store, "key", "theirs");
    switched.on = STM_EVENT_BIT(STM_EVENT_CONFLICT);
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    EQUALS(next(&switched.record, &at, STM_EVENT_CONFLICT)->begin_ns, 0);
    EQUALS(switched.record.count, at);

    stm_txn_end(txn);
    close_store(store);
}

/* What is on beyond what was named at the opening does not come. */
Test(observer, is_asked_only_about_what_it_named)
{
    static struct switched switched = {.on = UINT64_MAX};
    const stm_observer observer = {sizeof(observer), STM_EVENT_BIT(STM_EVENT_PUBLISH), false, note, &switched,
                                   which_are_on};
    stm_store *store = open_watched(&observer);

    do_everything(store);
    close_store(store);
    EQUALS(switched.asked, STM_EVENT_BIT(STM_EVENT_PUBLISH));
    cr_assert(switched.record.count > 0);
    for (size_t i = 0; i < switched.record.count; i++)
        EQUALS(switched.record.events[i].kind, STM_EVENT_PUBLISH);
}

/* A program compiled before there was `enabled`: what lies behind its struct is not looked at. */
Test(observer, may_be_of_an_older_header)
{
    static struct switched switched;
    stm_observer observer = {STM_OBSERVER_SIZE_1, STM_EVENT_ALL, false, note, &switched, which_are_on};
    stm_store *store = open_watched(&observer);

    do_everything(store);
    close_store(store);
    EQUALS(switched.asked, 0);
    cr_assert(switched.record.count > 0);

    const stm_options options = {.size = sizeof(options), .observer = &observer};
    observer.size = STM_OBSERVER_SIZE_1 - 1;
    ANSWERS(stm_store_open(&options, &store), STM_INVALID);
    observer.size = sizeof(observer) + 1;
    ANSWERS(stm_store_open(&options, &store), STM_INVALID);
}

/* ---- the mask, and what an observer may do ---- */

/* Everything that can happen without a second thread, once. */
static void do_everything(stm_store *store)
{
    stm_txn *txn = begin(store, "everything");

    OK(stm_txn_use(txn, KEY, NULL));
    OK(stm_txn_use(txn, stm_text("other"), NULL));
    put(store, "key", "x");
    put(store, "other", "x");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    stm_txn_reset(txn);
    OK(stm_txn_use(txn, KEY, NULL));
    stm_txn_end(txn);
    stm_snapshot_release(take(store, "everything"));
}

Test(observer, gets_only_the_events_it_wants)
{
    static const stm_event_kind kinds[] = {
        STM_EVENT_CHECKOUT,          STM_EVENT_COMMIT,       STM_EVENT_PUBLISH,
        STM_EVENT_CONFLICT,          STM_EVENT_CONFLICT_KEY, STM_EVENT_ABANDON,
        STM_EVENT_STORE_OPEN,        STM_EVENT_STORE_CLOSE,  STM_EVENT_SNAPSHOT_TAKEN,
        STM_EVENT_SNAPSHOT_RELEASED,
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        static struct record record;
        const stm_observer observer = observer_of(&record, STM_EVENT_BIT(kinds[i]), false);
        record.count = 0;
        stm_store *store = open_watched(&observer);

        do_everything(store);
        close_store(store);
        cr_assert(record.count > 0, "no event of kind %d", (int)kinds[i]);
        for (size_t j = 0; j < record.count; j++)
            EQUALS(record.events[j].kind, kinds[i]);
    }

    static struct record record;
    const stm_observer deaf = observer_of(&record, 0, true);
    stm_store *store = open_watched(&deaf);
    do_everything(store);
    close_store(store);
    EQUALS(record.count, 0);
}

/* It is never called while a key is held: so it may use the store, and the very keys. */
struct meddler {
    stm_store *store;
    stm_txn *reported;
    int calls, wrong;
    bool inside;
};

static void meddle(void *context, const stm_event *event)
{
    struct meddler *meddler = context;
    stm_txn *txn = NULL;
    stm_snapshot *snapshot = NULL;
    stm_entry entry;
    stm_bytes value;

    if (meddler->store == NULL || meddler->inside || event->kind == STM_EVENT_STORE_CLOSE)
        return;
    meddler->inside = true;
    meddler->calls++;
    bool right = stm_txn_begin(meddler->store, "meddler", &txn) == STM_OK;
    right = right && stm_txn_set(txn, stm_text("meddled"), stm_text("x")) == STM_OK;
    right = right && stm_txn_peek(txn, KEY, &value) != STM_BUSY;
    right = right && stm_txn_commit(txn) == STM_OK;
    stm_txn_end(txn);
    right = right && stm_snapshot_take(meddler->store, "meddler", &snapshot) == STM_OK;
    right = right && stm_snapshot_get(snapshot, stm_text("meddled"), &entry) == STM_OK;
    stm_snapshot_release(snapshot);
    meddler->wrong += !right;
    meddler->inside = false;
}

Test(observer, may_use_the_store)
{
    static struct meddler meddler;
    const stm_observer observer = {sizeof(observer), STM_EVENT_ALL, false, meddle, &meddler, NULL};
    stm_store *store = open_watched(&observer);

    meddler.store = store;
    do_everything(store);
    cr_assert(meddler.calls > 10);
    EQUALS(meddler.wrong, 0);
    HOLDS(store, "meddled", "x");

    close_store(store);
}

/* But not the transaction that is being reported: that is told, and does no harm. */
static void touch_the_reported(void *context, const stm_event *event)
{
    struct meddler *meddler = context;
    stm_status status;

    (void)event;
    if (meddler->reported == NULL)
        return;
    meddler->calls++;
    status = stm_txn_set(meddler->reported, stm_text("meddled"), stm_text("x"));
    meddler->wrong += status != STM_REENTERED;
    status = stm_txn_commit(meddler->reported);
    meddler->wrong += status != STM_REENTERED;
}

Test(observer, may_not_use_the_transaction_reported)
{
    static struct meddler meddler;
    const stm_observer observer = {sizeof(observer),
                                   STM_EVENT_BIT(STM_EVENT_CHECKOUT) | STM_EVENT_BIT(STM_EVENT_COMMIT), false,
                                   touch_the_reported, &meddler, NULL};
    stm_store *store = open_watched(&observer);

    meddler.reported = begin(store, "reported");
    OK(stm_txn_set(meddler.reported, KEY, stm_text("1")));
    OK(stm_txn_commit(meddler.reported));
    EQUALS(meddler.calls, 2);
    EQUALS(meddler.wrong, 0);
    stm_txn *txn = meddler.reported;
    meddler.reported = NULL;
    HOLDS(store, "key", "1");
    LACKS(store, "meddled");

    stm_txn_end(txn);
    close_store(store);
}

/* A checkout by handle begins an attempt as one by name does. */
Test(observer, is_told_when_an_attempt_by_handle_began)
{
    static struct record record;
    const stm_observer observer = observer_of(&record, STM_EVENT_BIT(STM_EVENT_COMMIT), true);
    stm_store *store = open_watched(&observer);
    stm_txn *txn = begin(store, "by handle");
    stm_key handle;

    OK(stm_key_resolve(store, KEY, &handle));
    const int64_t before = now_ns();
    OK(stm_txn_use_key(txn, handle, NULL));
    const int64_t after = now_ns();
    OK(stm_txn_commit(txn));
    EQUALS(record.count, 1);
    cr_assert(record.events[0].begin_ns >= before && record.events[0].begin_ns <= after);

    stm_txn_end(txn);
    close_store(store);
}

/* What was set after a commit, and then given up, was an attempt that no checkout and no commit has begun. */
Test(observer, sees_what_was_only_set_as_abandoned)
{
    static struct record record;
    const stm_observer observer = observer_of(&record, STM_EVENT_BIT(STM_EVENT_ABANDON), true);
    stm_store *store = open_watched(&observer);
    stm_txn *txn = begin(store, "gives up");

    OK(stm_txn_set(txn, KEY, stm_text("1")));
    OK(stm_txn_commit(txn));
    stm_txn_reset(txn);
    EQUALS(record.count, 0);
    OK(stm_txn_set(txn, KEY, stm_text("2")));
    OK(stm_txn_commit(txn));
    OK(stm_txn_set(txn, KEY, stm_text("3")));
    stm_txn_reset(txn);
    EQUALS(record.count, 1);
    EQUALS(record.events[0].write_count, 1);
    EQUALS(record.events[0].begin_ns, 0);
    HOLDS(store, "key", "2");

    stm_txn_end(txn);
    close_store(store);
}
