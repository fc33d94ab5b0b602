/*
 * Torn scan: a scan shows a key otherwise than a look at it under the same snapshot -- half of two values, a value of a
 * later commit, or not at all. Must not happen: a scan takes what a record says at one glance only if the record is
 * clean, its revision is one that the snapshot sees, and a second look finds the same; all else it asks the slow way.
 *
 *     scanner                       writer
 *     x: clean, revision 1
 *                                   installs in x, decides, writes x, finishes
 *     x: the value's words
 *     "x is what I have read": must not be
 *
 * The looks go through the history that is checked at the end; what the scans show is held against them.
 */
#include "stage.h"

#define KEY_COUNT 3

/* What a scan has shown of each key; data is NULL where it has not. */
struct shown {
    stm_bytes values[KEY_COUNT];
    char bytes[KEY_COUNT][64];
};

static void show(struct shown *shown, stm_bytes key, stm_bytes value)
{
    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        stm_bytes name = stage_key(i);
        if (name.size != key.size || memcmp(name.data, key.data, key.size) != 0)
            continue;
        if (shown->values[i].data != NULL)
            scheduler_fail("a scan shows key %u twice", i);
        if (value.size <= sizeof shown->bytes[i]) { /* small ones live no longer than the visit */
            memcpy(shown->bytes[i], value.data, value.size);
            value.data = shown->bytes[i];
        }
        shown->values[i] = value;
    }
}

static bool see_entry(const stm_entry *entry, void *arg)
{
    show(arg, entry->key, entry->value);
    return true;
}

static bool see_rows(const stm_row *rows, size_t count, void *arg)
{
    if (count == 0)
        scheduler_fail("no rows are shown");
    for (size_t i = 0; i < count; i++)
        show(arg, stm_row_key(&rows[i]), stm_row_value(&rows[i]));
    return true;
}

static void compare(const actor *me, const struct shown *shown, const char *how)
{
    for (uint32_t key = 0; key < KEY_COUNT; key++) {
        stm_entry entry;
        stm_bytes value = {NULL, 0};
        if (stm_snapshot_get(me->snapshot, stage_key(key), &entry) == STM_OK)
            value = entry.value;
        if (value.size != shown->values[key].size || (value.data == NULL) != (shown->values[key].data == NULL) ||
            (value.data != NULL && memcmp(value.data, shown->values[key].data, value.size) != 0))
            scheduler_fail("%s shows key %u otherwise than a look at it", how, key);
    }
}

static void scan(unsigned thread, bool by_rows)
{
    struct shown shown = {.values = {{NULL, 0}}};
    actor *me = &stage_actors[thread];
    actor_take(me);
    stm_status status = by_rows ? stm_snapshot_scan_rows(me->snapshot, see_rows, &shown)
                                : stm_snapshot_scan(me->snapshot, see_entry, &shown);
    if (status != STM_OK)
        scheduler_fail("no scan: %s", stm_status_name(status));
    uint64_t x = actor_look(me, 0), y = actor_look(me, 1);
    (void)actor_look(me, 2);
    compare(me, &shown, by_rows ? "a scan by rows" : "a scan");
    if (stage_is_initial(x) != stage_is_initial(y))
        scheduler_fail("half of a commit is shown");
    stage_outcome(thread, stage_is_initial(x) ? "before" : "after");
    actor_release(me);
}

/* Two keys in one commit; the third goes, and comes back. */
static void write(unsigned thread)
{
    actor *me = &stage_actors[thread];
    if (actor_set(me, 0) != STM_OK || actor_set(me, 1) != STM_OK || actor_commit(me) != STM_OK ||
        actor_delete(me, 2) != STM_OK || actor_commit(me) != STM_OK)
        scheduler_fail("the only writer does not commit");
}

static void setup_small(void)
{
    stage_open(2, "wws");
}

static void setup_large(void)
{
    stage_open(2, "lsl");
}

static void rows(unsigned thread)
{
    thread == 0 ? write(thread) : scan(thread, true);
}

static void entries(unsigned thread)
{
    thread == 0 ? write(thread) : scan(thread, false);
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"rows", 2, setup_small, rows, stage_close}, 2, {", before", ", after"}},
        {{"entries", 2, setup_small, entries, stage_close}, 2, {", before", ", after"}},
        {{"rows_large", 2, setup_large, rows, stage_close}, 2, {", before", ", after"}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
