/*
 * snapshot_test.c -- a snapshot is the whole store as of one instant, for as long as it is held.
 *
 * What must not happen: a later commit shows, wholly or in part; an earlier one does not; a value
 * handed out goes bad before the release; memory grows by commits instead of by keys, or stays
 * after the release.
 */
#include "support.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <stdlib.h>

Test(snapshot, is_isolated_from_later_commits)
{
    stm_store *store = open_store(NULL);

    put(store, "changed", "before");
    put(store, "erased", "before");
    put(store, "same", "before");
    erase(store, "gone");
    stm_snapshot *snapshot = take(store, "audit");
    put(store, "changed", "after");
    put(store, "changed", "long after");
    erase(store, "erased");
    put(store, "new", "after");
    put(store, "gone", "after");

    SHOWS(snapshot, "changed", "before");
    SHOWS(snapshot, "erased", "before");
    SHOWS(snapshot, "same", "before");
    HIDES(snapshot, "new");
    HIDES(snapshot, "gone");
    HIDES(snapshot, "never");
    HOLDS(store, "changed", "long after");
    LACKS(store, "erased");

    stm_snapshot_release(snapshot);
    close_store(store);
}

Test(snapshot, tells_who_wrote_what)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "painter");
    const uint64_t id = stm_txn_id(txn);
    stm_entry entry;

    put(store, "number", "x");
    OK(stm_txn_set_int64(txn, stm_text("number"), 42));
    OK(stm_txn_commit(txn));
    stm_snapshot *snapshot = take(store, "audit");
    OK(stm_txn_commit(txn)); /* the next writer must not show */

    OK(stm_snapshot_get(snapshot, stm_text("number"), &entry));
    cr_assert(same_bytes(entry.key, stm_text("number")));
    EQUALS(entry.type, STM_INT64);
    EQUALS(entry.version, 2);
    EQUALS(entry.writer.txn, id);
    cr_assert_str_eq(entry.writer.label, "painter");
    cr_assert(entry.writer.revision <= stm_snapshot_revision(snapshot));

    stm_snapshot_release(snapshot);
    stm_txn_end(txn);
    close_store(store);
}

Test(snapshot, of_an_empty_store)
{
    stm_store *store = open_store(NULL);
    stm_snapshot *snapshot = take(store, "empty");

    put(store, "key", "v");
    HIDES(snapshot, "key");

    stm_snapshot_release(snapshot);
    close_store(store);
}

/* ---- many at once ---- */

#define STATES 30

static const char *const state_keys[] = {"steady", "small", "large", "comes", "comes and goes"};

/* What a key has in state number: a size that changes, or nothing. */
static bool state_value(size_t key, size_t state, char *text, size_t *size)
{
    static const size_t sizes[] = {3, 16, 17, 300, 40, 5000};

    if ((key == 3 && state < STATES / 2) || (key == 4 && state % 3 == 1))
        return false;
    *size = key == 0   ? 8
            : key == 1 ? 1 + state % 16
            : key == 2 ? 1000 + state
                       : sizes[state % COUNT_OF(sizes)];
    fill(text, *size, (unsigned)(key == 0 ? 0 : state * 10 + key));
    return true;
}

static void commit_state(stm_store *store, size_t state)
{
    static char text[6000];
    stm_txn *txn = begin(store, "state");

    for (size_t key = state == 0 ? 0 : 1; key < COUNT_OF(state_keys); key++) {
        size_t size;
        if (state_value(key, state, text, &size))
            OK(stm_txn_set(txn, stm_text(state_keys[key]), stm_bytes_of(text, size)));
        else
            OK(stm_txn_delete(txn, stm_text(state_keys[key])));
    }
    OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

static void assert_state(const stm_snapshot *snapshot, size_t state)
{
    static char text[6000];

    for (size_t key = 0; key < COUNT_OF(state_keys); key++) {
        size_t size;
        const bool there = state_value(key, state, text, &size);
        cr_assert(shows(snapshot, stm_text(state_keys[key]), there ? stm_bytes_of(text, size) : NO_BYTES),
                  "\"%s\" is not as in state %zu", state_keys[key], state);
    }
}

/* In which order the snapshots go must not matter to those that stay. */
static size_t nth_released(int order, size_t n)
{
    switch (order) {
    case 0: return n;
    case 1: return STATES - 1 - n;
    case 2: return n * 7 % STATES;
    default: return n < STATES / 2 ? 2 * n : 2 * (n - STATES / 2) + 1;
    }
}

Test(snapshot, many_at_different_revisions_each_see_their_own_state)
{
    for (int order = 0; order < 4; order++) {
        stm_store *store = open_store(NULL);
        stm_snapshot *snapshots[STATES];

        for (size_t state = 0; state < STATES; state++) {
            commit_state(store, state);
            snapshots[state] = take(store, "state");
            cr_assert(state == 0 ||
                      stm_snapshot_revision(snapshots[state]) > stm_snapshot_revision(snapshots[state - 1]));
        }
        commit_state(store, STATES);
        for (size_t n = 0; n < STATES; n++) {
            for (size_t state = 0; state < STATES; state++) {
                if (snapshots[state] != NULL)
                    assert_state(snapshots[state], state);
            }
            stm_snapshot_release(snapshots[nth_released(order, n)]);
            snapshots[nth_released(order, n)] = NULL;
        }
        EQUALS(stats_of(store).versions_old, 0);

        close_store(store);
    }
}

/* Snapshots of one instant are equal, and none needs the other. */
Test(snapshot, two_of_one_instant)
{
    stm_store *store = open_store(NULL);

    put(store, "key", "before");
    stm_snapshot *one = take(store, "one"), *two = take(store, "two");
    put(store, "key", "after");
    SHOWS(one, "key", "before");
    stm_snapshot_release(one);
    put(store, "key", "later");
    SHOWS(two, "key", "before");
    stm_snapshot_release(two);
    EQUALS(stats_of(store).versions_old, 0);

    close_store(store);
}

/* ---- lifetime and memory ---- */

Test(snapshot, large_values_stay_where_they_were_shown)
{
    static const size_t sizes[] = {25, 100, 256, 257, 1000, 65536};
    static char bytes[65536];
    stm_store *store = open_store(NULL);
    stm_entry entries[COUNT_OF(sizes)];

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        fill(bytes, sizes[i], (unsigned)i);
        put_bytes(store, stm_bytes_of(&sizes[i], sizeof(sizes[i])), stm_bytes_of(bytes, sizes[i]));
    }
    stm_snapshot *snapshot = take(store, "holds");
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        OK(stm_snapshot_get(snapshot, stm_bytes_of(&sizes[i], sizeof(sizes[i])), &entries[i]));
    for (unsigned round = 0; round < 100; round++) { /* overwritten, shrunk, grown, deleted, reused */
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            fill(bytes, sizes[i], round + 50);
            put_bytes(store, stm_bytes_of(&sizes[i], sizeof(sizes[i])),
                      stm_bytes_of(bytes, sizes[(i + round) % 6]));
        }
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        fill(bytes, sizes[i], (unsigned)i);
        IS_BYTES(entries[i].value, stm_bytes_of(bytes, sizes[i]));
    }

    stm_snapshot_release(snapshot);
    close_store(store);
}

/* Without what only waits to be used again. */
static uint64_t bytes_held(const stm_store *store)
{
    const stm_stats stats = stats_of(store);

    return stats.bytes_used - stats.bytes_waiting - stats.bytes_cached;
}

Test(snapshot, keeps_one_old_version_a_key_and_gives_it_back)
{
    enum { KEYS = 100 };
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "writer");
    static char bytes[600];
    uint64_t level = 0;

    for (int round = 0; round < 6; round++) {
        stm_snapshot *snapshot = NULL;
        for (uint64_t commit = 0; commit < 50; commit++) {
            for (uint64_t key = 0; key < KEYS; key++) { /* small, in a block, and large values */
                const size_t size = key % 3 == 0 ? 8 : key % 3 == 1 ? 100 : sizeof(bytes);
                fill(bytes, size, (unsigned)commit);
                stm_txn_reset(txn);
                OK(stm_txn_set(txn, stm_bytes_of(&key, sizeof(key)), stm_bytes_of(bytes, size)));
                OK(stm_txn_commit(txn));
            }
            if (commit == 0)
                snapshot = take(store, "holds");
            else
                EQUALS(stats_of(store).versions_old, KEYS);
        }
        cr_assert(bytes_held(store) > level);
        stm_txn_reset(txn);
        stm_snapshot_release(snapshot);
        EQUALS(stats_of(store).versions_old, 0);
        EQUALS(stats_of(store).snapshots, 0);
        if (round == 1)
            level = bytes_held(store);
        if (round > 1)
            EQUALS(bytes_held(store), level);
    }

    stm_txn_end(txn);
    close_store(store);
}

Test(snapshot, without_one_no_old_version_is_kept)
{
    stm_store *store = open_store(NULL);

    for (int i = 0; i < 100; i++) {
        put(store, "key", "v");
        EQUALS(stats_of(store).versions_old, 0);
    }
    stm_snapshot_release(take(store, "short"));
    put(store, "key", "v");
    EQUALS(stats_of(store).versions_old, 0);

    close_store(store);
}

/* ---- scan ---- */

struct seen {
    stm_store *store;
    unsigned counts[500];
    size_t calls, stop_after;
    bool wrong;
};

static bool see(const stm_entry *entry, void *arg)
{
    struct seen *seen = arg;
    unsigned key = 0;

    seen->calls++;
    if (entry->key.size != sizeof(key))
        return seen->wrong = true;
    memcpy(&key, entry->key.data, sizeof(key));
    if (key >= COUNT_OF(seen->counts) || !same_value(entry->value, entry->key))
        return seen->wrong = true;
    seen->counts[key]++;
    return seen->calls != seen->stop_after;
}

static void put_number(stm_store *store, unsigned number)
{
    put_bytes(store, stm_bytes_of(&number, sizeof(number)), stm_bytes_of(&number, sizeof(number)));
}

Test(snapshot, scan_shows_each_live_key_once)
{
    static struct seen seen;
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "writer");

    for (unsigned i = 0; i < 400; i++)
        put_number(store, i);
    for (unsigned i = 100; i < 200; i++)
        OK(stm_txn_delete(txn, stm_bytes_of(&i, sizeof(i))));
    OK(stm_txn_use(txn, stm_text("never set"), NULL));
    OK(stm_txn_commit(txn));
    stm_snapshot *snapshot = take(store, "scan");
    for (unsigned i = 400; i < 500; i++)
        put_number(store, i); /* too late */
    for (unsigned i = 100; i < 150; i++)
        put_number(store, i); /* back again, but too late */
    stm_txn_reset(txn);
    for (unsigned i = 200; i < 250; i++)
        OK(stm_txn_delete(txn, stm_bytes_of(&i, sizeof(i)))); /* still there for the snapshot */
    OK(stm_txn_commit(txn));

    for (int again = 1; again <= 2; again++) {
        OK(stm_snapshot_scan(snapshot, see, &seen));
        cr_assert(!seen.wrong);
        for (unsigned i = 0; i < COUNT_OF(seen.counts); i++)
            cr_assert_eq(seen.counts[i], (i < 100 || (i >= 200 && i < 400)) ? (unsigned)again : 0u);
    }

    stm_snapshot_release(snapshot);
    stm_txn_end(txn);
    close_store(store);
}

Test(snapshot, scan_stops_when_told)
{
    static struct seen seen;
    stm_store *store = open_store(NULL);

    for (unsigned i = 0; i < 200; i++)
        put_number(store, i);
    stm_snapshot *snapshot = take(store, "scan");
    for (size_t stop = 1; stop <= 200; stop += 33) {
        seen.calls = 0;
        seen.stop_after = stop;
        OK(stm_snapshot_scan(snapshot, see, &seen));
        EQUALS(seen.calls, stop);
    }

    stm_snapshot_release(snapshot);
    close_store(store);
}

static bool change_while_seeing(const stm_entry *entry, void *arg)
{
    struct seen *seen = arg;
    stm_txn *txn;
    unsigned new_key = 100000 + (unsigned)seen->calls;

    /* Overwrite what is shown, make a key, and look at another snapshot. */
    bool right = stm_txn_begin(seen->store, "visitor", &txn) == STM_OK;
    right = right && stm_txn_set(txn, entry->key, stm_text("overwritten")) == STM_OK;
    right = right && stm_txn_set(txn, stm_bytes_of(&new_key, sizeof(new_key)), stm_text("new")) == STM_OK;
    right = right && stm_txn_commit(txn) == STM_OK;
    stm_txn_end(txn);
    seen->wrong = seen->wrong || !right;
    return see(entry, arg);
}

Test(snapshot, visitor_may_use_the_store)
{
    static struct seen seen;
    stm_store *store = open_store(NULL);

    for (unsigned i = 0; i < 300; i++)
        put_number(store, i);
    stm_snapshot *snapshot = take(store, "scan");
    seen.store = store;
    OK(stm_snapshot_scan(snapshot, change_while_seeing, &seen));
    cr_assert(!seen.wrong);
    EQUALS(seen.calls, 300);
    for (unsigned i = 0; i < 300; i++)
        cr_assert_eq(seen.counts[i], 1u);

    stm_snapshot_release(snapshot);
    close_store(store);
}

/* ---- beside writers ---- */

struct mover {
    stm_store *store;
    uint64_t moves;
    stm_status failure;
};

static stm_status move_one(stm_txn *txn, void *arg)
{
    const stm_bytes from = stm_text("from"), to = stm_text("to");
    int64_t left = 0, right = 0;

    (void)arg;
    if (stm_txn_use_int64(txn, from, &left) != STM_OK || stm_txn_use_int64(txn, to, &right) != STM_OK ||
        stm_txn_set_int64(txn, from, left - 1) != STM_OK || stm_txn_set_int64(txn, to, right + 1) != STM_OK)
        return STM_CONFLICT;
    return STM_OK;
}

static void *keep_moving(void *arg)
{
    struct mover *mover = arg;

    for (uint64_t i = 0; i < mover->moves && mover->failure == STM_OK; i++)
        mover->failure = stm_atomically(mover->store, "move", NULL, move_one, NULL);
    return NULL;
}

static int64_t number_in(const stm_snapshot *snapshot, const char *key)
{
    stm_entry entry;
    int64_t number = 0;

    const stm_status status = stm_snapshot_get(snapshot, stm_text(key), &entry);
    if (status == STM_NOT_FOUND)
        return 0;
    OK(status);
    EQUALS(entry.value.size, sizeof(number));
    memcpy(&number, entry.value.data, sizeof(number));
    return number;
}

/* Two keys whose sum is always 0: a snapshot that sees half a commit sees another sum. */
Test(snapshot, never_sees_half_a_commit)
{
    stm_store *store = open_store(NULL);
    struct mover movers[2] = {{store, SLOWED_DOWN ? 5000 : 30000, STM_OK},
                              {store, SLOWED_DOWN ? 5000 : 30000, STM_OK}};
    pthread_t threads[2];
    int64_t last = 0, total = (int64_t)(movers[0].moves + movers[1].moves);

    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, keep_moving, &movers[i]), 0);
    while (last < total && movers[0].failure == STM_OK && movers[1].failure == STM_OK) {
        stm_snapshot *snapshot = take(store, "auditor");
        const int64_t to = number_in(snapshot, "to"), from = number_in(snapshot, "from");
        cr_assert(from + to == 0, "%lld and %lld", (long long)from, (long long)to);
        cr_assert(to >= last); /* and time does not go back */
        cr_assert(number_in(snapshot, "to") == to);
        last = to;
        stm_snapshot_release(snapshot);
    }
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        OK(movers[i].failure);
    }
    EQUALS(last, total);
    EQUALS(stats_of(store).versions_old, 0);

    close_store(store);
}

/* ---- what has changed since another one ---- */

struct seen_changes {
    unsigned count;
    char line[200]; /* "key=value@version " each; "key-@version " without a value */
};

static bool note_change(const stm_entry *entry, void *arg)
{
    struct seen_changes *seen = arg;
    const size_t used = strlen(seen->line);

    seen->count++;
    snprintf(seen->line + used, sizeof(seen->line) - used, "%.*s%s%.*s@%llu ", (int)entry->key.size,
             (const char *)entry->key.data, entry->value.data == NULL ? "-" : "=", (int)entry->value.size,
             entry->value.data == NULL ? "" : (const char *)entry->value.data, (unsigned long long)entry->version);
    return true;
}

Test(snapshot, tells_what_has_changed_since_another)
{
    stm_store *store = open_store(NULL);
    struct seen_changes seen = {0, ""};

    put(store, "a", "1");
    put(store, "b", "1");
    put(store, "c", "1");
    stm_snapshot *before = take(store, "before");
    put(store, "b", "2");
    erase(store, "c");
    put(store, "d", "1");
    put(store, "e", "1");
    erase(store, "e");
    stm_snapshot *after = take(store, "after");
    put(store, "a", "later");
    put(store, "b", "later");
    put(store, "c", "later");
    put(store, "f", "later");

    OK(stm_snapshot_scan_changes(after, stm_snapshot_revision(before), note_change, &seen));
    cr_assert_str_eq(seen.line, "b=2@2 c-@2 d=1@1 e-@2 ");
    seen = (struct seen_changes){0, ""};
    OK(stm_snapshot_scan_changes(after, stm_snapshot_revision(after), note_change, &seen));
    EQUALS(seen.count, 0);
    OK(stm_snapshot_scan_changes(before, 0, note_change, &seen));
    cr_assert_str_eq(seen.line, "a=1@1 b=1@1 c=1@1 ");

    ANSWERS(stm_snapshot_scan_changes(after, UINT64_MAX, note_change, &seen), STM_INVALID);
    ANSWERS(stm_snapshot_scan_changes(after, 0, NULL, NULL), STM_INVALID);
    ANSWERS(stm_snapshot_scan_changes(NULL, 0, note_change, &seen), STM_INVALID);
    stm_snapshot_release(before);
    stm_snapshot_release(after);
    close_store(store);
}

Test(snapshot, knows_its_store_label_and_age)
{
    stm_store *store = open_store(NULL);
    stm_snapshot *snapshot = take(store, "audit");

    cr_assert_eq(stm_snapshot_store(snapshot), store);
    cr_assert_str_eq(stm_snapshot_label(snapshot), "audit");
    const int64_t age = stm_snapshot_age_ns(snapshot);
    cr_assert(age >= 0);
    sleep_ms(2);
    cr_assert(stm_snapshot_age_ns(snapshot) > age);
    cr_assert_null(stm_snapshot_store(NULL));
    cr_assert_str_eq(stm_snapshot_label(NULL), "");
    EQUALS(stm_snapshot_age_ns(NULL), 0);

    stm_snapshot_release(snapshot);
    close_store(store);
}

Test(snapshot, store_id_and_options_in_force)
{
    const stm_options given = {.key_size_max = 100};
    stm_store *store = open_store(&given), *other = open_store(NULL);
    unsigned char id[STM_STORE_ID_SIZE], again[STM_STORE_ID_SIZE], others[STM_STORE_ID_SIZE];
    stm_options options = {.size = sizeof(options)};

    OK(stm_store_id(store, id));
    OK(stm_store_id(store, again));
    OK(stm_store_id(other, others));
    cr_assert(memcmp(id, again, sizeof(id)) == 0);
    cr_assert(memcmp(id, others, sizeof(id)) != 0);
    OK(stm_store_options(store, &options));
    EQUALS(options.key_size_max, 100);
    EQUALS(options.txn_key_count_max, 65536);
    options.size--;
    ANSWERS(stm_store_options(store, &options), STM_INVALID);
    ANSWERS(stm_store_options(store, NULL), STM_INVALID);
    ANSWERS(stm_store_id(store, NULL), STM_INVALID);
    ANSWERS(stm_store_id(NULL, id), STM_INVALID);

    close_store(other);
    close_store(store);
}

/* ---- ids, where the system has no random numbers to give ---- */

static bool forbid_random_numbers(void)
{
    static struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {COUNT_OF(filter), filter};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

Test(snapshot, store_ids_differ_without_random_numbers)
{
    unsigned char ids[2][STM_STORE_ID_SIZE], nothing[STM_STORE_ID_SIZE] = {0};

    if (!forbid_random_numbers())
        cr_skip_test("no filter for system calls is to be had here");
    stm_store *stores[] = {open_store(NULL), open_store(NULL)};
    for (int i = 0; i < 2; i++) {
        OK(stm_store_id(stores[i], ids[i]));
        cr_assert(memcmp(ids[i], nothing, sizeof(nothing)) != 0);
    }
    cr_assert(memcmp(ids[0], ids[1], sizeof(ids[0])) != 0);

    for (int i = 0; i < 2; i++)
        close_store(stores[i]);
}
