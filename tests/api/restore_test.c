/*
 * restore_test.c -- stm_txn_restore brings a key back at the version that it had elsewhere.
 *
 * What must not happen: a version goes back, or is published twice for two values; somebody takes the
 * leap for one commit, or does not notice it.
 */
#include "support.h"

#include <stm/probe.h>

static stm_txn *restoring(stm_store *store, const char *key, const char *value, uint64_t version)
{
    stm_txn *txn = begin(store, "restore");

    OK(stm_txn_restore(txn, stm_text(key), stm_text(value), STM_STRING, version));
    return txn;
}

static void restore(stm_store *store, const char *key, const char *value, uint64_t version)
{
    stm_txn *txn = restoring(store, key, value, version);

    OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

Test(restore, publishes_exactly_that_version)
{
    stm_store *store = open_store(NULL);
    stm_type type;

    restore(store, "new", "v", 7);
    EQUALS(version_now(store, "new"), 7);
    HOLDS(store, "new", "v");
    put(store, "new", "w");
    EQUALS(version_now(store, "new"), 8);

    put(store, "old", "v");
    restore(store, "old", "w", 2); /* the next one by name */
    EQUALS(version_now(store, "old"), 2);
    restore(store, "old", "x", 1000000007);
    EQUALS(version_now(store, "old"), 1000000007);
    HOLDS(store, "old", "x");

    erase(store, "old");
    restore(store, "old", "y", 2000000000);
    EQUALS(version_now(store, "old"), 2000000000);

    stm_txn *txn = begin(store, "look");
    OK(stm_txn_get(txn, stm_text("old"), NULL));
    OK(stm_txn_type(txn, stm_text("old"), &type));
    EQUALS(type, STM_STRING);
    stm_txn_end(txn);
    EQUALS(stats_of(store).keys_live, 2);
    close_store(store);
}

Test(restore, never_goes_back)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "restore");

    put(store, "key", "1");
    put(store, "key", "2");
    for (uint64_t version = 0; version <= 2; version++) {
        ANSWERS(stm_txn_restore(txn, stm_text("key"), stm_text("x"), STM_BYTES, version), STM_INVALID);
        ANSWERS(stm_txn_commit(txn), STM_INVALID); /* it sticks */
        stm_txn_reset(txn);
    }
    ANSWERS(stm_txn_restore(txn, stm_text("key"), stm_text("x"), STM_BYTES, STM_VERSION_MAX + 1), STM_INVALID);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_restore(txn, stm_text("key"), stm_text("x"), (stm_type)8, 9), STM_INVALID);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_restore(txn, stm_text("key"), NO_BYTES, STM_BYTES, 9), STM_INVALID);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_restore(NULL, stm_text("key"), stm_text("x"), STM_BYTES, 9), STM_INVALID);
    EQUALS(version_now(store, "key"), 2);
    HOLDS(store, "key", "2");

    OK(stm_txn_restore(txn, stm_text("key"), stm_text("last"), STM_BYTES, STM_VERSION_MAX));
    OK(stm_txn_commit(txn));
    OK(stm_txn_commit(txn)); /* and there is room behind it */
    EQUALS(version_now(store, "key"), STM_VERSION_MAX + 1);
    HOLDS(store, "key", "last");
    stm_txn_end(txn);
    close_store(store);
}

Test(restore, is_for_one_commit_and_can_be_taken_back)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = restoring(store, "key", "v", 10);

    OK(stm_txn_commit(txn));
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"), 11);
    OK(stm_txn_restore(txn, stm_text("key"), stm_text("w"), STM_BYTES, 50));
    OK(stm_txn_set(txn, stm_text("key"), stm_text("x")));
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"), 12);
    OK(stm_txn_restore(txn, stm_text("key"), stm_text("w"), STM_BYTES, 50));
    OK(stm_txn_delete(txn, stm_text("key")));
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"), 13);
    LACKS(store, "key");
    OK(stm_txn_restore(txn, stm_text("key"), stm_text("w"), STM_BYTES, 50));
    OK(stm_txn_restore(txn, stm_text("key"), stm_text("y"), STM_BYTES, 40));
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"), 40);
    OK(stm_txn_restore(txn, stm_text("key"), stm_text("w"), STM_BYTES, 60));
    stm_txn_reset(txn);
    OK(stm_txn_use(txn, stm_text("key"), NULL));
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"), 41);
    HOLDS(store, "key", "y");
    stm_txn_end(txn);
    close_store(store);
}

Test(restore, conflicts_like_any_commit)
{
    stm_store *store = open_store(NULL);
    stm_conflict conflict;
    char why[300];

    put(store, "key", "1");
    stm_txn *reader = begin(store, "reader");
    OK(stm_txn_get(reader, stm_text("key"), NULL));
    OK(stm_txn_set(reader, stm_text("other"), stm_text("x")));
    stm_txn *late = restoring(store, "key", "late", 5);
    restore(store, "key", "first", 100);

    ANSWERS(stm_txn_commit(reader), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(reader, &conflict, 1), 1);
    EQUALS(conflict.expected, 1);
    EQUALS(conflict.found, 100);
    cr_assert_str_eq(conflict.winner.label, "restore");
    stm_txn_explain(reader, why, sizeof(why));
    cr_assert_not_null(strstr(why, "was at version 100"), "%s", why);

    ANSWERS(stm_txn_commit(late), STM_CONFLICT);
    stm_txn_reset(late);
    ANSWERS(stm_txn_restore(late, stm_text("key"), stm_text("late"), STM_BYTES, 5), STM_INVALID);
    stm_txn_end(late);
    stm_txn_end(reader);
    HOLDS(store, "key", "first");
    close_store(store);
}

Test(restore, under_snapshots_and_with_every_size)
{
    static const size_t sizes[] = {0, 8, 16, 17, 300, 70000};
    static char before[70000], after[70000];
    stm_store *store = open_store(NULL);

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        stm_txn *txn = begin(store, "restore");
        stm_entry entry;

        fill(before, sizes[i], 1);
        fill(after, sizes[i], 2);
        put_bytes(store, stm_text("key"), stm_bytes_of(before, sizes[i]));
        const uint64_t version = version_now(store, "key");
        stm_snapshot *old = take(store, "old");
        OK(stm_txn_restore(txn, stm_text("key"), stm_bytes_of(after, sizes[i]), STM_BYTES, version + 100));
        OK(stm_txn_commit(txn));
        stm_snapshot *young = take(store, "young");
        OK(stm_txn_commit(txn)); /* the restored version is an old one now */

        OK(stm_snapshot_get(old, stm_text("key"), &entry));
        EQUALS(entry.version, version);
        IS_BYTES(entry.value, stm_bytes_of(before, sizes[i]));
        OK(stm_snapshot_get(young, stm_text("key"), &entry));
        EQUALS(entry.version, version + 100);
        IS_BYTES(entry.value, stm_bytes_of(after, sizes[i]));
        EQUALS(version_now(store, "key"), version + 101);
        stm_snapshot_release(young);
        stm_snapshot_release(old);
        stm_txn_end(txn);
    }
    EQUALS(stats_of(store).versions_old, 0);
    close_store(store);
}

static void note_publish(void *context, const stm_event *event)
{
    uint64_t *versions = context;

    versions[0] = event->version_from;
    versions[1] = event->version_to;
}

Test(restore, is_told_to_observers)
{
    uint64_t versions[2] = {0, 0};
    const stm_observer observer = {.size = sizeof(observer),
                                   .events = STM_EVENT_BIT(STM_EVENT_PUBLISH),
                                   .event = note_publish,
                                   .context = versions};
    const stm_options options = {.observer = &observer};
    stm_store *store = open_store(&options);

    put(store, "key", "1");
    restore(store, "key", "2", 9);
    EQUALS(versions[0], 1);
    EQUALS(versions[1], 9);
    put(store, "key", "3");
    EQUALS(versions[0], 9);
    EQUALS(versions[1], 10);
    close_store(store);
}
