/*
 * Restore: a commit publishes a version of its own choice, and somebody who meets it half-way takes it for the next
 * one. Must not happen: from its deciding CAS on, everybody sees the version that it was asked for; and whoever
 * had the version before is told CONFLICT, whatever the distance.
 *
 *     restorer                     writer                       snapshot
 *     x := R at 10, y := R at 20
 *     install x, y; decided
 *                                  use x: R, version 10,        x: version 1 or 10,
 *                                  though head leads to           y: 1 or 20, both of one instant
 *                                  the entry
 *     finish
 *                                  set x, y; commit: 11, 21
 *
 * The history check of the other tests counts versions one by one; here values and versions are compared.
 */
#include "arena.h"
#include "explorer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROLES 3
#define LEAP_X 10
#define LEAP_Y 20

static stm_store *store;
static stm_txn *txns[2];
static stm_status outcomes[2];
static stm_bytes x, y;
static const char *initial, *restored, *written; /* values of one size class */

static void must(stm_status status, const char *what)
{
    if (status == STM_OK)
        return;
    fprintf(stderr, "restore_test: %s: %s\n", what, stm_status_name(status));
    abort();
}

static void set_both(stm_txn *txn, const char *value)
{
    must(stm_txn_set(txn, x, stm_text(value)), "set");
    must(stm_txn_set(txn, y, stm_text(value)), "set");
}

static void open_with(const char *at_first, const char *then, const char *later)
{
    stm_options options = {.size = sizeof options, .allocator = arena_allocator(), .key_count_hint = 1};
    stm_snapshot *snapshots[ROLES];
    x = stm_text("x");
    y = stm_text("a key too long for its record y");
    initial = at_first;
    restored = then;
    written = later;
    must(stm_store_open(&options, &store), "open");
    for (unsigned i = 0; i < 2; i++)
        must(stm_txn_begin(store, i == 0 ? "restorer" : "writer", &txns[i]), "begin");
    set_both(txns[0], initial);
    must(stm_txn_commit(txns[0]), "commit");
    stm_txn_reset(txns[0]);
    for (unsigned i = 0; i < ROLES; i++) /* slots and labels are made now, and not explored */
        must(stm_snapshot_take(store, "look", &snapshots[i]), "take");
    for (unsigned i = 0; i < ROLES; i++)
        stm_snapshot_release(snapshots[i]);
    outcomes[0] = outcomes[1] = STM_OK;
}

static void setup_small(void)
{
    open_with("i", "r", "w");
}

static void setup_large(void)
{
    open_with("the initial value, too large for any record", "the restored value, too large for any record",
              "the written value, too large for any record");
}

/* The versions that a value can have under a key. */
static void check(const char *who, const char *value, uint64_t version, uint64_t leap)
{
    bool sound = strcmp(value, initial) == 0    ? version == 1
                 : strcmp(value, restored) == 0 ? version == leap
                                                : version == 2 || version == leap + 1;
    if (!sound)
        scheduler_fail("%s sees \"%.8s\" at version %llu", who, value, (unsigned long long)version);
}

/* ------------------------------------------------------------------------------- roles -- */

static void restorer(void)
{
    stm_txn *txn = txns[0];
    stm_status status = stm_txn_restore(txn, x, stm_text(restored), STM_STRING, LEAP_X);
    if (status == STM_OK)
        status = stm_txn_restore(txn, y, stm_text(restored), STM_STRING, LEAP_Y);
    if (status == STM_OK)
        status = stm_txn_commit(txn);
    outcomes[0] = status;
}

static stm_status write_both(stm_txn *txn)
{
    stm_bytes keys[] = {x, y}, values[2];
    uint64_t versions[2];
    stm_status status = stm_txn_using(txn, keys, 2, values);
    if (status != STM_OK)
        return status;
    for (unsigned i = 0; i < 2; i++) {
        must(stm_txn_version(txn, keys[i], &versions[i]), "version");
        check("the writer", values[i].data, versions[i], i == 0 ? LEAP_X : LEAP_Y);
    }
    if ((versions[0] == 1) != (versions[1] == 1))
        scheduler_fail("the writer sees keys of two instants");
    for (unsigned i = 0; i < 2; i++)
        must(stm_txn_set(txn, keys[i], stm_text(written)), "set");
    return stm_txn_commit(txn);
}

static void writer(void)
{
    outcomes[1] = write_both(txns[1]);
}

static void looker(void)
{
    stm_snapshot *snapshot;
    stm_entry entries[2];
    must(stm_snapshot_take(store, "look", &snapshot), "take");
    for (unsigned again = 0; again < 2; again++) {
        must(stm_snapshot_get(snapshot, x, &entries[0]), "get");
        must(stm_snapshot_get(snapshot, y, &entries[1]), "get");
        check("a snapshot", entries[0].value.data, entries[0].version, LEAP_X);
        check("a snapshot", entries[1].value.data, entries[1].version, LEAP_Y);
        if (strcmp(entries[0].value.data, entries[1].value.data) != 0)
            scheduler_fail("a snapshot shows keys of two instants");
    }
    stm_snapshot_release(snapshot);
}

static void run_all(unsigned thread)
{
    thread == 0 ? restorer() : thread == 1 ? writer() : looker();
}

static void run_writers(unsigned thread)
{
    thread == 0 ? restorer() : writer();
}

static void run_restore_and_look(unsigned thread)
{
    thread == 0 ? restorer() : looker();
}

/* Restored, committed again, and restored further: the leap is for one commit. */
static void run_twice(unsigned thread)
{
    if (thread == 1) {
        looker();
        return;
    }
    restorer();
    if (outcomes[0] != STM_OK)
        scheduler_fail("the only writer is told %s", stm_status_name(outcomes[0]));
    set_both(txns[0], written);
    outcomes[0] = stm_txn_commit(txns[0]);
}

/* --------------------------------------------------------------------------------- end -- */

static uint64_t version_of(stm_txn *txn, stm_bytes key)
{
    uint64_t version = 0;
    must(stm_txn_use(txn, key, NULL), "use");
    must(stm_txn_version(txn, key, &version), "version");
    return version;
}

static void finish(void)
{
    char text[64];
    stm_stats stats;
    for (unsigned i = 0; i < 2; i++)
        stm_txn_reset(txns[i]);
    uint64_t last = version_of(txns[0], x), other = version_of(txns[0], y);
    if (last + LEAP_Y - LEAP_X != other && last != other)
        scheduler_fail("in the end, versions %llu and %llu", (unsigned long long)last, (unsigned long long)other);
    snprintf(text, sizeof text, "%s, %s: version %llu", stm_status_name(outcomes[0]), stm_status_name(outcomes[1]),
             (unsigned long long)last);
    for (unsigned i = 0; i < 2; i++)
        stm_txn_end(txns[i]);
    if (stm_store_stats(store, &stats) != STM_OK || stats.versions_old != 0)
        scheduler_fail("old versions are left");
    if (stm_store_close(store) != STM_OK || arena_live_bytes() != 0)
        scheduler_fail("the store does not close, or leaks");
    explorer_note(text);
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"small_writers", 2, setup_small, run_writers, finish}, 3,
         {"OK, OK: version 11", "CONFLICT, OK: version 2", "OK, CONFLICT: version 10"}},
        {{"large_writers", 2, setup_large, run_writers, finish}, 3,
         {"OK, OK: version 11", "CONFLICT, OK: version 2", "OK, CONFLICT: version 10"}},
        {{"small_look", 2, setup_small, run_restore_and_look, finish}, 3, {"OK, OK: version 10"}},
        {{"large_look", 2, setup_large, run_restore_and_look, finish}, 3, {"OK, OK: version 10"}},
        {{"twice", 2, setup_small, run_twice, finish}, 3, {"OK, OK: version 11"}},
        {{"all", 3, setup_small, run_all, finish}, 2,
         {"OK, OK: version 11", "CONFLICT, OK: version 2", "OK, CONFLICT: version 10"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
