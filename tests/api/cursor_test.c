/*
 * cursor_test.c -- a cursor walks the keys of a snapshot in order, within its bounds.
 *
 * What must not happen: a key out of order, twice, left out or out of bounds; a key that was made or
 * changed after the snapshot shows, or disturbs the walk.
 */
#include "support.h"

#include <signal.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

/* In the order that cursors must show them: memcmp, then size. */
static const stm_bytes ordered[] = {
    {"", 1},        {"\0", 2},        {"\0\xff", 2},    {"A", 1},        {"a", 1},        {"a\0", 2},
    {"a\0b", 3},    {"a\x01", 2},     {"aa", 2},        {"ab", 2},       {"abc", 3},      {"a\xff", 2},
    {"a\xff\0", 3}, {"a\xff\x01", 3}, {"a\xff\xff", 3}, {"b", 1},        {"ba", 2},       {"\x7f", 1},
    {"\x80", 1},    {"\xff", 1},      {"\xff\0", 2},    {"\xff\x61", 2}, {"\xff\xff", 2}, {"\xff\xff\xff", 3},
};

#define FIRST 0
#define LAST (COUNT_OF(ordered) - 1)

/* All of them, put in an order that is not theirs. */
static stm_store *open_ordered(void)
{
    stm_store *store = open_store(NULL);

    for (size_t i = 0; i < COUNT_OF(ordered); i++) {
        const size_t at = i * 11 % COUNT_OF(ordered);
        put_bytes(store, ordered[at], stm_bytes_of(&at, sizeof(at)));
    }
    return store;
}

/* The cursor must show ordered[first .. last], or nothing where first > last; and then END, for good. */
static void assert_walk(stm_cursor *cursor, size_t first, size_t last)
{
    stm_entry entry;

    for (size_t i = first; i <= last && first <= last; i++) {
        const stm_status status = stm_cursor_next(cursor, &entry);
        cr_assert(status == STM_OK, "before key %zu: %s", i, stm_status_name(status));
        cr_assert(same_bytes(entry.key, ordered[i]), "\"%s\" instead of \"%s\"", shown(entry.key),
                  shown(ordered[i]));
        IS_BYTES(entry.value, stm_bytes_of(&i, sizeof(i)));
        EQUALS(entry.version, 1);
        cr_assert_str_eq(entry.writer.label, "put");
    }
    for (int again = 0; again < 3; again++)
        ANSWERS(stm_cursor_next(cursor, &entry), STM_END);
    stm_cursor_close(cursor);
}

Test(cursor, ranges)
{
    static const struct {
        stm_bytes low, high;
        size_t first, last;
    } ranges[] = {
        {{NULL, 0}, {NULL, 0}, FIRST, LAST},
        {{"a", 1}, {NULL, 0}, 4, LAST},
        {{NULL, 0}, {"a", 1}, FIRST, 3}, /* high is left out */
        {{"a", 1}, {"b", 1}, 4, 14},
        {{"a", 1}, {"a\0", 2}, 4, 4}, /* the key alone */
        {{"a\0", 2}, {"a\x01", 2}, 5, 6},
        {{"aaa", 3}, {"abb", 3}, 9, 9}, /* bounds that are no keys */
        {{"B", 1}, {"Z", 1}, 1, 0},     /* nothing between */
        {{"a", 1}, {"a", 1}, 1, 0},     /* empty */
        {{"b", 1}, {"a", 1}, 1, 0},     /* the wrong way round */
        {{"\xff\xff\xff", 3}, {NULL, 0}, LAST, LAST},
        {{"\xff\xff\xff\0", 4}, {NULL, 0}, 1, 0},
        {{NULL, 0}, {"", 1}, 1, 0}, /* nothing is before a single zero */
        {{NULL, 0}, {"\0", 2}, 0, 0},
        {{"\x80", 1}, {"\xff\xff", 2}, 18, 21}, /* bytes are unsigned */
    };
    stm_store *store = open_ordered();
    stm_snapshot *snapshot = take(store, "walk");

    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        stm_cursor *cursor;
        OK(stm_cursor_open(snapshot, ranges[i].low, ranges[i].high, &cursor));
        assert_walk(cursor, ranges[i].first, ranges[i].last);
    }

    stm_snapshot_release(snapshot);
    close_store(store);
}

Test(cursor, prefixes)
{
    static const struct {
        stm_bytes prefix;
        size_t first, last;
    } prefixes[] = {
        {{"a", 1}, 4, 14},
        {{"ab", 2}, 9, 10},
        {{"abc", 3}, 10, 10},
        {{"abcd", 4}, 1, 0},
        {{"a\0", 2}, 5, 6},
        {{"a\xff", 2}, 11, 14}, /* the next prefix is "b", not "a\x100" */
        {{"a\xff\xff", 3}, 14, 14},
        {{"\xff", 1}, 19, LAST}, /* and here there is none */
        {{"\xff\xff", 2}, 22, LAST},
        {{"\xff\xff\xff\xff", 4}, 1, 0},
        {{"", 1}, 0, 2},
        {{"z", 1}, 1, 0},
    };
    stm_store *store = open_ordered();
    stm_snapshot *snapshot = take(store, "walk");

    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        stm_cursor *cursor;
        OK(stm_cursor_open_prefix(snapshot, prefixes[i].prefix, &cursor));
        assert_walk(cursor, prefixes[i].first, prefixes[i].last);
    }

    stm_snapshot_release(snapshot);
    close_store(store);
}

Test(cursor, of_an_empty_store)
{
    stm_store *store = open_store(NULL);
    stm_snapshot *snapshot = take(store, "empty");
    stm_cursor *cursor;

    OK(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &cursor));
    assert_walk(cursor, 1, 0);
    stm_cursor_close(NULL);

    stm_snapshot_release(snapshot);
    close_store(store);
}

/* ---- what the walk must not see ---- */

static void assert_shows(const stm_snapshot *snapshot, const char *const *keys, size_t count)
{
    stm_cursor *cursor;
    stm_entry entry;

    OK(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &cursor));
    for (size_t i = 0; i < count; i++) {
        OK(stm_cursor_next(cursor, &entry));
        cr_assert(same_bytes(entry.key, stm_text(keys[i])), "\"%s\" instead of \"%s\"", shown(entry.key),
                  keys[i]);
    }
    ANSWERS(stm_cursor_next(cursor, &entry), STM_END);
    stm_cursor_close(cursor);
}

Test(cursor, shows_the_snapshot_and_nothing_younger)
{
    static const char *const before[] = {"b", "d", "f", "h"}, *const after[] = {"a", "c", "d", "e",
                                                                                "f", "g", "i"};
    stm_store *store = open_store(NULL);

    for (size_t i = 0; i < COUNT_OF(before); i++)
        put(store, before[i], "before");
    put(store, "erased", "before");
    erase(store, "erased");
    stm_snapshot *old = take(store, "old");
    stm_cursor *cursor;
    stm_entry entry;

    OK(stm_cursor_open(old, NO_BYTES, NO_BYTES, &cursor));
    OK(stm_cursor_next(cursor, &entry));
    cr_assert(same_bytes(entry.key, stm_text("b")));
    for (size_t i = 0; i < COUNT_OF(after); i++) /* made, some before and some behind the open cursor */
        put(store, after[i], "after");
    erase(store, "b");
    erase(store, "h");
    for (size_t i = 1; i < COUNT_OF(before); i++) {
        OK(stm_cursor_next(cursor, &entry));
        cr_assert(same_bytes(entry.key, stm_text(before[i])));
        IS_TEXT(entry.value, "before");
    }
    ANSWERS(stm_cursor_next(cursor, &entry), STM_END);
    stm_cursor_close(cursor);

    stm_snapshot *young = take(store, "young");
    assert_shows(young, after, COUNT_OF(after));
    assert_shows(old, before, COUNT_OF(before)); /* opened after the keys were made, and yet */

    stm_snapshot_release(young);
    stm_snapshot_release(old);
    close_store(store);
}

/* The sorted keys are shared by all cursors and grow with the store: open, add, open, add. */
Test(cursor, opened_again_after_more_keys)
{
    enum { ROUNDS = 12, KEYS = 300 };
    stm_store *store = open_store(NULL);
    stm_cursor *first;
    stm_snapshot *held = NULL;
    stm_entry entry;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < KEYS; i++) {
            const uint32_t number = (i * ROUNDS + round * 7 % ROUNDS) * 2654435761u; /* here and there */
            char key[16];
            snprintf(key, sizeof(key), "%08x", (unsigned)number);
            put(store, key, key);
        }
        stm_snapshot *snapshot = take(store, "round");
        char last[16] = "";
        stm_cursor *cursor;
        OK(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &cursor));
        for (uint32_t i = 0; i < KEYS * (round + 1); i++) {
            OK(stm_cursor_next(cursor, &entry));
            EQUALS(entry.key.size, 8);
            cr_assert(memcmp(last, entry.key.data, 8) < 0);
            memcpy(last, entry.key.data, 8);
            IS_BYTES(entry.value, entry.key);
        }
        ANSWERS(stm_cursor_next(cursor, &entry), STM_END);
        stm_cursor_close(cursor);
        if (round == 0) {
            held = snapshot; /* with a cursor that stays open to the end */
            OK(stm_cursor_open(held, NO_BYTES, NO_BYTES, &first));
        } else {
            stm_snapshot_release(snapshot);
        }
    }
    for (uint32_t i = 0; i < KEYS; i++)
        OK(stm_cursor_next(first, &entry));
    ANSWERS(stm_cursor_next(first, &entry), STM_END);
    stm_cursor_close(first);

    stm_snapshot_release(held);
    close_store(store);
}

Test(cursor, two_on_one_snapshot_walk_alone)
{
    stm_store *store = open_ordered();
    stm_snapshot *snapshot = take(store, "two");
    stm_cursor *ahead, *behind;
    stm_entry entry;

    OK(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &ahead));
    OK(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &behind));
    for (int i = 0; i < 10; i++)
        OK(stm_cursor_next(ahead, &entry));
    assert_walk(behind, FIRST, LAST);
    assert_walk(ahead, 10, LAST);

    stm_snapshot_release(snapshot);
    close_store(store);
}

/* ---- beside other threads ---- */

struct walker {
    stm_store *store;
    int walks, failures;
};

static bool walk_in_order(stm_store *store)
{
    stm_snapshot *snapshot;
    stm_cursor *cursor;
    stm_entry entry;
    uint64_t count = 0;
    stm_status status;
    unsigned char last[4] = {0}, key[4];
    bool right = true;

    if (stm_snapshot_take(store, "walker", &snapshot) != STM_OK)
        return false;
    if (stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &cursor) != STM_OK)
        return false;
    while ((status = stm_cursor_next(cursor, &entry)) == STM_OK && right) {
        memcpy(key, entry.key.data, sizeof(key));
        right = entry.key.size == sizeof(key) && (count == 0 || memcmp(last, key, sizeof(key)) < 0);
        memcpy(last, key, sizeof(key));
        count++;
    }
    right = right && status == STM_END;
    stm_cursor_close(cursor);
    stm_snapshot_release(snapshot);
    return right && count % 2 == 0; /* keys are made in pairs */
}

static void *keep_walking(void *arg)
{
    struct walker *walker = arg;

    for (int i = 0; i < walker->walks; i++)
        walker->failures += !walk_in_order(walker->store);
    return NULL;
}

Test(cursor, opened_by_several_threads_while_keys_are_made)
{
    enum { PAIRS = 4000 };
    stm_store *store = open_store(NULL);
    struct walker walkers[3] = {{store, 60, 0}, {store, 60, 0}, {store, 60, 0}};
    stm_txn *txn = begin(store, "maker");
    pthread_t threads[3];

    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, keep_walking, &walkers[i]), 0);
    for (uint32_t i = 0; i < PAIRS; i++) {
        for (uint32_t j = 2 * i; j <= 2 * i + 1; j++) {
            const uint32_t key = j * 2654435761u;
            OK(stm_txn_set(txn, stm_bytes_of(&key, sizeof(key)), stm_text("x")));
        }
        stm_status status;
        while ((status = stm_txn_commit(txn)) == STM_BUSY)
            ;
        OK(status);
        stm_txn_reset(txn);
    }
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        EQUALS(walkers[i].failures, 0);
    }

    stm_txn_end(txn);
    close_store(store);
}

/* A bound of no bytes is below every key: not the same as no bound, but with the same outcome below. */
Test(cursor, bound_of_no_bytes_is_the_lowest)
{
    stm_store *store = open_store(NULL);
    stm_cursor *cursor;
    stm_entry entry;

    put(store, "a", "1");
    stm_snapshot *snapshot = take(store, "bounds");
    OK(stm_cursor_open(snapshot, stm_bytes_of("", 0), NO_BYTES, &cursor));
    OK(stm_cursor_next(cursor, &entry));
    stm_cursor_close(cursor);
    OK(stm_cursor_open(snapshot, NO_BYTES, stm_bytes_of("", 0), &cursor));
    ANSWERS(stm_cursor_next(cursor, &entry), STM_END);
    stm_cursor_close(cursor);

    stm_snapshot_release(snapshot);
    close_store(store);
}

/* ---- from a signal handler */

#define PIECES_MAX 200
#define PAGE ((size_t)4096)

/* Whole pages that the store has, which can be made such that a look at them is a signal. */
static struct {
    struct {
        char *start;
        size_t size;
    } pieces[PIECES_MAX];
    size_t count;
    size_t first, end; /* of those that are to be hidden */
    stm_cursor *cursor;
    stm_status told;
    volatile sig_atomic_t signals;
} pages;

static void *page_get(void *context, size_t size, size_t alignment)
{
    (void)context;
    size_t room = (size + alignment - 1) / alignment * alignment;
    if (alignment < PAGE || pages.count == PIECES_MAX)
        return aligned_alloc(alignment, room);
    char *start = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    pages.pieces[pages.count].start = start;
    pages.pieces[pages.count++].size = room;
    return start;
}

static void page_put(void *context, void *memory, size_t size)
{
    (void)context;
    (void)size;
    for (size_t i = 0; i < pages.count; i++)
        if (pages.pieces[i].start == memory) {
            munmap(memory, pages.pieces[i].size);
            pages.pieces[i] = pages.pieces[--pages.count];
            return;
        }
    free(memory);
}

static void protect(int protection)
{
    for (size_t i = pages.first; i < pages.end; i++)
        mprotect(pages.pieces[i].start, pages.pieces[i].size, protection);
}

static void ask_from_inside(int number)
{
    stm_entry entry;

    (void)number;
    protect(PROT_READ | PROT_WRITE);
    pages.told = stm_cursor_next(pages.cursor, &entry);
    pages.signals = pages.signals + 1;
}

/* It may not ask the cursor in whose call it is: it is told so, and the call goes on and misses nothing. */
Test(cursor, asked_from_a_signal_handler_says_so)
{
    const stm_options options = {.allocator = {.alloc = page_get, .free = page_put}};
    struct sigaction action = {.sa_handler = ask_from_inside}, before;
    stm_store *store = open_store(&options);
    stm_entry entry;

    pages.first = pages.count; /* the keys, but neither the store nor their order, which the cursor makes */
    put(store, "a", "1");
    put(store, "b", "2");
    stm_snapshot *snapshot = take(store, "look");
    pages.end = pages.count;
    OK(stm_cursor_open(snapshot, NO_BYTES, NO_BYTES, &pages.cursor));
    sigaction(SIGSEGV, &action, &before);
    protect(PROT_NONE);
    stm_status status = stm_cursor_next(pages.cursor, &entry);
    protect(PROT_READ | PROT_WRITE);
    sigaction(SIGSEGV, &before, NULL);
    EQUALS(pages.signals, 1);
    ANSWERS(pages.told, STM_REENTERED);
    OK(status);
    cr_assert(same_bytes(entry.key, stm_text("a")));
    OK(stm_cursor_next(pages.cursor, &entry));
    cr_assert(same_bytes(entry.key, stm_text("b")));
    ANSWERS(stm_cursor_next(pages.cursor, &entry), STM_END);

    stm_cursor_close(pages.cursor);
    stm_snapshot_release(snapshot);
    close_store(store);
}
