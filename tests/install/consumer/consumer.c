/* A C11 program that knows of libstm only what is installed: a conflict, told and explained. */
#include <stm/stm.h>

#include <stdio.h>
#include <string.h>

#define EXPECT(condition)                                                    \
    do {                                                                     \
        if (!(condition)) {                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);  \
            return 1;                                                        \
        }                                                                    \
    } while (0)

int main(void)
{
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", STM_VERSION_MAJOR, STM_VERSION_MINOR, STM_VERSION_PATCH);
    EXPECT(strcmp(stm_version(), version) == 0);

    stm_store *store;
    stm_txn *first, *second;
    EXPECT(stm_store_open(NULL, &store) == STM_OK);
    EXPECT(stm_txn_begin(store, "first", &first) == STM_OK);
    EXPECT(stm_txn_begin(store, "second", &second) == STM_OK);

    EXPECT(stm_txn_set(first, stm_text("greeting"), stm_text("hello")) == STM_OK);
    EXPECT(stm_txn_set(second, stm_text("greeting"), stm_text("good day")) == STM_OK);
    EXPECT(stm_txn_commit(first) == STM_OK);
    EXPECT(stm_txn_commit(second) == STM_CONFLICT);

    stm_conflict conflict;
    EXPECT(stm_txn_conflicts(second, &conflict, 1) == 1);
    EXPECT(strcmp(conflict.winner.label, "first") == 0);

    stm_txn_end(first);
    stm_txn_end(second);
    EXPECT(stm_store_close(store) == STM_OK);
    return 0;
}
