/*
 * lmdb.c -- LMDB, a copy-on-write B+tree in a mapped file: one writer at a time, readers that wait for nobody.
 *
 * The file lies in memory and is never synced. Each thread keeps one read transaction and renews it; an
 * update is a write transaction, as LMDB's manual asks for.
 */
#include "peer.h"

#include <lmdb.h>
#include <stdlib.h>

#define MAP_SIZE_MIN ((size_t)64 << 20)
#define BYTES_A_KEY 512 /* generous: tree, free pages kept for readers */

typedef struct lmdb_store {
    MDB_env *env;
    MDB_dbi dbi;
    size_t value_size;
} lmdb_store;

typedef struct lmdb_context {
    peer_context base;
    lmdb_store *store;
    MDB_txn *reader; /* reset between operations */
    char *buffer;
} lmdb_context;

static lmdb_context *own(peer_context *context)
{
    return (lmdb_context *)(void *)context;
}

static void must(int code, const char *call)
{
    if (code != 0)
        bench_fail("%s: %s", call, mdb_strerror(code));
}

static MDB_val key_of(const char *text)
{
    union {
        const char *in;
        void *out;
    } unconst = {.in = text}; /* LMDB does not write to it */
    return (MDB_val){PEER_KEY_SIZE, unconst.out};
}

static MDB_txn *write_begin(const lmdb_context *c)
{
    MDB_txn *txn;
    must(mdb_txn_begin(c->store->env, NULL, 0, &txn), "mdb_txn_begin");
    return txn;
}

static void write_end(lmdb_context *c, MDB_txn *txn)
{
    must(mdb_txn_commit(txn), "mdb_txn_commit");
    c->base.commits++;
}

static void get(const lmdb_context *c, MDB_txn *txn, const char *text, MDB_val *value)
{
    MDB_val key = key_of(text);
    must(mdb_get(txn, c->store->dbi, &key, value), "mdb_get");
}

static void set(const lmdb_context *c, MDB_txn *txn, const char *text, const void *bytes)
{
    MDB_val key = key_of(text), value = {c->store->value_size, c->buffer};
    if (bytes != c->buffer)
        memcpy(c->buffer, bytes, c->store->value_size);
    must(mdb_put(txn, c->store->dbi, &key, &value, 0), "mdb_put");
}

static void put(peer_context *context, const peer_keys *keys, const void *value)
{
    lmdb_context *c = own(context);
    MDB_txn *txn = write_begin(c);
    for (size_t i = 0; i < keys->count; i++)
        set(c, txn, keys->texts[i], value);
    write_end(c, txn);
}

static void update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    lmdb_context *c = own(context);
    MDB_txn *txn = write_begin(c);
    for (size_t i = 0; i < keys->count; i++) {
        MDB_val value;
        get(c, txn, keys->texts[i], &value);
        memcpy(c->buffer, value.mv_data, value.mv_size);
        peer_add(c->buffer, deltas[i]);
        set(c, txn, keys->texts[i], c->buffer);
    }
    write_end(c, txn);
}

static int64_t read_sum(peer_context *context, const peer_keys *keys)
{
    lmdb_context *c = own(context);
    int64_t sum = 0;
    must(mdb_txn_renew(c->reader), "mdb_txn_renew");
    for (size_t i = 0; i < keys->count; i++) {
        MDB_val value;
        get(c, c->reader, keys->texts[i], &value);
        sum += peer_number(value.mv_data);
    }
    mdb_txn_reset(c->reader);
    c->base.commits++;
    return sum;
}

static void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    lmdb_context *c = own(context);
    MDB_txn *txn = write_begin(c);
    MDB_val gone = key_of(keys->texts[0]);
    must(mdb_del(txn, c->store->dbi, &gone, NULL), "mdb_del");
    set(c, txn, keys->texts[1], value);
    write_end(c, txn);
}

/* From low on, or from the first key where low is NULL. */
static peer_sum walk(lmdb_context *c, const char *low, size_t count)
{
    peer_sum all = {0, 0};
    MDB_cursor *cursor;
    MDB_val key = {0, NULL}, value;
    if (low != NULL)
        key = key_of(low);
    must(mdb_txn_renew(c->reader), "mdb_txn_renew");
    must(mdb_cursor_open(c->reader, c->store->dbi, &cursor), "mdb_cursor_open");
    int code = mdb_cursor_get(cursor, &key, &value, low == NULL ? MDB_FIRST : MDB_SET_RANGE);
    while (code == 0 && all.count < count) {
        all.sum += peer_number(value.mv_data);
        all.count++;
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    mdb_txn_reset(c->reader);
    return all;
}

static peer_sum scan(peer_context *context)
{
    return walk(own(context), NULL, SIZE_MAX);
}

static peer_sum range(peer_context *context, const char *low, size_t count)
{
    return walk(own(context), low, count);
}

static const char *version(void)
{
    return mdb_version(NULL, NULL, NULL);
}

static void *open_store(const peer_setup *setup)
{
    lmdb_store *store = calloc(1, sizeof *store);
    MDB_txn *txn;
    if (store == NULL)
        bench_fail("out of memory");
    store->value_size = setup->value_size;
    must(mdb_env_create(&store->env), "mdb_env_create");
    must(mdb_env_set_maxreaders(store->env, setup->thread_count_max + 8), "mdb_env_set_maxreaders");
    must(mdb_env_set_mapsize(store->env,
                             MAP_SIZE_MIN + setup->key_count_max * (BYTES_A_KEY + 4 * setup->value_size)),
         "mdb_env_set_mapsize");
    must(
        mdb_env_open(store->env, setup->folder, MDB_NOSYNC | MDB_NOMETASYNC | MDB_WRITEMAP | MDB_NOTLS, 0600),
        "mdb_env_open");
    must(mdb_txn_begin(store->env, NULL, 0, &txn), "mdb_txn_begin");
    must(mdb_dbi_open(txn, NULL, 0, &store->dbi), "mdb_dbi_open");
    must(mdb_txn_commit(txn), "mdb_txn_commit");
    return store;
}

static void close_store(void *arg)
{
    lmdb_store *store = arg;
    mdb_env_close(store->env);
    free(store);
}

static peer_context *enter(void *store)
{
    lmdb_context *c = calloc(1, sizeof *c);
    if (c == NULL)
        bench_fail("out of memory");
    c->store = store;
    c->buffer = malloc(c->store->value_size);
    if (c->buffer == NULL)
        bench_fail("out of memory");
    must(mdb_txn_begin(c->store->env, NULL, MDB_RDONLY, &c->reader), "mdb_txn_begin");
    mdb_txn_reset(c->reader);
    return &c->base;
}

static void leave(peer_context *context)
{
    mdb_txn_abort(own(context)->reader);
    free(own(context)->buffer);
    free(context);
}

static const peer lmdb = {.name = "lmdb",
                          .title = "LMDB",
                          .setup = "file in memory, no sync",
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
                          .scan = scan,
                          .range = range};

const peer *const bench_peers[] = {&lmdb, NULL};
