/*
 * threads_test.c -- threads come and go, and leave nothing behind.
 *
 * What must not happen: memory grows with the number of threads that have ever called, instead of
 * with those that call at the same time; a thread that exits takes a transaction with it.
 */
#include "ledger.h"
#include "support.h"

#define AT_ONCE 4
#define WARM_UP 10000
#define THREADS (SLOWED_DOWN ? 20000 : 100000)
#define SLACK_BYTES (2 << 20)

struct errand {
    stm_store *store;
    stm_txn *txn; /* begun elsewhere, or NULL */
    unsigned number;
    stm_status status;
    pthread_t thread;
};

static stm_status add_one(stm_txn *txn, void *arg)
{
    const stm_bytes key = stm_bytes_of(arg, sizeof(unsigned));
    int64_t count = 0;
    const stm_status status = stm_txn_use_int64(txn, key, &count);

    return status == STM_OK ? stm_txn_set_int64(txn, key, count + 1) : status;
}

/* One transaction in one of three ways, a value of some size, and gone. */
static void *run_errand(void *arg)
{
    static const char bytes[700];
    struct errand *errand = arg;
    unsigned key = errand->number % 64;
    stm_txn *own;

    if (errand->number % 3 == 0) {
        errand->status = stm_atomically(errand->store, "errand", NULL, add_one, &key);
    } else if (errand->number % 3 == 1) {
        STM_ATOMICALLY(errand->store, txn, "errand", "block") {
            (void)!stm_txn_set(txn, stm_text("block"), stm_bytes_of(bytes, errand->number % sizeof(bytes)));
        }
        errand->status = stm_atomically_status();
    } else {
        errand->status = stm_txn_begin(errand->store, "errand", &own);
        if (errand->status != STM_OK)
            return NULL;
        errand->status = stm_txn_set(own, stm_bytes_of(&errand->number, 2), stm_bytes_of(bytes, 20));
        if (errand->status == STM_OK && stm_txn_commit(own) != STM_OK)
            stm_txn_reset(own); /* lost against another errand: no matter here */
        stm_txn_end(own);
    }
    return NULL;
}

static void run_errands(stm_store *store, unsigned first, unsigned count)
{
    struct errand errands[AT_ONCE];

    for (unsigned i = first; i < first + count; i += AT_ONCE) {
        for (unsigned j = 0; j < AT_ONCE; j++) {
            errands[j] = (struct errand){.store = store, .number = i + j};
            cr_assert_eq(pthread_create(&errands[j].thread, NULL, run_errand, &errands[j]), 0);
        }
        for (unsigned j = 0; j < AT_ONCE; j++) {
            cr_assert_eq(pthread_join(errands[j].thread, NULL), 0);
            OK(errands[j].status);
        }
    }
}

Test(threads, that_come_and_go_leave_no_memory)
{
    static struct ledger ledger;
    ledger_open(&ledger);
    const stm_options options = {.allocator = ledger_allocator(&ledger)};
    stm_store *store = open_store(&options);

    for (unsigned key = 0; key < 65536; key++) /* all keys and values that there will be */
        put_bytes(store, stm_bytes_of(&key, 2), stm_text("as large as theirs: "));
    run_errands(store, 0, WARM_UP);
    const uint64_t bytes_few = stats_of(store).bytes_used;
    run_errands(store, WARM_UP, THREADS);
    const uint64_t bytes_many = stats_of(store).bytes_used;
    /* What may differ is what waits to be reclaimed, and how far the threads happened to overlap. */
    cr_assert(bytes_many <= bytes_few + SLACK_BYTES, "%llu bytes after %d threads, %llu after %d more",
              (unsigned long long)bytes_few, WARM_UP, (unsigned long long)bytes_many, THREADS);
    EQUALS(stats_of(store).transactions, 0);
    EQUALS(stats_of(store).bytes_used, ledger.bytes);

    close_store(store);
    cr_assert(ledger_balances(&ledger));
}

/* A transaction is of nobody: the thread that began it may be gone. */
static void *begin_and_exit(void *arg)
{
    struct errand *errand = arg;

    errand->status = stm_txn_begin(errand->store, "orphan", &errand->txn);
    if (errand->status == STM_OK)
        errand->status = stm_txn_set(errand->txn, stm_text("orphan"), stm_text("kept"));
    return NULL;
}

Test(threads, that_exit_leave_their_transactions_whole)
{
    stm_store *store = open_store(NULL);
    struct errand errand = {.store = store};

    for (int i = 0; i < 200; i++) {
        cr_assert_eq(pthread_create(&errand.thread, NULL, begin_and_exit, &errand), 0);
        cr_assert_eq(pthread_join(errand.thread, NULL), 0);
        OK(errand.status);
        EQUALS(stats_of(store).transactions, 1);
        OK(stm_txn_commit(errand.txn));
        stm_txn_end(errand.txn);
    }
    HOLDS(store, "orphan", "kept");
    EQUALS(version_now(store, "orphan"), 200);

    close_store(store);
}
