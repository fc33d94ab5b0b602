/*
 * conflict_test.c -- a conflict names its winner, from memory, for every key that changed.
 *
 * What must not happen: a changed key is left out or one that did not change is accused; the winner
 * named is not the transaction that published the version found; a report is written beyond the
 * room given.
 */
#include "support.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY stm_text("key")

struct win {
    uint64_t txn;
    uint64_t revision_before, revision_after; /* of the store: the commit's lies between */
};

static uint64_t revision_now(stm_store *store)
{
    stm_snapshot *snapshot = take(store, "revision");
    const uint64_t revision = stm_snapshot_revision(snapshot);

    stm_snapshot_release(snapshot);
    return revision;
}

static struct win win(stm_store *store, const char *label, const char *key, const char *value)
{
    stm_txn *txn = begin(store, label);
    struct win win = {stm_txn_id(txn), revision_now(store), 0};

    OK(value == NULL ? stm_txn_delete(txn, stm_text(key)) : stm_txn_set(txn, stm_text(key), stm_text(value)));
    OK(stm_txn_commit(txn));
    stm_txn_end(txn);
    win.revision_after = revision_now(store);
    return win;
}

static const stm_conflict *conflict_of(const stm_conflict *conflicts, size_t count, const char *key)
{
    const stm_conflict *found = NULL;

    for (size_t i = 0; i < count; i++) {
        if (same_bytes(conflicts[i].key, stm_text(key))) {
            cr_assert_null(found, "%s is named twice", key);
            found = &conflicts[i];
        }
    }
    cr_assert_not_null(found, "%s is not named", key);
    return found;
}

Test(conflict, names_every_changed_key_and_no_other)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser");
    const stm_bytes updates[] = {stm_text("u1"), stm_text("u2"), stm_text("u3")};
    const stm_bytes reads[] = {stm_text("r1"), stm_text("r2"), stm_text("r3")};
    stm_bytes values[3];
    stm_conflict conflicts[8];

    put(store, "u1", "x");
    put(store, "u2", "x");
    put(store, "u2", "y");
    put(store, "r2", "x");
    OK(stm_txn_using(txn, updates, 3, NULL));
    OK(stm_txn_getting(txn, reads, 3, values));
    EQUALS(stm_txn_conflicts(txn, conflicts, 8), 0);

    struct {
        const char *key, *label;
        uint64_t expected, found;
        bool update;
        struct win win;
    } changed[] = {
        {"u2", "painter", 2, 3, true, {0, 0, 0}},
        {"u3", "creator", 0, 1, true, {0, 0, 0}},
        {"r1", "creator", 0, 1, false, {0, 0, 0}},
        {"r2", "eraser", 1, 2, false, {0, 0, 0}},
    };
    for (size_t i = 0; i < COUNT_OF(changed); i++)
        changed[i].win =
            win(store, changed[i].label, changed[i].key, changed[i].key[0] == 'r' ? NULL : "new");

    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, conflicts, 8), COUNT_OF(changed));
    for (size_t i = 0; i < COUNT_OF(changed); i++) {
        const stm_conflict *conflict = conflict_of(conflicts, COUNT_OF(changed), changed[i].key);
        EQUALS(conflict->expected, changed[i].expected);
        EQUALS(conflict->found, changed[i].found);
        EQUALS(conflict->update, changed[i].update);
        EQUALS(conflict->winner.txn, changed[i].win.txn);
        EQUALS(conflict->winner.tid, gettid());
        cr_assert_str_eq(conflict->winner.label, changed[i].label);
        cr_assert(conflict->winner.revision > changed[i].win.revision_before);
        cr_assert(conflict->winner.revision <= changed[i].win.revision_after);
    }

    stm_txn_end(txn);
    close_store(store);
}

/* One key of many, only read, in a commit that writes another. */
Test(conflict, names_a_key_only_read_among_many)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser");
    stm_conflict conflicts[2];

    put(store, "read", "x");
    for (unsigned i = 0; i < 20; i++)
        ANSWERS(stm_txn_get(txn, stm_bytes_of(&i, sizeof(i)), NULL), STM_NOT_FOUND);
    OK(stm_txn_get(txn, stm_text("read"), NULL));
    OK(stm_txn_set(txn, stm_text("written"), stm_text("x")));
    put(store, "read", "y");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, conflicts, 2), 1);
    cr_assert(same_bytes(conflicts[0].key, stm_text("read")), "key is %s", shown(conflicts[0].key));
    cr_assert(!conflicts[0].update);
    char why[300];
    stm_txn_explain(txn, why, sizeof(why));
    cr_assert(strstr(why, "\"read\"") != NULL, "%s", why);
    LACKS(store, "written");

    stm_txn_reset(txn);
    for (unsigned i = 0; i < 20; i++)
        ANSWERS(stm_txn_get(txn, stm_bytes_of(&i, sizeof(i)), NULL), STM_NOT_FOUND);
    OK(stm_txn_set(txn, stm_text("written"), stm_text("x")));
    OK(stm_txn_commit(txn));
    HOLDS(store, "written", "x");

    stm_txn_end(txn);
    close_store(store);
}

Test(conflict, names_the_last_of_several_winners)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser");
    stm_conflict conflict;
    stm_bytes value;

    OK(stm_txn_use(txn, KEY, &value));
    win(store, "first", "key", "1");
    win(store, "second", "key", NULL);
    const struct win last = win(store, "third", "key", "3");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, &conflict, 1), 1);
    EQUALS(conflict.expected, 0);
    EQUALS(conflict.found, 3);
    EQUALS(conflict.winner.txn, last.txn);
    cr_assert_str_eq(conflict.winner.label, "third");

    stm_txn_end(txn);
    close_store(store);
}

Test(conflict, at_a_checkout_is_named_too)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser");
    stm_conflict conflicts[2];
    stm_bytes value;

    OK(stm_txn_use(txn, KEY, &value));
    const struct win winner = win(store, "winner", "key", "1");
    ANSWERS(stm_txn_use(txn, stm_text("other"), &value), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, conflicts, 2), 1);
    cr_assert(same_bytes(conflicts[0].key, KEY));
    EQUALS(conflicts[0].expected, 0);
    EQUALS(conflicts[0].found, 1);
    EQUALS(conflicts[0].winner.txn, winner.txn);

    stm_txn_end(txn);
    close_store(store);
}

Test(conflict, report_stays_within_the_room_given)
{
    enum { KEYS = 300 };
    static char names[KEYS][16];
    static stm_bytes keys[KEYS];
    static stm_conflict conflicts[KEYS + 1];
    static bool named[KEYS];
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser"), *winner = begin(store, "winner");

    for (size_t i = 0; i < KEYS; i++) {
        snprintf(names[i], sizeof(names[i]), "%zu", i);
        keys[i] = stm_text(names[i]);
    }
    OK(stm_txn_using(txn, keys, KEYS, NULL));
    OK(stm_txn_using(winner, keys, KEYS, NULL));
    OK(stm_txn_commit(winner));
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);

    EQUALS(stm_txn_conflicts(txn, NULL, 0), KEYS);
    for (size_t room = 0; room <= KEYS; room += 50) {
        memset(conflicts, 0x5a, sizeof(conflicts));
        EQUALS(stm_txn_conflicts(txn, conflicts, room), KEYS);
        EQUALS(conflicts[room].expected, UINT64_C(0x5a5a5a5a5a5a5a5a));
    }
    EQUALS(stm_txn_conflicts(txn, conflicts, KEYS + 1), KEYS);
    for (size_t i = 0; i < KEYS; i++) {
        const int key = atoi(conflicts[i].key.data);
        cr_assert(key >= 0 && key < KEYS && !named[key]);
        named[key] = true;
    }

    stm_txn_end(txn);
    stm_txn_end(winner);
    close_store(store);
}

Test(conflict, report_is_kept_until_reset)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser");
    stm_conflict conflict;
    stm_bytes value;

    OK(stm_txn_use(txn, KEY, NULL));
    win(store, "winner", "key", "1");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    win(store, "later", "key", "2"); /* after it was told: not what made it fail */
    ANSWERS(stm_txn_use(txn, KEY, &value), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, &conflict, 1), 1);
    cr_assert_str_eq(conflict.winner.label, "winner");
    EQUALS(conflict.found, 1);
    stm_txn_reset(txn);
    EQUALS(stm_txn_conflicts(txn, &conflict, 1), 0);

    OK(stm_txn_use(txn, KEY, NULL));
    OK(stm_txn_commit(txn));
    EQUALS(stm_txn_conflicts(txn, &conflict, 1), 0);
    ANSWERS(stm_txn_use(txn, NO_BYTES, NULL), STM_INVALID);
    EQUALS(stm_txn_conflicts(txn, &conflict, 1), 0);

    stm_txn_end(txn);
    close_store(store);
}

/* The report outlives the winner's handle, and its label and key outlive the loser's. */
Test(conflict, report_outlives_the_handles)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser");
    stm_conflict conflict;

    OK(stm_txn_use(txn, stm_text("a key longer than any inline room could be: 0123456789"), NULL));
    win(store, "winner", "a key longer than any inline room could be: 0123456789", "1");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, &conflict, 1), 1);
    stm_txn_end(txn);
    cr_assert_str_eq(conflict.winner.label, "winner");
    cr_assert(same_bytes(conflict.key, stm_text("a key longer than any inline room could be: 0123456789")));

    close_store(store);
}

/* A transaction that is current again after its own commit must not name itself. */
Test(conflict, after_a_commit_counts_from_the_published_version)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser");
    stm_conflict conflict;

    OK(stm_txn_set(txn, KEY, stm_text("1")));
    OK(stm_txn_commit(txn));
    OK(stm_txn_commit(txn));
    const struct win winner = win(store, "winner", "key", "2");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    EQUALS(stm_txn_conflicts(txn, &conflict, 1), 1);
    EQUALS(conflict.expected, 2);
    EQUALS(conflict.found, 3);
    EQUALS(conflict.winner.txn, winner.txn);

    stm_txn_end(txn);
    close_store(store);
}

/* ---- stm_txn_explain ------------------------------------------------------------------------ */

/* A sentence for a log: one line that prints, and that ends. */
static void assert_sentence(const char *text)
{
    const size_t length = strlen(text);

    cr_assert(length > 0);
    cr_assert(text[length - 1] == '.', "no full stop: %s", text);
    for (size_t i = 0; i < length; i++)
        cr_assert(isprint((unsigned char)text[i]), "byte %d does not print: %s", text[i], text);
}

static const char *explained(const stm_txn *txn)
{
    static char text[2000];

    cr_assert(stm_txn_explain(txn, text, sizeof(text)) < sizeof(text));
    assert_sentence(text);
    return text;
}

Test(explain, tells_who_won_which_key)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "withdraw");
    char id[24];

    for (int i = 0; i < 41; i++)
        put(store, "account_one", "50");
    OK(stm_txn_use(txn, stm_text("account_one"), NULL));
    const struct win winner = win(store, "transfer", "account_one", "100");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);

    const char *text = explained(txn);
    snprintf(id, sizeof(id), "%llu", (unsigned long long)winner.txn);
    const char *const parts[] = {"account_one", "transfer", "41", "42", id};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        cr_assert_not_null(strstr(text, parts[i]), "no %s in: %s", parts[i], text);

    stm_txn_end(txn);
    close_store(store);
}

Test(explain, is_cut_off_like_snprintf)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser");
    char whole[2000], text[2001];

    OK(stm_txn_use(txn, KEY, NULL));
    win(store, "winner", "key", "1");
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    const size_t length = stm_txn_explain(txn, whole, sizeof(whole));
    EQUALS(length, strlen(whole));
    EQUALS(stm_txn_explain(txn, NULL, 0), length);
    for (size_t size = 1; size <= length + 1; size++) {
        memset(text, 'x', sizeof(text));
        EQUALS(stm_txn_explain(txn, text, size), length);
        EQUALS(strlen(text), size - 1);
        cr_assert(memcmp(text, whole, size - 1) == 0);
        EQUALS(text[size], 'x');
    }
    text[0] = 'x';
    EQUALS(stm_txn_explain(txn, text, 0), length);
    EQUALS(text[0], 'x');

    stm_txn_end(txn);
    close_store(store);
}

Test(explain, has_a_sentence_for_every_outcome)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "outcome");
    int64_t number = 0;

    explained(txn); /* nothing has happened yet */
    OK(stm_txn_set(txn, KEY, stm_text("text")));
    OK(stm_txn_commit(txn));
    explained(txn);
    ANSWERS(stm_txn_get(txn, stm_text("absent"), NULL), STM_NOT_FOUND);
    explained(txn);
    ANSWERS(stm_txn_get_int64(txn, KEY, &number), STM_WRONG_TYPE);
    explained(txn);
    ANSWERS(stm_txn_wait(txn, 0), STM_TIMEOUT);
    explained(txn);
    ANSWERS(stm_txn_use(txn, NO_BYTES, NULL), STM_INVALID);
    explained(txn);
    stm_txn_reset(txn);
    explained(txn);

    stm_txn_end(txn);
    close_store(store);
}

Test(explain, prints_keys_of_any_bytes_and_many_of_them)
{
    static char key[1000];
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser"), *winner = begin(store, "winner");

    fill(key, sizeof(key), 9);
    for (size_t size = 1; size <= sizeof(key); size += 27) {
        OK(stm_txn_use(txn, stm_bytes_of(key, size), NULL));
        OK(stm_txn_use(winner, stm_bytes_of(key, size), NULL));
    }
    OK(stm_txn_commit(winner));
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);

    const size_t length = stm_txn_explain(txn, NULL, 0);
    char *text = malloc(length + 1);
    cr_assert_not_null(text);
    EQUALS(stm_txn_explain(txn, text, length + 1), length);
    EQUALS(strlen(text), length);
    assert_sentence(text);

    free(text);
    stm_txn_end(txn);
    stm_txn_end(winner);
    close_store(store);
}

/* A key of quotes, backslashes and bytes beyond ASCII cannot forge the sentence around it, nor flood it. */
Test(explain, shows_a_hostile_key_harmless_and_cut)
{
    stm_store *store = open_store(NULL);
    stm_txn *txn = begin(store, "loser");
    char key[100], text[1000];

    memset(key, 'k', sizeof(key));
    memcpy(key, "\"\\\x7f\xff\n", 5);
    const stm_bytes name = stm_bytes_of(key, sizeof(key));
    OK(stm_txn_use(txn, name, NULL));
    put_bytes(store, name, stm_text("first"));
    ANSWERS(stm_txn_commit(txn), STM_CONFLICT);
    stm_txn_explain(txn, text, sizeof(text));
    cr_assert_not_null(strstr(text, "key \"\\x22\\x5c\\x7f\\xff\\x0akk"), "%s", text);
    cr_assert_not_null(strstr(text, "k\"..., checked out"), "%s", text);

    stm_txn_end(txn);
    close_store(store);
}
