/*
 * table.c -- the plain table as a peer, three times: without any lock, which is the floor that everything
 * is compared with; behind one mutex; and with striped locks, taken in order, two-phase.
 *
 * The stripes guard the records, a key's by its hash. The table's own structure only grows, and only
 * under all stripes; whoever looks a key up holds at least one. A key that is removed keeps its record, with
 * no value, as in libstm.
 */
#include "../plain_table.h"
#include "peer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define STRIPES 256 /* at most 64 keys an operation, two threads a CPU: seldom does anybody wait */
#define LINE 64

typedef struct stripe {
    _Alignas(2 * LINE) pthread_mutex_t mutex;
} stripe;

typedef struct table_store {
    plain_table *table;
    size_t value_size;
    _Alignas(2 * LINE) pthread_mutex_t mutex;
    stripe stripes[STRIPES];
} table_store;

typedef struct table_context {
    peer_context base;
    table_store *store;
    char *buffer;
} table_context;

static table_context *own(peer_context *context)
{
    return (table_context *)(void *)context;
}

/* ------------------------------------------------------------------------------ the table -- */

static void find(const table_context *c, const peer_keys *keys, plain_record **records)
{
    plain_table_find(c->store->table, keys->texts, keys->count, records);
    for (size_t i = 0; i < keys->count; i++) {
        if (records[i] == NULL || records[i]->value_size == 0)
            bench_fail("the table has lost %.16s", keys->texts[i]);
    }
}

/* A large value is copied out and in, as with everybody else; a small one is a number. */
static void add(table_context *c, plain_record *record, int64_t delta)
{
    if (record->value_size == PEER_INT64_SIZE) {
        peer_add(record->value, delta);
        return;
    }
    memcpy(c->buffer, record->value, record->value_size);
    peer_add(c->buffer, delta);
    memcpy(record->value, c->buffer, record->value_size);
}

static void update(table_context *c, const peer_keys *keys, const int64_t *deltas)
{
    plain_record *records[PEER_KEYS_MAX];
    find(c, keys, records);
    for (size_t i = 0; i < keys->count; i++)
        add(c, records[i], deltas[i]);
    c->base.commits++;
}

static int64_t read_sum(table_context *c, const peer_keys *keys)
{
    plain_record *records[PEER_KEYS_MAX];
    int64_t sum = 0;
    find(c, keys, records);
    for (size_t i = 0; i < keys->count; i++)
        sum += peer_number(records[i]->value);
    c->base.commits++;
    return sum;
}

static bool is_known(const table_context *c, const char (*text)[PEER_KEY_SIZE])
{
    plain_record *record;
    plain_table_find(c->store->table, text, 1, &record);
    return record != NULL;
}

static void set(const table_context *c, const char (*text)[PEER_KEY_SIZE], const void *value)
{
    plain_record *record;
    plain_table_find(c->store->table, text, 1, &record);
    if (record == NULL)
        record = plain_table_add(c->store->table, *text);
    if (record == NULL)
        bench_fail("the table is full");
    memcpy(record->value, value, c->store->value_size);
    record->value_size = c->store->value_size;
}

static void put(table_context *c, const peer_keys *keys, const void *value)
{
    for (size_t i = 0; i < keys->count; i++)
        set(c, &keys->texts[i], value);
    c->base.commits++;
}

static void replace(table_context *c, const peer_keys *keys, const void *value)
{
    const peer_keys gone = {keys->texts, keys->numbers, 1};
    plain_record *record;
    find(c, &gone, &record);
    record->value_size = 0;
    set(c, &keys->texts[1], value);
    c->base.commits++;
}

static peer_sum scan(const table_context *c)
{
    peer_sum all = {0, 0};
    size_t count;
    const plain_record *records = plain_table_records(c->store->table, &count);
    for (size_t i = 0; i < count; i++) {
        if (records[i].value_size == 0)
            continue;
        all.sum += peer_number(records[i].value);
        all.count++;
    }
    return all;
}

/* ------------------------------------------------------------------------------- no locks -- */

static void plain_put(peer_context *context, const peer_keys *keys, const void *value)
{
    put(own(context), keys, value);
}

static void plain_update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    update(own(context), keys, deltas);
}

static int64_t plain_read(peer_context *context, const peer_keys *keys)
{
    return read_sum(own(context), keys);
}

static void plain_replace(peer_context *context, const peer_keys *keys, const void *value)
{
    replace(own(context), keys, value);
}

static peer_sum plain_scan(peer_context *context)
{
    return scan(own(context));
}

/* ------------------------------------------------------------------------------ one mutex -- */

static table_context *lock(peer_context *context)
{
    table_context *c = own(context);
    (void)pthread_mutex_lock(&c->store->mutex);
    return c;
}

static void unlock(table_context *c)
{
    (void)pthread_mutex_unlock(&c->store->mutex);
}

static void mutex_put(peer_context *context, const peer_keys *keys, const void *value)
{
    table_context *c = lock(context);
    put(c, keys, value);
    unlock(c);
}

static void mutex_update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    table_context *c = lock(context);
    update(c, keys, deltas);
    unlock(c);
}

static int64_t mutex_read(peer_context *context, const peer_keys *keys)
{
    table_context *c = lock(context);
    int64_t sum = read_sum(c, keys);
    unlock(c);
    return sum;
}

static void mutex_replace(peer_context *context, const peer_keys *keys, const void *value)
{
    table_context *c = lock(context);
    replace(c, keys, value);
    unlock(c);
}

static peer_sum mutex_scan(peer_context *context)
{
    table_context *c = lock(context);
    peer_sum all = scan(c);
    unlock(c);
    return all;
}

/* -------------------------------------------------------------------------------- stripes -- */

/* The stripes that an operation holds: each once, in ascending order, so that nobody waits in a circle. */
typedef struct stripe_set {
    uint8_t numbers[PEER_KEYS_MAX];
    size_t count;
} stripe_set;

static void stripe_set_add(stripe_set *set, uint8_t number)
{
    size_t at = set->count;
    while (at > 0 && set->numbers[at - 1] > number)
        at--;
    if (at > 0 && set->numbers[at - 1] == number)
        return;
    memmove(&set->numbers[at + 1], &set->numbers[at], set->count - at);
    set->numbers[at] = number;
    set->count++;
}

static stripe_set stripes_lock(table_store *store, const peer_keys *keys)
{
    stripe_set set = {.count = 0};
    for (size_t i = 0; i < keys->count; i++)
        stripe_set_add(&set, (uint8_t)(XXH3_64bits(keys->texts[i], PEER_KEY_SIZE) >> 40 & (STRIPES - 1)));
    for (size_t i = 0; i < set.count; i++)
        (void)pthread_mutex_lock(&store->stripes[set.numbers[i]].mutex);
    return set;
}

static void stripes_unlock(table_store *store, const stripe_set *set)
{
    for (size_t i = set->count; i-- > 0;)
        (void)pthread_mutex_unlock(&store->stripes[set->numbers[i]].mutex);
}

static void all_lock(table_store *store)
{
    for (size_t i = 0; i < STRIPES; i++)
        (void)pthread_mutex_lock(&store->stripes[i].mutex);
}

static void all_unlock(table_store *store)
{
    for (size_t i = STRIPES; i-- > 0;)
        (void)pthread_mutex_unlock(&store->stripes[i].mutex);
}

static void striped_put(peer_context *context, const peer_keys *keys, const void *value)
{
    table_context *c = own(context);
    all_lock(c->store);
    put(c, keys, value);
    all_unlock(c->store);
}

static void striped_update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    table_context *c = own(context);
    stripe_set set = stripes_lock(c->store, keys);
    update(c, keys, deltas);
    stripes_unlock(c->store, &set);
}

static int64_t striped_read(peer_context *context, const peer_keys *keys)
{
    table_context *c = own(context);
    stripe_set set = stripes_lock(c->store, keys);
    int64_t sum = read_sum(c, keys);
    stripes_unlock(c->store, &set);
    return sum;
}

/* A key that was there before needs its own stripe only; a new one changes the structure. */
static void striped_replace(peer_context *context, const peer_keys *keys, const void *value)
{
    table_context *c = own(context);
    stripe_set set = stripes_lock(c->store, keys);
    bool known = is_known(c, &keys->texts[1]);
    if (known)
        replace(c, keys, value);
    stripes_unlock(c->store, &set);
    if (known)
        return;
    all_lock(c->store);
    replace(c, keys, value);
    all_unlock(c->store);
}

static peer_sum striped_scan(peer_context *context)
{
    table_context *c = own(context);
    all_lock(c->store);
    peer_sum all = scan(c);
    all_unlock(c->store);
    return all;
}

/* -------------------------------------------------------------------------- open and close -- */

static const char *version(void)
{
    return "";
}

static void *open_store(const peer_setup *setup)
{
    table_store *store = aligned_alloc(2 * LINE, (sizeof *store + 2 * LINE - 1) / (2 * LINE) * (2 * LINE));
    if (store == NULL)
        bench_fail("out of memory");
    store->table = plain_table_open(setup->key_count_max, setup->value_size);
    store->value_size = setup->value_size;
    if (store->table == NULL)
        bench_fail("out of memory");
    (void)pthread_mutex_init(&store->mutex, NULL);
    for (size_t i = 0; i < STRIPES; i++)
        (void)pthread_mutex_init(&store->stripes[i].mutex, NULL);
    return store;
}

static void close_store(void *arg)
{
    table_store *store = arg;
    plain_table_close(store->table);
    free(store);
}

static peer_context *enter(void *store)
{
    table_context *c = calloc(1, sizeof *c);
    if (c == NULL)
        bench_fail("out of memory");
    c->store = store;
    c->buffer = malloc(c->store->value_size);
    if (c->buffer == NULL)
        bench_fail("out of memory");
    return &c->base;
}

static void leave(peer_context *context)
{
    free(own(context)->buffer);
    free(context);
}

#define COMMON .version = version, .open = open_store, .close = close_store, .enter = enter, .leave = leave

static const peer plain = {.name = "floor",
                           .title = "plain table",
                           .setup = "no locks, one thread: the floor",
                           .gives = {0, PEER_ISOLATION_NONE, 0, 0, 1},
                           .threads_max = 1,
                           COMMON,
                           .put = plain_put,
                           .update = plain_update,
                           .read = plain_read,
                           .replace = plain_replace,
                           .scan = plain_scan};
static const peer mutexed = {.name = "mutex",
                             .title = "plain table with one mutex",
                             .setup = "pthread mutex around each operation",
                             .gives = {1, PEER_ISOLATION_SERIALIZABLE, 1, 0, 1},
                             COMMON,
                             .put = mutex_put,
                             .update = mutex_update,
                             .read = mutex_read,
                             .replace = mutex_replace,
                             .scan = mutex_scan};
static const peer striped = {.name = "stripes",
                             .title = "plain table with striped locks",
                             .setup = "256 mutexes, in order, two-phase",
                             .gives = {1, PEER_ISOLATION_SERIALIZABLE, 1, 0, 1},
                             COMMON,
                             .put = striped_put,
                             .update = striped_update,
                             .read = striped_read,
                             .replace = striped_replace,
                             .scan = striped_scan};

const peer *const bench_peers[] = {&plain, &mutexed, &striped, NULL};
