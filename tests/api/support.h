/*
 * support.h -- the few words that the API tests share.
 *
 * A test opens a store, takes a few steps that each name the answer they must get, and closes the
 * store, which also checks that nothing has leaked. Assertions belong to a test's main thread:
 * Criterion's do not work in others, so workers count what went wrong and the main thread checks.
 */
#ifndef STM_TESTS_API_SUPPORT_H
#define STM_TESTS_API_SUPPORT_H

#include <criterion/criterion.h>
#include <stm/stm.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What a call must answer. */
#define ANSWERS(call, expected)                                                                         \
    do {                                                                                                \
        const stm_status answer_ = (call);                                                              \
        const stm_status expected_ = (expected);                                                        \
        cr_assert(answer_ == expected_, "%s\n    answered %s, not %s", #call, stm_status_name(answer_), \
                  stm_status_name(expected_));                                                          \
    } while (0)

#define OK(call) ANSWERS(call, STM_OK)

/* The number that an expression must have. */
#define EQUALS(expression, expected)                                                                 \
    do {                                                                                             \
        const unsigned long long value_ = (unsigned long long)(expression);                          \
        const unsigned long long expected_ = (unsigned long long)(expected);                         \
        cr_assert(value_ == expected_, "%s\n    is %llu, not %llu", #expression, value_, expected_); \
    } while (0)

/* The value that a key must have: these bytes and a NUL behind them, or none. */
#define IS_BYTES(value, expected)                                                                     \
    do {                                                                                              \
        const stm_bytes bytes_ = (value);                                                             \
        const stm_bytes wanted_ = (expected);                                                         \
        cr_assert(same_value(bytes_, wanted_), "%s\n    is %zu bytes \"%s\", not %zu \"%s\"", #value, \
                  bytes_.size, shown(bytes_), wanted_.size, shown(wanted_));                          \
    } while (0)

#define IS_TEXT(value, expected) IS_BYTES(value, stm_text(expected))
#define IS_NOTHING(value) IS_BYTES(value, NO_BYTES)
#define NO_BYTES stm_bytes_of(NULL, 0)

/* Equal bytes, a NUL behind them, and no value equal only to no value. */
bool same_value(stm_bytes value, stm_bytes expected);
/* Equal bytes. */
bool same_bytes(stm_bytes left, stm_bytes right);
/* The beginning of a value for a message; two may be shown at once. */
const char *shown(stm_bytes value);

/* A store with these options (size is filled in), or with all defaults for NULL. */
stm_store *open_store(const stm_options *options);
/* Closes it, and checks that nothing was leaked where a leak checker is built in. */
void close_store(stm_store *store);
void assert_no_leak(void);

stm_txn *begin(stm_store *store, const char *label);

/* One key, in a transaction of its own, labelled "put", "erase" or "look". */
void put(stm_store *store, const char *key, const char *value);
void put_bytes(stm_store *store, stm_bytes key, stm_bytes value);
void erase(stm_store *store, const char *key);
uint64_t version_now(stm_store *store, const char *key);

/* What a store must hold under a key, seen by a transaction of its own. */
#define HOLDS(store, key, expected) \
    cr_assert(holds((store), stm_text(key), stm_text(expected)), "%s\n    is not \"%s\"", key, expected)
#define LACKS(store, key) cr_assert(holds((store), stm_text(key), NO_BYTES), "%s\n    has a value", key)
bool holds(stm_store *store, stm_bytes key, stm_bytes expected);

stm_stats stats_of(const stm_store *store);
/* What a snapshot must show of a key. */
#define SHOWS(snapshot, key, expected)                                                                       \
    cr_assert(shows((snapshot), stm_text(key), stm_text(expected)), "%s\n    is not \"%s\" in the snapshot", \
              key, expected)
#define HIDES(snapshot, key) \
    cr_assert(shows((snapshot), stm_text(key), NO_BYTES), "%s\n    is in the snapshot", key)
bool shows(const stm_snapshot *snapshot, stm_bytes key, stm_bytes expected);
stm_snapshot *take(stm_store *store, const char *label);

/* size bytes that depend on seed; zeros among them. */
void fill(char *bytes, size_t size, unsigned seed);

int64_t now_ns(void);
void sleep_ms(int milliseconds);

#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)

/* How much of a long test to do: sanitizers make every step slower. */
#if defined(__SANITIZE_ADDRESS__)
#define SLOWED_DOWN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOWED_DOWN 1
#endif
#endif
#ifndef SLOWED_DOWN
#define SLOWED_DOWN 0
#endif

#endif
