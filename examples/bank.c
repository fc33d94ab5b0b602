/*
 * bank -- tellers transfer money between accounts, while an auditor sums up all accounts.
 *
 * A transfer changes two accounts by one commit, so the sum over all accounts never changes. The
 * auditor looks at snapshots: each shows all accounts at one instant, and stops no teller. Were a
 * transfer ever half visible, or a payment lost, the sum would tell.
 *
 * The number of tellers still at work is a key like the others: the auditor stops at the first
 * snapshot that shows none.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include "number.h"

#include <getopt.h>
#include <pthread.h>
#include <time.h>

enum { BALANCE_AT_OPENING = 1000, AMOUNT_MAX = 250, THREAD_COUNT_MAX = 256 };

static const char tellers_key[] = "tellers";

typedef struct bank {
    stm_store *store;
    uint64_t account_count, thread_count, transfer_count; /* transfers for each teller */
} bank;

typedef struct teller {
    bank *bank;
    uint64_t random;
    uint64_t declined; /* transfers for want of money */
} teller;

typedef struct transfer {
    char from[32], to[32]; /* keys */
    int64_t amount;
    bool declined;
} transfer;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13; /* xorshift: Marsaglia, 2003 */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void account_key(char *key, size_t size, uint64_t account)
{
    snprintf(key, size, "account:%04u", (unsigned)account);
}

/* ------------------------------------------------------------------------------- tellers -- */

static stm_status move_money(stm_txn *txn, void *arg)
{
    transfer *t = arg;
    int64_t from = 0, to = 0;

    stm_status status = stm_txn_get_int64(txn, stm_text(t->from), &from);
    if (status != STM_OK)
        return status;
    t->declined = from < t->amount;
    if (t->declined)
        return STM_OK; /* nothing is published, but commit checks that the account was that low */

    status = stm_txn_use_int64(txn, stm_text(t->to), &to);
    if (status == STM_OK)
        status = stm_txn_set_int64(txn, stm_text(t->from), from - t->amount);
    if (status == STM_OK)
        status = stm_txn_set_int64(txn, stm_text(t->to), to + t->amount);
    return status;
}

static void choose_transfer(teller *self, transfer *t)
{
    const uint64_t count = self->bank->account_count;
    const uint64_t from = next_random(&self->random) % count;
    const uint64_t to = (from + 1 + next_random(&self->random) % (count - 1)) % count; /* another one */
    account_key(t->from, sizeof(t->from), from);
    account_key(t->to, sizeof(t->to), to);
    t->amount = 1 + (int64_t)(next_random(&self->random) % AMOUNT_MAX);
}

static void *work(void *arg)
{
    teller *self = arg;
    stm_store *store = self->bank->store;

    for (uint64_t i = 0; i < self->bank->transfer_count; i++) {
        transfer t;
        choose_transfer(self, &t);
        CHECK_OK(stm_atomically(store, "transfer", NULL, move_money, &t));
        self->declined += t.declined;
    }
    STM_ATOMICALLY(store, txn, "go home", tellers_key) {
        int64_t tellers = 0;
        CHECK_OK(stm_txn_use_int64(txn, stm_text(tellers_key), &tellers));
        CHECK_OK(stm_txn_set_int64(txn, stm_text(tellers_key), tellers - 1));
    }
    CHECK_OK(stm_atomically_status());
    return NULL;
}

/* ------------------------------------------------------------------------------- auditor -- */

static int64_t integer(const stm_entry *entry)
{
    int64_t n;
    CHECK(entry->type == STM_INT64 && entry->value.size == sizeof(n));
    memcpy(&n, entry->value.data, sizeof(n));
    return n;
}

static void check_accounts(const bank *b, const stm_snapshot *snapshot)
{
    stm_cursor *cursor;
    stm_entry entry;
    stm_status status;
    uint64_t count = 0;
    int64_t sum = 0;

    CHECK_OK(stm_cursor_open_prefix(snapshot, stm_text("account:"), &cursor));
    while ((status = stm_cursor_next(cursor, &entry)) == STM_OK) {
        const int64_t balance = integer(&entry);
        CHECK(balance >= 0);
        sum += balance;
        count++;
    }
    CHECK(status == STM_END);
    stm_cursor_close(cursor);
    CHECK(count == b->account_count);
    CHECK(sum == (int64_t)b->account_count * BALANCE_AT_OPENING);
}

/* Audits until all tellers have gone home. Returns how often. */
static uint64_t audit(const bank *b)
{
    int64_t tellers;
    uint64_t audits = 0;

    do {
        stm_snapshot *snapshot;
        stm_entry entry;
        CHECK_OK(stm_snapshot_take(b->store, "audit", &snapshot));
        CHECK_OK(stm_snapshot_get(snapshot, stm_text(tellers_key), &entry));
        tellers = integer(&entry);
        check_accounts(b, snapshot);
        stm_snapshot_release(snapshot);
        audits++;
    } while (tellers > 0);
    return audits;
}

/* ---------------------------------------------------------------------------------- bank -- */

static void open_accounts(const bank *b)
{
    stm_txn *txn;
    CHECK_OK(stm_txn_begin(b->store, "open accounts", &txn));
    for (uint64_t i = 0; i < b->account_count; i++) {
        char key[32];
        account_key(key, sizeof(key), i);
        CHECK_OK(stm_txn_set_int64(txn, stm_text(key), BALANCE_AT_OPENING));
    }
    CHECK_OK(stm_txn_set_int64(txn, stm_text(tellers_key), (int64_t)b->thread_count));
    CHECK_OK(stm_txn_commit(txn));
    stm_txn_end(txn);
}

static void report(const bank *b, uint64_t declined, uint64_t audits, double seconds)
{
    const uint64_t transfers = b->thread_count * b->transfer_count;
    stm_stats stats;
    CHECK_OK(stm_store_stats(b->store, &stats));
    printf("%s tellers, %s accounts, %.2f s\n", GROUPED(b->thread_count), GROUPED(b->account_count), seconds);
    printf("  %-10s %14s %14s a second\n", "transfers", GROUPED(transfers),
           GROUPED((uint64_t)((double)transfers / seconds)));
    printf("  %-10s %14s\n", "declined", GROUPED(declined));
    printf("  %-10s %14s\n", "conflicts", GROUPED(stats.conflicts));
    printf("  %-10s %14s\n", "busy", GROUPED(stats.busy));
    printf("  %-10s %14s %14s a second\n", "audits", GROUPED(audits),
           GROUPED((uint64_t)((double)audits / seconds)));
    printf("every audit found %s in all accounts\n", GROUPED(b->account_count * BALANCE_AT_OPENING));
}

static void parse_options(bank *b, int argc, char **argv)
{
    static const struct option options[] = {{"accounts", required_argument, NULL, 'a'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"transfers", required_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static const char usage[] = "usage: bank [--accounts N] [--threads N] [--transfers N]\n";
    bool understood = true;
    int option;

    while (understood && (option = getopt_long(argc, argv, "a:t:n:h", options, NULL)) != -1) {
        if (option == 'h') {
            printf("%sTransfers are for each thread. Defaults: 100, 4, 250,000.\n", usage);
            exit(EXIT_SUCCESS);
        }
        understood = (option == 'a' && parse_number(optarg, 2, 10000, &b->account_count)) ||
                     (option == 't' && parse_number(optarg, 1, THREAD_COUNT_MAX, &b->thread_count)) ||
                     (option == 'n' && parse_number(optarg, 0, UINT32_MAX, &b->transfer_count));
    }
    if (!understood || optind != argc) {
        fputs(usage, stderr);
        exit(2);
    }
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    bank b = {.account_count = 100, .thread_count = 4, .transfer_count = 250000};
    static teller tellers[THREAD_COUNT_MAX];
    static pthread_t threads[THREAD_COUNT_MAX];
    uint64_t declined = 0;

    parse_options(&b, argc, argv);
    CHECK_OK(stm_store_open(NULL, &b.store));
    open_accounts(&b);

    const double begin = seconds_now();
    for (uint64_t i = 0; i < b.thread_count; i++) {
        tellers[i] = (teller){&b, 0x9e3779b97f4a7c15u * (i + 1), 0};
        CHECK(pthread_create(&threads[i], NULL, work, &tellers[i]) == 0);
    }
    const uint64_t audits = audit(&b);
    const double seconds = seconds_now() - begin;
    for (uint64_t i = 0; i < b.thread_count; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        declined += tellers[i].declined;
    }
    report(&b, declined, audits, seconds);
    CHECK_OK(stm_store_close(b.store));
    return 0;
}
