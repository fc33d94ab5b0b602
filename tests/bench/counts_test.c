/*
 * What one operation does to memory that others share, counted: cache lines written, atomic read-modify-writes, and
 * calls of the allocator. Times change with the machine and its neighbours; these do not, and they decide what happens
 * on many cores (docs/scaling.md): a line that two cores write travels between them, and a line that is written by
 * everybody limits all of them together.
 *
 * Two threads' transactions do the same operation, one after the other: first on the same keys, then on different ones.
 * A line that the first one writes and the second one touches has *met* it, and would have travelled. The rest of
 * what is written belongs to the first one's own slot, and stays with its core: it is printed, and not held.
 *
 * Each count is held to a limit: fewer is welcome, and then the limit should follow. "entries" are exchanges by which
 * a thread enters an epoch: in the testing build only; elsewhere they are plain stores, where the kernel has
 * membarrier(2). They are counted apart.
 */
#include "footprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <stm/stm.h>
#include <string.h>

#define KEY_COUNT 256
#define LONG_COUNT 64
#define LINES_MAX 4096
#define RUNS 24 /* the first makes what is made once, and now and then one keeps house */

/* One thread's. */
typedef struct worker {
    stm_txn *txn;
    uint32_t first; /* key of its operations */
} worker;

typedef void operation(worker *worker);

typedef struct counts {
    unsigned loads, stores, rmws, entries, allocations;
    uintptr_t touched[LINES_MAX], written[LINES_MAX];
    unsigned touched_count, written_count;
} counts;

typedef struct limit {
    const char *name;
    operation *run;
    unsigned rmws, met_same, met_other; /* at most */
} limit;

static stm_store *store;
static stm_snapshot *held;
static char names[KEY_COUNT][17];
static stm_key handles[KEY_COUNT];
static counts *present; /* NULL: nothing is counted */
static unsigned allocations;

static void must(stm_status status, const char *what)
{
    if (status != STM_OK) {
        fprintf(stderr, "counts: %s: %s\n", what, stm_status_name(status));
        exit(1);
    }
}

/* -------------------------------------------------------------------------------- counting -- */

static bool contains(const uintptr_t *lines, unsigned count, uintptr_t line)
{
    for (unsigned i = 0; i < count; i++) {
        if (lines[i] == line)
            return true;
    }
    return false;
}

static void add(uintptr_t *lines, unsigned *count, uintptr_t line)
{
    if (contains(lines, *count, line))
        return;
    if (*count == LINES_MAX) {
        fprintf(stderr, "counts: too many lines\n");
        exit(1);
    }
    lines[(*count)++] = line;
}

/* A transaction that goes to sleep, and what another thread does meanwhile: it does so from inside the sleeper's call,
 * when that has said that it waits, and looks at its keys for the last time. */
static struct {
    stm_txn *txn;
    worker *other; /* NULL: it has had its turn */
    counts *of_other;
} asleep;

static void transfer(worker *worker);

static void let_other_run(void)
{
    worker *other = asleep.other;
    asleep.other = NULL;
    present = asleep.of_other;
    transfer(other);
    present = NULL;
}

static void count_access(const stmi_access *access)
{
    if (asleep.other != NULL && strcmp(access->site, "wait_until") == 0)
        let_other_run();
    uintptr_t line = (uintptr_t)access->address / STMI_LINE;
    if (present == NULL || access->kind == STMI_SPIN)
        return;
    bool enters = access->kind == STMI_RMW && strcmp(access->site, "stmi_epoch_enter") == 0;
    present->loads += access->kind == STMI_LOAD;
    present->stores += access->kind == STMI_STORE;
    present->rmws += access->kind == STMI_RMW && !enters;
    present->entries += enters;
    add(present->touched, &present->touched_count, line);
    if (access->kind != STMI_LOAD)
        add(present->written, &present->written_count, line);
}

static void *counted_alloc(void *context, size_t size, size_t alignment)
{
    (void)context;
    allocations++;
    size_t unit = alignment < sizeof(void *) ? sizeof(void *) : alignment;
    void *memory = aligned_alloc(unit, (size + unit - 1) / unit * unit);
    if (memory != NULL)
        memset(memory, 0, size);
    return memory;
}

static void counted_free(void *context, void *memory, size_t size)
{
    (void)context;
    (void)size;
    free(memory);
}

static unsigned total(const counts *c)
{
    return c->loads + c->stores + c->rmws + c->entries;
}

static void measure(operation *run, worker *w, counts *cheapest)
{
    static counts fresh;
    for (unsigned i = 0; i < RUNS; i++) {
        fresh = (counts){0};
        unsigned before = allocations;
        present = &fresh;
        run(w);
        present = NULL;
        fresh.allocations = allocations - before;
        if (i <= 1 || total(&fresh) < total(cheapest))
            *cheapest = fresh;
    }
}

/* The lines that one writes and the other touches. */
static unsigned met(const counts *one, const counts *other)
{
    unsigned count = 0;
    for (unsigned i = 0; i < one->written_count; i++)
        count += contains(other->touched, other->touched_count, one->written[i]);
    return count;
}

/* ------------------------------------------------------------------------------ operations -- */

static stm_bytes name_of(uint32_t key)
{
    return stm_bytes_of(names[key % KEY_COUNT], 16);
}

static void finish(worker *w)
{
    must(stm_txn_commit(w->txn), "commit");
    stm_txn_reset(w->txn);
}

static void update_names(worker *w, uint32_t count)
{
    stm_bytes keys[LONG_COUNT] = {{NULL, 0}}, values[LONG_COUNT];
    int64_t number = 7;
    for (uint32_t i = 0; i < count; i++)
        keys[i] = name_of(w->first + i);
    must(stm_txn_using(w->txn, keys, count, values), "using");
    for (uint32_t i = 0; i < count; i++)
        must(stm_txn_set(w->txn, keys[i], stm_bytes_of(&number, sizeof number)), "set");
    finish(w);
}

static void transfer(worker *w)
{
    update_names(w, 2);
}

/* Beside one who sleeps on a key that it has nothing to do with. Only the transfer is counted. */
static void transfer_beside_sleeper(worker *w)
{
    asleep.of_other = present;
    asleep.other = w;
    present = NULL;
    must(stm_txn_get(asleep.txn, name_of(KEY_COUNT - 1), NULL), "get");
    stm_status status = stm_txn_wait(asleep.txn, 0);
    if (status != STM_TIMEOUT || asleep.other != NULL) {
        fprintf(stderr, "counts: the sleeper is told %s\n", stm_status_name(status));
        exit(1);
    }
    stm_txn_reset(asleep.txn);
    present = asleep.of_other;
}

static void update_one(worker *w)
{
    update_names(w, 1);
}

static void update_long(worker *w)
{
    update_names(w, LONG_COUNT);
}

static void transfer_handles(worker *w)
{
    stm_bytes values[2];
    const stm_key keys[2] = {handles[w->first], handles[w->first + 1]};
    int64_t number = 7;
    must(stm_txn_using_keys(w->txn, keys, 2, values), "using_keys");
    for (uint32_t i = 0; i < 2; i++)
        must(stm_txn_set_key(w->txn, keys[i], stm_bytes_of(&number, sizeof number)), "set_key");
    finish(w);
}

static void read_names(worker *w)
{
    const stm_bytes keys[4] = {name_of(w->first), name_of(w->first + 1), name_of(w->first + 2),
                               name_of(w->first + 3)};
    must(stm_txn_getting(w->txn, keys, 4, NULL), "getting");
    finish(w);
}

static void read_handles(worker *w)
{
    must(stm_txn_getting_keys(w->txn, &handles[w->first], 4, NULL), "getting_keys");
    finish(w);
}

/* Validates three keys, and publishes one. */
static void read_and_write(worker *w)
{
    const stm_bytes keys[3] = {name_of(w->first + 1), name_of(w->first + 2), name_of(w->first + 3)};
    int64_t number = 7;
    must(stm_txn_getting(w->txn, keys, 3, NULL), "getting");
    must(stm_txn_set(w->txn, name_of(w->first), stm_bytes_of(&number, sizeof number)), "set");
    finish(w);
}

static void delete_and_set(worker *w)
{
    int64_t number = 7;
    must(stm_txn_delete(w->txn, name_of(w->first)), "delete");
    must(stm_txn_set(w->txn, name_of(w->first), stm_bytes_of(&number, sizeof number)), "set");
    finish(w);
}

/* A value of 1 KiB: a block of its own, and the old one waits until nobody can look at it. */
static void update_large(worker *w)
{
    static const char large[1024] = "large";
    must(stm_txn_set(w->txn, name_of(w->first), stm_bytes_of(large, sizeof large)), "set");
    finish(w);
}

/* A key that has never been there. */
static void create(worker *w)
{
    static uint32_t next = KEY_COUNT;
    char name[17];
    int64_t number = 7;
    snprintf(name, sizeof name, "account:%08u", next++);
    must(stm_txn_set(w->txn, stm_bytes_of(name, 16), stm_bytes_of(&number, sizeof number)), "set");
    finish(w);
}

static void look(worker *w)
{
    stm_entry entry;
    must(stm_snapshot_get(held, name_of(w->first), &entry), "snapshot_get");
}

static void take_and_release(worker *w)
{
    stm_snapshot *snapshot;
    (void)w;
    must(stm_snapshot_take(store, "counts", &snapshot), "take");
    stm_snapshot_release(snapshot);
}

/* -------------------------------------------------------------------------------- verdicts -- */

/* A transaction that reads meets nobody, whatever the keys; a commit meets others at its keys' records only, and one
 * that creates a key at the counts of records and of the index' words. The calls
 * without a transaction borrow a slot, the one that this thread used last: here both have the same, so that they
 * seem to meet there; two real threads have two. Taking a snapshot is what all snapshots meet at. */
static const limit limits[] = {
    {"read 4, by name", read_names, 0, 0, 0},
    {"read 4, by handle", read_handles, 0, 0, 0},
    {"update 1", update_one, 2, 1, 0},
    {"transfer, by name", transfer, 3, 2, 0},
    {"transfer, by handle", transfer_handles, 3, 2, 0},
    {"transfer, one sleeps", transfer_beside_sleeper, 3, 2, 0},
    {"read 3, update 1", read_and_write, 3, 1, 0},
    {"delete and set 1", delete_and_set, 2, 1, 0},
    {"update 64", update_long, 65, 64, 0},
    {"update 1 of 1 KiB", update_large, 5, 1, 0},
    {"create 1", create, 3, 1, 0},
    {"look into a snapshot", look, 1, 1, 1},
    {"take and release a snapshot", take_and_release, 15, 12, 12},
};

static unsigned failures;

static void hold(const char *name, const char *what, unsigned found, unsigned most)
{
    if (found <= most)
        return;
    fprintf(stderr, "%s: FAILED: %u %s, where %u were enough\n", name, found, what, most);
    failures++;
}

static void count_operation(const limit *l, worker workers[2])
{
    static counts mine, same, other;
    workers[0].first = 0;
    workers[1].first = 0;
    measure(l->run, &workers[0], &mine);
    measure(l->run, &workers[1], &same);
    workers[1].first = KEY_COUNT / 2;
    measure(l->run, &workers[1], &other);
    unsigned met_same = met(&mine, &same), met_other = met(&mine, &other);
    printf("%-28s %5u %6u %5u %8u %12u %8u %9u %10u\n", l->name, mine.loads, mine.stores, mine.rmws,
           mine.entries, mine.allocations, mine.written_count, met_same, met_other);
    hold(l->name, "read-modify-writes", mine.rmws, l->rmws);
    hold(l->name, "of them met by another on the same keys", met_same, l->met_same);
    hold(l->name, "of them met by another on other keys", met_other, l->met_other);
    hold(l->name, "allocations", mine.allocations, 0);
}

static void fill(worker *w)
{
    int64_t number = 1;
    for (uint32_t key = 0; key < KEY_COUNT; key++) {
        snprintf(names[key], sizeof names[key], "account:%08u", key);
        must(stm_txn_set(w->txn, name_of(key), stm_bytes_of(&number, sizeof number)), "set");
    }
    finish(w);
    for (uint32_t key = 0; key < KEY_COUNT; key++)
        must(stm_key_resolve(store, name_of(key), &handles[key]), "resolve");
}

int main(void)
{
    worker workers[2];
    stm_options options = {.size = sizeof options,
                           .key_count_hint = 65536, /* so many that new ones are counted by the handful */
                           .allocator = {counted_alloc, counted_free, NULL}};
    must(stm_store_open(&options, &store), "open");
    must(stm_txn_begin(store, "one", &workers[0].txn), "begin");
    must(stm_txn_begin(store, "two", &workers[1].txn), "begin");
    must(stm_txn_begin(store, "asleep", &asleep.txn), "begin");
    fill(&workers[0]);
    must(stm_snapshot_take(store, "held", &held), "take");
    stmi_access_hook = count_access;
    printf("%-28s %5s %6s %5s %8s %12s %8s %9s %10s\n", "", "loads", "stores", "rmws", "entries",
           "allocations", "lines", "met, same", "met, other");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        /* Old versions are for a look into a snapshot only; commits are counted without one. */
        if (limits[i].run == read_names)
            stm_snapshot_release(held);
        if (limits[i].run == look)
            must(stm_snapshot_take(store, "held", &held), "take");
        count_operation(&limits[i], workers);
    }
    stmi_access_hook = NULL;
    stm_snapshot_release(held);
    stm_txn_end(workers[0].txn);
    stm_txn_end(workers[1].txn);
    stm_txn_end(asleep.txn);
    must(stm_store_close(store), "close");
    return failures == 0 ? 0 : 1;
}
