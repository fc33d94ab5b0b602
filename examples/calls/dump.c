/*
 * dump -- writes every key, its version, its last writer and its value, as of one instant: a line a
 * key, in order. For eyes and logs; programs read a snapshot.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "../check.h"

int main(void)
{
    stm_store *store;
    stm_txn *txn;
    char *text = NULL;
    size_t size = 0;

    CHECK_OK(stm_store_open(NULL, &store));
    CHECK_OK(stm_txn_begin(store, "fill", &txn));
    CHECK_OK(stm_txn_set_string(txn, stm_text("name"), "Ada"));
    CHECK_OK(stm_txn_set_int64(txn, stm_text("born"), 1815));
    CHECK_OK(stm_txn_set(txn, stm_text("bytes"), stm_bytes_of("a\tb\0c", 5)));
    CHECK_OK(stm_txn_commit(txn));
    stm_txn_end(txn);

    FILE *stream = open_memstream(&text, &size);
    CHECK(stream != NULL);
    CHECK_OK(stm_store_dump(store, stream));
    CHECK(fclose(stream) == 0);
    fputs(text, stdout);

    const char *born = strstr(text, "born"), *bytes = strstr(text, "bytes"), *name = strstr(text, "name");
    CHECK(born != NULL && bytes > born && name > bytes); /* in order */
    CHECK(strstr(text, "Ada") != NULL && strlen(text) == size && strchr(text, '\t') == NULL);

    free(text);
    CHECK_OK(stm_store_close(store));
    return 0;
}
