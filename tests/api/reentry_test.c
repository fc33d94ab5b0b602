/*
 * reentry_test.c -- a call from inside a call on the same transaction is told so.
 *
 * What must not happen: an allocator, or a signal handler, that calls back into the transaction that
 * is in a call already makes it hang, crash or lose what it holds. It must not call, says the
 * header; who does it all the same gets REENTERED, and the call that was interrupted goes on.
 */
#include "ledger.h"
#include "support.h"

#include <signal.h>
#include <sys/time.h>

/* ---- from the allocator ---- */

struct caller {
    stm_txn *txn;
    unsigned number, calls, told;
    bool inside;
};

#define CALL_COUNT 7

static stm_status call(unsigned number, stm_txn *txn)
{
    const stm_bytes keys[] = {stm_text("a"), stm_text("b")};
    stm_bytes values[2];

    switch (number) {
    case 0: return stm_txn_use(txn, stm_text("from inside"), values);
    case 1: return stm_txn_using(txn, keys, 2, values);
    case 2: return stm_txn_get(txn, stm_text("from inside"), values);
    case 3: return stm_txn_peek(txn, stm_text("from inside"), values);
    case 4: return stm_txn_set(txn, stm_text("from inside"), stm_text("x"));
    case 5: return stm_txn_delete(txn, stm_text("from inside"));
    default: return stm_txn_commit(txn);
    }
}

static void call_back(void *context)
{
    struct caller *caller = context;

    if (caller->txn == NULL || caller->inside)
        return;
    caller->inside = true;
    caller->calls++;
    caller->told += call(caller->number, caller->txn) == STM_REENTERED;
    caller->inside = false;
}

/* Checkouts and commits that take memory, each with a call back from the allocator. */
Test(reentry, from_the_allocator_is_told)
{
    static struct ledger ledger;
    static struct caller caller;
    static char large[3000];
    unsigned calls = 0;

    for (unsigned number = 0; number < CALL_COUNT; number++) {
        ledger_open(&ledger);
        const stm_options options = {.key_count_hint = 16, .allocator = ledger_allocator(&ledger)};
        stm_store *store = open_store(&options);
        stm_txn *txn = begin(store, "reentered");

        ledger.hook = call_back;
        ledger.hook_context = &caller;
        for (unsigned i = 0; i < 3000; i++) { /* the index and its records grow several times */
            caller = (struct caller){.txn = txn, .number = number};
            OK(stm_txn_use(txn, stm_bytes_of(&i, sizeof(i)), NULL));
            EQUALS(caller.told, caller.calls);
            calls += caller.calls;
            caller.txn = NULL;
            OK(stm_txn_set(txn, stm_bytes_of(&i, sizeof(i)), stm_text("kept")));
            if (i % 100 == 99) {
                caller.txn = txn;
                OK(stm_txn_commit(txn));
                EQUALS(caller.told, caller.calls);
                caller.txn = NULL;
                stm_txn_reset(txn);
            }
        }
        for (unsigned i = 0; i < 3000; i++)
            cr_assert(holds(store, stm_bytes_of(&i, sizeof(i)), stm_text("kept")));
        LACKS(store, "from inside");
        put_bytes(store, stm_text("large"), stm_bytes_of(large, sizeof(large)));

        stm_txn_end(txn);
        close_store(store);
        cr_assert(ledger_balances(&ledger));
    }
    cr_assert(calls > CALL_COUNT * 5, "the allocator called back only %u times", calls);
}

/* ---- from a signal handler ---- */

static stm_txn *volatile interrupted;
static volatile sig_atomic_t signals, told, wrong;

/* Only a look: between two calls it is answered, inside of one it is told. */
static void look_at_it(int number)
{
    stm_bytes value;

    (void)number;
    signals++;
    const stm_status status = stm_txn_peek(interrupted, stm_text("a"), &value);
    told += status == STM_REENTERED;
    wrong += status != STM_REENTERED && status != STM_OK && status != STM_NOT_FOUND;
}

Test(reentry, from_a_signal_handler_is_told)
{
    struct sigaction action = {.sa_handler = look_at_it, .sa_flags = SA_RESTART};
    const struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
    const stm_bytes keys[] = {stm_text("a"), stm_text("b"), stm_text("c"), stm_text("d")};
    stm_store *store = open_store(NULL);
    uint64_t commits = 0;

    for (size_t i = 0; i < 4; i++)
        put_bytes(store, keys[i], stm_text("0"));
    interrupted = begin(store, "interrupted");
    cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
    cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    const int64_t end = now_ns() + 20 * SECOND;
    while ((signals < 2000 || told == 0) && now_ns() < end) {
        stm_txn_reset(interrupted);
        OK(stm_txn_using(interrupted, keys, 4, NULL));
        OK(stm_txn_set(interrupted, keys[commits % 4], stm_bytes_of(&commits, sizeof(commits))));
        OK(stm_txn_commit(interrupted));
        commits++;
    }
    cr_assert_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
    EQUALS(wrong, 0);
    cr_assert(told > 0, "none of %d signals came inside of a call", (int)signals);
    EQUALS(version_now(store, "a"), commits + 1);

    stm_txn_end(interrupted);
    close_store(store);
}

/* ---- calls without an answer ---- */

static void call_silently(void *context)
{
    struct caller *caller = context;
    const stm_bytes key = stm_text("held 3");
    uint64_t version;

    if (caller->txn == NULL || caller->inside)
        return;
    caller->inside = true;
    caller->calls++;
    stm_txn_prefetch(caller->txn, &key, 1);
    stm_txn_version(caller->txn, key, &version); /* NOT_FOUND or true, as it goes */
    stm_txn_reset(caller->txn);
    stm_txn_end(caller->txn);
    caller->inside = false;
}

/* A prefetch, a look, a reset and an end from inside a call: nothing is dropped under the call's hands. */
Test(reentry, reset_and_end_from_inside_do_nothing)
{
    static struct ledger ledger;
    static struct caller caller;
    char name[24];

    ledger_open(&ledger);
    const stm_options options = {.key_count_hint = 16, .allocator = ledger_allocator(&ledger)};
    stm_store *store = open_store(&options);
    stm_txn *txn = begin(store, "reentered");
    ledger.hook = call_silently;
    ledger.hook_context = &caller;
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "held %u", i);
        caller.txn = txn;
        OK(stm_txn_set_int64(txn, stm_text(name), i));
        caller.txn = NULL;
    }
    cr_assert(caller.calls > 10, "%u calls back", caller.calls);
    OK(stm_txn_commit(txn));
    EQUALS(stats_of(store).keys_live, 2000);

    stm_txn_end(txn);
    OK(stm_store_close(store));
    cr_assert(ledger_balances(&ledger));
}
