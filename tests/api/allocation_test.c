/*
 * allocation_test.c -- every allocation fails in turn, and nothing is lost by it.
 *
 * One scenario uses the store in all the ways that take memory. It is run with an allocator that
 * refuses its first call, then its second, and so on, until a run is through without a refusal; and
 * again with three refusals in a row. Each call must answer NO_MEMORY or what it answers anyway; the
 * store must still hold what a model says, at once after the refusal; the same call, made again,
 * must work; and at the end all memory must have come back.
 */
#include "ledger.h"
#include "support.h"

#include <pthread.h>
#include <semaphore.h>

#define MAIN_KEYS 40                           /* edited again and again */
#define GROWTH_KEYS (SLOWED_DOWN ? 500 : 1500) /* made in steps, so that tables grow */
#define KEYS (MAIN_KEYS + GROWTH_KEYS)
#define TRIES_MAX 10 /* far more than refusals in a row */

/* What a key must hold; size < 0: no value. */
struct value {
    int size;
    unsigned seed;
};

struct edit {
    unsigned key;
    struct value value;
};

struct run {
    struct ledger ledger;
    stm_store *store;
    stm_txn *witness; /* looks on while the allocator refuses nothing */
    struct value model[KEYS];
};

/* A number at its end; every other key is too long to lie within a record. */
static stm_bytes key_bytes(unsigned key)
{
    static char texts[KEYS][32];

    if (texts[key][0] == '\0')
        snprintf(texts[key], sizeof(texts[key]), key % 2 == 0 ? "key %u" : "a key with a long name %u", key);
    return stm_text(texts[key]);
}

#define VALUE_SIZE_MAX 70000

static stm_bytes value_bytes(struct value value, char *bytes)
{
    if (value.size < 0)
        return NO_BYTES;
    fill(bytes, (size_t)value.size, value.seed);
    return stm_bytes_of(bytes, (size_t)value.size);
}

/* ---- the model ---- */

static void assert_model(struct run *run)
{
    static char bytes[VALUE_SIZE_MAX];
    stm_bytes value;

    run->ledger.paused = true;
    for (unsigned key = 0; key < KEYS; key++) {
        ANSWERS(stm_txn_get(run->witness, key_bytes(key), &value),
                run->model[key].size < 0 ? STM_NOT_FOUND : STM_OK);
        cr_assert(same_value(value, value_bytes(run->model[key], bytes)), "key %u is not as it was left",
                  key);
        if (key % 10 == 9)
            stm_txn_reset(run->witness);
    }
    stm_txn_reset(run->witness);
    run->ledger.paused = false;
}

/* Makes a call again and again while it is refused memory; nothing may be lost by that. */
#define PERSIST(run, call, expected)                                      \
    do {                                                                  \
        stm_status status_;                                               \
        for (int try_ = 0; (status_ = (call)) == STM_NO_MEMORY; try_++) { \
            cr_assert(try_ < TRIES_MAX, "%s\n    never succeeds", #call); \
            assert_model(run);                                            \
        }                                                                 \
        ANSWERS(status_, expected);                                       \
    } while (0)

/* The same for calls on a transaction, where the failure sticks until a reset. */
#define PERSIST_TXN(run, txn, call, expected) PERSIST(run, persist_reset((txn), (call)), expected)

static stm_status persist_reset(stm_txn *txn, stm_status status)
{
    if (status == STM_NO_MEMORY) {
        stm_bytes value;
        ANSWERS(stm_txn_peek(txn, stm_text("x"), &value), STM_NO_MEMORY); /* it sticks */
        stm_txn_reset(txn);
    }
    return status;
}

/* ---- editing ---- */

static stm_status try_edits(stm_txn *txn, const struct edit *edits, unsigned count)
{
    static char bytes[VALUE_SIZE_MAX];

    for (unsigned i = 0; i < count; i++) {
        const stm_bytes key = key_bytes(edits[i].key);
        const stm_status status = edits[i].value.size < 0
                                      ? stm_txn_delete(txn, key)
                                      : stm_txn_set(txn, key, value_bytes(edits[i].value, bytes));
        if (status != STM_OK)
            return status;
    }
    return STM_OK;
}

static stm_status try_commit(stm_txn *txn, const struct edit *edits, unsigned count)
{
    const stm_status status = try_edits(txn, edits, count);

    return status == STM_OK ? stm_txn_commit(txn) : status;
}

static void commit_edits(struct run *run, stm_txn *txn, const struct edit *edits, unsigned count)
{
    PERSIST_TXN(run, txn, try_commit(txn, edits, count), STM_OK);
    for (unsigned i = 0; i < count; i++)
        run->model[edits[i].key] = edits[i].value;
}

/* Every main key gets a value of a size that depends on round; some lose theirs. */
static void edit_main_keys(struct run *run, stm_txn *txn, unsigned round, unsigned keys_at_once)
{
    static const int sizes[] = {0, 8, 16, 17, 100, -1, 300, 5000};
    struct edit edits[MAIN_KEYS];

    for (unsigned key = 0; key < MAIN_KEYS; key++)
        edits[key] = (struct edit){key, {sizes[(key + round) % COUNT_OF(sizes)], key + round}};
    if (round > 0)
        edits[round].value.size = VALUE_SIZE_MAX;
    for (unsigned key = 0; key < MAIN_KEYS; key += keys_at_once) {
        commit_edits(run, txn, edits + key, keys_at_once);
        stm_txn_reset(txn);
    }
}

static void grow(struct run *run, stm_txn *txn)
{
    struct edit edits[20];

    for (unsigned key = MAIN_KEYS; key < KEYS; key += COUNT_OF(edits)) {
        for (unsigned i = 0; i < COUNT_OF(edits); i++)
            edits[i] = (struct edit){key + i, {8, key}};
        commit_edits(run, txn, edits, COUNT_OF(edits));
        stm_txn_reset(txn);
    }
}

/* ---- the parts of the scenario ---- */

static void open_all(struct run *run)
{
    const stm_options options = {
        .size = sizeof(options), .key_count_hint = 64, .allocator = ledger_allocator(&run->ledger)};
    stm_status status;

    for (unsigned key = 0; key < KEYS; key++)
        run->model[key].size = -1;
    while ((status = stm_store_open(&options, &run->store)) == STM_NO_MEMORY) {
        cr_assert_null(run->store);
        cr_assert(ledger_balances(&run->ledger), "a store that was not opened keeps memory");
    }
    OK(status);
    run->ledger.paused = true;
    run->witness = begin(run->store, "witness");
    run->ledger.paused = false;
}

static stm_txn *begin_persistently(struct run *run, const char *label)
{
    stm_txn *txn = NULL;

    PERSIST(run, stm_txn_begin(run->store, label, &txn), STM_OK);
    return txn;
}

static stm_snapshot *take_persistently(struct run *run)
{
    stm_snapshot *snapshot = NULL;

    PERSIST(run, stm_snapshot_take(run->store, "persistent", &snapshot), STM_OK);
    return snapshot;
}

/* A conflict, with its report: the answer to the loser's commit must not become another one. */
static stm_status lose(struct run *run, stm_txn *loser, stm_txn *winner, unsigned round)
{
    struct edit edits[] = {{round % MAIN_KEYS, {40, round}}, {(round + 1) % MAIN_KEYS, {3, round}}};
    const stm_status status = try_edits(loser, edits, 2);

    if (status != STM_OK)
        return status;
    edits[0].value.seed = edits[1].value.seed = round + 1000;
    commit_edits(run, winner, edits, 2);
    return stm_txn_commit(loser);
}

static void conflict(struct run *run, stm_txn *loser, unsigned round)
{
    stm_txn *winner = begin_persistently(run, "winner");
    stm_conflict conflicts[2];
    char text[500];

    PERSIST_TXN(run, loser, lose(run, loser, winner, round), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(loser, conflicts, 2), 2);
    cr_assert_str_eq(conflicts[0].winner.label, "winner");
    cr_assert(stm_txn_explain(loser, text, sizeof(text)) > 0);
    stm_txn_reset(loser);
    stm_txn_end(winner);
}

struct view {
    const struct run *run;
    const struct value *model;
    unsigned seen;
    bool wrong;
};

static bool check_entry(const stm_entry *entry, void *arg)
{
    static char bytes[VALUE_SIZE_MAX];
    struct view *view = arg;
    const char *text = entry->key.data, *digits = text + entry->key.size;
    unsigned key = 0;

    for (unsigned place = 1; digits[-1] >= '0' && digits[-1] <= '9'; place *= 10)
        key += place * (unsigned)(*--digits - '0');
    view->seen++;
    view->wrong =
        view->wrong || key >= KEYS || !same_value(entry->value, value_bytes(view->model[key], bytes));
    return true;
}

static unsigned live_count(const struct value *model)
{
    unsigned count = 0;

    for (unsigned key = 0; key < KEYS; key++)
        count += model[key].size >= 0;
    return count;
}

static stm_status scan_once(const stm_snapshot *snapshot, struct view *view)
{
    view->seen = 0;
    return stm_snapshot_scan(snapshot, check_entry, view);
}

/* What the snapshot shows, by scan and by cursor, is what the model was when it was taken. */
static void look_through(struct run *run, const stm_snapshot *snapshot, const struct value *model)
{
    struct view view = {.run = run, .model = model};
    stm_cursor *cursor = NULL;
    stm_entry entry;
    stm_status status;

    PERSIST(run, scan_once(snapshot, &view), STM_OK);
    EQUALS(view.seen, live_count(model));
    for (unsigned key = 0; key < MAIN_KEYS; key++)
        PERSIST(run, stm_snapshot_get(snapshot, key_bytes(key), &entry),
                model[key].size < 0 ? STM_NOT_FOUND : STM_OK);
    PERSIST(run, stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &cursor), STM_OK);
    view.seen = 0;
    while ((status = stm_cursor_next(cursor, &entry)) == STM_OK)
        check_entry(&entry, &view);
    ANSWERS(status, STM_END);
    EQUALS(view.seen, live_count(model));
    cr_assert(!view.wrong);
    stm_cursor_close(cursor);
}

static stm_status use_and_wait(stm_txn *txn, stm_key key)
{
    const stm_status status = stm_txn_use_key(txn, key, NULL);

    return status == STM_OK ? stm_txn_wait(txn, 0) : status;
}

static void resolve_and_peek(struct run *run, stm_txn *txn)
{
    stm_bytes value;
    stm_key key;

    PERSIST(run, stm_key_resolve(run->store, stm_text("a key that is only resolved"), &key), STM_OK);
    for (unsigned i = 0; i < MAIN_KEYS; i += 3)
        PERSIST_TXN(run, txn, stm_txn_peek(txn, key_bytes(i), &value),
                    run->model[i].size < 0 ? STM_NOT_FOUND : STM_OK);
    PERSIST_TXN(run, txn, use_and_wait(txn, key), STM_TIMEOUT);
    stm_txn_reset(txn);
}

static stm_status edit_in_body(stm_txn *txn, void *arg)
{
    return try_edits(txn, arg, 2);
}

static void edit_atomically(struct run *run)
{
    struct edit edits[] = {{1, {600, 77}}, {2, {6, 78}}};

    PERSIST(run, stm_atomically(run->store, "atomically", NULL, edit_in_body, edits), STM_OK);
    run->model[1] = edits[0].value;
    run->model[2] = edits[1].value;
}

static void dump(struct run *run)
{
    FILE *nowhere = fopen("/dev/null", "w");

    cr_assert_not_null(nowhere);
    PERSIST(run, stm_store_dump(run->store, nowhere), STM_OK);
    fclose(nowhere);
}

static void play(struct run *run)
{
    static struct value then[KEYS];

    open_all(run);
    stm_txn *txn = begin_persistently(run, "main");
    edit_main_keys(run, txn, 0, 1);
    dump(run);
    edit_main_keys(run, txn, 1, 4);
    edit_main_keys(run, txn, 2, MAIN_KEYS); /* many keys at once */
    conflict(run, txn, 3);
    resolve_and_peek(run, txn);

    stm_snapshot *snapshot = take_persistently(run);
    memcpy(then, run->model, sizeof(then));
    edit_main_keys(run, txn, 4, 10);
    edit_main_keys(run, txn, 5, 5);
    look_through(run, snapshot, then);
    grow(run, txn);
    look_through(run, snapshot, then);
    conflict(run, txn, 6);

    stm_snapshot *second = take_persistently(run);
    look_through(run, second, run->model);
    edit_atomically(run);
    edit_main_keys(run, txn, 7, 20);
    look_through(run, snapshot, then);
    stm_snapshot_release(snapshot);
    stm_snapshot_release(second);
    edit_main_keys(run, txn, 8, 1);
    assert_model(run);
    EQUALS(stats_of(run->store).versions_old, 0);
    EQUALS(stats_of(run->store).bytes_used, run->ledger.bytes);
    EQUALS(stats_of(run->store).transactions, 2);

    stm_txn_end(txn);
    stm_txn_end(run->witness);
    OK(stm_store_close(run->store));
    cr_assert(ledger_balances(&run->ledger), "%llu pieces of %llu bytes are missing, %llu mistakes",
              (unsigned long long)run->ledger.pieces, (unsigned long long)run->ledger.bytes,
              (unsigned long long)run->ledger.mistakes);
}

/* Refuses count calls in a row, from each in turn, until there is no such call in the scenario. */
static void refuse_each(uint64_t count)
{
    static struct run run;
    uint64_t first = 1;

    do {
        ledger_open(&run.ledger);
        ledger_refuse(&run.ledger, first++, count);
        play(&run);
    } while (run.ledger.refused > 0);
    cr_assert(first > 50, "only %llu allocations: the scenario does not try much", (unsigned long long)first);
    assert_no_leak();
}

Test(allocation, each_may_fail)
{
    refuse_each(1);
}

Test(allocation, three_in_a_row_may_fail)
{
    refuse_each(3);
}

/* With no memory at all each call says so, and the store serves again when there is some. */
Test(allocation, nothing_works_and_nothing_is_lost_without_memory)
{
    static struct run run;
    static const char large[100000];
    stm_bytes value;

    ledger_open(&run.ledger);
    open_all(&run);
    stm_txn *txn = begin_persistently(&run, "main");
    OK(stm_txn_set(txn, stm_text("small"), stm_text("there")));
    OK(stm_txn_commit(txn));
    ledger_refuse(&run.ledger, 1, UINT64_MAX - 1);
    for (int i = 0; i < 10; i++) {
        ANSWERS(stm_txn_set(txn, stm_text("large"), stm_bytes_of(large, sizeof(large))), STM_NO_MEMORY);
        ANSWERS(stm_txn_commit(txn), STM_NO_MEMORY);
        stm_txn_reset(txn);
    }
    OK(stm_txn_get(txn, stm_text("small"), &value));
    IS_TEXT(value, "there");
    OK(stm_txn_set(txn, stm_text("small"), stm_text("in place"))); /* takes no memory */
    OK(stm_txn_commit(txn));
    ledger_refuse(&run.ledger, 0, 0);
    OK(stm_txn_set(txn, stm_text("large"), stm_bytes_of(large, sizeof(large))));
    OK(stm_txn_commit(txn));
    cr_assert(holds(run.store, stm_text("large"), stm_bytes_of(large, sizeof(large))));

    stm_txn_end(txn);
    stm_txn_end(run.witness);
    OK(stm_store_close(run.store));
    cr_assert(ledger_balances(&run.ledger));
    assert_no_leak();
}

/* ---- calls that take memory only in special cases ---- */

/* Refuses each allocation of the very first transaction in turn: its slot, its label, the page of labels, its entries. */
Test(allocation, of_the_first_transaction_may_fail)
{
    struct ledger ledger;
    unsigned refused = 0;

    for (uint64_t first = 1;; first++) {
        ledger_open(&ledger);
        const stm_options options = {.size = sizeof(options), .allocator = ledger_allocator(&ledger)};
        stm_store *store = open_store(&options);
        stm_txn *txn = NULL;
        ledger_refuse(&ledger, ledger.calls + first, 1);
        const stm_status status = stm_txn_begin(store, "first", &txn);
        if (status == STM_NO_MEMORY) {
            refused++;
            OK(stm_txn_begin(store, "first", &txn));
        }
        cr_assert_str_eq(stm_txn_label(txn), "first");
        stm_txn_end(txn);
        OK(stm_store_close(store));
        cr_assert(ledger_balances(&ledger));
        if (status == STM_OK)
            break;
    }
    cr_assert(refused >= 4, "%u", refused);
}

/* Looks from outside of any transaction claim a place of their own: if all are taken, that needs memory. */
Test(allocation, of_looks_beside_transactions_may_fail)
{
    struct ledger ledger;

    ledger_open(&ledger);
    const stm_options options = {.size = sizeof(options), .allocator = ledger_allocator(&ledger)};
    stm_store *store = open_store(&options);
    put(store, "key", "value");
    stm_snapshot *snapshot = take(store, "look");
    stm_txn *txn = begin(store, "takes the last place");
    stm_entry entry;
    stm_key key;

    ledger_refuse(&ledger, 1, UINT64_MAX - 1);
    ANSWERS(stm_key_resolve(store, stm_text("key"), &key), STM_NO_MEMORY);
    ANSWERS(stm_snapshot_get(snapshot, stm_text("key"), &entry), STM_NO_MEMORY);
    ledger_refuse(&ledger, 0, 0);
    OK(stm_key_resolve(store, stm_text("key"), &key));
    SHOWS(snapshot, "key", "value");

    stm_txn_end(txn);
    stm_snapshot_release(snapshot);
    OK(stm_store_close(store));
    cr_assert(ledger_balances(&ledger));
}

/* A transaction that holds many keys reads through a view of its own; there, too, a large value takes memory. */
Test(allocation, of_a_large_value_among_many_keys_may_fail)
{
    static char large[100000];
    struct ledger ledger;

    ledger_open(&ledger);
    const stm_options options = {.size = sizeof(options), .allocator = ledger_allocator(&ledger)};
    stm_store *store = open_store(&options);
    fill(large, sizeof(large), 1);
    put_bytes(store, stm_text("large"), stm_bytes_of(large, sizeof(large)));
    stm_txn *txn = begin(store, "many");
    for (unsigned i = 0; i < 100; i++)
        OK(stm_txn_use(txn, stm_bytes_of(&i, sizeof(i)), NULL));
    ledger_refuse(&ledger, 1, UINT64_MAX - 1);
    ANSWERS(stm_txn_use(txn, stm_text("large"), NULL), STM_NO_MEMORY);
    ledger_refuse(&ledger, 0, 0);
    stm_txn_reset(txn);
    cr_assert(holds(store, stm_text("large"), stm_bytes_of(large, sizeof(large))));

    stm_txn_end(txn);
    OK(stm_store_close(store));
    cr_assert(ledger_balances(&ledger));
}

/* A value that no longer fits beside the key that is held takes memory; the old one is still there without it. */
Test(allocation, of_a_larger_value_for_a_held_key_may_fail)
{
    static char large[5000];
    struct ledger ledger;
    stm_bytes value;

    ledger_open(&ledger);
    const stm_options options = {.size = sizeof(options), .allocator = ledger_allocator(&ledger)};
    stm_store *store = open_store(&options);
    put(store, "key", "small");
    stm_txn *txn = begin(store, "enlarge");
    OK(stm_txn_use(txn, stm_text("key"), &value));
    fill(large, sizeof(large), 1);
    ledger_refuse(&ledger, 1, UINT64_MAX - 1);
    ANSWERS(stm_txn_set(txn, stm_text("key"), stm_bytes_of(large, sizeof(large))), STM_NO_MEMORY);
    ANSWERS(stm_txn_commit(txn), STM_NO_MEMORY);
    stm_txn_reset(txn);
    ledger_refuse(&ledger, 0, 0);
    HOLDS(store, "key", "small");
    OK(stm_txn_set(txn, stm_text("key"), stm_bytes_of(large, sizeof(large))));
    OK(stm_txn_commit(txn));
    cr_assert(holds(store, stm_text("key"), stm_bytes_of(large, sizeof(large))));

    stm_txn_end(txn);
    OK(stm_store_close(store));
    cr_assert(ledger_balances(&ledger));
}

static stm_status make_key(stm_txn *txn, unsigned number)
{
    char name[16];

    snprintf(name, sizeof(name), "key %u", number);
    stm_status status = stm_txn_set(txn, stm_text(name), stm_text("x"));
    if (status == STM_OK)
        status = stm_txn_commit(txn);
    stm_txn_reset(txn);
    return status;
}

/* An index that cannot grow takes keys until it is full but for a little; then it says so, and loses none. */
Test(allocation, of_a_larger_index_may_fail)
{
    struct ledger ledger;
    unsigned made = 0;

    ledger_open(&ledger);
    const stm_options options = {.size = sizeof(options), .key_count_hint = 1, .allocator = ledger_allocator(&ledger)};
    stm_store *store = open_store(&options);
    stm_txn *txn = begin(store, "fill");
    while (made < 10)
        OK(make_key(txn, made++));
    ledger_refuse(&ledger, 1, UINT64_MAX - 1);
    stm_status status;
    while ((status = make_key(txn, made)) == STM_OK && made < 10000)
        made++;
    ANSWERS(status, STM_NO_MEMORY);
    cr_assert(made > 80, "%u", made);
    ledger_refuse(&ledger, 0, 0);
    for (unsigned i = 0; i < 200; i++)
        OK(make_key(txn, made++));
    EQUALS(stats_of(store).keys_live, made);
    for (unsigned i = 0; i < made; i++) {
        char name[16];
        snprintf(name, sizeof(name), "key %u", i);
        HOLDS(store, name, "x");
    }

    stm_txn_end(txn);
    OK(stm_store_close(store));
    cr_assert(ledger_balances(&ledger));
}

/* ---- a thread that stops in the midst of a checkout */

struct idler {
    struct ledger ledger;
    stm_store *store;
    sem_t arrived, go_on;
    pthread_t thread;
    stm_status status;
};

static _Thread_local bool idles;

static void stop_here(void *context)
{
    struct idler *idler = context;

    if (!idles)
        return;
    idles = false;
    sem_post(&idler->arrived);
    sem_wait(&idler->go_on);
}

/* Stops when it copies the large value. */
static void *look_and_idle(void *context)
{
    struct idler *idler = context;
    stm_txn *txn = NULL;

    idler->status = stm_txn_begin(idler->store, "idler", &txn);
    if (idler->status == STM_OK) {
        idles = true;
        idler->status = stm_txn_get(txn, stm_text("large"), NULL);
        idles = false;
    }
    stm_txn_end(txn);
    return NULL;
}

static void start_idler(struct idler *idler)
{
    static char large[100000];

    ledger_open(&idler->ledger);
    const stm_options options = {.size = sizeof(options), .allocator = ledger_allocator(&idler->ledger)};
    idler->store = open_store(&options);
    put_bytes(idler->store, stm_text("large"), stm_bytes_of(large, sizeof(large)));
    sem_init(&idler->arrived, 0, 0);
    sem_init(&idler->go_on, 0, 0);
    idler->ledger.hook_context = idler;
    idler->ledger.hook = stop_here;
    EQUALS(pthread_create(&idler->thread, NULL, look_and_idle, idler), 0);
    sem_wait(&idler->arrived);
}

static void stop_idler(struct idler *idler)
{
    sem_post(&idler->go_on);
    EQUALS(pthread_join(idler->thread, NULL), 0);
    ANSWERS(idler->status, STM_OK);
    OK(stm_store_close(idler->store));
    cr_assert(ledger_balances(&idler->ledger));
}

#define SEQUENCE_COUNT (1 << 19) /* after so many commits a handle's numbers come again */

/* Commits the keys held until that takes memory, which it does when its numbers come again while somebody lingers. */
static void commit_until_refused(struct idler *idler, stm_txn *txn, uint64_t *version)
{
    unsigned count = 0;
    stm_status status;

    OK(stm_txn_use(txn, stm_text("key"), NULL));
    ledger_refuse(&idler->ledger, idler->ledger.calls + 1, UINT64_MAX / 2);
    while ((status = stm_txn_commit(txn)) == STM_OK && count <= SEQUENCE_COUNT)
        count++;
    ANSWERS(status, STM_NO_MEMORY);
    *version += count;
    stm_txn_reset(txn);
    ledger_refuse(&idler->ledger, 0, 0);
    EQUALS(version_now(idler->store, "key"), *version);
}

/*
 * Who has stopped inside a checkout may still hold the number of an old attempt: when a handle's numbers come again, its
 * entries move. Without memory for that the commit is refused, and nothing is changed; as with a part of that memory.
 */
Test(allocation, of_entries_that_move_may_fail)
{
    static struct idler idler;
    uint64_t version = 1;

    start_idler(&idler);
    struct ledger *ledger = &idler.ledger;
    put(idler.store, "key", "x");
    stm_txn *txn = begin(idler.store, "round and round");
    commit_until_refused(&idler, txn, &version);
    OK(stm_txn_use(txn, stm_text("key"), NULL));
    for (unsigned i = 0; i < 20; i++) /* more than one piece of entries */
        OK(stm_txn_use(txn, stm_bytes_of(&i, sizeof(i)), NULL));
    for (uint64_t refused = 1; refused <= 2; refused++) {
        ledger_refuse(ledger, ledger->calls + refused, 1);
        ANSWERS(stm_txn_commit(txn), STM_NO_MEMORY);
        stm_txn_reset(txn);
        OK(stm_txn_use(txn, stm_text("key"), NULL));
        for (unsigned i = 0; i < 20; i++)
            OK(stm_txn_use(txn, stm_bytes_of(&i, sizeof(i)), NULL));
    }
    ledger_refuse(ledger, 0, 0);
    OK(stm_txn_commit(txn));
    EQUALS(version_now(idler.store, "key"), version + 1);

    stm_txn_end(txn);
    stop_idler(&idler);
}

/* A handle that held many keys gives their memory back when it ends; while somebody lingers it is only put by. */
Test(allocation, of_many_keys_is_put_by_while_somebody_lingers)
{
    enum { MANY = 3000 };
    static struct idler idler;

    start_idler(&idler);
    stm_txn *txn = begin(idler.store, "many");
    for (unsigned i = 0; i < MANY; i++)
        OK(stm_txn_use(txn, stm_bytes_of(&i, sizeof(i)), NULL));
    stm_txn_end(txn);
    cr_assert(stats_of(idler.store).bytes_waiting > MANY * 64, "%llu", (unsigned long long)stats_of(idler.store).bytes_waiting);
    stop_idler(&idler);
}

/* What one transaction has given back serves another one: the store does not grow by it. */
Test(allocation, memory_given_back_by_one_serves_another)
{
    enum { KEYS_OF_EACH = 400, SIZE = 3000 };
    static char value[SIZE];
    stm_store *store = open_store(NULL);
    stm_txn *first = begin(store, "first"), *second = begin(store, "second");

    for (unsigned round = 0; round < 4; round++)
        for (unsigned key = 0; key < KEYS_OF_EACH; key++) {
            fill(value, sizeof(value), round + key);
            OK(stm_txn_set(first, stm_bytes_of(&key, sizeof(key)), stm_bytes_of(value, sizeof(value))));
            if (round == 3)
                OK(stm_txn_delete(first, stm_bytes_of(&key, sizeof(key))));
            OK(stm_txn_commit(first));
            stm_txn_reset(first);
            sleep_ms(key % 100 == 0);
        }
    const uint64_t cached = stats_of(store).bytes_cached, used = stats_of(store).bytes_used;
    cr_assert(cached > 600000, "%llu bytes are kept", (unsigned long long)cached);
    for (unsigned key = 0; key < 100; key++) {
        fill(value, sizeof(value), key);
        OK(stm_txn_set(second, stm_bytes_of(&key, sizeof(key)), stm_bytes_of(value, sizeof(value))));
        OK(stm_txn_commit(second));
        stm_txn_reset(second);
    }
    cr_assert(stats_of(store).bytes_cached < cached);
    cr_assert(stats_of(store).bytes_used < used + 100 * SIZE / 2, "the second one has not used what was there");

    stm_txn_end(first);
    stm_txn_end(second);
    close_store(store);
}
