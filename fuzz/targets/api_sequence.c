/*
 * api_sequence -- the input is a sequence of calls by one thread, with bad arguments among them, on a few transactions
 * and snapshots of one store. A model says what each must answer: with one thread there is no doubt about it.
 *
 * A byte names a call, a second one whose transaction or snapshot (bits 0-1), which key (2-3), and how its arguments are
 * spoilt (4-7; most values: not at all).
 */
#include "target.h"

#include "value.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_COUNT 4u
#define TXN_COUNT 3u
#define SNAPSHOT_COUNT 2u
#define KEY_SIZE_MAX 40u
#define CALL_COUNT_MAX 2000u

struct state {
    uint64_t version, value; /* value 0: none */
};

struct held {
    bool held, update;
    struct state state; /* checked out at; the private copy */
};

static struct model {
    stm_store *store;
    struct state keys[KEY_COUNT];
    struct txn {
        stm_txn *handle;
        stm_status stuck;
        struct held held[KEY_COUNT];
    } txns[TXN_COUNT];
    struct snapshot {
        stm_snapshot *handle;
        struct state keys[KEY_COUNT];
    } snapshots[SNAPSHOT_COUNT];
    uint64_t serial, commits, conflicts;
} model;

static char long_name[KEY_SIZE_MAX + 1];
static char large[VALUE_SIZE_MAX + 1];

static stm_bytes name_of(unsigned key)
{
    static const char *const names[KEY_COUNT] = {"k", "key-0001", "account/00002", "a key too long for its record"};
    return stm_text(names[key]);
}

#define EXPECT(condition) expect((condition), #condition, __LINE__)

static void expect(bool good, const char *what, int line)
{
    if (good)
        return;
    fprintf(stderr, "api_sequence.c:%d: not so: %s\n", line, what);
    abort();
}

static void expect_status(stm_status answered, stm_status expected, int line)
{
    if (answered == expected)
        return;
    fprintf(stderr, "api_sequence.c:%d: answered %s, must be %s\n", line, stm_status_name(answered),
            stm_status_name(expected));
    abort();
}

#define STATUS(call, expected) expect_status((call), (expected), __LINE__)

static uint64_t number_of(stm_bytes value)
{
    uint64_t number = value.data == NULL ? 0 : value_read(value);
    EXPECT(value.data == NULL || number != 0);
    EXPECT(value.data == NULL || ((const char *)value.data)[value.size] == '\0');
    return number;
}

/* ------------------------------------------------------------------------- what must be -- */

static bool changed(const struct txn *txn, unsigned key)
{
    return txn->held[key].held && txn->held[key].state.version != model.keys[key].version;
}

static unsigned count_changed(const struct txn *txn)
{
    unsigned count = 0;
    for (unsigned key = 0; key < KEY_COUNT; key++)
        count += changed(txn, key);
    return count;
}

/* What a call that comes to a sound handle with these arguments answers, before it looks at any key. */
static stm_status spoilt(struct txn *txn, stm_bytes name)
{
    if (txn->stuck == STM_OK && (name.data == NULL || name.size == 0))
        txn->stuck = STM_INVALID;
    else if (txn->stuck == STM_OK && name.size > KEY_SIZE_MAX - 1)
        txn->stuck = STM_TOO_LARGE;
    return txn->stuck;
}

/* Takes keys in; what has changed of those held before is a conflict, if any key is new. */
static stm_status check_out(struct txn *txn, unsigned keys, bool update)
{
    bool news = false;
    for (unsigned key = 0; key < KEY_COUNT; key++)
        news |= (keys >> key & 1) != 0 && !txn->held[key].held;
    if (news && count_changed(txn) > 0)
        return txn->stuck = STM_CONFLICT;
    for (unsigned key = 0; key < KEY_COUNT; key++) {
        if ((keys >> key & 1) == 0)
            continue;
        if (!txn->held[key].held)
            txn->held[key].state = model.keys[key];
        txn->held[key].held = true;
        txn->held[key].update |= update;
    }
    return STM_OK;
}

static void note_conflict(struct txn *txn, stm_status status)
{
    model.conflicts += status == STM_CONFLICT;
    if (status == STM_CONFLICT)
        EXPECT(stm_txn_conflicts(txn->handle, NULL, 0) == count_changed(txn));
}

/* -------------------------------------------------------------------------------- calls -- */

enum spoil { NOTHING, NO_NAME, EMPTY_NAME, LONG_NAME, NO_VALUE, LARGE_VALUE };

static stm_bytes spoil_name(unsigned key, enum spoil spoil)
{
    if (spoil == NO_NAME)
        return stm_bytes_of(NULL, 3);
    if (spoil == EMPTY_NAME)
        return stm_bytes_of("", 0);
    return spoil == LONG_NAME ? stm_bytes_of(long_name, KEY_SIZE_MAX) : name_of(key);
}

static void call_checkout(struct txn *txn, unsigned key, bool update, enum spoil spoil)
{
    stm_bytes name = spoil_name(key, spoil), value = {NULL, 0};
    bool was_stuck = txn->stuck != STM_OK;
    stm_status expected = spoilt(txn, name);
    if (expected == STM_OK)
        expected = check_out(txn, 1u << key, update);
    bool absent = expected == STM_OK && txn->held[key].state.value == 0;
    if (update)
        STATUS(stm_txn_use(txn->handle, name, &value), expected);
    else
        STATUS(stm_txn_get(txn->handle, name, &value), absent ? STM_NOT_FOUND : expected);
    if (expected == STM_OK)
        EXPECT(number_of(value) == txn->held[key].state.value);
    else if (!was_stuck)
        note_conflict(txn, expected);
}

static void call_checkout_many(struct txn *txn, unsigned keys, bool update)
{
    stm_bytes names[KEY_COUNT], values[KEY_COUNT];
    unsigned count = 0;
    for (unsigned key = 0; key < KEY_COUNT; key++)
        if ((keys >> key & 1) != 0)
            names[count++] = name_of(key);
    bool was_stuck = txn->stuck != STM_OK;
    stm_status expected = was_stuck ? txn->stuck : check_out(txn, keys, update);
    STATUS(update ? stm_txn_using(txn->handle, names, count, values)
                  : stm_txn_getting(txn->handle, names, count, values), expected);
    for (unsigned key = KEY_COUNT; expected == STM_OK && key-- > 0;)
        if ((keys >> key & 1) != 0)
            EXPECT(number_of(values[--count]) == txn->held[key].state.value);
    if (!was_stuck)
        note_conflict(txn, expected);
}

static void call_set(struct txn *txn, unsigned key, enum spoil spoil)
{
    char buffer[VALUE_SIZE_MAX];
    uint64_t number = value_number(VALUE_MIXED, 0, model.serial++);
    stm_bytes name = spoil_name(key, spoil), value = value_write(number, buffer);
    bool was_stuck = txn->stuck != STM_OK;
    stm_status expected = spoilt(txn, name);
    if (expected == STM_OK && !(txn->held[key].held && txn->held[key].update))
        expected = check_out(txn, 1u << key, true);
    if (!was_stuck)
        model.conflicts += expected == STM_CONFLICT;
    if (spoil == NO_VALUE)
        value = stm_bytes_of(NULL, 0);
    else if (spoil == LARGE_VALUE)
        value = stm_bytes_of(large, sizeof large);
    if (expected == STM_OK && spoil == NO_VALUE)
        expected = txn->stuck = STM_INVALID;
    else if (expected == STM_OK && spoil == LARGE_VALUE)
        expected = txn->stuck = STM_TOO_LARGE;
    else if (expected == STM_OK)
        txn->held[key].state.value = number;
    STATUS(stm_txn_set(txn->handle, name, value), expected);
}

static void call_delete(struct txn *txn, unsigned key)
{
    bool was_stuck = txn->stuck != STM_OK;
    stm_status expected = txn->stuck;
    if (expected == STM_OK && !(txn->held[key].held && txn->held[key].update))
        expected = check_out(txn, 1u << key, true);
    if (expected == STM_OK)
        txn->held[key].state.value = 0;
    STATUS(stm_txn_delete(txn->handle, name_of(key)), expected);
    if (!was_stuck)
        note_conflict(txn, expected);
}

static void call_peek(struct txn *txn, unsigned key)
{
    stm_bytes value = {NULL, 0};
    uint64_t current = txn->held[key].held ? txn->held[key].state.value : model.keys[key].value;
    stm_status expected = txn->stuck != STM_OK ? txn->stuck : current == 0 ? STM_NOT_FOUND : STM_OK;
    STATUS(stm_txn_peek(txn->handle, name_of(key), &value), expected);
    if (expected == STM_OK)
        EXPECT(number_of(value) == current);
}

/* Work after a failure, too. */
static void call_look(struct txn *txn, unsigned key)
{
    stm_bytes value = {NULL, 0};
    uint64_t version = 0;
    const struct held *held = &txn->held[key];
    STATUS(stm_txn_version(txn->handle, name_of(key), &version), held->held ? STM_OK : STM_NOT_FOUND);
    STATUS(stm_txn_value(txn->handle, name_of(key), &value),
           held->held && held->state.value != 0 ? STM_OK : STM_NOT_FOUND);
    EXPECT(!held->held || version == held->state.version);
    EXPECT(!held->held || number_of(value) == held->state.value);
}

static void call_commit(struct txn *txn)
{
    bool was_stuck = txn->stuck != STM_OK, holds = false;
    for (unsigned key = 0; key < KEY_COUNT; key++)
        holds |= txn->held[key].held;
    if (!was_stuck && count_changed(txn) > 0)
        txn->stuck = STM_CONFLICT;
    STATUS(stm_txn_commit(txn->handle), txn->stuck);
    if (!was_stuck)
        note_conflict(txn, txn->stuck);
    model.commits += holds && txn->stuck == STM_OK;
    for (unsigned key = 0; txn->stuck == STM_OK && key < KEY_COUNT; key++)
        if (txn->held[key].update) {
            txn->held[key].state.version++;
            model.keys[key] = txn->held[key].state;
        }
}

static void forget(struct txn *txn)
{
    txn->stuck = STM_OK;
    memset(txn->held, 0, sizeof txn->held);
}

static void call_snapshot(struct snapshot *snapshot)
{
    if (snapshot->handle != NULL) {
        stm_snapshot_release(snapshot->handle);
        snapshot->handle = NULL;
        return;
    }
    STATUS(stm_snapshot_take(model.store, "api", &snapshot->handle), STM_OK);
    memcpy(snapshot->keys, model.keys, sizeof snapshot->keys);
}

static void call_snapshot_get(const struct snapshot *snapshot, unsigned key, enum spoil spoil)
{
    stm_entry entry;
    stm_bytes name = spoil_name(key, spoil);
    if (snapshot->handle == NULL)
        return;
    stm_status expected = snapshot->keys[key].value == 0 ? STM_NOT_FOUND : STM_OK;
    if (spoil == NO_NAME || spoil == EMPTY_NAME)
        expected = STM_INVALID;
    else if (spoil == LONG_NAME)
        expected = STM_TOO_LARGE;
    STATUS(stm_snapshot_get(snapshot->handle, name, &entry), expected);
    if (expected == STM_OK)
        EXPECT(number_of(entry.value) == snapshot->keys[key].value && entry.version == snapshot->keys[key].version);
}

/* Counts and closing: the store knows how many handles are open. */
static void call_store(void)
{
    stm_stats stats;
    uint64_t transactions = 0, snapshots = 0, live = 0;
    for (unsigned i = 0; i < TXN_COUNT; i++)
        transactions += model.txns[i].handle != NULL;
    for (unsigned i = 0; i < SNAPSHOT_COUNT; i++)
        snapshots += model.snapshots[i].handle != NULL;
    for (unsigned key = 0; key < KEY_COUNT; key++)
        live += model.keys[key].value != 0;
    STATUS(stm_store_stats(model.store, &stats), STM_OK);
    EXPECT(stats.transactions == transactions && stats.snapshots == snapshots && stats.keys_live == live);
    EXPECT(stats.commits == model.commits && stats.conflicts == model.conflicts && stats.busy == 0);
    if (transactions + snapshots > 0)
        STATUS(stm_store_close(model.store), STM_BUSY);
}

/* No handle, or one that never was: told, and nothing happens. */
static void call_nobody(unsigned key)
{
    stm_bytes value;
    STATUS(stm_txn_use(NULL, name_of(key), &value), STM_INVALID);
    STATUS(stm_txn_set(NULL, name_of(key), name_of(key)), STM_INVALID);
    STATUS(stm_txn_commit(NULL), STM_INVALID);
    STATUS(stm_txn_begin(model.store, "", &model.txns[0].handle) == STM_OK ? STM_OK : STM_INVALID, STM_INVALID);
    STATUS(stm_snapshot_get(NULL, name_of(key), NULL), STM_INVALID);
    stm_txn_reset(NULL);
    stm_txn_end(NULL);
    stm_snapshot_release(NULL);
    EXPECT(stm_txn_conflicts(NULL, NULL, 0) == 0);
}

static void call(unsigned kind, unsigned who, unsigned key, unsigned more)
{
    struct txn *txn = &model.txns[who % TXN_COUNT];
    enum spoil spoil = more > LARGE_VALUE ? NOTHING : (enum spoil)more;
    if (txn->handle == NULL) {
        STATUS(stm_txn_begin(model.store, "api", &txn->handle), STM_OK);
        forget(txn);
    }
    switch (kind) {
    case 0: call_checkout(txn, key, true, spoil); break;
    case 1: call_checkout(txn, key, false, spoil); break;
    case 2: call_checkout_many(txn, more, true); break;
    case 3: call_checkout_many(txn, more, false); break;
    case 4:
    case 5: call_set(txn, key, spoil); break;
    case 6: call_delete(txn, key); break;
    case 7: call_peek(txn, key); break;
    case 8: call_look(txn, key); break;
    case 9:
    case 10: call_commit(txn); break;
    case 11: stm_txn_reset(txn->handle); forget(txn); break;
    case 12: stm_txn_end(txn->handle); txn->handle = NULL; break;
    case 13: call_snapshot(&model.snapshots[who % SNAPSHOT_COUNT]); break;
    case 14: call_snapshot_get(&model.snapshots[who % SNAPSHOT_COUNT], key, spoil); break;
    default: more == 0 ? call_nobody(key) : call_store();
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    memset(long_name, 'x', sizeof long_name);
    target_choose_mutant();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stm_options options = {.size = sizeof options, .key_count_hint = 1, .key_size_max = KEY_SIZE_MAX - 1,
                           .value_size_max = VALUE_SIZE_MAX};
    memset(&model, 0, sizeof model);
    STATUS(stm_store_open(&options, &model.store), STM_OK);
    for (size_t i = 0; i + 1 < size && i < 2 * CALL_COUNT_MAX; i += 2)
        call(data[i] & 15, data[i + 1] & 3, data[i + 1] >> 2 & 3, data[i + 1] >> 4);
    call_store();
    for (unsigned i = 0; i < SNAPSHOT_COUNT; i++)
        stm_snapshot_release(model.snapshots[i].handle);
    for (unsigned i = 0; i < TXN_COUNT; i++)
        stm_txn_end(model.txns[i].handle);
    STATUS(stm_store_close(model.store), STM_OK);
    return 0;
}
