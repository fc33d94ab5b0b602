/*
 * libitm.c -- GCC's transactional memory: a plain hash table of chained nodes, each operation in one
 * __transaction_atomic block, which the compiler turns into calls of libitm.
 *
 * What does not touch shared memory, hashing and comparing with the caller's own key apart, stays outside.
 * gcc 12 crashes on this above -O1.
 */
#include "key_hash.h"
#include "peer.h"

#include <stdbool.h>
#include <stdlib.h>

typedef struct node {
    struct node *next;
    uint64_t key[2];
    uint64_t hash;
    char value[]; /* of the store's value size */
} node;

typedef struct itm_store {
    node **buckets;
    size_t bucket_mask;
    size_t value_size;
} itm_store;

typedef struct itm_context {
    peer_context base;
    itm_store *store;
    char *buffer;
} itm_context;

/* A key as two words, with its hash: made outside of transactions. */
typedef struct name {
    uint64_t words[2], hash;
} name;

static itm_context *own(peer_context *context)
{
    return (itm_context *)(void *)context;
}

static void name_keys(const peer_keys *keys, name *names)
{
    for (size_t i = 0; i < keys->count; i++) {
        memcpy(names[i].words, keys->texts[i], PEER_KEY_SIZE);
        names[i].hash = peer_key_hash(keys->texts[i]);
    }
}

/* ------------------------------------------------------------------ inside of transactions -- */

#define INSIDE __attribute__((transaction_safe)) static

INSIDE node *find(const itm_store *store, const name *n)
{
    node *at = store->buckets[n->hash & store->bucket_mask];
    while (at != NULL && (at->hash != n->hash || at->key[0] != n->words[0] || at->key[1] != n->words[1]))
        at = at->next;
    return at;
}

INSIDE void add_node(const itm_store *store, const name *n, const void *value)
{
    node *fresh = malloc(sizeof *fresh + store->value_size);
    node **bucket = &store->buckets[n->hash & store->bucket_mask];
    fresh->hash = n->hash;
    fresh->key[0] = n->words[0];
    fresh->key[1] = n->words[1];
    memcpy(fresh->value, value, store->value_size);
    fresh->next = *bucket;
    *bucket = fresh;
}

INSIDE bool remove_node(const itm_store *store, const name *n)
{
    node *gone = find(store, n);
    node **link = &store->buckets[n->hash & store->bucket_mask];
    if (gone == NULL)
        return false;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    free(gone);
    return true;
}

/* A large value is copied out and in, as with everybody else; a small one is a number. */
INSIDE void add_number(const itm_store *store, node *at, char *buffer, int64_t delta)
{
    if (store->value_size == PEER_INT64_SIZE) {
        *(int64_t *)(void *)at->value += delta;
        return;
    }
    memcpy(buffer, at->value, store->value_size);
    *(int64_t *)(void *)buffer += delta;
    memcpy(at->value, buffer, store->value_size);
}

INSIDE int64_t number_in(const node *at)
{
    return *(const int64_t *)(const void *)at->value;
}

/* ------------------------------------------------------------------------------ operations -- */

static void require(bool all, const char *what)
{
    if (!all)
        bench_fail("libitm: a key was lost: %s", what);
}

static void put(peer_context *context, const peer_keys *keys, const void *value)
{
    const itm_store *store = own(context)->store;
    name names[PEER_KEYS_MAX];
    name_keys(keys, names);
    __transaction_atomic
    {
        for (size_t i = 0; i < keys->count; i++) {
            node *at = find(store, &names[i]);
            if (at == NULL)
                add_node(store, &names[i], value);
            else
                memcpy(at->value, value, store->value_size);
        }
    }
    context->commits++;
}

static void update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    itm_context *c = own(context);
    const itm_store *store = c->store;
    name names[PEER_KEYS_MAX];
    bool all = true;
    name_keys(keys, names);
    __transaction_atomic
    {
        for (size_t i = 0; i < keys->count; i++) {
            node *at = find(store, &names[i]);
            all &= at != NULL;
            if (at != NULL)
                add_number(store, at, c->buffer, deltas[i]);
        }
    }
    require(all, "update");
    context->commits++;
}

static int64_t read_sum(peer_context *context, const peer_keys *keys)
{
    const itm_store *store = own(context)->store;
    name names[PEER_KEYS_MAX];
    int64_t sum = 0;
    bool all = true;
    name_keys(keys, names);
    __transaction_atomic
    {
        sum = 0;
        for (size_t i = 0; i < keys->count; i++) {
            const node *at = find(store, &names[i]);
            all &= at != NULL;
            sum += at != NULL ? number_in(at) : 0;
        }
    }
    require(all, "read");
    context->commits++;
    return sum;
}

static void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    const itm_store *store = own(context)->store;
    name names[2];
    bool all = true;
    name_keys(keys, names);
    __transaction_atomic
    {
        all = remove_node(store, &names[0]);
        add_node(store, &names[1], value);
    }
    require(all, "replace");
    context->commits++;
}

static peer_sum scan(peer_context *context)
{
    const itm_store *store = own(context)->store;
    peer_sum all = {0, 0};
    __transaction_atomic
    {
        size_t count = 0;
        int64_t sum = 0;
        for (size_t i = 0; i <= store->bucket_mask; i++) {
            for (const node *at = store->buckets[i]; at != NULL; at = at->next) {
                count++;
                sum += number_in(at);
            }
        }
        all.count = count;
        all.sum = sum;
    }
    return all;
}

/* -------------------------------------------------------------------------- open and close -- */

static const char *version(void)
{
    return __VERSION__;
}

static void *open_store(const peer_setup *setup)
{
    itm_store *store = calloc(1, sizeof *store);
    size_t bucket_count = 1;
    while (bucket_count < setup->key_count_max)
        bucket_count *= 2;
    if (store == NULL || (store->buckets = calloc(bucket_count, sizeof *store->buckets)) == NULL)
        bench_fail("out of memory");
    store->bucket_mask = bucket_count - 1;
    store->value_size = setup->value_size;
    return store;
}

static void close_store(void *arg)
{
    itm_store *store = arg;
    for (size_t i = 0; i <= store->bucket_mask; i++) {
        for (node *at = store->buckets[i]; at != NULL;) {
            node *next = at->next;
            free(at);
            at = next;
        }
    }
    free(store->buckets);
    free(store);
}

static peer_context *enter(void *store)
{
    itm_context *c = calloc(1, sizeof *c);
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

static const peer libitm = {.name = "libitm",
                            .title = "GCC's transactional memory",
                            .setup = "hash table in __transaction_atomic, -O1",
                            .gives = {1, PEER_ISOLATION_SERIALIZABLE, 1, 0, 1},
                            .version = version,
                            .open = open_store,
                            .close = close_store,
                            .enter = enter,
                            .leave = leave,
                            .put = put,
                            .update = update,
                            .read = read_sum,
                            .replace = replace,
                            .scan = scan};

const peer *const bench_peers[] = {&libitm, NULL};
