/*
 * redis.c -- Redis, a server of its own on this machine: WATCH, MGET, MULTI, SET, EXEC.
 *
 * Reached through a socket in the folder, which is faster than TCP and disturbs nobody's ports. A transaction is
 * three round trips; EXEC answers nil if a watched key has changed, and then all is done again. Nothing is
 * saved to disk.
 */
#include "../runner/footprint_bytes.h"
#include "peer.h"

#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIES 1000 /* of 10 ms: for a server to begin */

typedef struct redis_store {
    pid_t server;
    char socket[108];
    size_t value_size;
} redis_store;

typedef struct redis_own {
    peer_context base;
    redis_store *store;
    redisContext *connection;
    char *buffer;
} redis_own;

static redis_own *own(peer_context *context)
{
    return (redis_own *)(void *)context;
}

/* The next answer, of the type wanted; to be freed. */
static redisReply *answer(const redis_own *c, int type)
{
    void *reply;
    if (redisGetReply(c->connection, &reply) != REDIS_OK)
        bench_fail("redis: %s", c->connection->errstr);
    redisReply *it = reply;
    if (it->type != type && !(type == REDIS_REPLY_ARRAY && it->type == REDIS_REPLY_NIL))
        bench_fail("redis: an answer of type %d, not %d: %s", it->type, type, it->str == NULL ? "" : it->str);
    return it;
}

static void skip(const redis_own *c, int type)
{
    freeReplyObject(answer(c, type));
}

/* Sends a command with all keys as its arguments. */
static void send_keys(const redis_own *c, const char *command, const peer_keys *keys)
{
    const char *words[PEER_KEYS_MAX + 1] = {command};
    size_t sizes[PEER_KEYS_MAX + 1] = {strlen(command)};
    for (size_t i = 0; i < keys->count; i++) {
        words[i + 1] = keys->texts[i];
        sizes[i + 1] = PEER_KEY_SIZE;
    }
    (void)redisAppendCommandArgv(c->connection, (int)keys->count + 1, words, sizes);
}

static void send_set(const redis_own *c, const char *text, const void *value)
{
    (void)redisAppendCommand(c->connection, "SET %b %b", text, (size_t)PEER_KEY_SIZE, value,
                             c->store->value_size);
}

static const char *value_in(const redis_own *c, const redisReply *values, size_t index)
{
    const redisReply *value = values->element[index];
    if (value->type != REDIS_REPLY_STRING || (size_t)value->len != c->store->value_size)
        bench_fail("redis has lost a key");
    return value->str;
}

/* Sends EXEC, and takes the answers to all since MULTI. True unless a watched key has changed. */
static bool finish(redis_own *c, size_t command_count)
{
    (void)redisAppendCommand(c->connection, "EXEC");
    skip(c, REDIS_REPLY_STATUS);
    for (size_t i = 0; i < command_count; i++)
        skip(c, REDIS_REPLY_STATUS);
    redisReply *reply = answer(c, REDIS_REPLY_ARRAY);
    bool done = reply->type == REDIS_REPLY_ARRAY;
    freeReplyObject(reply);
    c->base.commits += done;
    c->base.conflicts += !done;
    return done;
}

static void put(peer_context *context, const peer_keys *keys, const void *value)
{
    redis_own *c = own(context);
    (void)redisAppendCommand(c->connection, "MULTI");
    for (size_t i = 0; i < keys->count; i++)
        send_set(c, keys->texts[i], value);
    (void)finish(c, keys->count);
}

static bool try_update(redis_own *c, const peer_keys *keys, const int64_t *deltas)
{
    send_keys(c, "WATCH", keys);
    send_keys(c, "MGET", keys);
    skip(c, REDIS_REPLY_STATUS);
    redisReply *values = answer(c, REDIS_REPLY_ARRAY);
    (void)redisAppendCommand(c->connection, "MULTI");
    for (size_t i = 0; i < keys->count; i++) {
        memcpy(c->buffer, value_in(c, values, i), c->store->value_size);
        peer_add(c->buffer, deltas[i]);
        send_set(c, keys->texts[i], c->buffer);
    }
    freeReplyObject(values);
    return finish(c, keys->count);
}

static void update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    while (!try_update(own(context), keys, deltas))
        ;
}

static int64_t read_sum(peer_context *context, const peer_keys *keys)
{
    redis_own *c = own(context);
    int64_t sum = 0;
    send_keys(c, "MGET", keys);
    redisReply *values = answer(c, REDIS_REPLY_ARRAY);
    for (size_t i = 0; i < keys->count; i++)
        sum += peer_number(value_in(c, values, i));
    freeReplyObject(values);
    context->commits++;
    return sum;
}

static void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    redis_own *c = own(context);
    (void)redisAppendCommand(c->connection, "MULTI");
    (void)redisAppendCommand(c->connection, "RENAME %b %b", keys->texts[0], (size_t)PEER_KEY_SIZE,
                             keys->texts[1], (size_t)PEER_KEY_SIZE);
    send_set(c, keys->texts[1], value);
    (void)finish(c, 2);
}

/* The whole store as one reply of one script, which Redis runs alone. */
static peer_sum scan(peer_context *context)
{
    redis_own *c = own(context);
    peer_sum all = {0, 0};
    (void)redisAppendCommand(c->connection, "EVAL %s 0",
                             "local values = {} "
                             "for i, key in ipairs(redis.call('KEYS', '*')) do "
                             "values[i] = redis.call('GET', key) end return values");
    redisReply *values = answer(c, REDIS_REPLY_ARRAY);
    for (size_t i = 0; i < values->elements; i++)
        all.sum += peer_number(value_in(c, values, i));
    all.count = values->elements;
    freeReplyObject(values);
    return all;
}

/* -------------------------------------------------------------------------- open and close -- */

static const char *version(void)
{
    return PEER_VERSION;
}

_Noreturn static void become_server(const redis_store *store, const char *folder)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* whatever becomes of us */
    (void)freopen("/dev/null", "w", stdout);
    (void)execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", store->socket, "--save", "",
                 "--appendonly", "no", "--dir", folder, "--daemonize", "no", (char *)NULL);
    _exit(127);
}

static redisContext *connect_to(const redis_store *store)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    for (unsigned i = 0; i < TRIES; i++) {
        redisContext *connection = redisConnectUnix(store->socket);
        if (connection != NULL && connection->err == 0)
            return connection;
        redisFree(connection);
        if (waitpid(store->server, NULL, WNOHANG) != 0)
            break;
        (void)nanosleep(&pause, NULL);
    }
    bench_fail("redis-server does not answer: is it installed?");
}

static void *open_store(const peer_setup *setup)
{
    redis_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        bench_fail("out of memory");
    store->value_size = setup->value_size;
    if (snprintf(store->socket, sizeof store->socket, "%s/socket", setup->folder) >=
        (int)sizeof store->socket)
        bench_fail("%s: the path is too long for a socket", setup->folder);
    store->server = fork();
    if (store->server == 0)
        become_server(store, setup->folder);
    if (store->server < 0)
        bench_fail("no process for redis-server");
    redisFree(connect_to(store));
    return store;
}

static void close_store(void *arg)
{
    redis_store *store = arg;
    (void)kill(store->server, SIGTERM);
    (void)waitpid(store->server, NULL, 0);
    free(store);
}

static peer_context *enter(void *store)
{
    redis_own *c = calloc(1, sizeof *c);
    if (c == NULL)
        bench_fail("out of memory");
    c->store = store;
    c->buffer = malloc(c->store->value_size);
    if (c->buffer == NULL)
        bench_fail("out of memory");
    c->connection = connect_to(c->store);
    return &c->base;
}

static void leave(peer_context *context)
{
    redisFree(own(context)->connection);
    free(own(context)->buffer);
    free(context);
}

static uint64_t bytes_elsewhere(void *store)
{
    return footprint_of_process((int)((redis_store *)store)->server);
}

static const peer redis = {.name = "redis",
                           .title = "Redis",
                           .setup = "server on a local socket, WATCH and MULTI, nothing saved",
                           .gives = {1, PEER_ISOLATION_SERIALIZABLE, 1, 0, 0},
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
                           .bytes_elsewhere = bytes_elsewhere};

const peer *const bench_peers[] = {&redis, NULL};
