/*
 * Interrupted: a thread stands in the midst of a call, and another one makes whole calls meanwhile, again and again, at
 * just the wrong place. What is bounded must end with the answer that was promised, and what is rare must be right.
 * That takes more switches than a search has patience for, or more steps than it allows to a run; but each visit is whole,
 * so one stack is enough: the visitor is called from where the library tells of its access.
 *
 *     one                              visitor
 *     ...
 *     stands before its access
 *                                      call, call, call: to their ends
 *     makes it
 */
#include "../../libstm/src/atomic.h"
#include "../api/ledger.h"

#include <stm/probe.h>
#include <stm/stm.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                        \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #condition); \
            exit(1);                                                                            \
        }                                                                                       \
    } while (0)
#define OK(call) CHECK((call) == STM_OK)

/* ----------------------------------------------------------------------------- visits -- */

static struct {
    const char *function; /* visited before each access of this kind that it makes */
    stmi_access_kind kind;
    void (*visit)(void); /* NULL: none */
    unsigned count;
} visits;

static void visit_maybe(const stmi_access *access)
{
    void (*visit)(void) = visits.visit;
    if (visit == NULL || access->kind != visits.kind || strcmp(access->site, visits.function) != 0)
        return;
    visits.visit = NULL; /* the visitor is not visited */
    visits.count++;
    visit();
    if (visits.visit == NULL)
        visits.visit = visit;
}

static void visit_at(const char *function, stmi_access_kind kind, void (*visit)(void))
{
    visits.function = function;
    visits.kind = kind;
    visits.visit = visit;
    visits.count = 0;
}


static void stop_visits(void)
{
    visits.visit = NULL;
}

/* ------------------------------------------------------------------------------ store -- */

static struct ledger ledger;
static stm_store *store;
static stm_txn *patient, *rude, *reader;

static stm_txn *begin(const char *label)
{
    stm_txn *txn;
    OK(stm_txn_begin(store, label, &txn));
    return txn;
}

static void put(const char *key, const char *value)
{
    stm_txn *txn = begin("put");
    OK(stm_txn_set(txn, stm_text(key), stm_text(value)));
    OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

static bool holds(const char *key, const char *value)
{
    stm_txn *txn = begin("look");
    stm_bytes found;
    stm_status status = stm_txn_get(txn, stm_text(key), &found);
    bool same = status == STM_OK && found.size == strlen(value) && memcmp(found.data, value, found.size) == 0;
    stm_txn_end(txn);
    return same;
}

static stm_stats stats_now(void)
{
    stm_stats stats;
    OK(stm_store_stats(store, &stats));
    return stats;
}

static void open_with(stm_options options)
{
    ledger_open(&ledger);
    options.size = sizeof options;
    if (options.allocator.alloc == NULL)
        options.allocator = ledger_allocator(&ledger);
    OK(stm_store_open(&options, &store));
}

/* Commits take keys in the order in which they were made. */
static void make_three_keys(void)
{
    put("x", "old");
    put("y", "old");
    put("z", "old");
    patient = begin("patient");
    rude = begin("rude");
    reader = begin("reader");
}

static void open_three_keys(stm_options options)
{
    open_with(options);
    make_three_keys();
}

static void close_all(void)
{
    stop_visits();
    stm_txn_end(patient);
    stm_txn_end(rude);
    stm_txn_end(reader);
    patient = rude = reader = NULL;
    OK(stm_store_close(store));
    CHECK(ledger_balances(&ledger));
}

/* ---------------------------------------------------------------------------- patience -- */

/* Puts aside whoever holds x, and then loses itself. */
static void be_rude(void)
{
    stm_txn_reset(rude);
    OK(stm_txn_set(rude, stm_text("x"), stm_text("rude")));
    OK(stm_txn_set(rude, stm_text("y"), stm_text("rude")));
    put("y", "new");
    CHECK(stm_txn_commit(rude) == STM_CONFLICT);
}

static void be_rude_twice(void)
{
    if (visits.count <= 2)
        be_rude();
}

static void hold_x_and_z(void)
{
    OK(stm_txn_set(patient, stm_text("x"), stm_text("mine")));
    OK(stm_txn_get(patient, stm_text("z"), NULL));
}

/* A commit that is put aside eight times is told BUSY, with nothing changed; the same call works when it is let. */
static void put_aside_eight_times(void)
{
    char text[300];
    open_three_keys((stm_options){0});
    hold_x_and_z();
    visit_at("decide", STMI_LOAD, be_rude);
    CHECK(stm_txn_commit(patient) == STM_BUSY);
    stop_visits();
    CHECK(visits.count == 8 && stats_now().aborts == 8);
    CHECK(stm_txn_conflicts(patient, NULL, 0) == 0);
    stm_txn_explain(patient, text, sizeof text);
    CHECK(strstr(text, "BUSY: others were faster each time: they put its commit aside") != NULL);
    CHECK(holds("x", "old"));
    OK(stm_txn_commit(patient));
    CHECK(holds("x", "mine"));
    close_all();
}

/* Starving: after eight attempts lost to BUSY an observer is told, of no key in particular if nobody was met. */
static struct {
    unsigned count;
    stm_event last;
} starved;

static void on_starving(void *context, const stm_event *event)
{
    (void)context;
    if (strcmp(event->label, "patient") != 0)
        return;
    starved.count++;
    starved.last = *event;
}

static void starving_without_a_key(void)
{
    static const stm_observer observer = {
        .size = sizeof observer, .events = STM_EVENT_BIT(STM_EVENT_STARVING), .event = on_starving};
    open_three_keys((stm_options){.observer = &observer});
    starved.count = 0;
    for (unsigned attempt = 1; attempt <= 8; attempt++) {
        CHECK(starved.count == 0);
        hold_x_and_z();
        visit_at("decide", STMI_LOAD, be_rude);
        CHECK(stm_txn_commit(patient) == STM_BUSY);
        stop_visits();
        stm_txn_reset(patient);
    }
    CHECK(starved.count == 1 && starved.last.attempt == 8 && starved.last.key.size == 0);
    CHECK(starved.last.elapsed_ns == 0); /* no times were asked for */
    close_all();
}

static void look_at_x(void)
{
    stm_bytes value;
    OK(stm_txn_get(reader, stm_text("x"), &value));
    CHECK(value.size == 3 && memcmp(value.data, "old", 3) == 0);
    stm_txn_reset(reader);
}

/* Who looks past a commit that also reads takes its proposal back. After sixteen proposals that counts as put aside;
 * from its third attempt on it holds what it reads, and nobody needs to take anything back. */
static void proposals_taken_back(void)
{
    open_three_keys((stm_options){0});
    hold_x_and_z();
    visit_at("decide", STMI_RMW, look_at_x);
    OK(stm_txn_commit(patient));
    stop_visits();
    CHECK(visits.count == 2 * 16 + 1 && stats_now().aborts == 2);
    CHECK(holds("x", "mine"));
    close_all();
}

/* ---------------------------------------------------------------------------- only held -- */

static void look_at_decided(void)
{
    stm_bytes value;
    if (visits.count > 1)
        return;
    OK(stm_txn_get(reader, stm_text("x"), &value));
    CHECK(value.size == 4 && memcmp(value.data, "mine", 4) == 0);
    OK(stm_txn_get(reader, stm_text("z"), &value));
    CHECK(value.size == 3 && memcmp(value.data, "old", 3) == 0);
    OK(stm_txn_commit(reader));
    stm_txn_reset(rude);
    OK(stm_txn_set(rude, stm_text("z"), stm_text("rude")));
    CHECK(stm_txn_commit(rude) == STM_BUSY); /* held, and nothing has changed */
}

static void visit_the_finish(void)
{
    be_rude_twice();
    if (visits.count == 3)
        visit_at("write_record", STMI_STORE, look_at_decided);
}

/* A commit that was put aside twice also holds what it only read. When it has decided, that key is as it was; and no old
 * version of it is kept for a snapshot. */
static void a_key_only_held(void)
{
    stm_snapshot *snapshot;
    stm_entry entry;
    open_three_keys((stm_options){0});
    hold_x_and_z();
    OK(stm_snapshot_take(store, "before", &snapshot));
    visit_at("decide", STMI_LOAD, visit_the_finish);
    OK(stm_txn_commit(patient));
    CHECK(visits.count >= 1 && strcmp(visits.function, "write_record") == 0);
    stop_visits();
    CHECK(stats_now().versions_old == 2); /* of x, and of y */
    OK(stm_snapshot_get(snapshot, stm_text("x"), &entry));
    CHECK(entry.version == 1);
    OK(stm_txn_commit(rude));
    CHECK(holds("z", "rude") && holds("x", "mine"));
    stm_snapshot_release(snapshot);
    close_all();
}

/* -------------------------------------------------------------------------- disturbed -- */

static unsigned changes_max;

static void change_x(void)
{
    if (visits.count <= changes_max)
        put("x", visits.count % 2 == 0 ? "even" : "odd");
}

/* A key that changes at each look is read in a snapshot of the reader's own, and so is what he reads after it: of the
 * same instant. */
static void a_key_that_never_stands_still(void)
{
    stm_bytes value, again;
    open_three_keys((stm_options){0});
    changes_max = 1000;
    visit_at("stmi_words_read", STMI_LOAD, change_x);
    OK(stm_txn_get(reader, stm_text("x"), &value));
    stop_visits();
    CHECK(visits.count >= 16 && stats_now().snapshots == 1);
    put("y", "too late");
    OK(stm_txn_get(reader, stm_text("y"), &again));
    CHECK(again.size == 3 && memcmp(again.data, "old", 3) == 0);
    CHECK(stm_txn_commit(reader) == STM_CONFLICT);
    stm_txn_reset(reader);
    CHECK(stats_now().snapshots == 0);
    close_all();
}

/* Without a snapshot to be had, and with a peek, it ends as BUSY; and whoever tries again gets there. */
static void busy_because_it_changes(void)
{
    stm_snapshot *snapshots[STM_SNAPSHOT_COUNT_MAX];
    stm_bytes value;
    open_three_keys((stm_options){0});
    for (unsigned i = 0; i < STM_SNAPSHOT_COUNT_MAX; i++)
        OK(stm_snapshot_take(store, "all of them", &snapshots[i]));
    changes_max = 1000;
    visit_at("stmi_words_read", STMI_LOAD, change_x);
    CHECK(stm_txn_get(reader, stm_text("x"), &value) == STM_BUSY);
    stop_visits();
    OK(stm_txn_get(reader, stm_text("x"), &value));
    stm_txn_reset(reader);
    visit_at("stmi_words_read", STMI_LOAD, change_x);
    CHECK(stm_txn_peek(reader, stm_text("x"), &value) == STM_BUSY);
    stop_visits();
    OK(stm_txn_peek(reader, stm_text("x"), &value));
    const uint64_t busy = stats_now().busy;
    changes_max = 100;
    visit_at("stmi_words_read", STMI_LOAD, change_x);
    STM_ATOMICALLY(store, txn, "block", "x")
    {
        OK(stm_txn_set(txn, stm_text("x"), stm_text("block")));
    }
    stop_visits();
    OK(stm_atomically_status());
    CHECK(stats_now().busy > busy && visits.count > 100 && holds("x", "block"));
    for (unsigned i = 0; i < STM_SNAPSHOT_COUNT_MAX; i++)
        stm_snapshot_release(snapshots[i]);
    close_all();
}

static void change_x_at_the_second_look(void)
{
    if (visits.count == 2)
        put("x", "new");
}

/* A sleeper whose time is over looks once more: what changed at the last moment is not slept through. */
static void changed_when_the_time_is_over(void)
{
    open_three_keys((stm_options){0});
    OK(stm_txn_get(reader, stm_text("x"), NULL));
    visit_at("stmi_look_version", STMI_LOAD, change_x_at_the_second_look);
    OK(stm_txn_wait(reader, 1000000));
    CHECK(visits.count == 2);
    stop_visits();
    CHECK(stm_txn_commit(reader) == STM_CONFLICT);
    close_all();
}

/* ------------------------------------------------------------------------------ winners -- */

static void lose_x(stm_conflict *conflict)
{
    stm_txn_reset(patient);
    OK(stm_txn_set(patient, stm_text("x"), stm_text("mine")));
    put("x", "theirs");
    visit_at("stmi_look_writer", STMI_LOAD, change_x);
    CHECK(stm_txn_commit(patient) == STM_CONFLICT);
    stop_visits();
    CHECK(stm_txn_conflicts(patient, conflict, 1) == 1);
}

/* A key that changes at each look has a winner unknown, rather than a wrong one; one that stands still at last has one. */
static void a_winner_unknown(void)
{
    stm_conflict conflict;
    char text[300];
    open_three_keys((stm_options){0});
    changes_max = 1000;
    lose_x(&conflict);
    CHECK(visits.count == 64 * 3 && conflict.winner.txn == 0 && conflict.winner.revision == 0);
    CHECK(strcmp(conflict.winner.label, "") == 0 && conflict.found > conflict.expected);
    stm_txn_explain(patient, text, sizeof text);
    CHECK(strstr(text, "published by a transaction unknown by now. Reset") != NULL);
    changes_max = 10;
    lose_x(&conflict);
    CHECK(visits.count < 20 && conflict.winner.txn != 0 && strcmp(conflict.winner.label, "put") == 0);
    close_all();
}

/* A label uses up its number even if there is no memory for it: when all of the first are lost so, a winner unknown still
 * has an empty label. */
static void a_winner_unknown_without_the_first_labels(void)
{
    stm_conflict conflict;
    stm_snapshot *snapshot;
    open_with((stm_options){0});
    for (unsigned i = 0; i < 300; i++) {
        ledger_refuse(&ledger, ledger.calls + 2, 1); /* the first is for the label, the second for a page of them */
        CHECK(stm_snapshot_take(store, "lost", &snapshot) == STM_NO_MEMORY);
    }
    ledger_refuse(&ledger, 0, 0);
    make_three_keys();
    changes_max = 1000;
    lose_x(&conflict);
    CHECK(conflict.winner.txn == 0 && strcmp(conflict.winner.label, "") == 0);
    close_all();
}

/* ------------------------------------------------------------------------------- blocks -- */

#define PIECE_SIZE 40000 /* of these, nine are too many for one transaction, and go to the store's depot */
#define PIECES 9
#define LARGE_SIZE 100000 /* is given back at once */

static char buffers[2][LARGE_SIZE]; /* the visitor has its own */

static stm_status set_large(stm_txn *txn, unsigned key, size_t size, int letter)
{
    char name[16];
    char *bytes = buffers[txn == rude];
    snprintf(name, sizeof name, "large %u", key);
    memset(bytes, letter, size);
    return stm_txn_set(txn, stm_text(name), stm_bytes_of(bytes, size));
}

static void hold_pieces(stm_txn *txn)
{
    for (unsigned i = 0; i < PIECES; i++)
        OK(set_large(txn, i, PIECE_SIZE, 'p'));
}

static void rude_takes_a_piece(void)
{
    if (visits.count == 1)
        OK(set_large(rude, 1, PIECE_SIZE, 'r'));
}

static bool is_all(stm_txn *txn, const char *name, char letter)
{
    stm_bytes value;
    OK(stm_txn_get(txn, stm_text(name), &value));
    bool all = value.size == PIECE_SIZE;
    for (size_t i = 0; all && i < value.size; i++)
        all = ((const char *)value.data)[i] == letter;
    return all;
}

/* Two take from the depot at once: one of them finds it empty, and no piece serves both. */
static void two_take_from_the_depot(void)
{
    open_three_keys((stm_options){0});
    hold_pieces(reader);
    stm_txn_reset(reader);
    visit_at("depot_take", STMI_RMW, rude_takes_a_piece);
    OK(set_large(patient, 0, PIECE_SIZE, 'm'));
    CHECK(visits.count == 1);
    stop_visits();
    OK(stm_txn_commit(patient));
    OK(stm_txn_commit(rude));
    CHECK(is_all(reader, "large 0", 'm') && is_all(reader, "large 1", 'r'));
    close_all();
}

static void rude_gives_pieces(void)
{
    if (visits.count == 1)
        stm_txn_reset(rude);
}

/* Two give to the depot at once: neither's pieces are lost. */
static void two_give_to_the_depot(void)
{
    open_three_keys((stm_options){0});
    hold_pieces(patient);
    hold_pieces(rude);
    visit_at("depot_push", STMI_RMW, rude_gives_pieces);
    stm_txn_reset(patient);
    CHECK(visits.count == 2); /* the second time it succeeds */
    stop_visits();
    const uint64_t calls = ledger.calls;
    hold_pieces(patient);
    hold_pieces(rude);
    CHECK(ledger.calls == calls); /* no more memory was needed */
    close_all();
}

/* The one who has published a block and the one who replaces it give it up at once: it is freed once, by the last. */
static void rude_replaces_the_block(void)
{
    if (visits.count > 1)
        return;
    OK(set_large(rude, 0, LARGE_SIZE, 'r'));
    OK(stm_txn_commit(rude));
    for (unsigned i = 0; i < 20; i++) { /* until what it has replaced is collected */
        OK(set_large(rude, 0, LARGE_SIZE, 'r'));
        OK(stm_txn_commit(rude));
    }
    stm_txn_reset(rude);
}

static void two_give_up_a_block(void)
{
    open_three_keys((stm_options){0});
    OK(set_large(patient, 0, LARGE_SIZE, 'm'));
    OK(stm_txn_commit(patient));
    visit_at("stmi_block_drop", STMI_RMW, rude_replaces_the_block);
    stm_txn_reset(patient);
    CHECK(visits.count == 1);
    close_all();
}

/* A value that is committed again without being set is the same block, also as two old versions: each gives up its part,
 * and what else waits with them is given back, too. */
static void two_old_versions_of_one_block(void)
{
    enum { VERSIONS = 3, KEYS = 4, SIZE = 300 }; /* so little that it waits together */
    stm_snapshot *snapshots[VERSIONS];
    open_three_keys((stm_options){0});
    for (unsigned key = 0; key < KEYS; key++)
        OK(set_large(patient, key, SIZE, 'm'));
    for (unsigned i = 0; i < VERSIONS; i++) {
        OK(stm_txn_commit(patient));
        OK(stm_snapshot_take(store, "keeper", &snapshots[i]));
    }
    stm_txn_reset(patient);
    for (unsigned key = 0; key < KEYS; key++)
        OK(set_large(rude, key, SIZE, 'r'));
    OK(stm_txn_commit(rude));
    CHECK(stats_now().versions_old == VERSIONS * KEYS);
    for (unsigned i = 0; i < VERSIONS; i++) {
        stm_entry entry;
        OK(stm_snapshot_get(snapshots[i], stm_text("large 3"), &entry));
        CHECK(entry.version == i + 1 && ((const char *)entry.value.data)[SIZE - 1] == 'm');
        stm_snapshot_release(snapshots[i]);
    }
    CHECK(stats_now().versions_old == 0);
    close_all();
}

/* ------------------------------------------------------------------------ old versions -- */

static stm_snapshot *early, *late;

static void release_the_early_one(void)
{
    if (visits.count == 1)
        stm_snapshot_release(early);
}

static void read_below(void)
{
    stm_entry entry;
    visit_at("read_record", STMI_LOAD, release_the_early_one);
    OK(stm_snapshot_get(late, stm_text("x"), &entry));
    CHECK(visits.count > 1 && entry.version == 2);
    CHECK(entry.value.size == 6 && memcmp(entry.value.data, "second", 6) == 0);
    visit_at("", STMI_LOAD, read_below);
}

/* A snapshot's value stands in the record, below a commit that has been decided and has not kept it yet. While it is read,
 * an older one is dropped from the history: that is none of its business. */
static void an_older_version_is_dropped_meanwhile(void)
{
    open_three_keys((stm_options){0});
    OK(stm_snapshot_take(store, "early", &early));
    put("x", "second");
    OK(stm_snapshot_take(store, "late", &late));
    OK(stm_txn_set(patient, stm_text("x"), stm_text("third")));
    visit_at("copy_old", STMI_LOAD, read_below);
    OK(stm_txn_commit(patient));
    CHECK(visits.count == 0 && visits.function[0] == '\0'); /* it came to that */
    stop_visits();
    CHECK(holds("x", "third") && stats_now().versions_old == 1);
    stm_snapshot_release(late);
    close_all();
}

/* ------------------------------------------------------------------------------ cursors -- */

static unsigned count_keys(void)
{
    const stm_bytes all = {NULL, 0};
    stm_snapshot *snapshot;
    stm_cursor *cursor;
    stm_entry entry;
    unsigned count = 0;
    OK(stm_snapshot_take(store, "count", &snapshot));
    OK(stm_cursor_open(snapshot, all, all, &cursor));
    while (stm_cursor_next(cursor, &entry) == STM_OK)
        count++;
    stm_cursor_close(cursor);
    stm_snapshot_release(snapshot);
    return count;
}

static void make_and_count_keys(void)
{
    if (visits.count != 2)
        return;
    put("new", "x");
    CHECK(count_keys() == 4);
}

/* Who opens a cursor has found the order of all keys, and is about to count himself in. Meanwhile another one puts a newer
 * order in its place, and nobody else uses the old one: it may not be gone. */
static void an_order_is_replaced_meanwhile(void)
{
    open_three_keys((stm_options){0});
    CHECK(count_keys() == 3);
    visit_at("shared", STMI_LOAD, make_and_count_keys);
    CHECK(count_keys() == 3); /* the new one is later than the snapshot */
    CHECK(visits.count >= 2);
    stop_visits();
    put("newer", "x");
    CHECK(count_keys() == 5);
    close_all();
}

/* --------------------------------------------------------------------------- full index -- */

/* Memory for anything but a table of the index: the only pieces of whole pages of no power of two, for which see
 * stmi_table. */
static bool refuses_tables;

static void *get_no_table(void *context, size_t size, size_t alignment)
{
    stm_allocator inner = ledger_allocator(&ledger);
    bool table = alignment >= 4096 && size > 4 * 4096 && (size & (size - 1)) != 0;
    (void)context;
    return table && refuses_tables ? NULL : inner.alloc(inner.context, size, alignment);
}

static void put_back(void *context, void *piece, size_t size)
{
    stm_allocator inner = ledger_allocator(&ledger);
    (void)context;
    inner.free(inner.context, piece, size);
}

#define HANDLES 700

static stm_txn *handles[HANDLES]; /* each may fill a few words before it tells the table of them */
static unsigned made;

static void open_index(uint64_t hint)
{
    open_with((stm_options){.key_count_hint = hint, .allocator = {get_no_table, put_back, NULL}});
    for (unsigned i = 0; i < HANDLES; i++)
        handles[i] = begin("fill");
    made = 0;
    refuses_tables = false;
}

static stm_bytes name_of(unsigned number)
{
    static char name[16];
    snprintf(name, sizeof name, "key %u", number);
    return stm_text(name);
}

static stm_status make_key(stm_txn *txn)
{
    stm_status status = stm_txn_set(txn, name_of(made), stm_bytes_of(&made, sizeof made));
    if (status == STM_OK)
        status = stm_txn_commit(txn);
    stm_txn_reset(txn);
    made += status == STM_OK;
    return status;
}

static void make_keys(unsigned until)
{
    while (made < until)
        OK(make_key(handles[0]));
}

/* By the other handles, so many each, which none of them tells of. */
static void fill_up(unsigned each)
{
    stm_status status = STM_OK;
    for (unsigned i = 1; status == STM_OK; i++) {
        CHECK(i < HANDLES);
        for (unsigned n = 0; status == STM_OK && n < each; n++)
            status = make_key(handles[i]);
    }
    CHECK(status == STM_NO_MEMORY);
}

static void each_key_is_there(void)
{
    stm_snapshot *snapshot;
    OK(stm_snapshot_take(store, "all", &snapshot));
    for (unsigned i = 0; i < made; i++) {
        stm_entry entry;
        OK(stm_snapshot_get(snapshot, name_of(i), &entry));
        CHECK(entry.value.size == sizeof i && memcmp(entry.value.data, &i, sizeof i) == 0);
    }
    stm_entry entry;
    CHECK(stm_snapshot_get(snapshot, stm_text("none"), &entry) == STM_NOT_FOUND);
    stm_snapshot_release(snapshot);
}

static void close_index(void)
{
    for (unsigned i = 0; i < HANDLES; i++)
        stm_txn_end(handles[i]);
    OK(stm_store_close(store));
    CHECK(ledger_balances(&ledger));
}

/* Many who each fill a few of its last words, and no memory for a larger one: the index is full to its last word. It says
 * so, finds what is there, and does not look for ever for what is not; with memory it grows. */
static void full_to_the_last_word(void)
{
    enum { WORDS = 8192, TOLD_AT_ONCE = 8 };
    open_index(5000);
    refuses_tables = true;
    make_keys(WORDS / 8 * 7 - TOLD_AT_ONCE);
    fill_up(TOLD_AT_ONCE - 1);
    CHECK(made == WORDS);
    each_key_is_there();
    refuses_tables = false;
    make_keys(WORDS + 100);
    each_key_is_there();
    close_index();
}

static void fill_the_next_table(void)
{
    refuses_tables = true;
    make_keys(1700); /* of its 2,048 words; the others are moved, but for those that the one visited is about to move */
    fill_up(1);
}

/* Somebody has begun to move some buckets; when he goes on the next table is full, and there is no memory for another
 * one. They stay where they are, and keys in them are found for ever. */
static void half_moved(void)
{
    open_index(640);
    make_keys(641);
    visit_at("move_bucket", STMI_RMW, fill_the_next_table);
    stm_txn *mover = handles[HANDLES - 1];
    stm_status status = stm_txn_set(mover, stm_text("mover"), stm_text("x"));
    stop_visits();
    CHECK(visits.count >= 1);
    CHECK(status == STM_OK || status == STM_NO_MEMORY);
    stm_txn_reset(mover);
    each_key_is_there();
    refuses_tables = false;
    make_keys(made + 3000);
    each_key_is_there();
    close_index();
}

int main(void)
{
    stmi_access_hook = visit_maybe;
    put_aside_eight_times();
    starving_without_a_key();
    proposals_taken_back();
    a_key_only_held();
    a_key_that_never_stands_still();
    busy_because_it_changes();
    changed_when_the_time_is_over();
    a_winner_unknown();
    a_winner_unknown_without_the_first_labels();
    two_take_from_the_depot();
    two_give_to_the_depot();
    two_give_up_a_block();
    two_old_versions_of_one_block();
    an_older_version_is_dropped_meanwhile();
    an_order_is_replaced_meanwhile();
    full_to_the_last_word();
    half_moved();
    return 0;
}
