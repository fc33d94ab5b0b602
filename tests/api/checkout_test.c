/*
 * checkout_test.c -- what a transaction holds, and that it is a private copy of exactly those bytes.
 *
 * What must not happen: one transaction sees another's uncommitted edits; a key or value of some
 * size or content comes back different (sizes around 8, 16, 24, 256 and 1024 are where the way it
 * is stored may change); a private copy moves or goes while it is promised to stay.
 */
#include "support.h"

#include <stdlib.h>

#define KEY stm_text("key")

Test(checkout, private_copies_are_isolated)
{
    stm_store *store = open_store(NULL);
    stm_txn *one = begin(store, "one"), *two = begin(store, "two");
    stm_bytes value;

    put(store, "key", "committed");
    OK(stm_txn_use(one, KEY, &value));
    OK(stm_txn_use(two, KEY, &value));
    OK(stm_txn_set(one, KEY, stm_text("of one")));
    OK(stm_txn_delete(two, KEY));
    OK(stm_txn_value(one, KEY, &value));
    IS_TEXT(value, "of one");
    ANSWERS(stm_txn_value(two, KEY, &value), STM_NOT_FOUND);
    HOLDS(store, "key", "committed");

    stm_txn_end(one); /* abandoned: nothing of it is seen */
    stm_txn_reset(two);
    OK(stm_txn_get(two, KEY, &value));
    IS_TEXT(value, "committed");

    stm_txn_end(two);
    close_store(store);
}

Test(checkout, key_held_already_keeps_its_private_copy)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "again");
    const stm_bytes keys[] = {stm_text("other"), KEY, KEY};
    stm_bytes values[3];

    OK(stm_txn_set(txn, KEY, stm_text("mine")));
    OK(stm_txn_use(txn, KEY, &values[0]));
    IS_TEXT(values[0], "mine");
    OK(stm_txn_get(txn, KEY, &values[0]));
    IS_TEXT(values[0], "mine");
    OK(stm_txn_using(txn, keys, 3, values));
    IS_NOTHING(values[0]);
    IS_TEXT(values[1], "mine");
    IS_TEXT(values[2], "mine");
    OK(stm_txn_getting(txn, keys, 3, values));
    IS_NOTHING(values[0]);
    IS_TEXT(values[2], "mine");
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"),
           1); /* get after use did not demote it, twice in using not publish twice */

    stm_txn_end(txn);
    close_store(store);
}

Test(checkout, read_is_promoted_by_use_set_and_delete)
{
    for (int how = 0; how < 4; how++) {
        stm_store *store = open_store(NULL);
        stm_txn *txn = begin(store, "promotion");
        const stm_bytes key = KEY;
        stm_bytes value;

        put(store, "key", "1");
        OK(stm_txn_get(txn, KEY, &value));
        OK(stm_txn_commit(txn));
        EQUALS(version_now(store, "key"), 1); /* still only read */
        switch (how) {
        case 0:
            OK(stm_txn_use(txn, KEY, &value));
            break;
        case 1:
            OK(stm_txn_set(txn, KEY, stm_text("2")));
            break;
        case 2:
            OK(stm_txn_delete(txn, KEY));
            break;
        default:
            OK(stm_txn_using(txn, &key, 1, &value));
            break;
        }
        OK(stm_txn_commit(txn));
        EQUALS(version_now(store, "key"), 2);

        stm_txn_end(txn);
        close_store(store);
    }
}

/* What was read decides; promotion must not make the transaction younger than what it has seen. */
Test(checkout, promotion_of_a_changed_key_conflicts)
{
    for (int how = 0; how < 3; how++) {
        stm_store *store = open_store(NULL);
        stm_txn *txn = begin(store, "promotion");
        stm_bytes value;
        stm_status status;

        put(store, "key", "1");
        OK(stm_txn_get(txn, KEY, &value));
        put(store, "key", "2");
        status = how == 0   ? stm_txn_use(txn, KEY, NULL)
                 : how == 1 ? stm_txn_set(txn, KEY, stm_text("3"))
                            : stm_txn_delete(txn, KEY);
        if (status == STM_OK)
            status = stm_txn_commit(txn); /* learning it at the commit is early enough */
        ANSWERS(status, STM_CONFLICT);
        HOLDS(store, "key", "2");

        stm_txn_end(txn);
        close_store(store);
    }
}

Test(checkout, using_and_getting_show_each_key_in_its_place)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "places");
    const stm_bytes keys[] = {stm_text("b"), stm_text("absent"), stm_text("a"), stm_text("b")};
    stm_bytes values[4];

    put(store, "a", "of a");
    put(store, "b", "of b");
    OK(stm_txn_getting(txn, keys, 4, values));
    IS_TEXT(values[0], "of b");
    IS_NOTHING(values[1]);
    IS_TEXT(values[2], "of a");
    IS_TEXT(values[3], "of b");
    stm_txn_reset(txn);
    OK(stm_txn_using(txn, keys, 4, values));
    IS_TEXT(values[0], "of b");
    IS_NOTHING(values[1]);
    IS_TEXT(values[2], "of a");
    IS_TEXT(values[3], "of b");
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "b"), 2);

    stm_txn_end(txn);
    close_store(store);
}

Test(checkout, using_that_fails_adds_no_key)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "all");
    const stm_bytes bad_last[] = {stm_text("a"), stm_text("b"), stm_bytes_of("", 0)};
    const stm_bytes changed[] = {stm_text("a"), stm_text("b")};
    stm_bytes value;

    put(store, "a", "of a");
    ANSWERS(stm_txn_using(txn, bad_last, 3, NULL), STM_INVALID);
    ANSWERS(stm_txn_value(txn, stm_text("a"), &value), STM_NOT_FOUND);
    stm_txn_reset(txn);
    ANSWERS(stm_txn_getting(txn, bad_last, 3, NULL), STM_INVALID);
    ANSWERS(stm_txn_value(txn, stm_text("a"), &value), STM_NOT_FOUND);
    stm_txn_reset(txn);

    ANSWERS(stm_txn_get(txn, KEY, &value), STM_NOT_FOUND);
    put(store, "key", "changed");
    ANSWERS(stm_txn_using(txn, changed, 2, NULL), STM_CONFLICT);
    ANSWERS(stm_txn_value(txn, stm_text("a"), &value), STM_NOT_FOUND);

    stm_txn_end(txn);
    close_store(store);
}

Test(checkout, peek_neither_validates_nor_publishes)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "peek");
    stm_bytes value = NO_BYTES;
    uint64_t version;

    ANSWERS(stm_txn_peek(txn, KEY, &value), STM_NOT_FOUND);
    put(store, "key", "1");
    OK(stm_txn_peek(txn, KEY, &value));
    IS_TEXT(value, "1");
    ANSWERS(stm_txn_version(txn, KEY, &version), STM_NOT_FOUND);
    ANSWERS(stm_txn_value(txn, KEY, &value), STM_NOT_FOUND);
    put(store, "key", "2");
    OK(stm_txn_peek(txn, KEY, &value));
    IS_TEXT(value, "2");
    OK(stm_txn_set(txn, stm_text("other"), value));
    put(store, "key", "3");
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "key"), 3);
    HOLDS(store, "other", "2");
    erase(store, "key");
    ANSWERS(stm_txn_peek(txn, KEY, &value), STM_NOT_FOUND);

    stm_txn_end(txn);
    close_store(store);
}

Test(checkout, peek_at_a_key_held_shows_the_private_copy)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "peek");
    stm_bytes value;

    put(store, "key", "1");
    OK(stm_txn_get(txn, KEY, &value));
    put(store, "key", "2");
    OK(stm_txn_peek(txn, KEY, &value));
    IS_TEXT(value, "1");
    stm_txn_reset(txn);
    OK(stm_txn_set(txn, KEY, stm_text("mine")));
    OK(stm_txn_peek(txn, KEY, &value));
    IS_TEXT(value, "mine");
    OK(stm_txn_delete(txn, KEY));
    ANSWERS(stm_txn_peek(txn, KEY, &value), STM_NOT_FOUND);

    stm_txn_end(txn);
    close_store(store);
}

Test(checkout, value_and_version_know_only_keys_held)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "look");
    stm_bytes value;
    uint64_t version;

    put(store, "key", "1");
    ANSWERS(stm_txn_value(txn, KEY, &value), STM_NOT_FOUND);
    ANSWERS(stm_txn_version(txn, KEY, &version), STM_NOT_FOUND);
    OK(stm_txn_get(txn, KEY, NULL));
    OK(stm_txn_value(txn, KEY, &value));
    IS_TEXT(value, "1");
    OK(stm_txn_version(txn, KEY, &version));
    EQUALS(version, 1);
    OK(stm_txn_delete(txn, KEY));
    ANSWERS(stm_txn_value(txn, KEY, &value), STM_NOT_FOUND);
    OK(stm_txn_version(txn, KEY, &version));
    EQUALS(version, 1); /* the version held, until a commit */
    stm_txn_reset(txn);
    ANSWERS(stm_txn_version(txn, KEY, &version), STM_NOT_FOUND);

    stm_txn_end(txn);
    close_store(store);
}

Test(checkout, set_takes_a_copy)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "copy");
    char key[] = "key", value[] = "value";

    OK(stm_txn_set(txn, stm_text(key), stm_text(value)));
    memset(key, 'x', sizeof(key) - 1);
    memset(value, 'x', sizeof(value) - 1);
    OK(stm_txn_commit(txn));
    HOLDS(store, "key", "value");

    stm_txn_end(txn);
    close_store(store);
}

/* A value may be cut out of the private copy that it replaces, or handed from key to key. */
Test(checkout, set_from_a_private_copy)
{
    static const size_t sizes[] = {5, 16, 40, 300, 5000};

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        stm_store *store = open_store(NULL);
        stm_txn *txn = begin(store, "alias");
        char *bytes = malloc(sizes[i] + 1);
        stm_bytes value;

        cr_assert_not_null(bytes);
        fill(bytes, sizes[i], 1);
        bytes[sizes[i]] = '\0';
        OK(stm_txn_set(txn, KEY, stm_bytes_of(bytes, sizes[i])));
        OK(stm_txn_use(txn, KEY, &value));
        OK(stm_txn_set(txn, KEY, stm_bytes_of((const char *)value.data + 1, value.size - 1)));
        OK(stm_txn_use(txn, KEY, &value));
        IS_BYTES(value, stm_bytes_of(bytes + 1, sizes[i] - 1));
        OK(stm_txn_set(txn, KEY, value));
        OK(stm_txn_use(txn, KEY, &value));
        OK(stm_txn_set(txn, stm_text("other"), value));
        OK(stm_txn_commit(txn));
        cr_assert(holds(store, KEY, stm_bytes_of(bytes + 1, sizes[i] - 1)));
        cr_assert(holds(store, stm_text("other"), stm_bytes_of(bytes + 1, sizes[i] - 1)));

        free(bytes);
        stm_txn_end(txn);
        close_store(store);
    }
}

/* "Stays valid until the next call that is not a checkout": however many keys come after it. */
Test(checkout, values_stay_valid_while_more_keys_are_checked_out)
{
    enum { KEYS = 2000 };
    static stm_bytes values[KEYS];
    static char names[KEYS][16];
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "many");
    char bytes[400];

    for (size_t i = 0; i < KEYS; i++) {
        snprintf(names[i], sizeof(names[i]), "key %zu", i);
        fill(bytes, i % sizeof(bytes), (unsigned)i);
        OK(stm_txn_set(txn, stm_text(names[i]), stm_bytes_of(bytes, i % sizeof(bytes))));
    }
    OK(stm_txn_commit(txn));
    stm_txn_reset(txn);
    for (size_t i = 0; i < KEYS; i++) {
        OK(i % 2 == 0 ? stm_txn_use(txn, stm_text(names[i]), &values[i])
                      : stm_txn_get(txn, stm_text(names[i]), &values[i]));
    }
    for (size_t i = 0; i < KEYS; i++) {
        stm_bytes value;
        fill(bytes, i % sizeof(bytes), (unsigned)i);
        IS_BYTES(values[i], stm_bytes_of(bytes, i % sizeof(bytes)));
        OK(stm_txn_value(txn, stm_text(names[i]), &value));
        IS_BYTES(value, values[i]);
    }

    stm_txn_end(txn);
    close_store(store);
}

Test(checkout, transactions_of_every_size)
{
    enum { KEYS = 2000 };
    static const size_t counts[] = {1,  2,  3,  7,  8,   9,   15,  16,   17,  31,
                                    32, 33, 64, 65, 128, 129, 500, 1024, KEYS};
    static stm_bytes keys[KEYS], values[KEYS];
    static char names[KEYS][16];
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "sizes");

    for (size_t i = 0; i < KEYS; i++) {
        snprintf(names[i], sizeof(names[i]), "key %zu", i);
        keys[i] = stm_text(names[i]);
    }
    for (size_t c = 0; c < COUNT_OF(counts); c++) {
        stm_txn_reset(txn);
        OK(stm_txn_using(txn, keys, counts[c], NULL));
        for (size_t i = 0; i < counts[c]; i++) {
            const size_t number[2] = {c, i};
            OK(stm_txn_set(txn, keys[i], stm_bytes_of(number, sizeof(number))));
        }
        OK(stm_txn_commit(txn));
        stm_txn_reset(txn);
        OK(stm_txn_getting(txn, keys, counts[c], values));
        OK(stm_txn_commit(txn));
        for (size_t i = 0; i < counts[c]; i++) {
            const size_t number[2] = {c, i};
            IS_BYTES(values[i], stm_bytes_of(number, sizeof(number)));
        }
    }
    EQUALS(version_now(store, names[0]), COUNT_OF(counts));
    EQUALS(version_now(store, names[KEYS - 1]), 1);

    stm_txn_end(txn);
    close_store(store);
}

Test(checkout, keys_are_any_bytes)
{
    static const stm_bytes keys[] = {
        {"", 1},
        {"\0", 2},
        {"a", 1},
        {"a\0", 2},
        {"a\0b", 3},
        {"a\0c", 3},
        {"\xff", 1},
        {"\xff\xff", 2},
        {"\n", 1},
        {"b", 1},
        {"\0\0\0\0\0\0\0", 8},
        {"\0\0\0\0\0\0\0\0", 9},
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16},
    };
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "bytes");
    stm_bytes values[COUNT_OF(keys)];

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        put_bytes(store, keys[i], stm_bytes_of(&i, sizeof(i)));
    OK(stm_txn_getting(txn, keys, COUNT_OF(keys), values));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        IS_BYTES(values[i], stm_bytes_of(&i, sizeof(i)));
    EQUALS(stats_of(store).keys_live, COUNT_OF(keys));

    stm_txn_end(txn);
    close_store(store);
}

/* Keys that are each other's beginnings, so that only the size tells them apart. */
Test(checkout, keys_of_every_size)
{
    static char bytes[1024];
    stm_store *store = open_store(NULL);

    memset(bytes, 'k', sizeof(bytes));
    for (size_t size = 1; size <= sizeof(bytes); size += size < 40 || size > 1000 ? 1 : 37)
        put_bytes(store, stm_bytes_of(bytes, size), stm_bytes_of(&size, sizeof(size)));
    for (size_t size = 1; size <= sizeof(bytes); size += size < 40 || size > 1000 ? 1 : 37)
        cr_assert(holds(store, stm_bytes_of(bytes, size), stm_bytes_of(&size, sizeof(size))), "size %zu",
                  size);

    close_store(store);
}

static const size_t value_sizes[] = {0,  1,  7,   8,   9,   15,  16,   17,   23,   24,    25,
                                     32, 33, 100, 255, 256, 257, 1024, 1025, 4096, 65536, 1048576};

/* From every size to every other, committed and uncommitted: growing, shrinking, in place or not. */
Test(checkout, values_of_every_size_replace_each_other)
{
    static char before[1048576], after[1048576];
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "sizes");
    stm_bytes value;

    for (size_t i = 0; i < COUNT_OF(value_sizes); i++) {
        for (size_t j = 0; j < COUNT_OF(value_sizes); j++) {
            const stm_bytes first = stm_bytes_of(before, value_sizes[i]);
            const stm_bytes second = stm_bytes_of(after, value_sizes[j]);
            fill(before, first.size, (unsigned)i);
            fill(after, second.size, (unsigned)j + 77);

            stm_txn_reset(txn);
            OK(stm_txn_set(txn, KEY, first));
            OK(stm_txn_commit(txn));
            OK(stm_txn_value(txn, KEY, &value));
            IS_BYTES(value, first);
            OK(stm_txn_set(txn, KEY, second));
            OK(stm_txn_value(txn, KEY, &value));
            IS_BYTES(value, second);
            OK(stm_txn_set(txn, KEY, first));
            OK(stm_txn_set(txn, KEY, second));
            OK(stm_txn_commit(txn));
            cr_assert(holds(store, KEY, second), "%zu after %zu bytes", second.size, first.size);
        }
    }

    stm_txn_end(txn);
    close_store(store);
}

/* A private copy of a large value may be the very one that is published: it stays when that gives way to others, whose
 * memory is used again and again. */
Test(checkout, large_private_copy_stays_while_others_publish)
{
    static char first[2000], later[2000];
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "slow"), *other = begin(store, "fast");
    const stm_bytes old = stm_bytes_of(first, sizeof(first));
    stm_bytes value;

    fill(first, sizeof(first), 1);
    put_bytes(store, KEY, old);
    OK(stm_txn_use(txn, KEY, &value));
    for (unsigned i = 0; i < 2000; i++) {
        fill(later, sizeof(later), i + 2);
        OK(stm_txn_set(other, KEY, stm_bytes_of(later, sizeof(later))));
        OK(stm_txn_commit(other));
        if (i % 100 == 0)
            stm_txn_reset(other); /* and from a checkout again */
    }
    IS_BYTES(value, old);
    OK(stm_txn_value(txn, KEY, &value));
    IS_BYTES(value, old);
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    OK(stm_txn_value(txn, KEY, &value));
    IS_BYTES(value, old);
    stm_txn_reset(txn);
    OK(stm_txn_use(txn, KEY, &value));
    IS_BYTES(value, stm_bytes_of(later, sizeof(later)));
    OK(stm_txn_commit(txn)); /* publishes the same bytes again, and so the same block */
    ANSWERS(stm_txn_commit(other), STM_CONFLICT);
    cr_assert(holds(store, KEY, stm_bytes_of(later, sizeof(later))));

    stm_txn_end(other);
    stm_txn_end(txn);
    close_store(store);
}

Test(checkout, empty_value_is_not_no_value)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "empty");
    stm_bytes value;

    OK(stm_txn_set(txn, KEY, stm_bytes_of("", 0)));
    OK(stm_txn_value(txn, KEY, &value));
    IS_TEXT(value, "");
    OK(stm_txn_commit(txn));
    stm_txn_reset(txn);
    OK(stm_txn_get(txn, KEY, &value));
    IS_TEXT(value, "");
    EQUALS(stats_of(store).keys_live, 1);
    OK(stm_txn_delete(txn, KEY));
    OK(stm_txn_commit(txn));
    ANSWERS(stm_txn_get(txn, KEY, &value), STM_NOT_FOUND);
    IS_NOTHING(value);
    EQUALS(stats_of(store).keys_live, 0);

    stm_txn_end(txn);
    close_store(store);
}

/* ---- a transaction that holds many keys, and so reads through a view of its own ---- */

enum { MANY = 80 };

static stm_txn *begin_holding_many(stm_store *store)
{
    stm_txn *txn = begin(store, "many");

    for (unsigned i = 0; i < MANY; i++)
        OK(stm_txn_use(txn, stm_bytes_of(&i, sizeof(i)), NULL));
    return txn;
}

/* All at once: the first checkout already holds so many that the next one opens the view, and finds a key changed. */
Test(checkout, of_one_more_finds_a_change_among_many)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "many");
    unsigned numbers[MANY];
    stm_bytes keys[MANY];

    for (unsigned i = 0; i < MANY; i++) {
        numbers[i] = i;
        keys[i] = stm_bytes_of(&numbers[i], sizeof(numbers[i]));
    }
    OK(stm_txn_using(txn, keys, MANY, NULL));
    put_bytes(store, keys[3], stm_text("changed"));
    ANSWERS(stm_txn_use(txn, stm_text("one more"), NULL), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, NULL, 0), 1);

    stm_txn_end(txn);
    close_store(store);
}

/* All snapshots are held by others: then keys are looked at one by one, as if there were few. */
Test(checkout, of_many_keys_does_without_a_snapshot)
{
    stm_snapshot *snapshots[STM_SNAPSHOT_COUNT_MAX];
    stm_store *store = open_store(NULL);
    stm_bytes value;

    put(store, "one more", "here");
    for (unsigned i = 0; i < STM_SNAPSHOT_COUNT_MAX; i++)
        snapshots[i] = take(store, "all");
    stm_txn *txn = begin_holding_many(store);
    OK(stm_txn_use(txn, stm_text("one more"), &value));
    IS_TEXT(value, "here");
    OK(stm_txn_commit(txn));

    stm_txn_end(txn);
    for (unsigned i = 0; i < STM_SNAPSHOT_COUNT_MAX; i++)
        stm_snapshot_release(snapshots[i]);
    close_store(store);
}

/* Asked for again, for read and without a wish for values: nothing changes. */
Test(checkout, of_keys_that_are_held_changes_nothing)
{
    const stm_bytes keys[] = {stm_text("a"), stm_text("b")};
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "again");

    OK(stm_txn_using(txn, keys, 2, NULL));
    OK(stm_txn_getting(txn, keys, 2, NULL));
    OK(stm_txn_commit(txn));
    EQUALS(version_now(store, "a"), 1); /* still for update */

    stm_txn_end(txn);
    close_store(store);
}
