/* A C11 program that knows of libstm-snapshot only what is installed: a value goes to a file and comes back. */
#include <stm/snapshot.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPECT(condition)                                                    \
    do {                                                                     \
        if (!(condition)) {                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);  \
            return 1;                                                        \
        }                                                                    \
    } while (0)

int main(void)
{
    char path[] = "consumer-XXXXXX";
    stm_store *store, *copy;
    stm_txn *txn;
    stm_import_result result;
    stm_file_error error;
    int file = mkstemp(path);

    EXPECT(file >= 0 && close(file) == 0);
    EXPECT(stm_store_open(NULL, &store) == STM_OK && stm_store_open(NULL, &copy) == STM_OK);
    EXPECT(stm_txn_begin(store, "greet", &txn) == STM_OK);
    EXPECT(stm_txn_set_string(txn, stm_text("greeting"), "hello") == STM_OK && stm_txn_commit(txn) == STM_OK);
    stm_txn_end(txn);
    EXPECT(stm_file_export(store, path, NULL, NULL, &error) == STM_FILE_OK);
    EXPECT(stm_file_import(copy, path, NULL, &result, &error) == STM_FILE_OK);
    EXPECT(result.imported == 1 && unlink(path) == 0);
    EXPECT(stm_store_close(store) == STM_OK && stm_store_close(copy) == STM_OK);
    return 0;
}
