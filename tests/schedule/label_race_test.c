/*
 * Labels: two threads name a kind of transaction for the first time, and one of the names is lost, or shown for
 * another; or the memory of the one who came second is. Must not happen: a name is entered by one CAS, after its number
 * has been claimed by another; the page that the number leads to is made once.
 *
 *     one                          two
 *     "new" is not there
 *     claims number 1              "new" is not there
 *                                  claims number 2
 *                                  makes the page; enters "new"
 *     finds the page made: its own goes back
 *     finds "new" entered: its own name stays unused
 */
#include "arena.h"
#include "explorer.h"

#include <string.h>

static stm_store *store;
static stm_txn *txns[2];
static const char *names[2];

static void open_with(const char *one, const char *two)
{
    const stm_options options = {.size = sizeof options, .key_count_hint = 16, .seed = 1, .allocator = arena_allocator()};
    names[0] = one;
    names[1] = two;
    if (stm_store_open(&options, &store) != STM_OK)
        scheduler_fail("no store");
}

static void setup_same(void)
{
    open_with("new", "new");
}

static void setup_different(void)
{
    open_with("new", "other");
}

/* Writes a key under its label: whoever meets it there later is told the label by its number. */
static void name_and_write(unsigned thread)
{
    stm_txn *txn;
    if (stm_txn_begin(store, names[thread], &txn) != STM_OK) {
        scheduler_fail("no transaction");
        return;
    }
    txns[thread] = txn;
    if (strcmp(stm_txn_label(txn), names[thread]) != 0)
        scheduler_fail("the label is %s, not %s", stm_txn_label(txn), names[thread]);
    if (stm_txn_set(txn, stm_bytes_of(&names[thread], 1 + thread), stm_text("x")) != STM_OK ||
        stm_txn_commit(txn) != STM_OK)
        scheduler_fail("the only writer of its key does not commit");
}

static void each_is_told(void)
{
    stm_snapshot *snapshot;
    stm_entry entry;
    if (strcmp(names[0], names[1]) == 0 && stm_txn_label(txns[0]) != stm_txn_label(txns[1]))
        scheduler_fail("one name is there twice");
    if (stm_snapshot_take(store, "look", &snapshot) != STM_OK) {
        scheduler_fail("no snapshot");
        return;
    }
    for (unsigned thread = 0; thread < 2; thread++) {
        if (stm_snapshot_get(snapshot, stm_bytes_of(&names[thread], 1 + thread), &entry) != STM_OK)
            scheduler_fail("a key is lost");
        else if (strcmp(entry.writer.label, names[thread]) != 0)
            scheduler_fail("written by %s, not by %s", entry.writer.label, names[thread]);
        stm_txn_end(txns[thread]);
    }
    stm_snapshot_release(snapshot);
    if (stm_store_close(store) != STM_OK)
        scheduler_fail("the store is still in use");
    if (arena_live_bytes() != 0)
        scheduler_fail("%zu bytes are leaked", arena_live_bytes());
}

int main(int argc, char **argv)
{
    static const explorer_case cases[] = {
        {{"same_name", 2, setup_same, name_and_write, each_is_told}, 2, {NULL}},
        {{"different_names", 2, setup_different, name_and_write, each_is_told}, 2, {NULL}},
    };
    return explorer_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
