/*
 * philosophers -- five philosophers dine around a table with five forks; each needs the two beside him.
 *
 * As in Axon's example, a fork is a key: its value names who holds it, and it has none while it lies
 * on the table. Both forks are taken by one commit, or neither, so nobody ever waits with one fork
 * in his hand: there is no deadlock to avoid. Whoever finds a fork taken sleeps until it is put down.
 *
 *     thinking --take_forks--> eating --put_forks_down--> thinking
 *          \___ WAIT: a fork is taken, sleep until one of the two changes
 *
 * It verifies itself: while he eats, a philosopher writes his name on the plain, unsynchronised
 * `user` of both forks, and nobody else may have written there; at the end all have had their meals
 * and all forks lie on the table. Nobody starves: it would never end.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include "number.h"

#include <stm/probe.h>

#include <getopt.h>
#include <pthread.h>
#include <sched.h>

enum { SEAT_COUNT = 5 };

typedef struct table {
    stm_store *store;
    uint64_t meal_count;           /* for each philosopher */
    const char *users[SEAT_COUNT]; /* of the forks; guarded by nothing but the transactions */
} table;

typedef struct philosopher {
    table *table;
    const char *name;
    int left, right; /* forks */
    uint64_t attempts, waits, conflicts, busy;
} philosopher;

static const char *const fork_keys[SEAT_COUNT] = {"fork:0", "fork:1", "fork:2", "fork:3", "fork:4"};
static const char *const meal_keys[SEAT_COUNT] = {"meals:0", "meals:1", "meals:2", "meals:3", "meals:4"};

/* Who runs on this thread, for the observer, which is called by the thread that does the work. */
static _Thread_local philosopher *self;

static void count_failure(void *context, const stm_event *event)
{
    (void)context;
    if (self != NULL)
        *(event->kind == STM_EVENT_BUSY ? &self->busy : &self->conflicts) += 1;
}

/* Is the fork on the table? OK if so, WAIT if somebody holds it. */
static stm_status look_at_fork(stm_txn *txn, int fork)
{
    stm_bytes holder;
    const stm_status status = stm_txn_get(txn, stm_text(fork_keys[fork]), &holder);
    return status == STM_NOT_FOUND ? STM_OK : status == STM_OK ? STM_WAIT : status;
}

static stm_status take_forks(stm_txn *txn, void *arg)
{
    philosopher *p = arg;
    p->attempts++;
    stm_status status = look_at_fork(txn, p->left);
    if (status == STM_OK)
        status = look_at_fork(txn, p->right);
    if (status == STM_OK)
        status = stm_txn_set_string(txn, stm_text(fork_keys[p->left]), p->name);
    if (status == STM_OK)
        status = stm_txn_set_string(txn, stm_text(fork_keys[p->right]), p->name);
    p->waits += status == STM_WAIT;
    return status;
}

static void eat(philosopher *p)
{
    const char **left = &p->table->users[p->left], **right = &p->table->users[p->right];
    CHECK(*left == NULL && *right == NULL);
    *left = *right = p->name;
    sched_yield(); /* a meal takes its time */
    CHECK(*left == p->name && *right == p->name);
    *left = *right = NULL;
}

static void put_forks_down(philosopher *p)
{
    const char *left = fork_keys[p->left], *right = fork_keys[p->right], *meals = meal_keys[p->left];
    STM_ATOMICALLY(p->table->store, txn, "put forks down", left, right, meals) {
        int64_t eaten = 0;
        CHECK_OK(stm_txn_use_int64(txn, stm_text(meals), &eaten));
        CHECK_OK(stm_txn_set_int64(txn, stm_text(meals), eaten + 1));
        CHECK_OK(stm_txn_delete(txn, stm_text(left)));
        CHECK_OK(stm_txn_delete(txn, stm_text(right)));
    }
    CHECK_OK(stm_atomically_status());
}

static void *dine(void *arg)
{
    philosopher *p = self = arg;
    for (uint64_t meal = 0; meal < p->table->meal_count; meal++) {
        CHECK_OK(stm_atomically(p->table->store, "take forks", NULL, take_forks, p));
        eat(p);
        put_forks_down(p);
    }
    return NULL;
}

/* The row of one philosopher, with the meals that the store has counted. */
static void report(const philosopher *p, stm_txn *txn)
{
    int64_t meals = 0;
    stm_bytes holder;
    CHECK(stm_txn_get(txn, stm_text(fork_keys[p->left]), &holder) == STM_NOT_FOUND);
    if (p->table->meal_count > 0)
        CHECK_OK(stm_txn_get_int64(txn, stm_text(meal_keys[p->left]), &meals));
    printf("%-12s %12s %12s %12s %12s %8s\n", p->name, GROUPED((uint64_t)meals), GROUPED(p->attempts),
           GROUPED(p->waits), GROUPED(p->conflicts), GROUPED(p->busy));
    CHECK((uint64_t)meals == p->table->meal_count);
}

static uint64_t parse_options(int argc, char **argv)
{
    static const struct option options[] = {
        {"meals", required_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    static const char usage[] = "usage: philosophers [--meals N]\n";
    uint64_t meals = 1000;
    int option;

    while ((option = getopt_long(argc, argv, "m:h", options, NULL)) != -1) {
        if (option == 'h') {
            printf("%sFive philosophers have N meals each (default 1,000).\n", usage);
            exit(EXIT_SUCCESS);
        }
        if (option != 'm' || !parse_number(optarg, 0, UINT32_MAX, &meals))
            break;
    }
    if (option != -1 || optind != argc) {
        fputs(usage, stderr);
        exit(2);
    }
    return meals;
}

int main(int argc, char **argv)
{
    static const char *const names[SEAT_COUNT] = {"Plato", "Hypatia", "Kant", "Marx", "Arendt"};
    const stm_observer observer = {
        .size = sizeof(observer),
        .events = STM_EVENT_BIT(STM_EVENT_CONFLICT) | STM_EVENT_BIT(STM_EVENT_BUSY),
        .event = count_failure,
    };
    const stm_options options = {.size = sizeof(options), .observer = &observer};
    table dinner = {.meal_count = parse_options(argc, argv)};
    philosopher philosophers[SEAT_COUNT] = {0};
    pthread_t threads[SEAT_COUNT];
    stm_txn *txn;

    CHECK_OK(stm_store_open(&options, &dinner.store));
    for (int i = 0; i < SEAT_COUNT; i++) {
        philosophers[i] = (philosopher){&dinner, names[i], i, (i + 1) % SEAT_COUNT, 0, 0, 0, 0};
        CHECK(pthread_create(&threads[i], NULL, dine, &philosophers[i]) == 0);
    }
    for (int i = 0; i < SEAT_COUNT; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);

    printf("%-12s %12s %12s %12s %12s %8s\n", "philosopher", "meals", "attempts", "waits", "conflicts",
           "busy");
    CHECK_OK(stm_txn_begin(dinner.store, "report", &txn));
    for (int i = 0; i < SEAT_COUNT; i++)
        report(&philosophers[i], txn);
    printf("all have eaten, and all forks lie on the table\n");

    stm_txn_end(txn);
    CHECK_OK(stm_store_close(dinner.store));
    return 0;
}
