/*
 * sqlite.c -- SQLite in memory: one database (vfs=memdb), and a connection for each thread.
 *
 * One writer at a time, and none while others read: BEGIN IMMEDIATE for an update, BEGIN for a read. Who finds
 * it locked yields and tries again; that is counted as busy.
 */
#include "peer.h"

#include <sched.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BEGIN, BEGIN_IMMEDIATE, COMMIT, GET, SET, CHANGE, REMOVE, SCAN, RANGE, STATEMENT_COUNT };

static const char *const texts[STATEMENT_COUNT] = {
    [BEGIN] = "BEGIN",
    [BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [GET] = "SELECT value FROM accounts WHERE key = ?1",
    [SET] = "INSERT OR REPLACE INTO accounts VALUES (?1, ?2)",
    [CHANGE] = "UPDATE accounts SET value = ?2 WHERE key = ?1",
    [REMOVE] = "DELETE FROM accounts WHERE key = ?1",
    [SCAN] = "SELECT value FROM accounts",
    [RANGE] = "SELECT value FROM accounts WHERE key >= ?1 ORDER BY key LIMIT ?2",
};

typedef struct sqlite_store {
    char uri[64];
    sqlite3 *first; /* keeps the database alive */
    size_t value_size;
} sqlite_store;

typedef struct sqlite_context {
    peer_context base;
    sqlite_store *store;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    char *buffer;
} sqlite_context;

static sqlite_context *own(peer_context *context)
{
    return (sqlite_context *)(void *)context;
}

static void must(bool done, sqlite3 *db, const char *what)
{
    if (!done)
        bench_fail("%s: %s", what, sqlite3_errmsg(db));
}

static int count_busy(void *arg, int tries)
{
    sqlite_context *c = arg;
    (void)tries;
    c->base.busy++;
    (void)sched_yield();
    return 1; /* try again */
}

/* ------------------------------------------------------------------------------ statements -- */

/* Runs a statement without a result; what it was given is forgotten. */
static void run(const sqlite_context *c, int which)
{
    sqlite3_stmt *statement = c->statements[which];
    must(sqlite3_step(statement) == SQLITE_DONE, c->db, texts[which]);
    (void)sqlite3_reset(statement);
}

static void name_key(const sqlite_context *c, int which, const char *text)
{
    must(sqlite3_bind_blob(c->statements[which], 1, text, PEER_KEY_SIZE, SQLITE_STATIC) == SQLITE_OK, c->db,
         texts[which]);
}

static void set(const sqlite_context *c, int which, const char *text, const void *value)
{
    name_key(c, which, text);
    must(sqlite3_bind_blob(c->statements[which], 2, value, (int)c->store->value_size, SQLITE_STATIC) ==
             SQLITE_OK,
         c->db, texts[which]);
    run(c, which);
}

/* Copies the value into the buffer, since the statement is reset. */
static void get(const sqlite_context *c, const char *text)
{
    sqlite3_stmt *statement = c->statements[GET];
    name_key(c, GET, text);
    must(sqlite3_step(statement) == SQLITE_ROW, c->db, "a key is lost");
    memcpy(c->buffer, sqlite3_column_blob(statement, 0), c->store->value_size);
    (void)sqlite3_reset(statement);
}

static peer_sum add_up(const sqlite_context *c, int which)
{
    peer_sum all = {0, 0};
    sqlite3_stmt *statement = c->statements[which];
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        all.sum += peer_number(sqlite3_column_blob(statement, 0));
        all.count++;
    }
    must(code == SQLITE_DONE, c->db, texts[which]);
    (void)sqlite3_reset(statement);
    return all;
}

/* ------------------------------------------------------------------------------ operations -- */

static void put(peer_context *context, const peer_keys *keys, const void *value)
{
    sqlite_context *c = own(context);
    run(c, BEGIN_IMMEDIATE);
    for (size_t i = 0; i < keys->count; i++)
        set(c, SET, keys->texts[i], value);
    run(c, COMMIT);
    context->commits++;
}

static void update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    sqlite_context *c = own(context);
    run(c, BEGIN_IMMEDIATE);
    for (size_t i = 0; i < keys->count; i++) {
        get(c, keys->texts[i]);
        peer_add(c->buffer, deltas[i]);
        set(c, CHANGE, keys->texts[i], c->buffer);
    }
    run(c, COMMIT);
    context->commits++;
}

static int64_t read_sum(peer_context *context, const peer_keys *keys)
{
    sqlite_context *c = own(context);
    int64_t sum = 0;
    run(c, BEGIN);
    for (size_t i = 0; i < keys->count; i++) {
        get(c, keys->texts[i]);
        sum += peer_number(c->buffer);
    }
    run(c, COMMIT);
    context->commits++;
    return sum;
}

static void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    sqlite_context *c = own(context);
    run(c, BEGIN_IMMEDIATE);
    name_key(c, REMOVE, keys->texts[0]);
    run(c, REMOVE);
    if (sqlite3_changes(c->db) != 1)
        bench_fail("SQLite has lost %.16s", keys->texts[0]);
    set(c, SET, keys->texts[1], value);
    run(c, COMMIT);
    context->commits++;
}

static peer_sum scan(peer_context *context)
{
    return add_up(own(context), SCAN);
}

static peer_sum range(peer_context *context, const char *low, size_t count)
{
    sqlite_context *c = own(context);
    name_key(c, RANGE, low);
    must(sqlite3_bind_int64(c->statements[RANGE], 2, (sqlite3_int64)count) == SQLITE_OK, c->db, texts[RANGE]);
    return add_up(c, RANGE);
}

/* -------------------------------------------------------------------------- open and close -- */

static sqlite3 *connect_to(const char *uri)
{
    sqlite3 *db;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(uri, &db, flags, NULL) != SQLITE_OK)
        bench_fail("%s: %s", uri, sqlite3_errmsg(db));
    return db;
}

static void execute(sqlite3 *db, const char *text)
{
    must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, db, text);
}

static void *open_store(const peer_setup *setup)
{
    sqlite_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        bench_fail("out of memory");
    store->value_size = setup->value_size;
    /* A name that begins with a slash is shared by all connections of this process. */
    (void)snprintf(store->uri, sizeof store->uri, "file:/bench-%d?vfs=memdb", (int)getpid());
    store->first = connect_to(store->uri);
    execute(store->first, "CREATE TABLE accounts (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
    return store;
}

static void close_store(void *arg)
{
    sqlite_store *store = arg;
    must(sqlite3_close(store->first) == SQLITE_OK, store->first, "sqlite3_close");
    free(store);
}

static peer_context *enter(void *store)
{
    sqlite_context *c = calloc(1, sizeof *c);
    if (c == NULL)
        bench_fail("out of memory");
    c->store = store;
    c->buffer = malloc(c->store->value_size);
    if (c->buffer == NULL)
        bench_fail("out of memory");
    c->db = connect_to(c->store->uri);
    (void)sqlite3_busy_handler(c->db, count_busy, c);
    execute(c->db, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
    for (int i = 0; i < STATEMENT_COUNT; i++)
        must(sqlite3_prepare_v3(c->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &c->statements[i], NULL) ==
                 SQLITE_OK,
             c->db, texts[i]);
    return &c->base;
}

static void leave(peer_context *context)
{
    sqlite_context *c = own(context);
    for (int i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(c->statements[i]);
    must(sqlite3_close(c->db) == SQLITE_OK, c->db, "sqlite3_close");
    free(c->buffer);
    free(c);
}

static const peer sqlite = {.name = "sqlite",
                            .title = "SQLite",
                            .setup = "in memory, a connection a thread",
                            .gives = {1, PEER_ISOLATION_SERIALIZABLE, 1, 0, 1},
                            .version = sqlite3_libversion,
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

const peer *const bench_peers[] = {&sqlite, NULL};
