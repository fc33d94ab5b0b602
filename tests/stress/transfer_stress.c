/*
 * The oldest test of transactions: amounts move between accounts, and the sum over all accounts never
 * changes. Auditors add all accounts up, in one transaction and in snapshots, while the transfers go
 * on. Accounts have values of different sizes, some beyond what a record holds; each is whole, or the
 * auditor stops the test.
 */
#include "crew.h"
#include "random.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#define ACCOUNT_COUNT 64
#define AMOUNT 1000
#define SUM ((int64_t)ACCOUNT_COUNT * AMOUNT)
#define SIZE_MAX_OF_VALUE 512
#define AUDIT_ONE_IN 32
#define ROUNDS 4

static stm_store *store;
static stm_bytes names[ACCOUNT_COUNT];
static char name_texts[ACCOUNT_COUNT][24];

/* ------------------------------------------------------------------------------ values -- */

/* The amount, and then bytes that follow from it: 8, 16, 200 or 512 in all. */
static size_t size_of(unsigned account)
{
    static const size_t sizes[] = {8, 16, 200, SIZE_MAX_OF_VALUE};
    return sizes[account % 4];
}

static stm_bytes value_of(unsigned account, int64_t amount, char *buffer)
{
    memset(buffer, (int)(amount & 0x7f), size_of(account));
    memcpy(buffer, &amount, sizeof amount);
    return stm_bytes_of(buffer, size_of(account));
}

static int64_t amount_of(unsigned account, stm_bytes value)
{
    int64_t amount;
    if (value.data == NULL || value.size != size_of(account))
        crew_fail("account %u has %zu bytes", account, value.size);
    memcpy(&amount, value.data, sizeof amount);
    const char *bytes = value.data;
    for (size_t i = sizeof amount; i < value.size; i++)
        if (bytes[i] != (char)(amount & 0x7f))
            crew_fail("account %u is not whole at byte %zu", account, i);
    return amount;
}

static unsigned account_of(stm_bytes name)
{
    unsigned account = 0;
    for (size_t i = name.size - 4; i < name.size; i++)
        account = account * 10 + (unsigned)(((const char *)name.data)[i] - '0');
    return account;
}

/* --------------------------------------------------------------------------- transfers -- */

/* Between two to four accounts: all but the first give what the first gets. */
static stm_status transfer_once(crew_member *me, stm_txn *txn, const unsigned *accounts, unsigned count,
                                int64_t amount)
{
    stm_bytes keys[4] = {{NULL, 0}}, values[4];
    char buffer[SIZE_MAX_OF_VALUE];
    for (unsigned i = 0; i < count; i++)
        keys[i] = names[accounts[i]];
    stm_status status = stm_txn_using(txn, keys, count, values);
    int64_t amounts[4] = {0};
    for (unsigned i = 0; status == STM_OK && i < count; i++)
        amounts[i] = amount_of(accounts[i], values[i]);
    crew_stumble(me);
    for (unsigned i = 0; status == STM_OK && i < count; i++) {
        int64_t change = i == 0 ? amount * (int64_t)(count - 1) : -amount;
        status = stm_txn_set(txn, keys[i], value_of(accounts[i], amounts[i] + change, buffer));
    }
    return status == STM_OK ? stm_txn_commit(txn) : status;
}

static void transfer(crew_member *me, stm_txn *txn)
{
    unsigned accounts[4], count = 2 + (unsigned)random_below(&me->random, 3);
    unsigned first = (unsigned)random_below(&me->random, ACCOUNT_COUNT);
    unsigned step = 1 + 2 * (unsigned)random_below(&me->random, ACCOUNT_COUNT / 2); /* odd: all different */
    for (unsigned i = 0; i < count; i++)
        accounts[i] = (first + i * step) % ACCOUNT_COUNT;
    int64_t amount = (int64_t)random_below(&me->random, 100) - 50;
    for (;;) {
        stm_status status = transfer_once(me, txn, accounts, count, amount);
        if (status == STM_OK)
            break;
        me->conflicts += status == STM_CONFLICT;
        me->busy += status == STM_BUSY;
        if (status != STM_CONFLICT && status != STM_BUSY)
            crew_fail("transfer: %s", stm_status_name(status));
        if (status == STM_BUSY) {
            sched_yield();
            while ((status = stm_txn_commit(txn)) == STM_BUSY) /* nothing was lost: the same call again */
                sched_yield();
            if (status == STM_OK)
                break;
        }
        stm_txn_reset(txn);
    }
    stm_txn_reset(txn);
}

/* ------------------------------------------------------------------------------ audits -- */

static void expect_sum(int64_t sum, const char *how)
{
    if (sum != SUM)
        crew_fail("the sum %s is %lld, not %lld", how, (long long)sum, (long long)SUM);
}

static void audit_at_once(crew_member *me, stm_txn *txn)
{
    stm_bytes values[ACCOUNT_COUNT];
    int64_t sum = 0;
    stm_status status = stm_txn_getting(txn, names, ACCOUNT_COUNT, values);
    for (unsigned i = 0; status == STM_OK && i < ACCOUNT_COUNT; i++)
        sum += amount_of(i, values[i]);
    if (status == STM_OK) {
        expect_sum(sum, "in a transaction");
        me->checked++;
    } else if (status == STM_BUSY) {
        me->busy++;
    } else {
        crew_fail("audit: %s", stm_status_name(status)); /* it held nothing before: no conflict is possible */
    }
    stm_txn_reset(txn);
}

/* Key by key: until it is told CONFLICT, what it has belongs to one instant; so a whole sum is right. */
static void audit_one_by_one(crew_member *me, stm_txn *txn)
{
    int64_t sum = 0;
    unsigned i = 0;
    for (; i < ACCOUNT_COUNT; i++) {
        stm_bytes value;
        stm_status status = stm_txn_get(txn, names[i], &value);
        if (status == STM_CONFLICT || status == STM_BUSY)
            break;
        crew_must(status, "get");
        sum += amount_of(i, value);
    }
    if (i == ACCOUNT_COUNT) {
        expect_sum(sum, "in a transaction, key by key");
        me->checked++;
    }
    stm_txn_reset(txn);
}

struct addition {
    int64_t sum;
    unsigned count;
};

static bool add_entry(const stm_entry *entry, void *arg)
{
    struct addition *addition = arg;
    addition->sum += amount_of(account_of(entry->key), entry->value);
    addition->count++;
    return true;
}

static void audit_snapshot(crew_member *me)
{
    stm_snapshot *snapshot;
    struct addition scanned = {0, 0};
    int64_t looked_up = 0;
    crew_must(stm_snapshot_take(store, "audit", &snapshot), "take");
    crew_must(stm_snapshot_scan(snapshot, add_entry, &scanned), "scan");
    crew_stumble(me);
    for (unsigned i = 0; i < ACCOUNT_COUNT; i++) {
        stm_entry entry;
        crew_must(stm_snapshot_get(snapshot, names[i], &entry), "look");
        looked_up += amount_of(i, entry.value);
    }
    expect_sum(scanned.sum, "of a scan");
    expect_sum(looked_up, "of a snapshot");
    if (scanned.count != ACCOUNT_COUNT)
        crew_fail("a scan showed %u accounts", scanned.count);
    me->checked += 2;
    stm_snapshot_release(snapshot);
}

static void audit(crew_member *me, stm_txn *txn)
{
    switch (random_below(&me->random, 3)) {
    case 0:
        audit_at_once(me, txn);
        break;
    case 1:
        audit_one_by_one(me, txn);
        break;
    default:
        audit_snapshot(me);
    }
}

/* -------------------------------------------------------------------------------- main -- */

static void work(crew_member *me)
{
    stm_txn *txn;
    crew_must(stm_txn_begin(store, "transfer", &txn), "begin");
    for (uint64_t i = 0; i < me->share; i++) {
        if (random_below(&me->random, AUDIT_ONE_IN) == 0)
            audit(me, txn);
        else
            transfer(me, txn);
        me->done++;
    }
    stm_txn_end(txn);
}

static void fill(void)
{
    char buffer[SIZE_MAX_OF_VALUE];
    stm_txn *txn;
    crew_must(stm_txn_begin(store, "fill", &txn), "begin");
    for (unsigned i = 0; i < ACCOUNT_COUNT; i++) {
        snprintf(name_texts[i], sizeof name_texts[i], i % 2 == 0 ? "a%04u" : "account %04u", i);
        names[i] = stm_text(name_texts[i]);
        crew_must(stm_txn_set(txn, names[i], value_of(i, AMOUNT, buffer)), "set");
    }
    crew_must(stm_txn_commit(txn), "commit");
    stm_txn_end(txn);
}

int main(int argc, char **argv)
{
    crew_options options = crew_parse(argc, argv, 2000000);
    crew_must(stm_store_open(NULL, &store), "open");
    crew_open(&options);
    fill();
    for (unsigned i = 0; i < ROUNDS; i++)
        crew_work(&options, options.transactions / ROUNDS, work);
    audit_snapshot(&crew[0]);
    crew_must(stm_store_close(store), "close");
    crew_tell("transfer", &options);
    return 0;
}
