/*
 * Creation: two threads make the same key, and each goes on with a record of its own; or a key is lost,
 * or is there twice, while the index grows. Must not happen: a key is entered by one CAS at the one
 * place where its path ends, and paths that are being moved end at a frozen word.
 *
 *     one                          two
 *     looks for k: absent
 *                                  looks for k: absent
 *                                  enters its record of k
 *                                  commit k: version 1
 *     enters its record: must fail, and use two's
 *     commit k: CONFLICT
 */
#include "stage.h"

#include <stdio.h>

/* ---- the end of every case: each key is there once, for look-ups, scans and cursors alike */

static unsigned seen_count;

static bool count_entry(const stm_entry *entry, void *arg)
{
    (void)entry;
    (void)arg;
    seen_count++;
    return true;
}

static void each_key_once(void)
{
    stm_snapshot *snapshot;
    stm_cursor *cursor;
    stm_entry entry;
    char last[64] = "";
    unsigned listed = 0;
    if (stm_snapshot_take(stage_world.store, "count", &snapshot) != STM_OK ||
        stm_cursor_open(snapshot, stm_bytes_of(NULL, 0), stm_bytes_of(NULL, 0), &cursor) != STM_OK) {
        scheduler_fail("no cursor");
        return;
    }
    seen_count = 0;
    if (stm_snapshot_scan(snapshot, count_entry, NULL) != STM_OK)
        scheduler_fail("no scan");
    while (stm_cursor_next(cursor, &entry) == STM_OK) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)entry.key.size, (const char *)entry.key.data);
        if (strcmp(last, name) >= 0)
            scheduler_fail("the cursor shows %s after %s", name, last);
        memcpy(last, name, sizeof last);
        listed++;
    }
    stm_cursor_close(cursor);
    stm_snapshot_release(snapshot);
    uint64_t live = stage_stats().keys_live;
    if (seen_count != live || listed != live)
        scheduler_fail("%llu keys live, the scan shows %u, the cursor %u", (unsigned long long)live,
                       seen_count, listed);
}

static void finish(void)
{
    each_key_once();
    stage_close();
}

/* ---- the same key */

static void setup_two(void)
{
    stage_open(2, "W");
}

static void setup_three(void)
{
    stage_open(3, "W");
}

static void create(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = actor_set(me, 0);
    if (status == STM_OK)
        status = actor_commit(me);
    stage_status(thread, status);
}

/* ---- different keys, whose paths may meet; the third looks for both */

static void setup_looker(void)
{
    stage_open(3, "WW");
}

static void create_and_look(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status;
    if (thread < 2) {
        status = actor_set(me, thread);
        if (status == STM_OK)
            status = actor_commit(me);
        if (status != STM_OK)
            scheduler_fail("the only writer of its key is told %s", stm_status_name(status));
    } else {
        actor_take(me);
        uint64_t zero = actor_look(me, 0), one = actor_look(me, 1);
        stage_outcome(thread, zero != 0 && one != 0 ? "both" : zero != 0 || one != 0 ? "one" : "none");
        actor_release(me);
    }
}

/* ---- a cursor, which sorts the keys made so far, and a scan, while keys are made */

static void setup_listing(void)
{
    stage_open(2, "WWw");
}

static bool see_whole(const stm_entry *entry, void *arg)
{
    unsigned *count = arg;
    if (value_read(entry->value) == 0)
        scheduler_fail("a scan shows a value that is not whole");
    (*count)++;
    return true;
}

static unsigned list(const stm_snapshot *snapshot)
{
    stm_cursor *cursor;
    stm_entry entry, before = {0};
    unsigned count = 0;
    if (stm_cursor_open(snapshot, stm_bytes_of(NULL, 0), stm_bytes_of(NULL, 0), &cursor) != STM_OK) {
        scheduler_fail("no cursor");
        return 0;
    }
    for (; stm_cursor_next(cursor, &entry) == STM_OK; before = entry, count++) {
        if (value_read(entry.value) == 0)
            scheduler_fail("a cursor shows a value that is not whole");
        if (count > 0 && memcmp(before.key.data, entry.key.data,
                                before.key.size < entry.key.size ? before.key.size : entry.key.size) >= 0)
            scheduler_fail("a cursor is not in order");
    }
    stm_cursor_close(cursor);
    return count;
}

static void create_and_list(unsigned thread)
{
    actor *me = &stage_actors[thread];
    unsigned scanned = 0;
    if (thread == 0) {
        if (actor_set(me, 0) != STM_OK || actor_set(me, 1) != STM_OK || actor_commit(me) != STM_OK)
            scheduler_fail("the only writer does not commit");
        return;
    }
    actor_take(me);
    unsigned listed = list(me->snapshot), again = list(me->snapshot);
    if (stm_snapshot_scan(me->snapshot, see_whole, &scanned) != STM_OK)
        scheduler_fail("no scan");
    if (listed != again || listed != scanned || (listed != 1 && listed != 3))
        scheduler_fail("one snapshot has %u keys, and then %u, and in a scan %u", listed, again, scanned);
    stage_outcome(thread, listed == 1 ? "one" : "three");
    actor_release(me);
}

/* ---- two lists made at once, from one that is there: each sorts anew what is new, and one of them is kept */

static void setup_two_lists(void)
{
    stm_snapshot *snapshot;
    stage_open(2, "Www");
    if (stm_snapshot_take(stage_world.store, "first", &snapshot) != STM_OK || list(snapshot) != 2)
        scheduler_fail("no first list");
    else
        stm_snapshot_release(snapshot);
}

static void create_and_both_list(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread == 0 && (actor_set(me, 0) != STM_OK || actor_commit(me) != STM_OK))
        scheduler_fail("the only writer does not commit");
    actor_take(me);
    unsigned listed = list(me->snapshot);
    if (listed != 3 && (thread == 0 || listed != 2))
        scheduler_fail("thread %u finds %u keys", thread, listed);
    stage_outcome(thread, listed == 2 ? "two" : "three");
    actor_release(me);
}

/* ---- while the index grows: filled up to just below */

static void setup_growing(void)
{
    stage_open(2, "WWWWWWw");
    stage_fill_index(1);
}

static void setup_growing_three(void)
{
    stage_open(3, "WWWWWWw");
    stage_fill_index(1);
}

/* Three keys each: one fills the index, the next one begins to move it, or meets the other moving it. */
static void grow(unsigned thread)
{
    actor *me = &stage_actors[thread];
    for (uint32_t i = 0; i < 3; i++) {
        stm_status status = actor_set(me, thread * 3 + i);
        if (status != STM_OK)
            scheduler_fail("key %u is told %s", thread * 3 + i, stm_status_name(status));
    }
    if (actor_commit(me) != STM_OK)
        scheduler_fail("the only writer of its keys does not commit");
}

/* The same three keys for both. */
static void grow_together(unsigned thread)
{
    actor *me = &stage_actors[thread];
    stm_status status = STM_OK;
    for (uint32_t i = 0; i < 3 && status == STM_OK; i++)
        status = actor_set(me, thread == 0 ? i : 2 - i);
    if (status == STM_OK)
        status = actor_commit(me);
    stage_status(thread, status);
}

/* A third, who looks for an old key, and for a new one. */
static void grow_and_look(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (thread < 2) {
        grow(thread);
        return;
    }
    if (actor_get(me, 6) != STM_OK)
        scheduler_fail("an old key is lost");
    stm_status status = actor_get(me, 0);
    stage_status(thread, status);
}

/*
 * One stops while it moves the index, and another one goes on adding keys, uninterrupted, until the next table is moved as
 * well. Both are there then to give back the first one: once, and no key is lost.
 */
#define MOVED_TWICE 100 /* keys that fill the next table, too */

static unsigned added[2];

static stm_bytes name_of(unsigned thread, unsigned number)
{
    static char names[2][16]; /* a call may be interrupted by the other thread's */
    snprintf(names[thread], sizeof names[thread], "%c-%u", thread == 0 ? 'a' : 'b', number);
    return stm_text(names[thread]);
}

static stm_status add_one(stm_txn *txn, unsigned thread)
{
    scheduler_call();
    stm_status status = stm_txn_set(txn, name_of(thread, added[thread]), stm_text("x"));
    scheduler_call();
    if (status == STM_OK)
        status = stm_txn_commit(txn);
    stm_txn_reset(txn);
    added[thread] += status == STM_OK;
    return status;
}

static stm_status add(stm_txn *txn, unsigned thread, unsigned count)
{
    stm_status status = STM_OK;
    while (count-- > 0 && status == STM_OK)
        status = add_one(txn, thread);
    return status;
}

static void setup_adding(void)
{
    stage_open(2, "w");
    stage_fill_index(1);
    added[0] = added[1] = 0;
}

static void add_and_move(unsigned thread)
{
    stm_txn *txn = stage_actors[thread].txn;
    scheduler_quiet(thread == 1);
    stm_status status = add(txn, thread, thread == 0 ? 3 : MOVED_TWICE);
    scheduler_quiet(false);
    if (status != STM_OK)
        scheduler_fail("thread %u is told %s", thread, stm_status_name(status));
}

static void finish_adding(void)
{
    stm_txn *txn = stage_actors[0].txn;
    if (add(txn, 0, 20) != STM_OK)
        scheduler_fail("no key can be added afterwards");
    for (unsigned thread = 0; thread < 2; thread++)
        for (unsigned i = 0; i < added[thread]; i++)
            if (stm_txn_get(txn, name_of(thread, i), NULL) != STM_OK)
                scheduler_fail("key %u of thread %u is lost", i, thread);
    stm_txn_reset(txn);
    finish();
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"same_key", 2, setup_two, create, finish}, 3, {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"same_key_three", 3, setup_three, create, finish}, 2, {"OK, CONFLICT, CONFLICT", "OK, OK, OK"}},
        {{"create_and_look", 3, setup_looker, create_and_look, finish}, 2,
         {", , both", ", , one", ", , none"}},
        {{"create_and_list", 2, setup_listing, create_and_list, finish}, 2, {", one", ", three"}},
        {{"two_lists", 2, setup_two_lists, create_and_both_list, finish}, 2, {"three, two", "three, three"}},
        {{"grow", 2, setup_growing, grow, finish}, 1, {NULL}},
        {{"grow_together", 2, setup_growing, grow_together, finish}, 1,
         {"OK, OK", "OK, CONFLICT", "CONFLICT, OK"}},
        {{"grow_and_look", 3, setup_growing_three, grow_and_look, finish}, 1, {", , OK", ", , NOT_FOUND"}},
        {{"grow_twice", 2, setup_adding, add_and_move, finish_adding}, 1, {NULL}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
