#include "epoch.h"

#include "block.h"
#include "history.h"
#include "mutant.h"
#include "store.h"
#include "txn.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COLLECT_BYTES ((size_t)256 << 10) /* waiting in one slot before it tries to move the epoch: fits the L2 cache */
#define PAUSE_FACTOR 10                   /* between two attempts, times what the last one took: a tenth of the time */
#define PAUSE_NS_MAX 100000               /* at most: it may have been preempted */

#ifdef STM_TESTING
size_t stmi_collect_bytes = COLLECT_BYTES;
#else
#define stmi_collect_bytes COLLECT_BYTES
#endif

bool stmi_membarrier_works;

#ifndef STM_TESTING
/* Registered before main: later, with threads about, it takes milliseconds. */
__attribute__((constructor)) static void membarrier_register(void)
{
    stmi_membarrier_works = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}
#endif

/* After it, every store of every thread that came before a read which misses our earlier stores is
 * seen by our later loads. */
static void barrier_of_all_threads(void)
{
    if (stmi_membarrier_works && !stmi_mutant(WEAK_EPOCH))
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

bool stmi_epoch_advance(struct stm_store *store)
{
    uint64_t now = stmi_load(&store->epoch.global, SEQ_CST);
    barrier_of_all_threads();
    for (struct stm_txn *slot = stmi_load(&store->slots, ACQUIRE); slot != NULL; slot = slot->next_slot) {
        uint64_t epoch = stmi_load(&slot->epoch, SEQ_CST); /* Acquire pair:epoch */
        if (epoch != 0 && epoch != now)
            return false;
    }
    return stmi_cas(&store->epoch.global, &now, now + 1, SEQ_CST);
}

static void free_cell(struct stm_txn *txn, struct stmi_cell *cell)
{
    if (cell->kind == STMI_CELL_BLOCK)
        stmi_block_drop(txn, STMI_CONTAINER(cell, struct stmi_block, cell));
    else if (cell->kind == STMI_CELL_VERSION)
        stmi_version_put(txn, STMI_CONTAINER(cell, struct stmi_version, cell));
    else
        stmi_pages_put(&txn->store->memory, cell, *(size_t *)(void *)(cell + 1));
}

static void free_list(struct stm_txn *txn, unsigned list)
{
    struct stmi_limbo *limbo = &txn->limbo;
    struct stmi_cell *cell = limbo->cells[list];
    limbo->cells[list] = NULL;
    stmi_tally(&limbo->bytes_waiting, (uint64_t)0 - limbo->bytes[list]);
    limbo->bytes[list] = 0;
    while (cell != NULL) {
        struct stmi_cell *next = cell->next;
        free_cell(txn, cell);
        cell = next;
    }
}

void stmi_epoch_collect(struct stm_txn *txn)
{
    uint64_t now = stmi_load(&txn->store->epoch.global, ACQUIRE);
    for (unsigned list = 0; list < STMI_LIMBO_LISTS; list++)
        if (txn->limbo.cells[list] != NULL && txn->limbo.epochs[list] + (stmi_mutant(EARLY_FREE) ? 1 : 3) <= now)
            free_list(txn, list);
}

/* Moves the epoch, unless somebody has tried just now. */
static void advance_now_and_then(struct stm_store *store)
{
    int64_t now_ns = stmi_now_ns();
    int64_t last_ns = stmi_load(&store->epoch.advanced_ns, RELAXED); /* a limit on cost only */
    int64_t pause_ns = stmi_load(&store->epoch.pause_ns, RELAXED);
    if (now_ns - last_ns < pause_ns || !stmi_cas(&store->epoch.advanced_ns, &last_ns, now_ns, SEQ_CST))
        return;
    stmi_epoch_advance(store);
    pause_ns = (stmi_now_ns() - now_ns) * PAUSE_FACTOR;
    stmi_store(&store->epoch.pause_ns, pause_ns < PAUSE_NS_MAX ? pause_ns : PAUSE_NS_MAX, RELAXED);
}

/* Often enough that what waits stays near, and not at every retirement: looking at the clock has its price, too. */
static __attribute__((noinline)) void keep_house(struct stm_txn *txn)
{
    struct stmi_limbo *limbo = &txn->limbo;
    if (stmi_peek(&limbo->bytes_waiting) >= stmi_collect_bytes)
        stmi_epoch_collect(txn);
    if (stmi_peek(&limbo->bytes_waiting) >= stmi_collect_bytes)
        advance_now_and_then(txn->store);
    size_t next = stmi_peek(&limbo->bytes_waiting) + stmi_collect_bytes / 8;
    limbo->bytes_next = next > stmi_collect_bytes ? next : stmi_collect_bytes;
}

void stmi_epoch_retire(struct stm_txn *txn, struct stmi_cell *cell, size_t bytes)
{
    struct stmi_limbo *limbo = &txn->limbo;
    uint64_t epoch = stmi_peek(&txn->epoch); /* our own */
    assert(epoch != 0);
    unsigned list = (unsigned)(epoch % STMI_LIMBO_LISTS);
    if (limbo->epochs[list] != epoch) {
        free_list(txn, list); /* retired four epochs ago or more */
        limbo->epochs[list] = epoch;
    }
    cell->next = limbo->cells[list];
    limbo->cells[list] = cell;
    limbo->bytes[list] += bytes;
    stmi_tally(&limbo->bytes_waiting, bytes);
    if (stmi_unlikely(stmi_peek(&limbo->bytes_waiting) >= limbo->bytes_next))
        keep_house(txn);
}

#define FLUSH_BYTES ((size_t)64 << 10)

void stmi_epoch_flush(struct stm_txn *txn)
{
    for (unsigned steps = 0; steps < 3 && stmi_peek(&txn->limbo.bytes_waiting) >= FLUSH_BYTES; steps++) {
        if (!stmi_epoch_advance(txn->store))
            return; /* somebody is inside: later */
        stmi_epoch_collect(txn);
    }
}

void stmi_epoch_drain(struct stm_txn *txn)
{
    for (unsigned list = 0; list < STMI_LIMBO_LISTS; list++)
        free_list(txn, list);
}
