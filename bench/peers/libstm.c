/*
 * libstm.c -- libstm as a peer among peers, in four ways: by the names of keys and a commit loop; the same for
 * who knows one transaction ahead which keys come, and says so; by key handles; and through stm_atomically, which backs off
 * and sleeps.
 */
#include "peer.h"

#include <sched.h>
#include <stdlib.h>
#include <stm/stm.h>

typedef struct stm_peer_store {
    stm_store *store;
    stm_key *handles; /* by key number; filled as keys are put */
    size_t value_size;
} stm_peer_store;

typedef struct stm_peer_context {
    peer_context base;
    stm_peer_store *in;
    stm_txn *txn;
    char *buffer;
} stm_peer_context;

/* One operation while it runs. */
typedef struct work {
    stm_peer_context *c;
    const peer_keys *keys;
    const int64_t *deltas;
    uint64_t attempts;
} work;

static stm_peer_context *own(peer_context *context)
{
    return (stm_peer_context *)(void *)context;
}

static void must(stm_status status, const char *call)
{
    if (status != STM_OK)
        bench_fail("%s: %s", call, stm_status_name(status));
}

static void name_keys(const peer_keys *keys, stm_bytes *names)
{
    for (size_t i = 0; i < keys->count; i++)
        names[i] = stm_bytes_of(keys->texts[i], PEER_KEY_SIZE);
}

static void pick_handles(const stm_peer_context *c, const peer_keys *keys, stm_key *handles)
{
    for (size_t i = 0; i < keys->count; i++)
        handles[i] = c->in->handles[keys->numbers[i]];
}

static int64_t number_in(const stm_peer_context *c, stm_bytes value)
{
    if (value.data == NULL || value.size != c->in->value_size)
        bench_fail("libstm has lost a value");
    return peer_number(value.data);
}

/* Commits what was edited, and makes the handle ready for the next attempt or operation. After BUSY the
 * same commit is made again; after CONFLICT the answer is 0: edit again. */
static int settle(stm_peer_context *c, stm_status edited)
{
    stm_status status = edited == STM_OK ? stm_txn_commit(c->txn) : edited;
    while (status == STM_BUSY && edited == STM_OK) {
        c->base.busy++;
        (void)sched_yield();
        status = stm_txn_commit(c->txn);
    }
    if (status != STM_OK && status != STM_CONFLICT && status != STM_BUSY)
        must(status, "a transaction");
    stm_txn_reset(c->txn);
    c->base.commits += status == STM_OK;
    c->base.conflicts += status == STM_CONFLICT;
    c->base.busy += status == STM_BUSY;
    return status == STM_OK;
}

/* The value with the delta added: the caller's own bytes, as long as the next call. */
static stm_bytes changed(stm_peer_context *c, stm_bytes value, int64_t delta)
{
    (void)number_in(c, value);
    memcpy(c->buffer, value.data, value.size);
    peer_add(c->buffer, delta);
    return stm_bytes_of(c->buffer, value.size);
}

/* --------------------------------------------------------------------------------- by name -- */

static stm_status edit_names(stm_peer_context *c, stm_txn *txn, const peer_keys *keys, const int64_t *deltas)
{
    stm_bytes names[PEER_KEYS_MAX], values[PEER_KEYS_MAX];
    name_keys(keys, names);
    stm_status status = stm_txn_using(txn, names, keys->count, values);
    for (size_t i = 0; status == STM_OK && i < keys->count; i++)
        status = stm_txn_set(txn, names[i], changed(c, values[i], deltas[i]));
    return status;
}

static void update_names(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    stm_peer_context *c = own(context);
    while (!settle(c, edit_names(c, c->txn, keys, deltas)))
        ;
}

static int64_t read_names(peer_context *context, const peer_keys *keys)
{
    stm_peer_context *c = own(context);
    stm_bytes names[PEER_KEYS_MAX], values[PEER_KEYS_MAX];
    int64_t sum;
    stm_status status;
    name_keys(keys, names);
    do {
        sum = 0;
        status = stm_txn_getting(c->txn, names, keys->count, values);
        for (size_t i = 0; status == STM_OK && i < keys->count; i++)
            sum += number_in(c, values[i]);
    } while (!settle(c, status));
    return sum;
}

static void prefetch_names(peer_context *context, const peer_keys *keys)
{
    stm_bytes names[PEER_KEYS_MAX];
    name_keys(keys, names);
    stm_txn_prefetch(own(context)->txn, names, keys->count);
}

static stm_status edit_replace(stm_txn *txn, const stm_bytes names[2], stm_bytes value)
{
    stm_status status = stm_txn_using(txn, names, 2, NULL);
    if (status == STM_OK)
        status = stm_txn_delete(txn, names[0]);
    return status == STM_OK ? stm_txn_set(txn, names[1], value) : status;
}

static void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    stm_peer_context *c = own(context);
    stm_bytes names[2];
    name_keys(keys, names);
    while (!settle(c, edit_replace(c->txn, names, stm_bytes_of(value, c->in->value_size))))
        ;
}

static stm_status edit_put(stm_peer_context *c, const peer_keys *keys, const void *value)
{
    stm_status status = STM_OK;
    for (size_t i = 0; status == STM_OK && i < keys->count; i++)
        status = stm_txn_set(c->txn, stm_bytes_of(keys->texts[i], PEER_KEY_SIZE),
                             stm_bytes_of(value, c->in->value_size));
    return status;
}

static void put(peer_context *context, const peer_keys *keys, const void *value)
{
    stm_peer_context *c = own(context);
    while (!settle(c, edit_put(c, keys, value)))
        ;
}

/* The one who fills resolves the handles. */
static void put_handles(peer_context *context, const peer_keys *keys, const void *value)
{
    stm_peer_context *c = own(context);
    put(context, keys, value);
    for (size_t i = 0; i < keys->count; i++)
        must(stm_key_resolve(c->in->store, stm_bytes_of(keys->texts[i], PEER_KEY_SIZE),
                             &c->in->handles[keys->numbers[i]]),
             "stm_key_resolve");
}

/* ------------------------------------------------------------------------------- by handle -- */

static stm_status edit_handles(stm_peer_context *c, const peer_keys *keys, const int64_t *deltas)
{
    stm_key handles[PEER_KEYS_MAX];
    stm_bytes values[PEER_KEYS_MAX];
    pick_handles(c, keys, handles);
    stm_status status = stm_txn_using_keys(c->txn, handles, keys->count, values);
    for (size_t i = 0; status == STM_OK && i < keys->count; i++)
        status = stm_txn_set_key(c->txn, handles[i], changed(c, values[i], deltas[i]));
    return status;
}

static void update_handles(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    stm_peer_context *c = own(context);
    while (!settle(c, edit_handles(c, keys, deltas)))
        ;
}

static int64_t read_handles(peer_context *context, const peer_keys *keys)
{
    stm_peer_context *c = own(context);
    stm_key handles[PEER_KEYS_MAX];
    stm_bytes values[PEER_KEYS_MAX];
    int64_t sum;
    stm_status status;
    pick_handles(c, keys, handles);
    do {
        sum = 0;
        status = stm_txn_getting_keys(c->txn, handles, keys->count, values);
        for (size_t i = 0; status == STM_OK && i < keys->count; i++)
            sum += number_in(c, values[i]);
    } while (!settle(c, status));
    return sum;
}

/* ------------------------------------------------------------------------------ atomically -- */

static stm_status update_body(stm_txn *txn, void *arg)
{
    work *w = arg;
    w->attempts++;
    return edit_names(w->c, txn, w->keys, w->deltas);
}

/* The attempts that failed all count as conflicts: stm_atomically does not tell them from BUSY. */
static void update_atomically(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    work w = {own(context), keys, deltas, 0};
    must(stm_atomically(w.c->in->store, "update", NULL, update_body, &w), "stm_atomically");
    context->commits++;
    context->conflicts += w.attempts - 1;
}

/* ------------------------------------------------------------------------------- snapshots -- */

static bool add_entry(const stm_entry *entry, void *arg)
{
    peer_sum *all = arg;
    all->sum += peer_number(entry->value.data);
    all->count++;
    return true;
}

static bool add_rows(const stm_row *rows, size_t count, void *arg)
{
    peer_sum *all = arg;
    for (size_t i = 0; i < count; i++)
        all->sum += peer_number(stm_row_value(&rows[i]).data);
    all->count += count;
    return true;
}

static stm_snapshot *take(const stm_peer_context *c)
{
    stm_snapshot *snapshot;
    must(stm_snapshot_take(c->in->store, "scan", &snapshot), "stm_snapshot_take");
    return snapshot;
}

static peer_sum scan(peer_context *context)
{
    peer_sum all = {0, 0};
    stm_snapshot *snapshot = take(own(context));
    must(stm_snapshot_scan_rows(snapshot, add_rows, &all), "stm_snapshot_scan_rows");
    stm_snapshot_release(snapshot);
    return all;
}

static peer_sum range(peer_context *context, const char *low, size_t count)
{
    peer_sum all = {0, 0};
    stm_cursor *cursor;
    stm_entry entry;
    stm_snapshot *snapshot = take(own(context));
    must(stm_cursor_open(snapshot, stm_bytes_of(low, PEER_KEY_SIZE), stm_bytes_of(NULL, 0), &cursor),
         "stm_cursor_open");
    while (all.count < count && stm_cursor_next(cursor, &entry) == STM_OK)
        (void)add_entry(&entry, &all);
    stm_cursor_close(cursor);
    stm_snapshot_release(snapshot);
    return all;
}

/* -------------------------------------------------------------------------- open and close -- */

static void *open_store(const peer_setup *setup)
{
    stm_options options = {.size = sizeof options, .key_count_hint = setup->key_count_max};
    stm_peer_store *in = calloc(1, sizeof *in);
    if (in == NULL)
        bench_fail("out of memory");
    in->value_size = setup->value_size;
    must(stm_store_open(&options, &in->store), "stm_store_open");
    return in;
}

static void *open_with_handles(const peer_setup *setup)
{
    stm_peer_store *in = open_store(setup);
    in->handles = calloc(setup->key_count_max, sizeof *in->handles);
    if (in->handles == NULL)
        bench_fail("out of memory");
    return in;
}

static void close_store(void *arg)
{
    stm_peer_store *in = arg;
    must(stm_store_close(in->store), "stm_store_close");
    free(in->handles);
    free(in);
}

static peer_context *enter(void *store)
{
    stm_peer_context *c = calloc(1, sizeof *c);
    if (c == NULL)
        bench_fail("out of memory");
    c->in = store;
    c->buffer = malloc(c->in->value_size);
    if (c->buffer == NULL)
        bench_fail("out of memory");
    must(stm_txn_begin(c->in->store, "update", &c->txn), "stm_txn_begin");
    return &c->base;
}

static void leave(peer_context *context)
{
    stm_txn_end(own(context)->txn);
    free(own(context)->buffer);
    free(context);
}

#define GIVES .gives = {1, PEER_ISOLATION_SERIALIZABLE, 1, 0, 0}, .version = stm_version
#define COMMON .close = close_store, .enter = enter, .leave = leave, .scan = scan

static const peer by_name = {.name = "libstm",
                             .title = "libstm",
                             .setup = "by name, commit loop",
                             GIVES,
                             COMMON,
                             .open = open_store,
                             .put = put,
                             .update = update_names,
                             .read = read_names,
                             .replace = replace,
                             .range = range};
static const peer with_prefetch = {.name = "libstm-prefetch",
                                   .title = "libstm, prefetch",
                                   .setup = "by name, keys told one transaction ahead",
                                   GIVES,
                                   COMMON,
                                   .open = open_store,
                                   .put = put,
                                   .update = update_names,
                                   .read = read_names,
                                   .prefetch = prefetch_names};
static const peer by_handle = {.name = "libstm-handles",
                               .title = "libstm, key handles",
                               .setup = "keys resolved once",
                               GIVES,
                               COMMON,
                               .open = open_with_handles,
                               .put = put_handles,
                               .update = update_handles,
                               .read = read_handles,
                               .by_handle = 1};
static const peer atomically = {.name = "libstm-atomically",
                                .title = "libstm, stm_atomically",
                                .setup = "by name, backs off and sleeps",
                                GIVES,
                                COMMON,
                                .open = open_store,
                                .put = put,
                                .update = update_atomically};

const peer *const bench_peers[] = {&by_name, &with_prefetch, &by_handle, &atomically, NULL};
