/*
 * urcu.c -- userspace-rcu's hash table: what an index alone costs, without transactions.
 *
 * Readers wait for nobody. A number is changed in its node by an atomic addition; a larger value by
 * replacing its node. Each key by itself: others see a transfer half done, and a scan shows no instant. The table has
 * its final size from the start: with CDS_LFHT_AUTO_RESIZE a scan of 100,000 keys took 2.6 s, without 0.04.
 */
#define _LGPL_SOURCE /* lets the read side be inlined, as userspace-rcu's own manual advises */
#include <urcu/urcu-memb.h>

#include "peer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <urcu/rculfhash.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BUCKETS_MIN 1024

typedef struct urcu_store {
    struct cds_lfht *table;
    size_t value_size;
} urcu_store;

typedef struct urcu_node {
    struct cds_lfht_node link;
    struct rcu_head head;
    char key[PEER_KEY_SIZE];
    _Alignas(8) char value[];
} urcu_node;

typedef struct urcu_context {
    peer_context base;
    urcu_store *store;
} urcu_context;

static urcu_store *store_of(peer_context *context)
{
    return ((urcu_context *)(void *)context)->store;
}

static urcu_node *node_of(struct cds_lfht_node *link)
{
    return link == NULL ? NULL : caa_container_of(link, urcu_node, link);
}

static unsigned long hash_of(const char *key)
{
    return (unsigned long)XXH3_64bits(key, PEER_KEY_SIZE);
}

static int same_key(struct cds_lfht_node *link, const void *key)
{
    return memcmp(node_of(link)->key, key, PEER_KEY_SIZE) == 0;
}

static void free_node(struct rcu_head *head)
{
    free(caa_container_of(head, urcu_node, head));
}

/* ------------------------------------------------------------- on the read side of the RCU -- */

static urcu_node *find(const urcu_store *store, const char *key)
{
    struct cds_lfht_iter at;
    cds_lfht_lookup(store->table, hash_of(key), same_key, key, &at);
    urcu_node *node = node_of(cds_lfht_iter_get_node(&at));
    if (node == NULL)
        bench_fail("the table has lost %.16s", key);
    return node;
}

static urcu_node *make_node(const urcu_store *store, const char *key, const void *value)
{
    urcu_node *node = malloc(sizeof *node + store->value_size);
    if (node == NULL)
        bench_fail("out of memory");
    cds_lfht_node_init(&node->link);
    memcpy(node->key, key, PEER_KEY_SIZE);
    memcpy(node->value, value, store->value_size);
    return node;
}

static void set(const urcu_store *store, const char *key, const void *value)
{
    urcu_node *node = make_node(store, key, value);
    urcu_node *old = node_of(cds_lfht_add_replace(store->table, hash_of(key), same_key, key, &node->link));
    if (old != NULL)
        urcu_memb_call_rcu(&old->head, free_node);
}

static int64_t number_in(const urcu_node *node)
{
    return __atomic_load_n((const int64_t *)(const void *)node->value, __ATOMIC_RELAXED);
}

static void add(const urcu_store *store, const char *key, int64_t delta)
{
    urcu_node *node = find(store, key);
    if (store->value_size == PEER_INT64_SIZE) {
        (void)__atomic_fetch_add((int64_t *)(void *)node->value, delta, __ATOMIC_RELAXED);
        return;
    }
    urcu_node *fresh = make_node(store, key, node->value);
    peer_add(fresh->value, delta);
    urcu_node *old = node_of(cds_lfht_add_replace(store->table, hash_of(key), same_key, key, &fresh->link));
    if (old != NULL)
        urcu_memb_call_rcu(&old->head, free_node);
}

/* ------------------------------------------------------------------------------ operations -- */

static void put(peer_context *context, const peer_keys *keys, const void *value)
{
    urcu_memb_read_lock();
    for (size_t i = 0; i < keys->count; i++)
        set(store_of(context), keys->texts[i], value);
    urcu_memb_read_unlock();
    context->commits++;
}

static void update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    urcu_memb_read_lock();
    for (size_t i = 0; i < keys->count; i++)
        add(store_of(context), keys->texts[i], deltas[i]);
    urcu_memb_read_unlock();
    context->commits++;
}

static int64_t read_sum(peer_context *context, const peer_keys *keys)
{
    int64_t sum = 0;
    urcu_memb_read_lock();
    for (size_t i = 0; i < keys->count; i++)
        sum += number_in(find(store_of(context), keys->texts[i]));
    urcu_memb_read_unlock();
    context->commits++;
    return sum;
}

static void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    urcu_store *store = store_of(context);
    urcu_memb_read_lock();
    urcu_node *gone = find(store, keys->texts[0]);
    if (cds_lfht_del(store->table, &gone->link) == 0)
        urcu_memb_call_rcu(&gone->head, free_node);
    set(store, keys->texts[1], value);
    urcu_memb_read_unlock();
    context->commits++;
}

static peer_sum scan(peer_context *context)
{
    peer_sum all = {0, 0};
    struct cds_lfht_iter at;
    struct cds_lfht *table = store_of(context)->table;
    urcu_memb_read_lock();
    for (cds_lfht_first(table, &at); cds_lfht_iter_get_node(&at) != NULL; cds_lfht_next(table, &at)) {
        all.sum += number_in(node_of(cds_lfht_iter_get_node(&at)));
        all.count++;
    }
    urcu_memb_read_unlock();
    return all;
}

/* -------------------------------------------------------------------------- open and close -- */

static const char *version(void)
{
    return PEER_VERSION; /* its headers do not tell */
}

static void *open_store(const peer_setup *setup)
{
    size_t buckets = BUCKETS_MIN;
    urcu_store *store = calloc(1, sizeof *store);
    while (buckets < setup->key_count_max)
        buckets *= 2;
    if (store == NULL)
        bench_fail("out of memory");
    store->value_size = setup->value_size;
    store->table = cds_lfht_new_flavor(buckets, buckets, 0, 0, &urcu_memb_flavor, NULL);
    if (store->table == NULL)
        bench_fail("cds_lfht_new_flavor: no table");
    return store;
}

static void close_store(void *arg)
{
    urcu_store *store = arg;
    struct cds_lfht_iter at;
    urcu_memb_register_thread();
    urcu_memb_read_lock();
    for (cds_lfht_first(store->table, &at); cds_lfht_iter_get_node(&at) != NULL;
         cds_lfht_next(store->table, &at)) {
        urcu_node *node = node_of(cds_lfht_iter_get_node(&at));
        if (cds_lfht_del(store->table, &node->link) == 0)
            urcu_memb_call_rcu(&node->head, free_node);
    }
    urcu_memb_read_unlock();
    urcu_memb_barrier();
    if (cds_lfht_destroy(store->table, NULL) != 0)
        bench_fail("cds_lfht_destroy: the table is not empty");
    urcu_memb_unregister_thread();
    free(store);
}

static peer_context *enter(void *store)
{
    urcu_context *c = calloc(1, sizeof *c);
    if (c == NULL)
        bench_fail("out of memory");
    c->store = store;
    urcu_memb_register_thread();
    return &c->base;
}

static void leave(peer_context *context)
{
    urcu_memb_unregister_thread();
    free(context);
}

static const peer urcu = {.name = "urcu",
                          .title = "userspace-rcu's hash table",
                          .setup = "index alone, no transactions",
                          .gives = {0, PEER_ISOLATION_NONE, 0, 0, 0},
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

const peer *const bench_peers[] = {&urcu, NULL};
