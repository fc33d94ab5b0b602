/*
 * options -- limits of the store, and the allocator it takes its memory from.
 *
 * This allocator counts what is out. Any thread may call it at any time, so it counts under a lock;
 * it must not call the library.
 */
#define _POSIX_C_SOURCE 200809L /* posix_memalign */
#include "../check.h"

#include <pthread.h>

typedef struct meter {
    pthread_mutex_t lock;
    size_t bytes_now, bytes_most;
} meter;

static void *metered_alloc(void *context, size_t size, size_t alignment)
{
    meter *m = context;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) == 0) {
        pthread_mutex_lock(&m->lock);
        m->bytes_now += size;
        m->bytes_most = m->bytes_now > m->bytes_most ? m->bytes_now : m->bytes_most;
        pthread_mutex_unlock(&m->lock);
    }
    return memory;
}

static void metered_free(void *context, void *memory, size_t size)
{
    meter *m = context;
    pthread_mutex_lock(&m->lock);
    m->bytes_now -= memory == NULL ? 0 : size;
    pthread_mutex_unlock(&m->lock);
    free(memory);
}

int main(void)
{
    meter m = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const stm_options options = {
        .size = sizeof(options),
        .key_size_max = 16,
        .value_size_max = 1000,
        .key_count_hint = 100,
        .allocator = {metered_alloc, metered_free, &m},
    };
    stm_store *store;
    stm_txn *txn;

    CHECK_OK(stm_store_open(&options, &store));
    CHECK_OK(stm_txn_begin(store, "fill", &txn));
    CHECK_OK(stm_txn_set(txn, stm_text("a short key"), stm_text("a value")));
    CHECK_OK(stm_txn_commit(txn));

    CHECK(stm_txn_use(txn, stm_text("a key of more than 16 bytes"), NULL) == STM_TOO_LARGE);
    CHECK(stm_txn_commit(txn) == STM_TOO_LARGE); /* failures stick, until reset */
    stm_txn_reset(txn);
    CHECK_OK(stm_txn_get(txn, stm_text("a short key"), &(stm_bytes){NULL, 0}));

    stm_txn_end(txn);
    CHECK_OK(stm_store_close(store));
    CHECK(m.bytes_most > 0 && m.bytes_now == 0); /* all of it came back */
    printf("took %zu KiB at most, and gave all of it back\n", m.bytes_most / 1024);
    return 0;
}
