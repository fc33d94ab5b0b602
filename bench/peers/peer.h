/*
 * peer.h -- what a store must be able to do to be measured beside libstm.
 *
 * A *peer* is something that a program could use instead: each is one file, written as its own users
 * would write it, and linked with runner/ into a program of its own, stm-peer-NAME. What a peer cannot do
 * is NULL, and then the workloads that need it leave it out; what it promises stands in *gives*, and a
 * report marks who promises less.
 *
 * Keys have 16 bytes, values the size given at open; a value begins with an int64_t, and the rest of it
 * is carried along: written whole whenever the number changes. Every operation is one transaction. It
 * repeats itself until it has succeeded, and counts the attempts that were lost.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PEER_KEY_SIZE 16
#define PEER_KEYS_MAX 64 /* in one operation */
#define PEER_INT64_SIZE sizeof(int64_t)

/* The keys of an operation, all different: their texts, and their numbers for those who go by handle. */
typedef struct peer_keys {
    const char (*texts)[PEER_KEY_SIZE];
    const uint32_t *numbers;
    size_t count;
} peer_keys;

/* What an operation may see of others that run beside it. */
typedef enum peer_isolation {
    PEER_ISOLATION_NONE,        /* each key by itself */
    PEER_ISOLATION_SNAPSHOT,    /* reads are of one instant, but write skew is possible */
    PEER_ISOLATION_SERIALIZABLE /* as if it ran alone */
} peer_isolation;

typedef struct peer_promises {
    int atomic; /* all keys of an update change, or none */
    peer_isolation isolation;
    int snapshot; /* a scan shows one instant, whatever writers do */
    int durable;  /* as configured here */
    int blocks;   /* a thread that is stopped at a bad moment stops others for ever */
} peer_promises;

typedef struct peer_setup {
    size_t key_count_max; /* that will ever be there; numbers are below it */
    size_t value_size;
    unsigned thread_count_max;
    const char *folder; /* empty, in memory (tmpfs); removed afterwards */
} peer_setup;

/* What a thread works with; the first member of the peer's own. The counters are the peer's to raise. */
typedef struct peer_context {
    uint64_t commits, conflicts, busy;
} peer_context;

typedef struct peer_sum {
    size_t count;
    int64_t sum; /* of the numbers that the values begin with */
} peer_sum;

typedef struct peer {
    const char *name;  /* "lmdb" */
    const char *title; /* "LMDB" */
    const char *setup; /* how it is used here, in a few words */
    peer_promises gives;
    unsigned threads_max; /* that may use it at once; 0: any number */
    int scans_alone;      /* a scan must not run beside other threads */
    int by_handle;        /* goes by peer_keys.numbers; the texts are not written */
    const char *(*version)(void);

    void *(*open)(const peer_setup *setup);
    void (*close)(void *store);
    peer_context *(*enter)(void *store); /* called by the thread that will use it */
    void (*leave)(peer_context *context);

    /* Sets all keys, present or not, to the value. */
    void (*put)(peer_context *context, const peer_keys *keys, const void *value);
    /* Adds deltas[i] to the number of keys[i]; the keys are there. */
    void (*update)(peer_context *context, const peer_keys *keys, const int64_t *deltas);
    /* The sum of the numbers of all keys; the keys are there. */
    int64_t (*read)(peer_context *context, const peer_keys *keys);
    /* What the next update or read will use, told before the one under way; NULL: of no use to this peer. */
    void (*prefetch)(peer_context *context, const peer_keys *keys);
    /* Removes the first key, which is there, and sets the second one, which is not, to the value. */
    void (*replace)(peer_context *context, const peer_keys *keys, const void *value);
    /* All keys. Where snapshot is promised, as of one instant. */
    peer_sum (*scan)(peer_context *context);
    /* The first count keys from low on, in the order of memcmp; the keys are there. */
    peer_sum (*range)(peer_context *context, const char *low, size_t count);

    uint64_t (*bytes_elsewhere)(void *store); /* memory in other processes, or NULL */
} peer;

/* Every peer's file gives one table; it ends with a NULL. */
extern const peer *const bench_peers[];

/* Says what is wrong and ends the program. */
__attribute__((noreturn, format(printf, 1, 2))) void bench_fail(const char *format, ...);

static inline int64_t peer_number(const void *value)
{
    int64_t number;
    memcpy(&number, value, sizeof number);
    return number;
}

static inline void peer_add(void *value, int64_t delta)
{
    int64_t number = peer_number(value) + delta;
    memcpy(value, &number, sizeof number);
}

#ifdef __cplusplus
}
#endif

#endif
