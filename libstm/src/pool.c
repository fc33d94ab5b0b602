#include "pool.h"

#include "block.h"
#include "store.h"
#include "txn.h"

#define CACHE_BYTES_MAX ((size_t)256 << 10) /* of one class in one slot */
#define CACHE_COUNT_MIN 8                   /* so many may stay, however large */
#define DEPOT_BYTES_MAX ((size_t)1 << 20)   /* in a store */

/* A batch lies in the memory of its first cell. */
struct stmi_batch {
    struct stmi_cell cell;
    struct stmi_batch *below;
    size_t count;
};

size_t stmi_class_size(uint32_t class)
{
    size_t step = (size_t)64 << class / 2;
    return class % 2 == 0 ? step : step + step / 2;
}

uint32_t stmi_class_of(size_t size)
{
    if (size <= 64)
        return 0;
    unsigned power = stmi_log2(size - 1); /* 2^power < size <= 2^(power + 1) */
    uint32_t class = 2 * (power - 6) + 1;
    if (size > stmi_class_size(class))
        class++;
    return class < STMI_CLASS_COUNT ? class : STMI_CLASS_LARGE;
}

static void free_list(struct stmi_memory *memory, struct stmi_cell *cell, size_t size)
{
    while (cell != NULL) {
        struct stmi_cell *next = cell->next;
        stmi_memory_put(memory, cell, size);
        cell = next;
    }
}

/* Lays a stack of batches upon the depot's. */
static void depot_push(struct stmi_depot *depot, uint32_t class, struct stmi_batch *top)
{
    struct stmi_batch *bottom = top;
    while (bottom->below != NULL)
        bottom = bottom->below;
    struct stmi_batch *old = stmi_load(&depot->batches[class], RELAXED); /* only a guess for the CAS */
    do
        bottom->below = old;
    while (!stmi_cas(&depot->batches[class], &old, top, SEQ_CST)); /* Release pair:depot */
}

/* Takes all and gives the rest back, rather than popping one: popping would meet ABA. */
static bool depot_take(struct stm_txn *txn, uint32_t class)
{
    struct stmi_depot *depot = &txn->store->depot;
    if (stmi_load(&depot->batches[class], RELAXED) == NULL) /* a hint */
        return false;
    struct stmi_batch *batch = stmi_swap(&depot->batches[class], NULL, SEQ_CST); /* Acquire pair:depot */
    if (batch == NULL)
        return false;
    if (batch->below != NULL)
        depot_push(depot, class, batch->below);
    size_t bytes = batch->count * stmi_class_size(class);
    stmi_sub(&depot->bytes, bytes, RELAXED);
    stmi_tally(&txn->cache.bytes, bytes);
    txn->cache.free[class] = &batch->cell;
    txn->cache.count[class] = (uint32_t)batch->count;
    return true;
}

void *stmi_pool_get(struct stm_txn *txn, uint32_t class)
{
    struct stmi_cache *cache = &txn->cache;
    size_t size = stmi_class_size(class);
    if (cache->free[class] != NULL || depot_take(txn, class)) {
        struct stmi_cell *cell = cache->free[class];
        cache->free[class] = cell->next;
        cache->count[class]--;
        stmi_tally(&cache->bytes, (uint64_t)0 - size);
        return cell;
    }
    struct stmi_cell *cell = stmi_memory_get(&txn->store->memory, size, _Alignof(max_align_t));
    if (cell != NULL)
        cell->class = class;
    return cell;
}

static void overflow(struct stm_txn *txn, uint32_t class)
{
    struct stmi_cache *cache = &txn->cache;
    struct stmi_depot *depot = &txn->store->depot;
    size_t bytes = cache->count[class] * stmi_class_size(class);
    struct stmi_cell *list = cache->free[class];
    uint32_t count = cache->count[class];
    cache->free[class] = NULL;
    cache->count[class] = 0;
    stmi_tally(&cache->bytes, (uint64_t)0 - bytes);
    if (stmi_load(&depot->bytes, RELAXED) + bytes > DEPOT_BYTES_MAX) { /* a bound, not a promise */
        free_list(&txn->store->memory, list, stmi_class_size(class));
        return;
    }
    stmi_add(&depot->bytes, bytes, RELAXED);
    struct stmi_batch *batch = STMI_CONTAINER(list, struct stmi_batch, cell);
    batch->below = NULL;
    batch->count = count;
    depot_push(depot, class, batch);
}

#ifdef STM_TESTING
#define FORGOTTEN 0xdb

/* Whoever still looks at it is found out. */
static void forget(struct stmi_cell *cell, size_t size)
{
    stmi_touch(STMI_STORE, &cell->next);
    memset(cell + 1, FORGOTTEN, size - sizeof *cell);
}
#else
#define forget(cell, size) ((void)0)
#endif

void stmi_pool_put(struct stm_txn *txn, struct stmi_cell *cell)
{
    struct stmi_cache *cache = &txn->cache;
    uint32_t class = cell->class;
    size_t size = stmi_class_size(class);
    forget(cell, size);
    cell->next = cache->free[class];
    cache->free[class] = cell;
    cache->count[class]++;
    stmi_tally(&cache->bytes, size);
    if (cache->count[class] > CACHE_COUNT_MIN && cache->count[class] * size > CACHE_BYTES_MAX)
        overflow(txn, class);
}

void stmi_pool_drain(struct stmi_memory *memory, struct stmi_cache *cache)
{
    for (uint32_t class = 0; class < STMI_CLASS_COUNT; class++)
        free_list(memory, cache->free[class], stmi_class_size(class));
}

void stmi_depot_drain(struct stmi_memory *memory, struct stmi_depot *depot)
{
    for (uint32_t class = 0; class < STMI_CLASS_COUNT; class++) {
        struct stmi_batch *batch = stmi_load(&depot->batches[class], RELAXED);
        while (batch != NULL) {
            struct stmi_batch *below = batch->below;
            free_list(memory, &batch->cell, stmi_class_size(class));
            batch = below;
        }
    }
}

/* ------------------------------------------------------------------------------ blocks -- */

struct stmi_block *stmi_block_get(struct stm_txn *txn, size_t size)
{
    size_t bytes = sizeof(struct stmi_block) + size + 1;
    uint32_t class = stmi_class_of(bytes);
    struct stmi_block *block;
    if (class != STMI_CLASS_LARGE) {
        block = stmi_pool_get(txn, class);
        bytes = stmi_class_size(class);
    } else {
        block = stmi_memory_get(&txn->store->memory, bytes, _Alignof(max_align_t));
    }
    if (block == NULL)
        return NULL;
    block->cell.class = class;
    block->cell.kind = STMI_CELL_BLOCK;
    block->size = size;
    block->capacity = bytes - sizeof(struct stmi_block);
    stmi_store(&block->references, 1, RELAXED); /* private until published */
    return block;
}

void stmi_block_drop(struct stm_txn *txn, struct stmi_block *block)
{
    /* Release and acquire pair:block -- the last one frees only after every other one's last look. */
    if (stmi_load(&block->references, ACQUIRE) != 1 && stmi_sub(&block->references, 1, SEQ_CST) != 1)
        return;
    if (block->cell.class == STMI_CLASS_LARGE)
        stmi_memory_put(&txn->store->memory, block, sizeof(struct stmi_block) + block->capacity);
    else
        stmi_pool_put(txn, &block->cell);
}
