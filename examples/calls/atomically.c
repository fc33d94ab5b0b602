/*
 * atomically -- runs a body until it is committed: the loop of busy.c, with fairness and waiting.
 *
 * The body answers OK to commit, WAIT to sleep until something that it read changes, or any other
 * status to give up. It may run many times, so it must only touch the transaction and its argument.
 * Here a producer and a consumer share a tray with room for one dish.
 */
#include "../check.h"

#include <pthread.h>

enum { DISH_COUNT = 1000 };

static stm_status put_dish(stm_txn *txn, void *arg)
{
    stm_bytes tray;
    const stm_status status = stm_txn_get(txn, stm_text("tray"), &tray);
    if (status == STM_OK)
        return STM_WAIT; /* until the tray is empty */
    if (status != STM_NOT_FOUND)
        return status;
    return stm_txn_set_int64(txn, stm_text("tray"), *(const int64_t *)arg);
}

static stm_status take_dish(stm_txn *txn, void *arg)
{
    const stm_status status = stm_txn_get_int64(txn, stm_text("tray"), arg);
    if (status == STM_NOT_FOUND)
        return STM_WAIT; /* until there is a dish */
    return status == STM_OK ? stm_txn_delete(txn, stm_text("tray")) : status;
}

static void *cook(void *store)
{
    for (int64_t dish = 1; dish <= DISH_COUNT; dish++)
        CHECK_OK(stm_atomically(store, "cook", NULL, put_dish, &dish));
    return NULL;
}

int main(void)
{
    stm_store *store;
    pthread_t kitchen;
    int64_t dish = 0;

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK(pthread_create(&kitchen, NULL, cook, store) == 0);
    for (int64_t i = 1; i <= DISH_COUNT; i++) {
        CHECK_OK(stm_atomically(store, "eat", NULL, take_dish, &dish));
        CHECK(dish == i); /* none lost, none twice, all in order */
    }
    CHECK(pthread_join(kitchen, NULL) == 0);

    const stm_policy short_of_time = {.size = sizeof(stm_policy), .time_ns_max = 1000000};
    CHECK(stm_atomically(store, "eat", &short_of_time, take_dish, &dish) == STM_TIMEOUT);
    printf("%d dishes were served, and then no more came\n", DISH_COUNT);

    CHECK_OK(stm_store_close(store));
    return 0;
}
