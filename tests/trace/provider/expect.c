#include "expect.h"

#include <inttypes.h>
#include <stdlib.h>

void must(stm_status answer, stm_status expected, const char *call)
{
    if (answer == expected)
        return;
    fprintf(stderr, "%s answered %s, not %s\n", call, stm_status_name(answer), stm_status_name(expected));
    exit(3);
}

/* ---- the fields that many events have ---- */

static void say_txn(const char *event, const actor *a, uint64_t txn)
{
    printf("%s store=%u txn=%" PRIu64, event, a->store, txn);
}

static void say_attempt(const char *event, const actor *a)
{
    say_txn(event, a, stm_txn_id(a->txn));
    printf(" op=%" PRIu64 " attempt=%" PRIu64, stm_txn_operation(a->txn), stm_txn_attempt(a->txn));
}

static void say_label(const actor *a)
{
    printf(" label=\"%s\"", stm_txn_label(a->txn));
}

static void say_sets(const actor *a)
{
    printf(" read_count=%u write_count=%u", a->reads, a->writes);
}

/* Written anew rather than shared with the provider: what shows is what the catalogue says. */
static void say_key_text(stm_bytes key)
{
    const unsigned char *bytes = key.data;
    size_t room = 64;
    printf(key.size == 0 ? " key=\"-" : " key=\"");
    for (size_t i = 0; i < key.size; i++) {
        bool plain = bytes[i] > 31 && bytes[i] < 127 && bytes[i] != '"' && bytes[i] != '\\';
        if (room < (plain ? 1 : 4))
            break;
        printf(plain ? "%c" : "\\x%02x", bytes[i]);
        room -= plain ? 1 : 4;
    }
    printf("\"");
}

static void say_key_bytes(stm_bytes key)
{
    const unsigned char *bytes = key.data;
    for (size_t i = 0; i < 16; i++) {
        if (i % 8 == 0)
            printf(" k%zu=", i / 8);
        printf("%02x", i < key.size ? bytes[i] : 0);
    }
}

static void say_key_size(stm_bytes key)
{
    printf(" key_size=%zu", key.size);
}

static void say_loss(const stm_conflict *conflict, bool set)
{
    printf(" mode=%s was_set=%d expected=%" PRIu64 " found=%" PRIu64 " winner_txn=%" PRIu64,
           conflict->update ? "update" : "read", set, conflict->expected, conflict->found, conflict->winner.txn);
}

/* ---- the events ---- */

void expect_store(unsigned store, const char *what)
{
    printf("store store=%u what=%s schema=1\n", store, what);
}

void expect_snapshot(unsigned store, const char *what, unsigned snapshot, const char *label, uint64_t revision,
                     bool kept)
{
    printf("snapshot store=%u what=%s snapshot=%u revision=%" PRIu64 " bytes=%s label=\"%s\"\n", store, what, snapshot,
           revision, kept ? "some" : "0", label);
}

void expect_checkout(const actor *a, stm_bytes key, uint64_t version, bool update)
{
    say_txn("checkout", a, stm_txn_id(a->txn));
    say_key_size(key);
    say_key_bytes(key);
    printf(" version=%" PRIu64 " mode=%s\n", version, update ? "update" : "read");
}

void expect_commit(const actor *a, uint64_t revision)
{
    say_attempt("commit", a);
    say_sets(a);
    printf(" revision=%" PRIu64, revision);
    say_label(a);
    printf("\n");
}

void expect_publish(const actor *a, uint64_t txn, stm_bytes key, uint64_t from, size_t value_size)
{
    say_txn("publish", a, txn);
    say_key_size(key);
    say_key_bytes(key);
    printf(" from_version=%" PRIu64 " to_version=%" PRIu64 " value_size=%zu\n", from, from + 1, value_size);
}

static void say_first_conflict(const actor *a, const char *stage, const stm_conflict *first, bool set, unsigned index,
                               size_t count)
{
    say_attempt("conflict", a);
    printf(" stage=%s", stage);
    say_sets(a);
    printf(" key_index=%u changed_count=%zu", index, count);
    say_key_size(first->key);
    say_key_bytes(first->key);
    say_loss(first, set);
    printf(" winner_tid=%" PRIu32 " winner_revision=%" PRIu64, first->winner.tid, first->winner.revision);
    say_label(a);
    say_key_text(first->key);
    printf(" winner_label=\"%s\"\n", first->winner.label);
}

void expect_conflict(const actor *a, const char *stage, const char *sets, const unsigned *indexes)
{
    stm_conflict conflicts[16];
    size_t count = stm_txn_conflicts(a->txn, conflicts, 16);
    if (count != strlen(sets)) {
        fprintf(stderr, "%zu keys have changed, not %zu\n", count, strlen(sets));
        exit(3);
    }
    say_first_conflict(a, stage, &conflicts[0], sets[0] == 's', indexes[0], count);
    for (size_t i = 1; i < count; i++) {
        say_txn("conflict_key", a, stm_txn_id(a->txn));
        say_key_size(conflicts[i].key);
        say_key_bytes(conflicts[i].key);
        say_loss(&conflicts[i], sets[i] == 's');
        printf("\n");
    }
}

void expect_abandon(const actor *a)
{
    say_attempt("abandon", a);
    say_sets(a);
    say_label(a);
    printf("\n");
}

void expect_starving(const actor *a, stm_bytes key)
{
    say_attempt("starving", a);
    say_key_size(key);
    say_key_text(key);
    say_label(a);
    printf("\n");
}

void expect_busy(const actor *a, const char *stage, stm_bytes key, uint64_t owner_txn, const char *owner_label,
                 unsigned owner_tid)
{
    say_attempt("busy", a);
    printf(" stage=%s", stage);
    say_sets(a);
    say_key_size(key);
    say_key_bytes(key);
    printf(" owner_txn=%" PRIu64 " owner_tid=%u", owner_txn, owner_tid);
    say_label(a);
    say_key_text(key);
    printf(" owner_label=\"%s\"\n", owner_label);
}
