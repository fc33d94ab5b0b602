/*
 * axon_test.c -- the store behaves as Axon.STM says, example by example and sentence by sentence.
 *
 * What must not happen: a transaction commits although a key that it had checked out was changed
 * meanwhile, by whatever detour; or is refused although nothing was. Two things go beyond Axon: all
 * that a transaction holds belongs to one instant, and a key can be held for read only.
 */
#include "support.h"

#define USING(txn, ...) \
    stm_txn_using((txn), (const stm_bytes[]){__VA_ARGS__}, COUNT_OF(((const stm_bytes[]){__VA_ARGS__})), NULL)
#define A stm_text("a")
#define B stm_text("b")
#define C stm_text("c")

/* S.usevar("hello").set("Hello World") ... : a Value carries on after its commit. */
Test(axon, value_is_current_again_after_its_commit)
{
    stm_store *store = open_store(NULL);
    stm_txn *greeting = begin(store, "greeting");
    stm_bytes value;
    uint64_t version;

    OK(stm_txn_use(greeting, stm_text("hello"), &value));
    IS_NOTHING(value);
    OK(stm_txn_version(greeting, stm_text("hello"), &version));
    EQUALS(version, 0);

    OK(stm_txn_set(greeting, stm_text("hello"), stm_text("Hello World")));
    OK(stm_txn_commit(greeting));
    OK(stm_txn_value(greeting, stm_text("hello"), &value));
    IS_TEXT(value, "Hello World");
    OK(stm_txn_version(greeting, stm_text("hello"), &version));
    EQUALS(version, 1);

    OK(stm_txn_set(greeting, stm_text("hello"), stm_text("Game Over")));
    OK(stm_txn_commit(greeting));
    OK(stm_txn_version(greeting, stm_text("hello"), &version));
    EQUALS(version, 2);
    HOLDS(store, "hello", "Game Over");

    stm_txn_end(greeting);
    close_store(store);
}

/* greeting.commit(); somebody else commits "hello"; greeting.commit() -> ConcurrentUpdate. */
Test(axon, value_changed_by_another_conflicts)
{
    stm_store *store = open_store(NULL);
    stm_txn *greeting = begin(store, "greeting");
    stm_txn *other = begin(store, "par_greeting");
    stm_bytes value;

    OK(stm_txn_set(greeting, stm_text("hello"), stm_text("Hello World")));
    OK(stm_txn_commit(greeting));

    OK(stm_txn_use(other, stm_text("hello"), &value));
    IS_TEXT(value, "Hello World");
    OK(stm_txn_set(other, stm_text("hello"), stm_text("Woo")));
    OK(stm_txn_commit(other));

    OK(stm_txn_set(greeting, stm_text("hello"), stm_text("Game Over")));
    ANSWERS(stm_txn_commit(greeting), STM_CONFLICT);
    OK(stm_txn_value(greeting, stm_text("hello"), &value));
    IS_TEXT(value, "Game Over");
    HOLDS(store, "hello", "Woo");

    stm_txn_reset(greeting);
    OK(stm_txn_use(greeting, stm_text("hello"), &value));
    IS_TEXT(value, "Woo");
    OK(stm_txn_set(greeting, stm_text("hello"), stm_text("Game Over")));
    OK(stm_txn_commit(greeting));
    HOLDS(store, "hello", "Game Over");

    stm_txn_end(greeting);
    stm_txn_end(other);
    close_store(store);
}

/* D = using(a, b, c); E = using(a, c); E commits; D comes too late, whoever has set anything. */
Test(axon, overlapping_using_conflicts_set_or_not)
{
    for (int sets = 0; sets < 4; sets++) {
        const bool d_sets = (sets & 1) != 0, e_sets = (sets & 2) != 0;
        stm_store *store = open_store(NULL);
        stm_txn *d = begin(store, "D"), *e = begin(store, "E");

        put(store, "a", "1");
        OK(USING(d, A, B, C));
        OK(USING(e, A, C));
        if (e_sets)
            OK(stm_txn_set(e, A, stm_text("2")));
        OK(stm_txn_commit(e));
        if (d_sets)
            OK(stm_txn_set(d, B, stm_text("3")));
        ANSWERS(stm_txn_commit(d), STM_CONFLICT);
        HOLDS(store, "a", e_sets ? "2" : "1");
        LACKS(store, "b");
        EQUALS(version_now(store, "a"), 2);
        EQUALS(version_now(store, "b"), 0);
        EQUALS(version_now(store, "c"), 1);

        stm_txn_reset(d);
        OK(USING(d, A, B, C));
        OK(stm_txn_commit(d));
        EQUALS(version_now(store, "a"), 3);

        stm_txn_end(d);
        stm_txn_end(e);
        close_store(store);
    }
}

Test(axon, disjoint_using_does_not_conflict)
{
    stm_store *store = open_store(NULL);
    stm_txn *d = begin(store, "D"), *e = begin(store, "E");

    OK(USING(d, A, B));
    OK(USING(e, C));
    OK(stm_txn_set(e, C, stm_text("e")));
    OK(stm_txn_commit(e));
    OK(stm_txn_set(d, A, stm_text("d")));
    OK(stm_txn_commit(d));
    OK(stm_txn_commit(e));
    OK(stm_txn_commit(d));

    stm_txn_end(d);
    stm_txn_end(e);
    close_store(store);
}

/* The accounts of Axon's documentation: money moved away by E must not be moved again by D. */
Test(axon, accounts)
{
    const stm_bytes one = stm_text("account_one"), two = stm_text("account_two"),
                    mine = stm_text("myaccount");
    stm_store *store = open_store(NULL);
    stm_txn *d = begin(store, "D"), *e = begin(store, "E");

    OK(USING(d, one, two, mine));
    OK(stm_txn_set_int64(d, mine, 0));
    OK(stm_txn_set_int64(d, one, 50));
    OK(stm_txn_set_int64(d, two, 100));
    OK(stm_txn_commit(d));

    OK(USING(d, one, two, mine));
    OK(stm_txn_set_int64(d, mine, 150));
    OK(USING(e, one, mine));
    OK(stm_txn_set_int64(e, mine, -100));
    OK(stm_txn_set_int64(e, one, 150));
    OK(stm_txn_commit(e));
    OK(stm_txn_set_int64(d, one, 0));
    OK(stm_txn_set_int64(d, two, 0));
    ANSWERS(stm_txn_commit(d), STM_CONFLICT);

    const struct {
        stm_bytes key;
        int64_t value;
        uint64_t version;
    } left[] = {{one, 150, 2}, {two, 100, 1}, {mine, -100, 2}};
    stm_txn_reset(d);
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        int64_t value = 0;
        uint64_t version = 0;
        OK(stm_txn_get_int64(d, left[i].key, &value));
        OK(stm_txn_version(d, left[i].key, &version));
        EQUALS(value, left[i].value);
        EQUALS(version, left[i].version);
    }

    stm_txn_end(d);
    stm_txn_end(e);
    close_store(store);
}

/* One writer changes a and b together while another holds a: it must never see the new b beside
 * the old a, and is told so at the checkout, whichever kind it is. */
Test(axon, second_checkout_is_consistent_or_conflicts_at_once)
{
    static const struct {
        bool first_for_update, second_for_update, b_changes_too;
    } cases[] = {
        {true, true, true},  {true, false, true},  {false, true, true},  {false, false, true},
        {true, true, false}, {true, false, false}, {false, true, false}, {false, false, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        stm_store *store = open_store(NULL);
        stm_txn *txn = begin(store, "holder"), *writer = begin(store, "writer");
        stm_bytes value;

        put(store, "a", "old");
        put(store, "b", "old");
        OK(cases[i].first_for_update ? stm_txn_use(txn, A, &value) : stm_txn_get(txn, A, &value));
        OK(stm_txn_set(writer, A, stm_text("new")));
        if (cases[i].b_changes_too)
            OK(stm_txn_set(writer, B, stm_text("new")));
        OK(stm_txn_commit(writer));

        ANSWERS(cases[i].second_for_update ? stm_txn_use(txn, B, &value) : stm_txn_get(txn, B, &value),
                STM_CONFLICT);
        ANSWERS(stm_txn_value(txn, B, &value), STM_NOT_FOUND);
        OK(stm_txn_value(txn, A, &value));
        IS_TEXT(value, "old");

        stm_txn_end(txn);
        stm_txn_end(writer);
        close_store(store);
    }
}

/* Checkouts one by one, with commits of other keys between them, do not conflict. */
Test(axon, checkouts_beside_commits_of_other_keys_succeed)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "holder");
    stm_bytes value;

    put(store, "b", "old");
    OK(stm_txn_use(txn, A, &value));
    put(store, "b", "new");
    OK(stm_txn_use(txn, B, &value));
    IS_TEXT(value, "new");
    put(store, "c", "newer");
    OK(stm_txn_get(txn, C, &value));
    IS_TEXT(value, "newer");
    OK(stm_txn_commit(txn));

    stm_txn_end(txn);
    close_store(store);
}

Test(axon, key_only_read_conflicts_when_it_changed)
{
    stm_store *store = open_store(NULL);
    stm_txn *reader = begin(store, "reader");
    stm_bytes value;

    put(store, "a", "1");
    OK(stm_txn_get(reader, A, &value));
    OK(stm_txn_set(reader, B, value));
    put(store, "a", "2");
    ANSWERS(stm_txn_commit(reader), STM_CONFLICT);
    LACKS(store, "b");

    /* A transaction that writes nothing must learn it too. */
    stm_txn_reset(reader);
    OK(stm_txn_get(reader, A, &value));
    put(store, "a", "3");
    ANSWERS(stm_txn_commit(reader), STM_CONFLICT);

    stm_txn_end(reader);
    close_store(store);
}

Test(axon, readers_of_one_key_do_not_make_each_other_conflict)
{
    stm_store *store = open_store(NULL);
    stm_txn *one = begin(store, "one"), *two = begin(store, "two");
    stm_bytes value;

    put(store, "a", "1");
    for (int round = 0; round < 3; round++) {
        OK(stm_txn_get(one, A, &value));
        OK(stm_txn_get(two, A, &value));
        OK(stm_txn_set(one, B, value));
        OK(stm_txn_set(two, C, value));
        OK(stm_txn_commit(one));
        OK(stm_txn_commit(two));
    }
    EQUALS(version_now(store, "a"), 1);
    EQUALS(version_now(store, "b"), 3);

    stm_txn_end(one);
    stm_txn_end(two);
    close_store(store);
}

/* What others may do to a key while a transaction holds it. However the key looks in the end, it
 * was changed, and a commit on top of it would be one built on something that is gone. */
static void change(stm_store *store, const char *how)
{
    for (; *how != '\0'; how++) {
        if (*how == 'd')
            erase(store, "a");
        else
            put(store, "a", "same");
    }
}

Test(axon, no_stale_commit_slips_through)
{
    static const char *const changes[] = {"s", "d", "ss", "sd", "ds", "dd", "dsd", "sds", "dsds", "sdsdsd"};

    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        for (int start = 0; start < 6; start++) {
            const bool for_update = start % 2 != 0;
            stm_store *store = open_store(NULL);
            stm_txn *txn = begin(store, "stale");
            stm_bytes value;

            if (start / 2 >= 1) /* 0: never was there; 1: is there; 2: was there */
                put(store, "a", "same");
            if (start / 2 == 2)
                erase(store, "a");
            const uint64_t before = version_now(store, "a");
            const stm_status there = start / 2 == 1 ? STM_OK : STM_NOT_FOUND;
            ANSWERS(for_update ? stm_txn_use(txn, A, &value) : stm_txn_get(txn, A, &value),
                    for_update ? STM_OK : there);
            OK(stm_txn_set(txn, B, stm_text("stale")));
            change(store, changes[i]);
            ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
            EQUALS(version_now(store, "a"), before + strlen(changes[i]));
            LACKS(store, "b");

            stm_txn_end(txn);
            close_store(store);
        }
    }
}

/* Two that each found the other's key absent must not both create their own. */
Test(axon, absence_counts_as_read)
{
    stm_store *store = open_store(NULL);
    stm_txn *one = begin(store, "one"), *two = begin(store, "two");
    stm_bytes value;

    ANSWERS(stm_txn_get(one, B, &value), STM_NOT_FOUND);
    IS_NOTHING(value);
    ANSWERS(stm_txn_get(two, A, &value), STM_NOT_FOUND);
    OK(stm_txn_set(one, A, stm_text("one")));
    OK(stm_txn_set(two, B, stm_text("two")));
    OK(stm_txn_commit(one));
    ANSWERS(stm_txn_commit(two), STM_CONFLICT);
    LACKS(store, "b");

    stm_txn_end(one);
    stm_txn_end(two);
    close_store(store);
}

/* "Created at version 0 with no value"; two who create the same key: one wins. */
Test(axon, absent_keys_are_created_at_version_0)
{
    stm_store *store = open_store(NULL);
    stm_txn *one = begin(store, "one"), *two = begin(store, "two");
    const stm_bytes keys[] = {A, B, C};
    stm_bytes values[3];
    uint64_t version;

    OK(stm_txn_using(one, keys, 3, values));
    for (size_t i = 0; i < 3; i++) {
        IS_NOTHING(values[i]);
        OK(stm_txn_version(one, keys[i], &version));
        EQUALS(version, 0);
    }
    OK(stm_txn_use(two, B, NULL));
    OK(stm_txn_commit(one)); /* publishes that there is no value, at version 1 */
    OK(stm_txn_version(one, B, &version));
    EQUALS(version, 1);
    LACKS(store, "b");
    OK(stm_txn_set(two, B, stm_text("two")));
    ANSWERS(stm_txn_commit(two), STM_CONFLICT);

    stm_txn_end(one);
    stm_txn_end(two);
    close_store(store);
}

Test(axon, commit_of_many_keys_is_all_or_nothing)
{
    enum { KEYS = 20 };
    static char names[KEYS][8];

    for (size_t changed = 0; changed < KEYS; changed++) {
        stm_store *store = open_store(NULL);
        stm_txn *txn = begin(store, "many");
        stm_bytes keys[KEYS];

        for (size_t i = 0; i < KEYS; i++) {
            snprintf(names[i], sizeof(names[i]), "key %zu", i);
            keys[i] = stm_text(names[i]);
            if (i % 2 == 0)
                put(store, names[i], "before");
        }
        OK(stm_txn_using(txn, keys, KEYS, NULL));
        for (size_t i = 0; i < KEYS; i++)
            OK(i % 4 == 0 ? stm_txn_delete(txn, keys[i]) : stm_txn_set(txn, keys[i], stm_text("after")));
        put(store, names[changed], "changed");
        ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
        for (size_t i = 0; i < KEYS; i++) {
            EQUALS(version_now(store, names[i]), (i % 2 == 0 ? 1u : 0u) + (i == changed ? 1u : 0u));
            if (i == changed)
                HOLDS(store, names[i], "changed");
            else if (i % 2 == 0)
                HOLDS(store, names[i], "before");
            else
                LACKS(store, names[i]);
        }

        stm_txn_end(txn);
        close_store(store);
    }
}
