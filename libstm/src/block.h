/*
 * block.h -- a value too large for its record: immutable once published, one a version. The record
 * (later: the old version in a history) holds one reference, and so does each transaction whose private copy it is:
 * the one that wrote it, and those that have checked the key out for update. Readers hold none, since they read inside
 * an epoch or under a snapshot that keeps the version.
 */
#ifndef STMI_BLOCK_H
#define STMI_BLOCK_H

#include "pool.h"

struct stmi_block {
    struct stmi_cell cell;
    _Atomic(uint32_t) references;
    uint32_t unused;
    size_t size;    /* of the value */
    size_t capacity; /* of data, its NUL included */
    char data[];
};

/* Room for size bytes and a NUL, with one reference. NULL when there is no memory. */
struct stmi_block *stmi_block_get(struct stm_txn *txn, size_t size);
/* Drops one reference; the last one frees. No reader may be able to reach it any more. */
void stmi_block_drop(struct stm_txn *txn, struct stmi_block *block);

#endif
