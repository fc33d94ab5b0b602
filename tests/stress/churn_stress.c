/*
 * Keys come and go, by thousands, while the index grows under everybody's hands: each key has a twin,
 * created and deleted in the same transaction with the same value. Whoever looks finds both or none,
 * and the same in both: in a transaction, in a snapshot, and with cursors, which list the twins in
 * order. Values are up to 64 KiB.
 */
#include "crew.h"
#include "random.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIR_COUNT 6000u   /* names; in the end nearly all have been there */
#define HOT_PAIRS 32u      /* taken half of the time, so that threads meet */
#define LARGE (64u << 10)
#define ROUNDS 3
#define LIST_ONE_IN 512

static stm_store *store;

struct pair {
    char left[48], right[48];
};

/* Names of all lengths; "left" sorts like "right" does. */
static struct pair pair_names(uint64_t number)
{
    struct pair pair;
    const char *tail = number % 3 == 0   ? ""
                       : number % 3 == 1 ? "-name"
                                         : "-name too long for the record itself";
    snprintf(pair.left, sizeof pair.left, "l%05u%s", (unsigned)number, tail);
    snprintf(pair.right, sizeof pair.right, "r%05u%s", (unsigned)number, tail);
    return pair;
}

static uint64_t some_pair(crew_member *me)
{
    return random_below(&me->random, random_below(&me->random, 2) == 0 ? HOT_PAIRS : PAIR_COUNT);
}

/* ------------------------------------------------------------------------------ values -- */

/* size bytes that follow from the first eight. */
static stm_bytes some_value(crew_member *me)
{
    char *buffer = me->state;
    uint64_t kind = random_below(&me->random, 64);
    size_t size = kind == 0 ? LARGE : kind < 16 ? 300 + kind * 60 : 8 + kind % 24;
    uint64_t seed = random_next(&me->random);
    memset(buffer, (int)(seed & 0xff), size);
    memcpy(buffer, &seed, sizeof seed);
    return stm_bytes_of(buffer, size);
}

static void expect_twins(uint64_t number, stm_bytes left, stm_bytes right)
{
    if ((left.data == NULL) != (right.data == NULL))
        crew_fail("pair %llu: only %s is there", (unsigned long long)number,
                  left.data == NULL ? "right" : "left");
    if (left.data == NULL)
        return;
    const unsigned char *bytes = left.data;
    if (left.size != right.size || memcmp(left.data, right.data, left.size) != 0)
        crew_fail("pair %llu: the two values differ", (unsigned long long)number);
    for (size_t i = 8; i < left.size; i++)
        if (bytes[i] != bytes[0])
            crew_fail("pair %llu: the value is not whole at byte %zu", (unsigned long long)number, i);
}

/* ------------------------------------------------------------------------ transactions -- */

static stm_status change_once(crew_member *me, stm_txn *txn, const struct pair *pair, uint64_t number)
{
    stm_bytes keys[2] = {stm_text(pair->left), stm_text(pair->right)}, values[2];
    stm_status status = stm_txn_using(txn, keys, 2, values);
    if (status != STM_OK)
        return status;
    expect_twins(number, values[0], values[1]);
    crew_stumble(me);
    bool delete = values[0].data != NULL && random_below(&me->random, 2) == 0;
    stm_bytes value = delete ? stm_bytes_of(NULL, 0) : some_value(me);
    for (unsigned i = 0; i < 2 && status == STM_OK; i++)
        status = delete ? stm_txn_delete(txn, keys[i]) : stm_txn_set(txn, keys[i], value);
    return status == STM_OK ? stm_txn_commit(txn) : status;
}

static void change(crew_member *me, stm_txn *txn)
{
    uint64_t number = some_pair(me);
    struct pair pair = pair_names(number);
    stm_status status;
    while ((status = change_once(me, txn, &pair, number)) != STM_OK) {
        me->conflicts += status == STM_CONFLICT;
        me->busy += status == STM_BUSY;
        if (status != STM_CONFLICT && status != STM_BUSY)
            crew_fail("change: %s", stm_status_name(status));
        if (status == STM_BUSY)
            sched_yield();
        stm_txn_reset(txn);
    }
    stm_txn_reset(txn);
}

static void read_pair(crew_member *me, stm_txn *txn)
{
    uint64_t number = some_pair(me);
    struct pair pair = pair_names(number);
    stm_bytes left = {NULL, 0}, right = {NULL, 0};
    stm_status status = stm_txn_get(txn, stm_text(pair.left), &left);
    crew_stumble(me);
    if (status == STM_OK || status == STM_NOT_FOUND)
        status = stm_txn_get(txn, stm_text(pair.right), &right);
    if (status == STM_OK || status == STM_NOT_FOUND) {
        stm_txn_value(txn, stm_text(pair.left), &left);
        expect_twins(number, left, right);
        me->checked++;
    } else if (status != STM_CONFLICT && status != STM_BUSY) {
        crew_fail("read: %s", stm_status_name(status));
    }
    stm_txn_reset(txn);
}

/* ----------------------------------------------------------------------------- cursors -- */

/* Two cursors over one snapshot, side by side: both lists have the same numbers, in order. */
static void list(crew_member *me)
{
    stm_snapshot *snapshot;
    stm_cursor *lefts, *rights;
    stm_entry left, right;
    char last[48] = "";
    crew_must(stm_snapshot_take(store, "list", &snapshot), "take");
    crew_must(stm_cursor_open_prefix(snapshot, stm_text("l"), &lefts), "cursor");
    crew_must(stm_cursor_open(snapshot, stm_text("r"), stm_text("s"), &rights), "cursor");
    for (;;) {
        stm_status status = stm_cursor_next(lefts, &left), other = stm_cursor_next(rights, &right);
        if (status != other)
            crew_fail("after %s one list has more than the other", last);
        if (status == STM_END)
            break;
        crew_must(status, "next");
        if (left.key.size != right.key.size ||
            memcmp((const char *)left.key.data + 1, (const char *)right.key.data + 1, left.key.size - 1) != 0)
            crew_fail("the lists differ after %s", last);
        char name[48] = "";
        memcpy(name, left.key.data, left.key.size);
        if (strcmp(last, name) >= 0)
            crew_fail("%s comes after %s", name, last);
        memcpy(last, name, sizeof last);
        expect_twins(strtoull(name + 1, NULL, 10), left.value, right.value);
        me->checked++;
    }
    stm_cursor_close(lefts);
    stm_cursor_close(rights);
    stm_snapshot_release(snapshot);
}

static void look(crew_member *me)
{
    uint64_t number = some_pair(me);
    struct pair pair = pair_names(number);
    stm_snapshot *snapshot;
    stm_entry left = {0}, right = {0};
    crew_must(stm_snapshot_take(store, "look", &snapshot), "take");
    stm_status status = stm_snapshot_get(snapshot, stm_text(pair.left), &left);
    crew_stumble(me);
    stm_status other = stm_snapshot_get(snapshot, stm_text(pair.right), &right);
    if (status != other)
        crew_fail("pair %llu in a snapshot: left %s, right %s", (unsigned long long)number,
                  stm_status_name(status), stm_status_name(other));
    if (status == STM_OK)
        expect_twins(number, left.value, right.value);
    me->checked++;
    stm_snapshot_release(snapshot);
}

/* -------------------------------------------------------------------------------- main -- */

static void work(crew_member *me)
{
    stm_txn *txn;
    me->state = malloc(LARGE);
    if (me->state == NULL)
        crew_fail("no memory");
    crew_must(stm_txn_begin(store, "churn", &txn), "begin");
    for (uint64_t i = 0; i < me->share; i++) {
        uint64_t what = random_below(&me->random, 16);
        if (random_below(&me->random, LIST_ONE_IN) == 0)
            list(me);
        else if (what < 10)
            change(me, txn);
        else if (what < 15)
            read_pair(me, txn);
        else
            look(me);
        me->done++;
    }
    stm_txn_end(txn);
    free(me->state);
}

int main(int argc, char **argv)
{
    crew_options options = crew_parse(argc, argv, 300000);
    stm_options small = {.size = sizeof small, .key_count_hint = 1};
    crew_open(&options);
    for (unsigned i = 0; i < ROUNDS; i++) { /* a new store each time: it grows from the smallest index */
        crew_must(stm_store_open(&small, &store), "open");
        crew_work(&options, options.transactions / ROUNDS, work);
        crew[0].state = NULL;
        list(&crew[0]);
        crew_must(stm_store_close(store), "close");
    }
    crew_tell("churn", &options);
    return 0;
}
