/*
 * layout.h -- the fields of each event in the order in which they lie in memory, and so in the trace: those of fixed size
 * here, the texts behind them. The structs below and the fields that LTTng is told of (events.h) are made from the
 * same lists, so that they cannot differ.
 *
 * N is a number, H one shown in hexadecimal, K eight bytes of a key, E an enumeration.
 */
#ifndef STM_TRACE_LAYOUT_H
#define STM_TRACE_LAYOUT_H

#include <stm/probe.h>

#define LAYOUT_TXN(N) N(uint64_t, store) N(uint64_t, txn)
#define LAYOUT_ATTEMPT(N) LAYOUT_TXN(N) N(uint64_t, op) N(uint64_t, attempt)
#define LAYOUT_SETS(N) N(int64_t, begin_ns) N(uint32_t, read_count) N(uint32_t, write_count)
#define LAYOUT_KEY(N, H) H(uint64_t, key_hash) N(uint32_t, key_size)
#define LAYOUT_KEY_BYTES(K) K(k0) K(k1)
#define LAYOUT_LOSS(N, E) \
    E(mode, mode) N(uint8_t, was_set) N(uint64_t, expected) N(uint64_t, found) N(uint64_t, winner_txn)

#define LAYOUT_STARVING(N, H, K, E) LAYOUT_ATTEMPT(N) N(int64_t, elapsed_ns) LAYOUT_KEY(N, H)
#define LAYOUT_CONFLICT(N, H, K, E)                                                            \
    LAYOUT_ATTEMPT(N) E(stage, stage) LAYOUT_SETS(N) N(uint32_t, key_index) N(uint32_t, changed_count) \
    LAYOUT_KEY(N, H) LAYOUT_KEY_BYTES(K) LAYOUT_LOSS(N, E) N(uint32_t, winner_tid) N(uint64_t, winner_revision)
#define LAYOUT_BUSY(N, H, K, E)                                                                \
    LAYOUT_ATTEMPT(N) E(stage, stage) LAYOUT_SETS(N) LAYOUT_KEY(N, H) LAYOUT_KEY_BYTES(K)      \
    N(uint64_t, owner_txn) N(uint32_t, owner_tid)
#define LAYOUT_COMMIT(N, H, K, E) LAYOUT_ATTEMPT(N) LAYOUT_SETS(N) N(uint64_t, revision)
#define LAYOUT_ABANDON(N, H, K, E) LAYOUT_ATTEMPT(N) LAYOUT_SETS(N)
#define LAYOUT_STORE(N, H, K, E) N(uint64_t, store) E(what, store_what) N(uint32_t, schema)
#define LAYOUT_SNAPSHOT(N, H, K, E)                                                            \
    N(uint64_t, store) E(what, snapshot_what) N(uint64_t, snapshot) N(uint64_t, revision) N(int64_t, held_ns) \
    N(uint64_t, bytes)
#define LAYOUT_CONFLICT_KEY(N, H, K, E) LAYOUT_TXN(N) LAYOUT_KEY(N, H) LAYOUT_KEY_BYTES(K) LAYOUT_LOSS(N, E)
#define LAYOUT_CHECKOUT(N, H, K, E) \
    LAYOUT_TXN(N) LAYOUT_KEY(N, H) LAYOUT_KEY_BYTES(K) N(uint64_t, version) E(mode, mode)
#define LAYOUT_PUBLISH(N, H, K, E)                                                             \
    LAYOUT_TXN(N) LAYOUT_KEY(N, H) LAYOUT_KEY_BYTES(K) N(uint64_t, from_version) N(uint64_t, to_version) \
    N(uint64_t, value_size)

#define LAYOUT_NUMBER_MEMBER(type, name) type name;
#define LAYOUT_KEY_MEMBER(name) uint64_t name;
#define LAYOUT_ENUM_MEMBER(name, of) uint8_t name;
#define LAYOUT_MEMBERS(list) \
    list(LAYOUT_NUMBER_MEMBER, LAYOUT_NUMBER_MEMBER, LAYOUT_KEY_MEMBER, LAYOUT_ENUM_MEMBER)

#define LAYOUT_KEY_TEXT_SIZE 64 /* without the NUL */
#define LAYOUT_TEXT_SIZE (STM_LABEL_SIZE_MAX + 1)
_Static_assert(LAYOUT_KEY_TEXT_SIZE <= STM_LABEL_SIZE_MAX + 1, "a key's text fits where a label does, but for its NUL");

/* So many texts of at most LAYOUT_TEXT_SIZE characters, one behind the other with their NULs. */
#define LAYOUT_TEXTS(count) char texts[(count) * (LAYOUT_TEXT_SIZE + 1)];

struct __attribute__((packed)) told_starving { LAYOUT_MEMBERS(LAYOUT_STARVING) LAYOUT_TEXTS(2) };
struct __attribute__((packed)) told_conflict { LAYOUT_MEMBERS(LAYOUT_CONFLICT) LAYOUT_TEXTS(3) };
struct __attribute__((packed)) told_busy { LAYOUT_MEMBERS(LAYOUT_BUSY) LAYOUT_TEXTS(3) };
struct __attribute__((packed)) told_commit { LAYOUT_MEMBERS(LAYOUT_COMMIT) LAYOUT_TEXTS(1) };
struct __attribute__((packed)) told_abandon { LAYOUT_MEMBERS(LAYOUT_ABANDON) LAYOUT_TEXTS(1) };
struct __attribute__((packed)) told_store { LAYOUT_MEMBERS(LAYOUT_STORE) };
struct __attribute__((packed)) told_snapshot { LAYOUT_MEMBERS(LAYOUT_SNAPSHOT) LAYOUT_TEXTS(1) };
struct __attribute__((packed)) told_conflict_key { LAYOUT_MEMBERS(LAYOUT_CONFLICT_KEY) };
struct __attribute__((packed)) told_checkout { LAYOUT_MEMBERS(LAYOUT_CHECKOUT) };
struct __attribute__((packed)) told_publish { LAYOUT_MEMBERS(LAYOUT_PUBLISH) };

#endif
