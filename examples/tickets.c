/*
 * tickets -- clerks sell the seats of a hall, and get into each other's way: a program to be mended.
 *
 * A sale reads the price, takes a seat and adds to the takings. As it is written first, no two sales can
 * succeed at the same time, though they sell different seats: that is what "my threads are slow" looks
 * like. docs/tutorial.md records it, reads in the report why, and mends it in two steps, each an option:
 *
 *   --read-price  the price is checked out for read (stm_txn_get), no longer for update: commit publishes
 *                 what is checked out for update, set or not, so each sale made every other start over
 *   --tills N     the takings are spread over N keys, one for each clerk: the sum is needed only in the end
 *
 * Whatever the options, the hall must come out right: every seat that is taken was paid for once.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include "number.h"

#include <getopt.h>
#include <pthread.h>
#include <time.h>

enum { SEAT_COUNT = 4096, THREAD_COUNT_MAX = 64, PRICE = 25, RECEIPT_SIZE = 2048 };

static const char price_key[] = "hall:price";

typedef struct office {
    stm_store *store;
    uint64_t clerk_count, sale_count; /* sales (and returns) for each clerk */
    uint64_t till_count;
    bool read_price;
} office;

typedef struct clerk {
    office *office;
    uint64_t number, random;
    uint64_t sold, returned;
} clerk;

typedef struct sale {
    char seat[32], till[32]; /* keys */
    bool read_price;
    int64_t change; /* of the seats taken: 1 or -1 */
} sale;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13; /* xorshift: Marsaglia, 2003 */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The work between checkout and commit that real programs have. Returns the receipt's check digits. */
static int64_t print_receipt(const char *seat, int64_t price)
{
    char receipt[RECEIPT_SIZE] = {0};
    uint64_t check = 14695981039346656037u; /* FNV-1a */
    snprintf(receipt, sizeof(receipt), "%s %lld", seat, (long long)price);
    for (size_t i = 0; i < sizeof(receipt); i++)
        check = (check ^ (unsigned char)receipt[i]) * 1099511628211u;
    return (int64_t)(check >> 40) + 1;
}

/* Takes a free seat, or gives a taken one back. */
static stm_status sell(stm_txn *txn, void *arg)
{
    sale *s = arg;
    int64_t price = 0, receipt = 0, takings = 0;
    stm_status status = s->read_price ? stm_txn_get_int64(txn, stm_text(price_key), &price)
                                      : stm_txn_use_int64(txn, stm_text(price_key), &price);
    if (status == STM_OK)
        status = stm_txn_use_int64(txn, stm_text(s->seat), &receipt);
    if (status == STM_OK)
        status = stm_txn_use_int64(txn, stm_text(s->till), &takings);
    if (status != STM_OK)
        return status;

    s->change = receipt == 0 ? 1 : -1;
    receipt = receipt == 0 ? print_receipt(s->seat, price) : 0;
    status = stm_txn_set_int64(txn, stm_text(s->seat), receipt);
    if (status == STM_OK)
        status = stm_txn_set_int64(txn, stm_text(s->till), takings + s->change * price);
    return status;
}

static void choose_seat(clerk *self, sale *s)
{
    const unsigned seat = (unsigned)(next_random(&self->random) % SEAT_COUNT);
    snprintf(s->seat, sizeof(s->seat), "seat:%02u:%03u", seat / 128, seat % 128);
    snprintf(s->till, sizeof(s->till), "till:%02u", (unsigned)(self->number % self->office->till_count));
}

/* CONFLICT: start over; BUSY: the same call again, which for a commit means commit. */
static void sell_at_last(stm_txn *txn, sale *s)
{
    stm_status status;
    do {
        stm_txn_reset(txn);
        status = sell(txn, s);
        while (status == STM_OK && (status = stm_txn_commit(txn)) == STM_BUSY)
            status = STM_OK;
    } while (status == STM_CONFLICT || status == STM_BUSY);
    CHECK_OK(status);
}

static void *work(void *arg)
{
    clerk *self = arg;
    sale s = {.read_price = self->office->read_price};
    stm_txn *txn;
    CHECK_OK(stm_txn_begin(self->office->store, "sell", &txn));
    for (uint64_t i = 0; i < self->office->sale_count; i++) {
        choose_seat(self, &s);
        sell_at_last(txn, &s);
        self->sold += s.change > 0;
        self->returned += s.change < 0;
    }
    stm_txn_end(txn);
    return NULL;
}

/* ------------------------------------------------------------------------- the evening's end -- */

typedef struct books {
    int64_t seats_taken, takings;
} books;

static bool read_books(const stm_entry *entry, void *arg)
{
    books *b = arg;
    int64_t n = 0;
    CHECK(stm_entry_int64(entry, &n));
    if (memcmp(entry->key.data, "seat:", 5) == 0)
        b->seats_taken += n != 0;
    else if (memcmp(entry->key.data, "till:", 5) == 0)
        b->takings += n;
    return true;
}

static void check_books(const office *o, uint64_t sold, uint64_t returned)
{
    stm_snapshot *snapshot;
    books b = {0, 0};
    CHECK_OK(stm_snapshot_take(o->store, "close of business", &snapshot));
    CHECK_OK(stm_snapshot_scan(snapshot, read_books, &b));
    stm_snapshot_release(snapshot);
    CHECK(b.seats_taken == (int64_t)(sold - returned));
    CHECK(b.takings == b.seats_taken * PRICE);
}

static void report(const office *o, uint64_t sold, uint64_t returned, double seconds)
{
    const uint64_t done = sold + returned;
    stm_stats stats;
    CHECK_OK(stm_store_stats(o->store, &stats));
    printf("%s clerks, %s tills, price checked out for %s: %.2f s\n", GROUPED(o->clerk_count), GROUPED(o->till_count),
           o->read_price ? "read" : "update", seconds);
    printf("  %-9s %12s %12s a second\n", "sales", GROUPED(done), GROUPED((uint64_t)((double)done / seconds)));
    printf("  %-9s %12s %12.1f %% of all attempts\n", "conflicts", GROUPED(stats.conflicts),
           100.0 * (double)stats.conflicts / (double)(stats.conflicts + stats.busy + done));
    printf("  %-9s %12s\n", "busy", GROUPED(stats.busy));
    printf("every seat that is taken was paid for\n");
}

static void set_price(const office *o)
{
    STM_ATOMICALLY(o->store, txn, "set price", price_key) {
        CHECK_OK(stm_txn_set_int64(txn, stm_text(price_key), PRICE));
    }
    CHECK_OK(stm_atomically_status());
}

static void parse_options(office *o, int argc, char **argv)
{
    static const struct option options[] = {{"read-price", no_argument, NULL, 'r'},
                                            {"tills", required_argument, NULL, 'k'},
                                            {"clerks", required_argument, NULL, 'c'},
                                            {"sales", required_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static const char usage[] = "usage: tickets [--read-price] [--tills N] [--clerks N] [--sales N]\n";
    bool understood = true;
    int option;

    while (understood && (option = getopt_long(argc, argv, "rk:c:n:h", options, NULL)) != -1) {
        if (option == 'h') {
            printf("%sSales are for each clerk. Defaults: 1 till, 4 clerks, 100,000 sales.\n", usage);
            exit(EXIT_SUCCESS);
        }
        o->read_price |= option == 'r';
        understood = option == 'r' || (option == 'k' && parse_number(optarg, 1, 99, &o->till_count)) ||
                     (option == 'c' && parse_number(optarg, 1, THREAD_COUNT_MAX, &o->clerk_count)) ||
                     (option == 'n' && parse_number(optarg, 0, UINT32_MAX, &o->sale_count));
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
    office o = {.clerk_count = 4, .sale_count = 100000, .till_count = 1};
    static clerk clerks[THREAD_COUNT_MAX];
    static pthread_t threads[THREAD_COUNT_MAX];
    uint64_t sold = 0, returned = 0;

    parse_options(&o, argc, argv);
    CHECK_OK(stm_store_open(NULL, &o.store));
    set_price(&o);

    const double begin = seconds_now();
    for (uint64_t i = 0; i < o.clerk_count; i++) {
        clerks[i] = (clerk){&o, i, 0x9e3779b97f4a7c15u * (i + 1), 0, 0};
        CHECK(pthread_create(&threads[i], NULL, work, &clerks[i]) == 0);
    }
    for (uint64_t i = 0; i < o.clerk_count; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        sold += clerks[i].sold;
        returned += clerks[i].returned;
    }
    const double seconds = seconds_now() - begin;
    check_books(&o, sold, returned);
    report(&o, sold, returned, seconds);
    CHECK_OK(stm_store_close(o.store));
    return 0;
}
