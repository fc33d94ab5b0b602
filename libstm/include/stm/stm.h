/*
 * stm.h -- libstm: software transactional memory for named values.
 *
 * A store holds keys with values, for the threads of one program, in memory. A transaction checks
 * keys out, edits private copies and commits them all at once; a commit that came too late is told
 * CONFLICT, and by whom it was beaten. It follows Axon.STM (Kamaelia): Store, usevar, using, set,
 * commit, ConcurrentUpdate, BusyRetry. Atomic, consistent and isolated; not durable.
 *
 * Every call answers a status; the example leaves out looking at most of them:
 *
 *     stm_store *store;                            stm_txn *txn;   stm_bytes value;
 *     stm_store_open(NULL, &store);
 *     stm_txn_begin(store, "greet", &txn);
 *     stm_txn_use(txn, stm_text("greeting"), &value);              check out for update
 *     stm_txn_set(txn, stm_text("greeting"), stm_text("hello"));   edit the private copy
 *     if (stm_txn_commit(txn) == STM_CONFLICT) ...                 all keys, or none
 *     stm_txn_end(txn);
 *     stm_store_close(store);
 *
 * Order of parameters, everywhere: the subject, then inputs, then outputs.
 *
 * Words
 *   checkout  taking a key into a transaction. For update (use, using, set, delete): commit
 *             publishes the key, set or not, as Axon does. For read (get): commit checks that the
 *             key has not changed, and does not publish it.
 *   version   counts one key's publications. 0: never published. A delete is a publication too, so
 *             a key's version never goes back.
 *   revision  the store-wide order of commits, as far as snapshots can tell them apart.
 *
 * Threads. "X" may run at the same time as any other call on the same object, "-" needs the
 * object to itself (one thread at a time; handing it from thread to thread is fine).
 *
 *     store (all but close)      X        stm_snapshot_get, _scan, _revision     X
 *     stm_store_close            -        stm_snapshot_release                   -
 *     every call on a stm_txn    -        stm_cursor_open                        X
 *     a stm_key                  X        every call on a stm_cursor             -
 *
 * No thread registers, any thread may exit at any time. Nothing blocks: every call finishes in a
 * bounded number of its own steps, whatever other threads do or fail to do -- but for
 * stm_txn_wait, stm_atomically and STM_ATOMICALLY, which may sleep, and for the first cursor after
 * many new keys, which sorts them. After fork() the child's calls answer STM_FORKED.
 *
 * Memory order: a commit happens before every checkout, snapshot read and conflict report that sees
 * its values (release and acquire). Commits and checkouts are strictly serializable.
 *
 * Failures stick: after any status but OK, NOT_FOUND, END and BUSY, each further call on that
 * transaction answers the same status until stm_txn_reset, so that a forgotten check cannot commit
 * half a change. The calls that do not stick say so.
 */
#ifndef STM_STM_H
#define STM_STM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STM_VERSION_MAJOR 0
#define STM_VERSION_MINOR 1
#define STM_VERSION_PATCH 0

#if defined(__GNUC__)
#define STM_API __attribute__((visibility("default")))
#define STM_CHECK __attribute__((warn_unused_result))
#else
#define STM_API
#define STM_CHECK
#endif

/* "0.1.0": of the library that is running, which may differ from the header compiled with. */
STM_API const char *stm_version(void);

/* ------------------------------------------------------------------------------ statuses -- */

typedef enum stm_status {
    STM_OK = 0,
    STM_NOT_FOUND,  /* The key has no value. Go on; that absence counts as read. Never sticks. */
    STM_END,        /* The cursor has passed its last key. Close it. */
    STM_CONFLICT,   /* A checked-out key was changed by somebody else's commit: reset, check out again. */
    STM_BUSY,       /* Another commit holds a key just now. Make the same call again; nothing is lost. */
    STM_WAIT,       /* Returned by a body of stm_atomically: sleep until a key that it read changes. */
    STM_TIMEOUT,    /* The time or the attempts allowed are used up; nothing was committed. */
    STM_NO_MEMORY,  /* An allocation failed; nothing was changed. Free some, reset, try again. */
    STM_INVALID,    /* A NULL or senseless argument. Mend the call. */
    STM_TOO_LARGE,  /* A key, value or label is over its limit (stm_options). Shorten it. */
    STM_LIMIT,      /* Too many keys in a transaction, snapshots or labels. Use fewer. */
    STM_WRONG_TYPE, /* The value is not of the type asked for. Ask stm_txn_use for its bytes. */
    STM_ENDED,      /* The handle has been ended, released or closed, or never was one. */
    STM_FOREIGN,    /* The key handle belongs to another store. Resolve it in this one. */
    STM_FORKED,     /* The store was opened before fork() in the parent. Open one in the child. */
    STM_REENTERED   /* Called from inside a call on the same handle (signal, allocator). Do not. */
} stm_status;

/* "CONFLICT", and a sentence about it. Never NULL; for an unknown number "UNKNOWN". */
STM_API const char *stm_status_name(stm_status status);
STM_API const char *stm_status_text(stm_status status);

/* --------------------------------------------------------------------------------- bytes -- */

/* Keys and values: any bytes, zeros too. As a value, data == NULL says "no value", which is not the
 * same as an empty value (data != NULL, size == 0). */
typedef struct stm_bytes {
    const void *data;
    size_t size;
} stm_bytes;

static inline stm_bytes stm_bytes_of(const void *data, size_t size)
{
    stm_bytes bytes;
    bytes.data = data;
    bytes.size = size;
    return bytes;
}

/* The bytes of a C string, without its NUL. NULL gives no bytes. */
static inline stm_bytes stm_text(const char *text)
{
    return stm_bytes_of(text, text == NULL ? 0 : strlen(text));
}

/* What the typed helpers recorded with a value; set and import of plain bytes record STM_BYTES. */
typedef enum stm_type { STM_BYTES = 0, STM_INT64, STM_DOUBLE, STM_STRING } stm_type;
#define STM_TYPE_MAX 7 /* 4 to 7 are for the caller's own types (stm_txn_set_typed) */

/* --------------------------------------------------------------------------------- store -- */

typedef struct stm_store stm_store;
typedef struct stm_txn stm_txn;
typedef struct stm_snapshot stm_snapshot;
typedef struct stm_cursor stm_cursor;
struct stm_entry;       /* what a snapshot shows of one key */
struct stm_observer;    /* <stm/probe.h> */

/* Limits that no option can raise. Sizes in bytes. */
#define STM_KEY_SIZE_MAX 4095
#define STM_VALUE_SIZE_MAX (1u << 30)
#define STM_LABEL_SIZE_MAX 63      /* without the NUL */
#define STM_LABEL_COUNT_MAX 65535  /* distinct labels a store */
#define STM_SNAPSHOT_COUNT_MAX 64  /* snapshots held at once a store */
#define STM_VERSION_MAX (INT64_C(1) << 60) /* that stm_txn_restore takes */

/* Where the store gets memory. Both members or neither. May be called by any thread, at any time,
 * and must not call this library. alignment is a power of two of at most 4096. Large tables are
 * asked for in one piece. alloc returns NULL when there is none. */
typedef struct stm_allocator {
    void *(*alloc)(void *context, size_t size, size_t alignment);
    void (*free)(void *context, void *memory, size_t size);
    void *context;
} stm_allocator;

/* Zero in any member means its default. Set size to sizeof(stm_options). */
typedef struct stm_options {
    size_t size;
    size_t key_size_max;                 /* default 1024 */
    size_t value_size_max;               /* default 16 MiB */
    size_t txn_key_count_max;            /* keys checked out at once; default 65,536 */
    size_t key_count_hint;               /* keys expected, to size the index once; default 1,024 */
    uint64_t seed;                       /* of the key hash; default: the same in every store */
    stm_allocator allocator;             /* default: malloc, and mmap for tables */
    const struct stm_observer *observer; /* default: stm_provider() of <stm/probe.h>, if present */
} stm_options;

/* In: options, or NULL for all defaults. Out: *store, to be closed by the caller; NULL on failure.
 * Returns OK; INVALID (size not set, half an allocator, a limit over the library's own); NO_MEMORY. */
STM_API stm_status stm_store_open(const stm_options *options, stm_store **store) STM_CHECK;

/* Frees everything. Returns OK; BUSY while a transaction, snapshot or cursor is still open, and
 * then nothing has been closed; INVALID for NULL; FORKED. */
STM_API stm_status stm_store_close(stm_store *store);

/* The options in force: each default filled in. Set options->size before. Returns OK; INVALID; FORKED. */
STM_API stm_status stm_store_options(const stm_store *store, stm_options *options);

/* 16 random bytes drawn when the store was opened: the same for its life, and never those of another store, in
 * this or any other process. Revisions can be compared only where they are equal. Returns OK; INVALID; FORKED. */
#define STM_STORE_ID_SIZE 16
STM_API stm_status stm_store_id(const stm_store *store, unsigned char id[STM_STORE_ID_SIZE]);

/* --------------------------------------------------------------------------- transaction -- */

/* Starts a transaction. label names the kind of it ("transfer"), 1 to 63 bytes; it is copied, and
 * shows in conflicts, traces and statistics. Out: *txn, ended by stm_txn_end. One handle may serve
 * any number of transactions one after the other (commit and reset keep it), which is cheapest.
 * Returns OK; INVALID (NULL, empty label); TOO_LARGE (label); LIMIT (labels); NO_MEMORY; FORKED. */
STM_API stm_status stm_txn_begin(stm_store *store, const char *label, stm_txn **txn) STM_CHECK;

/* Checks key out for update (Axon usevar). An absent key is made, at version 0 with no value.
 * Out: *value (may be NULL): the private copy; data is NULL where there is no value. It is followed
 * by a NUL that size does not count, and stays valid until the next call on txn that is not a
 * checkout or a look at one of its values.
 * A key already checked out keeps its private copy; one checked out for read is promoted.
 * All that txn holds belongs to one instant, or the answer is CONFLICT at once.
 * Returns OK; CONFLICT (a key held has changed); BUSY (could not get one consistent look in
 * many tries, and no snapshot was free: again); INVALID, TOO_LARGE (key); LIMIT; NO_MEMORY; ENDED; FORKED;
 * REENTERED; or the failure that sticks. */
STM_API stm_status stm_txn_use(stm_txn *txn, stm_bytes key, stm_bytes *value) STM_CHECK;

/* Checks count keys out for update at one instant (Axon using); faster than count single calls.
 * Out: values, NULL or an array of count, as of stm_txn_use. A key may be named twice.
 * Returns as stm_txn_use; on failure no key has been added. */
STM_API stm_status stm_txn_using(stm_txn *txn, const stm_bytes *keys, size_t count,
                                 stm_bytes *values) STM_CHECK;

/* Checks key out for read: commit will check that it has not changed, but not publish it, and other
 * readers of it are not disturbed. Out and lifetime as of stm_txn_use.
 * Returns OK; NOT_FOUND (no value; the absence is held as read); else as stm_txn_use. */
STM_API stm_status stm_txn_get(stm_txn *txn, stm_bytes key, stm_bytes *value) STM_CHECK;

/* As stm_txn_get, for count keys at one instant; absent ones get data == NULL. OK even then. */
STM_API stm_status stm_txn_getting(stm_txn *txn, const stm_bytes *keys, size_t count,
                                   stm_bytes *values) STM_CHECK;

/* A hint, for who knows already which keys the next transaction will use: brings them near, so that their
 * cache misses pass while this one is still at work. Best called before this one's own checkouts, and worth it
 * among more keys than the caches hold. Checks nothing out, makes no key, never fails, sticks to nothing. */
STM_API void stm_txn_prefetch(stm_txn *txn, const stm_bytes *keys, size_t count);

/* Looks at a key without checking it out: neither validated nor published, and not of the same
 * instant as what txn holds, nor of any order with snapshots: it may show a value that a snapshot taken just
 * before no longer shows. A key that txn holds gives its private copy. Out: *value, valid until
 * the next call on txn. Returns OK; NOT_FOUND; BUSY; else as stm_txn_use. */
STM_API stm_status stm_txn_peek(stm_txn *txn, stm_bytes key, stm_bytes *value) STM_CHECK;

/* The private copy of a key that txn holds; works after a failure too, and never changes txn.
 * Returns OK; NOT_FOUND (not checked out, or no value); INVALID; ENDED; FORKED. */
STM_API stm_status stm_txn_value(const stm_txn *txn, stm_bytes key, stm_bytes *value);

/* Sets the private copy; value is copied. A key not yet held is checked out for update first, with
 * all that stm_txn_use may answer; one held for read is promoted. data == NULL is INVALID: to
 * remove a value call stm_txn_delete. Returns as stm_txn_use; TOO_LARGE (key or value). */
STM_API stm_status stm_txn_set(stm_txn *txn, stm_bytes key, stm_bytes value) STM_CHECK;

/* Takes the value away in the private copy; commit publishes that the key has none.
 * Returns as stm_txn_set; OK also where there was no value. */
STM_API stm_status stm_txn_delete(stm_txn *txn, stm_bytes key) STM_CHECK;

/* The version at which txn holds the key. Returns OK; NOT_FOUND (not checked out); INVALID; ENDED; FORKED. */
STM_API stm_status stm_txn_version(const stm_txn *txn, stm_bytes key, uint64_t *version);

/* Publishes every key checked out for update, set or not, at one instant, provided that no key
 * checked out for update or read has changed since. All or nothing.
 * Returns
 *   OK        done. The same transaction is current again: it holds the same keys at their new
 *             versions, and may set and commit them again.
 *   CONFLICT  somebody was first; nothing was changed. stm_txn_conflicts and stm_txn_explain say who;
 *             stm_txn_value still shows the private copies. Reset, and check out again.
 *   BUSY      another commit holds one of the keys just now, or this one was put aside by others
 *             too often; nothing was changed. Does not stick: commit again. It is seen when a
 *             thread is preempted at the very moment between deciding and finishing a commit.
 *   NO_MEMORY nothing was changed. Also ENDED, FORKED, REENTERED, or the failure that sticks. */
STM_API stm_status stm_txn_commit(stm_txn *txn) STM_CHECK;

/* Drops all checkouts and private copies, clears what sticks, keeps handle and label. After a CONFLICT
 * or BUSY the next attempt belongs to the same operation (stm_txn_operation). NULL is ignored; so are
 * reset and end from inside another call on the same handle (an observer, an allocator). */
STM_API void stm_txn_reset(stm_txn *txn);

/* Abandons what is not committed and gives the handle back. NULL is ignored. */
STM_API void stm_txn_end(stm_txn *txn);

/* Numbers for logs, and to join them with traces and snapshots; 0 for a bad handle. The id is new
 * after each commit and reset, unique in the store, and is what conflicts name as the winner; the
 * operation is the id of the first attempt, constant over the attempts of one operation. */
STM_API uint64_t stm_txn_id(const stm_txn *txn);
STM_API uint64_t stm_txn_operation(const stm_txn *txn);
/* Which attempt of its operation this is, from 1. */
STM_API uint64_t stm_txn_attempt(const stm_txn *txn);
STM_API const char *stm_txn_label(const stm_txn *txn); /* valid until the store is closed */

/* ----------------------------------------------------------------------------- conflicts -- */

typedef struct stm_writer {
    uint64_t txn;      /* stm_txn_id; 0: unknown */
    const char *label; /* "" where unknown; valid until the store is closed */
    uint32_t tid;      /* gettid(2) of the thread that began it */
    uint64_t revision; /* of its commit */
} stm_writer;

typedef struct stm_conflict {
    stm_bytes key;     /* valid until the store is closed */
    uint64_t expected; /* the version checked out */
    uint64_t found;    /* the version that was there instead */
    bool update;       /* checked out for update, not only read */
    stm_writer winner; /* who published the version found */
} stm_conflict;

/* Every key that had changed when txn was last told CONFLICT. Out: up to capacity of them.
 * Returns how many there are, which may be more; 0 when the last failure was not a CONFLICT.
 * Kept until reset, end, or a later commit. */
STM_API size_t stm_txn_conflicts(const stm_txn *txn, stm_conflict *conflicts, size_t capacity);

/* The same as a sentence, or what BUSY was about, or any other last status. Out: text, always
 * terminated if size > 0. Returns the length it would have had, like snprintf. */
STM_API size_t stm_txn_explain(const stm_txn *txn, char *text, size_t size);

/* --------------------------------------------------------------------------- key handles -- */

/* A resolved key: saves hashing and look-up on hot paths. Plain data, copied freely, valid until
 * the store is closed. */
typedef struct stm_key {
    stm_store *store;
    void *record;
} stm_key;

/* Makes the key if it is absent, at version 0 with no value. Returns OK; INVALID; TOO_LARGE; NO_MEMORY; FORKED. */
STM_API stm_status stm_key_resolve(stm_store *store, stm_bytes key, stm_key *handle) STM_CHECK;
/* The key's bytes, valid until the store is closed; no bytes for a handle never resolved. */
STM_API stm_bytes stm_key_name(stm_key key);

/* The calls above, by handle. They answer FOREIGN for a handle of another store. */
STM_API stm_status stm_txn_use_key(stm_txn *txn, stm_key key, stm_bytes *value) STM_CHECK;
STM_API stm_status stm_txn_using_keys(stm_txn *txn, const stm_key *keys, size_t count,
                                      stm_bytes *values) STM_CHECK;
STM_API stm_status stm_txn_get_key(stm_txn *txn, stm_key key, stm_bytes *value) STM_CHECK;
STM_API stm_status stm_txn_getting_keys(stm_txn *txn, const stm_key *keys, size_t count,
                                        stm_bytes *values) STM_CHECK;
STM_API stm_status stm_txn_set_key(stm_txn *txn, stm_key key, stm_bytes value) STM_CHECK;
STM_API stm_status stm_txn_delete_key(stm_txn *txn, stm_key key) STM_CHECK;

/* ------------------------------------------------------------------------- typed helpers -- */

/* use and get leave *value as it was where the key has no value: initialise it with the default.
 * use then answers OK, get NOT_FOUND. Another type is WRONG_TYPE, which does not stick.
 * A string's *value is NUL-terminated and lives as long as stm_txn_use says. */
STM_API stm_status stm_txn_use_int64(stm_txn *txn, stm_bytes key, int64_t *value) STM_CHECK;
STM_API stm_status stm_txn_get_int64(stm_txn *txn, stm_bytes key, int64_t *value) STM_CHECK;
STM_API stm_status stm_txn_set_int64(stm_txn *txn, stm_bytes key, int64_t value) STM_CHECK;
STM_API stm_status stm_txn_use_double(stm_txn *txn, stm_bytes key, double *value) STM_CHECK;
STM_API stm_status stm_txn_get_double(stm_txn *txn, stm_bytes key, double *value) STM_CHECK;
STM_API stm_status stm_txn_set_double(stm_txn *txn, stm_bytes key, double value) STM_CHECK;
STM_API stm_status stm_txn_use_string(stm_txn *txn, stm_bytes key, const char **value) STM_CHECK;
STM_API stm_status stm_txn_get_string(stm_txn *txn, stm_bytes key, const char **value) STM_CHECK;
STM_API stm_status stm_txn_set_string(stm_txn *txn, stm_bytes key, const char *value) STM_CHECK;
/* Numbers are stored as their 8 bytes in this machine's order. These read them from a snapshot's entry; false:
 * it is of another type, and *value is left as it was. */
STM_API bool stm_entry_int64(const struct stm_entry *entry, int64_t *value);
STM_API bool stm_entry_double(const struct stm_entry *entry, double *value);
/* As stm_txn_set_typed, but commit publishes the key at exactly this version instead of the next one: to bring back
 * what was exported. A later set or delete takes that back. Returns as stm_txn_set; INVALID also if version is not
 * greater than the one held (stm_txn_version), or greater than STM_VERSION_MAX. */
STM_API stm_status stm_txn_restore(stm_txn *txn, stm_bytes key, stm_bytes value, stm_type type,
                                   uint64_t version) STM_CHECK;
/* For types of the caller's own, exporters and importers: set with a type of 0 to STM_TYPE_MAX (else INVALID), and
 * the type of the private copy, STM_BYTES where it has no value. The second returns OK; NOT_FOUND (not checked
 * out); INVALID; ENDED; FORKED. */
STM_API stm_status stm_txn_set_typed(stm_txn *txn, stm_bytes key, stm_bytes value, stm_type type) STM_CHECK;
STM_API stm_status stm_txn_type(const stm_txn *txn, stm_bytes key, stm_type *type);

/* -------------------------------------------------------------------- calls that may sleep -- */

/* Sleeps on a futex until a key that txn holds has changed (Harris et al., "Composable memory
 * transactions", 2005: retry); no polling. Returns OK (something has changed: reset, and check
 * out again); TIMEOUT and INVALID (txn holds no key, and would sleep for ever), which do not stick; ENDED, FORKED,
 * or the failure that sticks. timeout_ns < 0: no limit. */
STM_API stm_status stm_txn_wait(stm_txn *txn, int64_t timeout_ns) STM_CHECK;

/* How stm_atomically tries. Zero in any member means its default. Set size to sizeof(stm_policy). */
typedef struct stm_policy {
    size_t size;
    uint64_t attempt_count_max; /* default: no limit */
    int64_t time_ns_max;        /* for all attempts and waits together; default: no limit */
    int64_t backoff_ns_min;     /* of the first pause, doubled each time, with jitter; default 1,000 */
    int64_t backoff_ns_max;     /* default 1,000,000 */
    uint64_t patience;          /* attempts lost before others must let this thread pass; default 16 */
} stm_policy;

/* A body edits txn and returns OK to commit; CONFLICT or BUSY, to be run again; WAIT to sleep until a
 * key that it read changes and be run again; anything else to give up with that status. It may run
 * many times: it must not keep what it read, nor do what cannot be undone. It must not end txn. */
typedef stm_status stm_body(stm_txn *txn, void *arg);

/* Runs body and commits, again and again, until it is committed: after a first CONFLICT at once; whoever goes on
 * losing backs off, awake as long as that takes a few microseconds only. A thread that has lost patience many attempts
 * announces itself, and the other threads' calls of stm_atomically pause (at most a few milliseconds each) until it has
 * passed: no thread starves for ever. policy may be NULL.
 * Returns OK; TIMEOUT (attempts or time used up); what the body gave up with; else as begin and commit. */
STM_API stm_status stm_atomically(stm_store *store, const char *label, const stm_policy *policy,
                                  stm_body *body, void *arg) STM_CHECK;

/* STM_ATOMICALLY(store, txn, "label", "key one", "key two", ...) { ... }
 * "atomically using ...": checks the keys (1 to 16 C strings) out for update at one instant, runs
 * the block with txn, commits it, and runs it again after CONFLICT or BUSY. break and continue end the
 * block early and commit; to give up, stm_txn_reset(txn) first. Do not leave it by return or goto.
 * The outcome is stm_atomically_status(): of the calling thread's last block; CONFLICT and BUSY are never
 * final. If the checkout fails for good the block does not run at all. */
#define STM_ATOMICALLY_KEY_COUNT_MAX 16
STM_API stm_status stm_atomically_status(void);

typedef struct stm_block {
    stm_txn *txn; /* the block's transaction while it runs */
    stm_store *store;
    const char *label;
    size_t key_count;
    const char *keys[STM_ATOMICALLY_KEY_COUNT_MAX];
    uint64_t attempt;
    bool ran;
} stm_block;

STM_API stm_block stm_block_open(stm_store *store, const char *label, const char *const *keys,
                                 size_t key_count);
STM_API bool stm_block_next(stm_block *block);

/* The macro below must not name the member: its parameter has the same name. */
static inline stm_txn *stm_block_txn_(const stm_block *block)
{
    return block->txn;
}

#ifndef __cplusplus
#define STM_BLOCK_OPEN_(store, label, ...)                                   \
    stm_block_open((store), (label), (const char *const[]){__VA_ARGS__},     \
                   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
#else
#define STM_BLOCK_OPEN_(store, label, ...) stm_block_open_keys_((store), (label), __VA_ARGS__)
#endif

#define STM_ATOMICALLY(store, txn, label, ...)                                                    \
    for (stm_block txn##_block = STM_BLOCK_OPEN_(store, label, __VA_ARGS__);                      \
         stm_block_next(&txn##_block);)                                                           \
        for (stm_txn *txn = stm_block_txn_(&txn##_block); txn != NULL; txn = NULL)

/* ----------------------------------------------------------------------------- snapshots -- */

/* What a snapshot shows of one key. value.data points into the entry itself for small values, and
 * else to memory that lives as long as the snapshot: use it where it was filled, and copy the bytes
 * rather than the struct. */
typedef struct stm_entry {
    stm_bytes key;     /* valid until the store is closed */
    stm_bytes value;   /* followed by a NUL that size does not count */
    stm_type type;
    uint64_t version;
    stm_writer writer; /* who published it, and at which revision */
    char small[24];    /* where small values live */
} stm_entry;

/* Holds the whole store as of one instant: O(1), stops nobody, and is never disturbed by writers. Each key
 * overwritten from then on keeps one old version until the release. label as in stm_txn_begin.
 * Returns OK; LIMIT (64 are held); INVALID; TOO_LARGE; NO_MEMORY; FORKED. */
STM_API stm_status stm_snapshot_take(stm_store *store, const char *label, stm_snapshot **snapshot) STM_CHECK;
/* Gives it back, and frees the old versions that no other snapshot can see. NULL is ignored. */
STM_API void stm_snapshot_release(stm_snapshot *snapshot);
/* It shows exactly the commits with a revision up to this one. 0 for a bad handle. */
STM_API uint64_t stm_snapshot_revision(const stm_snapshot *snapshot);
/* What it is a snapshot of, its label, and how long it has been held. NULL, "" and 0 for a bad handle. */
STM_API stm_store *stm_snapshot_store(const stm_snapshot *snapshot);
STM_API const char *stm_snapshot_label(const stm_snapshot *snapshot); /* valid until the store is closed */
STM_API int64_t stm_snapshot_age_ns(const stm_snapshot *snapshot);

/* Returns OK; NOT_FOUND (no value at that instant; *entry is left as it was); INVALID; TOO_LARGE; NO_MEMORY; ENDED;
 * FORKED. Never BUSY. */
STM_API stm_status stm_snapshot_get(const stm_snapshot *snapshot, stm_bytes key, stm_entry *entry) STM_CHECK;

/* Shows every key that has a value to visit, in memory order: the fastest way to see all of them.
 * visit returns false to stop early, and may use the store, but not release the snapshot. The entry
 * lives until visit returns; a large value as long as the snapshot.
 * Returns OK, also when stopped; INVALID; NO_MEMORY; ENDED; FORKED. */
typedef bool stm_visit(const stm_entry *entry, void *arg);
STM_API stm_status stm_snapshot_scan(const stm_snapshot *snapshot, stm_visit *visit, void *arg) STM_CHECK;
/* The same for what has changed after an older snapshot: each key whose version here has a revision greater than
 * since_revision. Those without a value by now are shown, too, with value.data == NULL and type STM_BYTES; so
 * are keys that came and went in between. since_revision is stm_snapshot_revision of a snapshot of this store;
 * 0 shows everything that was ever published. Looks at every key: as fast as stm_snapshot_scan. */
STM_API stm_status stm_snapshot_scan_changes(const stm_snapshot *snapshot, uint64_t since_revision,
                                             stm_visit *visit, void *arg) STM_CHECK;

/* The same as stm_snapshot_scan, by the handful and with nothing but keys and values: several times as fast. rows are
 * count keys, at least one, that live until visit returns; read each by the three calls below, of which those for value and
 * type cost next to nothing. */
typedef struct stm_row {
    const void *record_; /* the members are private */
    uint64_t words_[2];
    uint64_t info_;
} stm_row;
typedef bool stm_visit_rows(const stm_row *rows, size_t count, void *arg);
STM_API stm_status stm_snapshot_scan_rows(const stm_snapshot *snapshot, stm_visit_rows *visit, void *arg) STM_CHECK;
STM_API stm_bytes stm_row_key(const stm_row *row); /* valid until the store is closed */
/* Lives as long as the row, a large one as long as the snapshot. No NUL need follow it. */
static inline stm_bytes stm_row_value(const stm_row *row)
{
    size_t size = row->info_ & 255;
    return size < 254 ? stm_bytes_of(row->words_, size)
                      : stm_bytes_of((const void *)(uintptr_t)row->words_[0], row->words_[1]);
}
static inline stm_type stm_row_type(const stm_row *row)
{
    return (stm_type)(row->info_ >> 8 & 7);
}

/* A cursor over the keys in [low, high), in the order of memcmp and then of size. No data in low: from
 * the first; no data in high: to the last. The snapshot must outlive it.
 * Opening sorts the keys made since the last cursor was opened, and shares the result: the
 * first one over n keys costs O(n log n). Returns OK; INVALID; NO_MEMORY; ENDED; FORKED. */
STM_API stm_status stm_cursor_open(const stm_snapshot *snapshot, stm_bytes low, stm_bytes high,
                                   stm_cursor **cursor) STM_CHECK;
/* The same over the keys that begin with prefix. */
STM_API stm_status stm_cursor_open_prefix(const stm_snapshot *snapshot, stm_bytes prefix,
                                          stm_cursor **cursor) STM_CHECK;
/* The next key that has a value. Returns OK; END; INVALID; ENDED; FORKED. */
STM_API stm_status stm_cursor_next(stm_cursor *cursor, stm_entry *entry) STM_CHECK;
STM_API void stm_cursor_close(stm_cursor *cursor); /* NULL is ignored */

/* ---------------------------------------------------------------------------- statistics -- */

/* Sums of counters that each transaction keeps on its own cache line; exact when nobody runs. */
typedef struct stm_stats {
    uint64_t commits;         /* that published or validated something */
    uint64_t conflicts;       /* CONFLICT answers, of commits and checkouts */
    uint64_t busy;            /* BUSY answers */
    uint64_t checkouts;       /* keys checked out */
    uint64_t aborts;          /* attempts put aside by another commit, inside commit calls */
    uint64_t keys_live;       /* keys with a value */
    uint64_t keys_known;      /* with those deleted, or checked out and never set */
    uint64_t versions_old;    /* kept for snapshots */
    uint64_t bytes_used;      /* asked of the allocator and not given back */
    uint64_t bytes_waiting;   /* unlinked, waiting until no reader can still look at it */
    uint64_t bytes_cached;    /* in free lists */
    uint64_t transactions;    /* handles open now */
    uint64_t snapshots;       /* held now */
    uint64_t revision;        /* of a commit made now */
    uint64_t oldest_snapshot_revision; /* 0: none is held */
    int64_t oldest_snapshot_age_ns;
    char oldest_snapshot_label[STM_LABEL_SIZE_MAX + 1];
} stm_stats;

/* Returns OK; INVALID; FORKED. */
STM_API stm_status stm_store_stats(const stm_store *store, stm_stats *stats);

/* The keys that cost most conflicts, most first, from a small sketch (Metwally et al.,
 * "Space-Saving", 2005) kept on the conflict path only. count may be too high by up to error. */
typedef struct stm_hot_key {
    stm_bytes key; /* valid until the store is closed */
    uint64_t count, error;
} stm_hot_key;
/* Out: up to capacity of them. Returns how many were written. */
STM_API size_t stm_store_hottest(const stm_store *store, stm_hot_key *keys, size_t capacity);

/* Writes every key that has a value, with version, writer and value as of one instant, to stream: a line a
 * key in the order of keys, bytes that do not print escaped (Axon Store.dump). Returns OK; NO_MEMORY; LIMIT
 * (64 snapshots are held); INVALID; FORKED. */
STM_API stm_status stm_store_dump(stm_store *store, FILE *stream);

#ifdef __cplusplus
} /* extern "C" */

template <class... Keys>
inline stm_block stm_block_open_keys_(stm_store *store, const char *label, Keys... keys)
{
    const char *list[] = {keys...};
    return stm_block_open(store, label, list, sizeof(list) / sizeof(list[0]));
}
#endif

#endif
