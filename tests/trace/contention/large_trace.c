/*
 * large_trace -- writes a long trace at the level "all", for measuring how fast it is read: large_trace FOLDER EVENTS KEYS
 *
 * Two threads, each of whose transactions checks two keys out, commits and publishes them. A third of the keys are one of
 * four hot ones; one attempt in ten loses.
 */
#include "../support/ctf_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREAD_COUNT = 2, KEYS_A_TRANSACTION = 2, HOT_COUNT = 4, ID_BLOCK = 1 << 20 };

typedef struct key {
    char name[32];
    uint64_t hash, version, writer;
} key;

typedef struct thread {
    uint64_t txn, op, attempt;
} thread;

typedef struct work {
    ctf_writer *writer;
    uint64_t written, wanted;
    int64_t time_ns;
    uint64_t random;
    key *keys;
    size_t key_count;
    thread threads[THREAD_COUNT];
} work;

static uint64_t draw(work *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random;
}

static key *draw_key(work *w)
{
    size_t count = draw(w) % 3 == 0 ? HOT_COUNT : w->key_count;
    return &w->keys[draw(w) % count];
}

static const char *label_of(uint64_t txn)
{
    static const char *const labels[] = {"transfer", "audit", "import"};
    return labels[txn % 3];
}

static void put(work *w, size_t thread, event *e, event_kind kind, int64_t after_ns)
{
    e->kind = kind;
    e->time_ns = w->time_ns += after_ns;
    ctf_writer_event(w->writer, thread, e);
    w->written++;
}

static void set_key(event *e, const key *key, uint64_t expected, uint64_t found)
{
    e->key = key->name;
    e->key_hash = key->hash;
    e->key_size = strlen(key->name);
    e->expected = expected;
    e->found = found;
    e->update = e->was_set = true;
}

static void next_id(thread *thread)
{
    thread->txn++;
    if (thread->txn % ID_BLOCK == 0)
        thread->txn += (THREAD_COUNT - 1) * ID_BLOCK;
}

static void lose(work *w, size_t number, event *e, const key *key)
{
    thread *thread = &w->threads[number];
    set_key(e, key, key->version - 1, key->version);
    e->at_commit = true;
    e->changed_count = 1;
    e->winner_txn = key->writer;
    e->winner_label = label_of(key->writer);
    e->winner_tid = 100 + key->writer / ID_BLOCK % THREAD_COUNT;
    put(w, number, e, EVENT_CONFLICT, 200);
    thread->op = e->op;
    thread->attempt++;
    next_id(thread);
}

static void win(work *w, size_t number, event *e, key *const *keys)
{
    thread *thread = &w->threads[number];
    put(w, number, e, EVENT_COMMIT, 200);
    for (int i = 0; i < KEYS_A_TRANSACTION; i++) {
        set_key(e, keys[i], keys[i]->version, keys[i]->version + 1);
        keys[i]->version++;
        keys[i]->writer = e->txn;
        put(w, number, e, EVENT_PUBLISH, 60);
    }
    thread->op = 0;
    thread->attempt = 1;
    next_id(thread);
}

static void attempt(work *w, size_t number)
{
    const thread *thread = &w->threads[number];
    key *keys[KEYS_A_TRANSACTION];
    event e = {.tid = 100 + number, .pid = 99, .procname = "", .store = 1, .txn = thread->txn, .attempt = thread->attempt,
               .op = thread->op != 0 ? thread->op : thread->txn, .label = label_of(thread->txn), .begin_ns = w->time_ns,
               .write_count = KEYS_A_TRANSACTION};
    for (int i = 0; i < KEYS_A_TRANSACTION; i++) {
        keys[i] = draw_key(w);
        set_key(&e, keys[i], keys[i]->version, 0);
        put(w, number, &e, EVENT_CHECKOUT, 150);
    }
    if (draw(w) % 10 == 0 && keys[0]->version > 0)
        lose(w, number, &e, keys[0]);
    else
        win(w, number, &e, keys);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: large_trace FOLDER EVENTS KEYS\n", stderr);
        return 2;
    }
    ctf_options options = {.cpu_count = THREAD_COUNT, .packet_size = 1 << 20, .clock_offset_s = 1700000000};
    work w = {.wanted = strtoull(argv[2], NULL, 10), .key_count = strtoull(argv[3], NULL, 10), .random = 88172645463325252u,
              .time_ns = 1000000000};
    if (w.key_count < HOT_COUNT || (w.keys = calloc(w.key_count, sizeof *w.keys)) == NULL)
        return 1;
    for (size_t i = 0; i < w.key_count; i++) {
        snprintf(w.keys[i].name, sizeof w.keys[i].name, "account:%zu", i);
        w.keys[i].hash = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++)
        w.threads[i] = (thread){.txn = i * ID_BLOCK + 1, .attempt = 1};
    w.writer = ctf_writer_open(argv[1], &options);
    while (w.written < w.wanted)
        attempt(&w, w.written / 5 % THREAD_COUNT);
    ctf_writer_close(w.writer);
    free(w.keys);
    printf("%" PRIu64 " events\n", w.written);
    return 0;
}
