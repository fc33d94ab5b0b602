/*
 * key handles -- resolve a key once, and save hashing and looking it up on hot paths.
 *
 * A handle is plain data, may be copied and shared by threads, and lives as long as its store.
 */
#include "../check.h"

enum { SEAT_COUNT = 3 };

int main(void)
{
    stm_store *store, *elsewhere;
    stm_txn *txn;
    stm_key seats[SEAT_COUNT], foreign;
    stm_bytes guests[SEAT_COUNT];
    const char *names[SEAT_COUNT] = {"seat:1", "seat:2", "seat:3"};

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_store_open(NULL, &elsewhere));
    CHECK_OK(stm_txn_begin(store, "seat guests", &txn));
    for (int i = 0; i < SEAT_COUNT; i++)
        CHECK_OK(stm_key_resolve(store, stm_text(names[i]), &seats[i]));
    CHECK(equals(stm_key_name(seats[0]), "seat:1"));

    CHECK_OK(stm_txn_using_keys(txn, seats, SEAT_COUNT, NULL));
    CHECK_OK(stm_txn_set_key(txn, seats[0], stm_text("Ada")));
    CHECK_OK(stm_txn_set_key(txn, seats[1], stm_text("Grace")));
    CHECK_OK(stm_txn_commit(txn));

    stm_txn_reset(txn);
    CHECK_OK(stm_txn_getting_keys(txn, seats, SEAT_COUNT, guests));
    CHECK(equals(guests[0], "Ada") && equals(guests[1], "Grace") && equals(guests[2], NULL));
    CHECK_OK(stm_txn_get(txn, stm_text("seat:2"), &guests[1])); /* the same key by its name */
    printf("%s sits beside %s\n", (const char *)guests[0].data, (const char *)guests[1].data);

    CHECK_OK(stm_key_resolve(elsewhere, stm_text("seat:1"), &foreign));
    CHECK(stm_txn_use_key(txn, foreign, NULL) == STM_FOREIGN);

    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    CHECK_OK(stm_store_close(elsewhere));
    return 0;
}
