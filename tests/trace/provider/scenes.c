/*
 * scenes.c -- programs to be traced: each knows in advance which events its trace must have, and prints them.
 *
 * None of them knows of tracing. All interleavings are forced: two transactions in one thread, or a thread that stands
 * still in the midst of its commit.
 */
#define _GNU_SOURCE
#include "busy.h"
#include "expect.h"

#include <stm/probe.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALPHA stm_text("alpha")
#define BETA stm_text("beta")
#define GAMMA stm_text("gamma")

static stm_store *open_numbered(unsigned number)
{
    stm_store *store = NULL;
    MUST(stm_store_open(NULL, &store), STM_OK);
    expect_store(number, "open");
    return store;
}

static void close_numbered(stm_store *store, unsigned number)
{
    expect_store(number, "close");
    MUST(stm_store_close(store), STM_OK);
}

static actor actor_of(stm_store *store, unsigned number, const char *label)
{
    actor a = {.store = number};
    MUST(stm_txn_begin(store, label, &a.txn), STM_OK);
    return a;
}

static void check_out(actor *a, stm_bytes key, uint64_t version, bool update)
{
    stm_status status = update ? stm_txn_use(a->txn, key, NULL) : stm_txn_get(a->txn, key, NULL);
    if (status != STM_NOT_FOUND || update)
        MUST(status, STM_OK);
    *(update ? &a->writes : &a->reads) += 1;
    expect_checkout(a, key, version, update);
}

/* The commit of a transaction that holds one key, for update. */
static void commit_one(actor *a, stm_bytes key, uint64_t from, stm_bytes value, uint64_t revision)
{
    uint64_t txn = stm_txn_id(a->txn);
    MUST(stm_txn_set(a->txn, key, value), STM_OK);
    expect_commit(a, revision);
    MUST(stm_txn_commit(a->txn), STM_OK);
    expect_publish(a, txn, key, from, value.size);
}

static void reset(actor *a)
{
    stm_txn_reset(a->txn);
    a->reads = a->writes = 0;
}

/* ---- two transactions in one thread: every event but busy ---- */

static void conflict_at_commit(actor *ann, actor *bob)
{
    check_out(ann, ALPHA, 0, true);
    check_out(ann, BETA, 0, true);
    check_out(ann, GAMMA, 0, false);
    check_out(bob, ALPHA, 0, true);
    check_out(bob, BETA, 0, true);
    uint64_t txn = stm_txn_id(bob->txn);
    MUST(stm_txn_set(bob->txn, ALPHA, stm_text("bob's")), STM_OK);
    expect_commit(bob, 1);
    MUST(stm_txn_commit(bob->txn), STM_OK);
    expect_publish(bob, txn, ALPHA, 0, 5);
    expect_publish(bob, txn, BETA, 0, 0);
    MUST(stm_txn_set(ann->txn, BETA, stm_text("ann's")), STM_OK);
    MUST(stm_txn_commit(ann->txn), STM_CONFLICT);
    expect_conflict(ann, "commit", "-s", (const unsigned[]){0, 1});
    reset(ann);
    reset(bob);
}

/* Bob goes on with what he holds: no checkout, but a new id. */
static void conflict_at_checkout(actor *ann, actor *bob)
{
    check_out(bob, ALPHA, 1, true);
    commit_one(bob, ALPHA, 1, stm_text(""), 1);
    check_out(ann, GAMMA, 0, false);
    check_out(ann, ALPHA, 2, false);
    commit_one(bob, ALPHA, 2, stm_text("a value that is too large for a record"), 1);
    MUST(stm_txn_use(ann->txn, BETA, NULL), STM_CONFLICT);
    expect_conflict(ann, "checkout", "-", (const unsigned[]){1});
    reset(ann);
}

static void conflict_of_a_reader(actor *ann, actor *bob)
{
    check_out(ann, ALPHA, 3, false);
    commit_one(bob, ALPHA, 3, stm_text("x"), 1);
    MUST(stm_txn_commit(ann->txn), STM_CONFLICT);
    expect_conflict(ann, "commit", "-", (const unsigned[]){0});
    reset(ann);
}

static void read_only_commit(actor *ann)
{
    check_out(ann, ALPHA, 4, false);
    expect_commit(ann, 1);
    MUST(stm_txn_commit(ann->txn), STM_OK);
    reset(ann);
}

static void abandon(actor *ann)
{
    check_out(ann, BETA, 1, true);
    expect_abandon(ann);
    reset(ann);
}

static void snapshot(stm_store *store, actor *bob)
{
    stm_snapshot *look = NULL;
    MUST(stm_snapshot_take(store, "look", &look), STM_OK);
    expect_snapshot(1, "taken", 1, "look", 1, false);
    commit_one(bob, ALPHA, 4, stm_text("y"), 2);
    stm_snapshot_release(look);
    expect_snapshot(1, "released", 1, "look", 1, true);
}

static void starve(actor *ann, actor *bob)
{
    for (uint64_t attempt = 1; attempt <= 9; attempt++) {
        check_out(ann, ALPHA, 4 + attempt, true);
        commit_one(bob, ALPHA, 4 + attempt, stm_text("z"), 2);
        MUST(stm_txn_commit(ann->txn), STM_CONFLICT);
        expect_conflict(ann, "commit", "-", (const unsigned[]){0});
        if (attempt == 8)
            expect_starving(ann, ALPHA);
        reset(ann);
    }
}

static void forced(void)
{
    stm_store *store = open_numbered(1);
    actor ann = actor_of(store, 1, "ann"), bob = actor_of(store, 1, "bob");

    conflict_at_commit(&ann, &bob);
    conflict_at_checkout(&ann, &bob);
    conflict_of_a_reader(&ann, &bob);
    read_only_commit(&ann);
    abandon(&ann);
    snapshot(store, &bob);
    starve(&ann, &bob);
    stm_txn_end(ann.txn);
    stm_txn_end(bob.txn);
    close_numbered(store, 1);
}

/* ---- keys, values and labels at their limits ---- */

static const unsigned char binary[16] = {0, 1, 2, '"', '\\', '\n', 127, 128, 255, '%', 's', ' ', 'a', 0xc3, 0xa9, 0};

/* Somebody else publishes the key while it is held, so that its text shows, too. */
static void lose(actor *loser, actor *winner, stm_bytes key, stm_bytes value)
{
    check_out(loser, key, 0, true);
    check_out(winner, key, 0, true);
    commit_one(winner, key, 0, value, 1);
    MUST(stm_txn_commit(loser->txn), STM_CONFLICT);
    expect_conflict(loser, "commit", "-", (const unsigned[]){0});
    reset(loser);
    reset(winner);
}

static void limits(void)
{
    static char label[STM_LABEL_SIZE_MAX + 1], long_key[1024], mixed_key[100], large[100000];
    stm_store *store = open_numbered(1);

    memset(label, 'l', STM_LABEL_SIZE_MAX);
    memset(long_key, 'k', sizeof long_key);
    memset(mixed_key, 'm', sizeof mixed_key);
    mixed_key[62] = '\n'; /* its text ends before: there is no room for four */
    actor loser = actor_of(store, 1, label), winner = actor_of(store, 1, "w");
    lose(&loser, &winner, stm_bytes_of(binary, sizeof binary), stm_text(""));
    lose(&loser, &winner, stm_bytes_of(binary, 1), stm_text("v"));
    lose(&loser, &winner, stm_bytes_of(long_key, 16), stm_text("v"));
    lose(&loser, &winner, stm_bytes_of(long_key, 17), stm_bytes_of(large, sizeof large));
    lose(&loser, &winner, stm_bytes_of(long_key, 64), stm_text("v"));
    lose(&loser, &winner, stm_bytes_of(long_key, 65), stm_text("v"));
    lose(&loser, &winner, stm_bytes_of(long_key, sizeof long_key), stm_text("v"));
    lose(&winner, &loser, stm_bytes_of(mixed_key, sizeof mixed_key), stm_text("v"));
    stm_txn_end(loser.txn);
    stm_txn_end(winner.txn);
    close_numbered(store, 1);
}

/* ---- busy ---- */

static void busy(void)
{
    gate g;
    stm_store *store = NULL;
    gate_make(&g);
    const stm_options options = {.size = sizeof options, .allocator = gate_allocator(&g)};
    MUST(stm_store_open(&options, &store), STM_OK);
    busy_holder holder = {.gate = &g, .store = store};
    actor late = actor_of(store, 1, "late");
    if (!busy_hold(&holder))
        exit(3);
    for (int attempt = 1; attempt <= 8; attempt++) {
        MUST(stm_txn_use(late.txn, stm_text(BUSY_KEY), NULL), STM_OK);
        late.writes = 1;
        for (int i = 0; i < 2; i++) {
            MUST(stm_txn_commit(late.txn), STM_BUSY);
            expect_busy(&late, "commit", stm_text(BUSY_KEY), holder.txn, "holder", holder.tid);
        }
        if (attempt == 8)
            expect_starving(&late, stm_text(BUSY_KEY));
        expect_abandon(&late);
        reset(&late);
    }
    if (!busy_release(&holder))
        exit(3);
    MUST(busy_checkout(&g, store, late.txn), STM_BUSY);
    expect_busy(&late, "checkout", stm_bytes_of("", 0), 0, "-", 0);
    stm_txn_end(late.txn);
    MUST(stm_store_close(store), STM_OK);
    gate_unmake(&g);
}

/* ---- more than one store, or process ---- */

static void simple_conflict(stm_store *store, unsigned number, const char *label)
{
    actor loser = actor_of(store, number, label), winner = actor_of(store, number, "winner");
    lose(&loser, &winner, ALPHA, stm_text("v"));
    stm_txn_end(loser.txn);
    stm_txn_end(winner.txn);
}

static void two_stores(void)
{
    stm_store *one = open_numbered(1), *two = open_numbered(2);
    simple_conflict(one, 1, "in one");
    simple_conflict(two, 2, "in two");
    close_numbered(two, 2);
    close_numbered(one, 1);
}

static void forking(void)
{
    stm_store *store = open_numbered(1);
    simple_conflict(store, 1, "parent");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        stm_store *own = open_numbered(2);
        simple_conflict(own, 2, "child");
        close_numbered(own, 2);
        fflush(stdout);
        _exit(0);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        exit(3);
    close_numbered(store, 1);
}

/* ---- a program that watches for itself ---- */

static void count(void *context, const stm_event *event)
{
    unsigned *commits = context;
    *commits += event->kind == STM_EVENT_COMMIT;
}

static void own_observer(void)
{
    unsigned commits = 0;
    const stm_observer observer = {
        .size = sizeof observer, .events = STM_EVENT_ALL, .event = count, .context = &commits};
    const stm_options options = {.size = sizeof options, .observer = &observer};
    stm_store *store = NULL;
    stm_txn *txn = NULL;
    MUST(stm_store_open(&options, &store), STM_OK);
    MUST(stm_txn_begin(store, "own", &txn), STM_OK);
    MUST(stm_txn_set(txn, ALPHA, stm_text("x")), STM_OK);
    MUST(stm_txn_commit(txn), STM_OK);
    stm_txn_end(txn);
    MUST(stm_store_close(store), STM_OK);
    if (commits != 1)
        exit(3);
}

/* ---- steps: one at each line of input, so that somebody may switch recording on and off in between ---- */

static void steps(void)
{
    char line[80], label[40];
    stm_store *store = open_numbered(1);
    printf("ready\n");
    fflush(stdout);
    for (unsigned step = 1; fgets(line, sizeof line, stdin) != NULL; step++) {
        snprintf(label, sizeof label, "step %u", step);
        actor loser = actor_of(store, 1, label), winner = actor_of(store, 1, "winner");
        lose(&loser, &winner, stm_text(label), stm_text("v"));
        stm_txn_end(loser.txn);
        stm_txn_end(winner.txn);
        printf("done\n");
        fflush(stdout);
    }
    close_numbered(store, 1);
}

static const struct {
    const char *name;
    void (*play)(void);
} scenes[] = {
    {"forced", forced},         {"limits", limits},   {"busy", busy}, {"two-stores", two_stores}, {"fork", forking},
    {"own-observer", own_observer}, {"steps", steps},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof scenes / sizeof scenes[0]; i++) {
        if (strcmp(argv[1], scenes[i].name) != 0)
            continue;
        scenes[i].play();
        return 0;
    }
    fprintf(stderr, "usage: scenes forced|limits|busy|two-stores|fork|own-observer|steps\n");
    return 2;
}
