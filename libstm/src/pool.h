/*
 * pool.h -- small pieces of memory that are freed and taken again all the time: blocks of large
 * values and old versions. Each transaction slot has free lists of its own, by size class, used by one
 * thread at a time; what is too much there goes to the store's depot in batches, where other slots
 * find it (else a thread that only frees would hoard what a thread that only takes must ask the
 * allocator for). What is too much there goes back to the allocator.
 */
#ifndef STMI_POOL_H
#define STMI_POOL_H

#include "atomic.h"
#include "memory.h"

struct stm_store;
struct stm_txn;

/* The beginning of every piece that comes from a pool or is retired through an epoch. */
struct stmi_cell {
    struct stmi_cell *next; /* in a free list, or in limbo */
    uint32_t class;         /* size class, or STMI_CLASS_LARGE */
    uint32_t kind;          /* enum stmi_cell_kind: how to free it when its epoch has passed, if it is retired */
};

enum stmi_cell_kind { STMI_CELL_BLOCK, STMI_CELL_VERSION, STMI_CELL_PAGES };

/* Classes of 64, 96, 128, 192, 256, ... 98,304 bytes: a step is at most a half. */
#define STMI_CLASS_COUNT 22
#define STMI_CLASS_LARGE 255u

struct stmi_cache {
    struct stmi_cell *free[STMI_CLASS_COUNT];
    uint32_t count[STMI_CLASS_COUNT];
    stmi_word bytes; /* for statistics */
};

struct stmi_batch;
struct stmi_depot {
    _Atomic(struct stmi_batch *) batches[STMI_CLASS_COUNT];
    stmi_word bytes;
};

/* The smallest class that holds size bytes, or STMI_CLASS_LARGE. */
uint32_t stmi_class_of(size_t size);
size_t stmi_class_size(uint32_t class);

/* txn is the slot whose free lists serve. NULL when there is no memory. class is not LARGE. */
void *stmi_pool_get(struct stm_txn *txn, uint32_t class);
void stmi_pool_put(struct stm_txn *txn, struct stmi_cell *cell);

void stmi_pool_drain(struct stmi_memory *memory, struct stmi_cache *cache);
void stmi_depot_drain(struct stmi_memory *memory, struct stmi_depot *depot);

#endif
