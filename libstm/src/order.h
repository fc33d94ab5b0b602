/*
 * order.h -- all keys in their order, for cursors: an array of records, sorted when a cursor is opened
 * after keys were made, and shared until more are. Making a key costs nothing for it; an array is what is
 * fastest to search and to walk; and it never changes once it is published.
 *
 * A search among the records themselves would miss the caches at nearly every step. So the beginning of every 16th key
 * stands in an array of its own, a signpost, and only the last steps look at records, which are asked for all at once.
 */
#ifndef STMI_ORDER_H
#define STMI_ORDER_H

#include "pool.h"
#include "record.h"

struct stm_store;
struct stm_txn;

#define STMI_SIGNPOST_KEYS 16

/* The first 16 bytes of a key as numbers, the first byte highest, and zeros behind its end: where two of them differ, the
 * keys are in the same order. */
struct stmi_signpost {
    uint64_t high, low;
};

struct stmi_order {
    struct stmi_cell cell;
    size_t bytes;
    _Atomic(uint32_t) references; /* the store's, and one for each cursor */
    uint64_t covered;             /* records numbered below are in it, but for the stragglers */
    uint64_t count;
    uint64_t straggler_count;     /* numbers behind the records: where each batch that had not been published whole when
                                     it was made goes on (records.h) */
    const struct stmi_signpost *signposts; /* behind those: of the records 0, 16, 32 ... */
    struct stmi_record *records[];
};

/* One that covers every record published by now, with a reference for the caller; NULL: no memory. slot
 * is outside of an epoch. */
struct stmi_order *stmi_order_get(struct stm_txn *slot);
/* Drops a reference; slot is outside of an epoch. */
void stmi_order_put(struct stm_txn *slot, struct stmi_order *order);
/* The first place whose key is not below this one. */
uint64_t stmi_order_find(const struct stmi_order *order, stm_bytes key);
void stmi_order_drain(struct stm_store *store);

#endif
