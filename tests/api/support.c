/*
 * support.c -- see support.h. Nothing here prints, unless it fails.
 */
#include "support.h"

#include <ctype.h>
#include <time.h>

#if SLOWED_DOWN
#include <sanitizer/lsan_interface.h>
#endif

bool same_bytes(stm_bytes left, stm_bytes right)
{
    return left.size == right.size && (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

bool same_value(stm_bytes value, stm_bytes expected)
{
    if (expected.data == NULL || value.data == NULL)
        return expected.data == NULL && value.data == NULL && value.size == 0;
    return same_bytes(value, expected) && ((const char *)value.data)[value.size] == '\0';
}

const char *shown(stm_bytes value)
{
    static char texts[2][48];
    static unsigned next;
    char *text = texts[next++ % 2];
    size_t size = value.size < sizeof(texts[0]) - 1 ? value.size : sizeof(texts[0]) - 1;

    if (value.data == NULL)
        return "(no value)";
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = ((const unsigned char *)value.data)[i];
        text[i] = isprint(byte) ? (char)byte : '?';
    }
    text[size] = '\0';
    return text;
}

stm_store *open_store(const stm_options *options)
{
    stm_store *store = NULL;
    stm_options sized;

    if (options != NULL) {
        sized = *options;
        sized.size = sizeof(sized);
        options = &sized;
    }
    OK(stm_store_open(options, &store));
    cr_assert_not_null(store);
    return store;
}

/* LeakSanitizer's own report at exit comes too late to fail a test. */
void assert_no_leak(void)
{
#if SLOWED_DOWN
    cr_assert(__lsan_do_recoverable_leak_check() == 0, "memory was leaked");
#endif
}

void close_store(stm_store *store)
{
    OK(stm_store_close(store));
    assert_no_leak();
}

stm_txn *begin(stm_store *store, const char *label)
{
    stm_txn *txn = NULL;

    OK(stm_txn_begin(store, label, &txn));
    cr_assert_not_null(txn);
    return txn;
}

void put_bytes(stm_store *store, stm_bytes key, stm_bytes value)
{
    stm_txn *txn = begin(store, "put");

    OK(stm_txn_set(txn, key, value));
    OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

void put(stm_store *store, const char *key, const char *value)
{
    put_bytes(store, stm_text(key), stm_text(value));
}

void erase(stm_store *store, const char *key)
{
    stm_txn *txn = begin(store, "erase");

    OK(stm_txn_delete(txn, stm_text(key)));
    OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

uint64_t version_now(stm_store *store, const char *key)
{
    stm_txn *txn = begin(store, "look");
    stm_bytes name = stm_text(key), value;
    uint64_t version = UINT64_MAX;

    OK(stm_txn_getting(txn, &name, 1, &value));
    OK(stm_txn_version(txn, name, &version));
    stm_txn_end(txn);
    return version;
}

bool holds(stm_store *store, stm_bytes key, stm_bytes expected)
{
    stm_txn *txn = begin(store, "look");
    stm_bytes value = NO_BYTES;
    const stm_status status = stm_txn_get(txn, key, &value);
    const bool same = same_value(value, expected);

    stm_txn_end(txn);
    return same && status == (expected.data == NULL ? STM_NOT_FOUND : STM_OK);
}

stm_stats stats_of(const stm_store *store)
{
    stm_stats stats;

    OK(stm_store_stats(store, &stats));
    return stats;
}

stm_snapshot *take(stm_store *store, const char *label)
{
    stm_snapshot *snapshot = NULL;

    OK(stm_snapshot_take(store, label, &snapshot));
    cr_assert_not_null(snapshot);
    return snapshot;
}

bool shows(const stm_snapshot *snapshot, stm_bytes key, stm_bytes expected)
{
    stm_entry entry;
    const stm_status status = stm_snapshot_get(snapshot, key, &entry);

    if (expected.data == NULL)
        return status == STM_NOT_FOUND;
    return status == STM_OK && same_value(entry.value, expected) && same_bytes(entry.key, key);
}

void fill(char *bytes, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 131u + seed * 31u + (i >> 8));
}

int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

void sleep_ms(int milliseconds)
{
    const struct timespec pause = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};

    nanosleep(&pause, NULL);
}
