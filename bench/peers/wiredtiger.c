/*
 * wiredtiger.c -- WiredTiger, MongoDB's storage engine, in memory: multi-version, snapshot isolation.
 *
 * A session for each thread. An update whose key has changed since its transaction began is rolled back
 * (WT_ROLLBACK) and made again.
 */
#include "peer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <wiredtiger.h>

typedef struct wt_store {
    WT_CONNECTION *connection;
    size_t value_size;
} wt_store;

typedef struct wt_context {
    peer_context base;
    wt_store *store;
    WT_SESSION *session;
    WT_CURSOR *cursor;
    char *buffer;
} wt_context;

static wt_context *own(peer_context *context)
{
    return (wt_context *)(void *)context;
}

static void must(int code, const char *call)
{
    if (code != 0)
        bench_fail("%s: %s", call, wiredtiger_strerror(code));
}

static void begin(const wt_context *c)
{
    must(c->session->begin_transaction(c->session, "isolation=snapshot"), "begin_transaction");
}

/* Commits, or rolls back what has met another; true if it is done. */
static bool settle(wt_context *c, int code)
{
    if (code == 0)
        code = c->session->commit_transaction(c->session, NULL);
    else if (code == WT_ROLLBACK)
        must(c->session->rollback_transaction(c->session, NULL), "rollback_transaction");
    if (code != WT_ROLLBACK)
        must(code, "a transaction");
    c->base.commits += code == 0;
    c->base.conflicts += code == WT_ROLLBACK;
    return code == 0;
}

static void name_key(const wt_context *c, const char *text)
{
    WT_ITEM item = {.data = text, .size = PEER_KEY_SIZE};
    c->cursor->set_key(c->cursor, &item);
}

static int get(const wt_context *c, const char *text, WT_ITEM *value)
{
    name_key(c, text);
    int code = c->cursor->search(c->cursor);
    return code == 0 ? c->cursor->get_value(c->cursor, value) : code;
}

static int set(const wt_context *c, const char *text, const void *value)
{
    WT_ITEM item = {.data = value, .size = c->store->value_size};
    name_key(c, text);
    c->cursor->set_value(c->cursor, &item);
    return c->cursor->insert(c->cursor);
}

static int try_put(const wt_context *c, const peer_keys *keys, const void *value)
{
    int code = 0;
    begin(c);
    for (size_t i = 0; code == 0 && i < keys->count; i++)
        code = set(c, keys->texts[i], value);
    return code;
}

static void put(peer_context *context, const peer_keys *keys, const void *value)
{
    while (!settle(own(context), try_put(own(context), keys, value)))
        ;
}

/* The cursor stands on the key after it was looked up: update needs no second search. */
static int add(const wt_context *c, const char *text, int64_t delta)
{
    WT_ITEM value;
    int code = get(c, text, &value);
    if (code != 0)
        return code;
    memcpy(c->buffer, value.data, value.size);
    peer_add(c->buffer, delta);
    value.data = c->buffer;
    c->cursor->set_value(c->cursor, &value);
    return c->cursor->update(c->cursor);
}

static int try_update(const wt_context *c, const peer_keys *keys, const int64_t *deltas)
{
    int code = 0;
    begin(c);
    for (size_t i = 0; code == 0 && i < keys->count; i++)
        code = add(c, keys->texts[i], deltas[i]);
    return code;
}

static void update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    while (!settle(own(context), try_update(own(context), keys, deltas)))
        ;
    (void)own(context)->cursor->reset(own(context)->cursor);
}

static int64_t read_sum(peer_context *context, const peer_keys *keys)
{
    wt_context *c = own(context);
    int64_t sum = 0;
    begin(c);
    for (size_t i = 0; i < keys->count; i++) {
        WT_ITEM value;
        must(get(c, keys->texts[i], &value), "search");
        sum += peer_number(value.data);
    }
    (void)settle(c, 0);
    (void)c->cursor->reset(c->cursor);
    return sum;
}

static int try_replace(const wt_context *c, const peer_keys *keys, const void *value)
{
    begin(c);
    name_key(c, keys->texts[0]);
    int code = c->cursor->remove(c->cursor);
    return code == 0 ? set(c, keys->texts[1], value) : code;
}

static void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    while (!settle(own(context), try_replace(own(context), keys, value)))
        ;
}

/* Goes on from where the cursor stands. */
static peer_sum walk(const wt_context *c, size_t count)
{
    peer_sum all = {0, 0};
    WT_ITEM value;
    int code = 0;
    while (code == 0 && all.count < count) {
        must(c->cursor->get_value(c->cursor, &value), "get_value");
        all.sum += peer_number(value.data);
        all.count++;
        if (all.count < count)
            code = c->cursor->next(c->cursor);
    }
    if (code != 0 && code != WT_NOTFOUND)
        must(code, "next");
    return all;
}

static peer_sum scan(peer_context *context)
{
    wt_context *c = own(context);
    begin(c);
    must(c->cursor->reset(c->cursor), "reset");
    must(c->cursor->next(c->cursor), "next");
    peer_sum all = walk(c, SIZE_MAX);
    must(c->session->commit_transaction(c->session, NULL), "commit_transaction");
    (void)c->cursor->reset(c->cursor);
    return all;
}

static peer_sum range(peer_context *context, const char *low, size_t count)
{
    wt_context *c = own(context);
    int side;
    begin(c);
    name_key(c, low);
    must(c->cursor->search_near(c->cursor, &side), "search_near");
    if (side < 0)
        must(c->cursor->next(c->cursor), "next");
    peer_sum all = walk(c, count);
    must(c->session->commit_transaction(c->session, NULL), "commit_transaction");
    (void)c->cursor->reset(c->cursor);
    return all;
}

static const char *version(void)
{
    return wiredtiger_version(NULL, NULL, NULL);
}

static void *open_store(const peer_setup *setup)
{
    WT_SESSION *session;
    wt_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        bench_fail("out of memory");
    store->value_size = setup->value_size;
    must(wiredtiger_open(setup->folder, NULL, "create,in_memory=true,cache_size=4GB", &store->connection),
         "wiredtiger_open");
    must(store->connection->open_session(store->connection, NULL, NULL, &session), "open_session");
    must(session->create(session, "table:accounts", "key_format=u,value_format=u"), "create");
    must(session->close(session, NULL), "close");
    return store;
}

static void close_store(void *arg)
{
    wt_store *store = arg;
    must(store->connection->close(store->connection, NULL), "close");
    free(store);
}

static peer_context *enter(void *store)
{
    wt_context *c = calloc(1, sizeof *c);
    if (c == NULL)
        bench_fail("out of memory");
    c->store = store;
    c->buffer = malloc(c->store->value_size);
    if (c->buffer == NULL)
        bench_fail("out of memory");
    WT_CONNECTION *connection = c->store->connection;
    must(connection->open_session(connection, NULL, NULL, &c->session), "open_session");
    must(c->session->open_cursor(c->session, "table:accounts", NULL, NULL, &c->cursor), "open_cursor");
    return &c->base;
}

static void leave(peer_context *context)
{
    wt_context *c = own(context);
    must(c->session->close(c->session, NULL), "close");
    free(c->buffer);
    free(c);
}

static const peer wiredtiger = {.name = "wiredtiger",
                                .title = "WiredTiger",
                                .setup = "in memory, snapshot isolation",
                                .gives = {1, PEER_ISOLATION_SNAPSHOT, 1, 0, 1},
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

const peer *const bench_peers[] = {&wiredtiger, NULL};
