/*
 * store_buffer.h -- stores that have been made and not yet arrived, a buffer a thread: what C11 allows of weak
 * memory beyond interleavings, as far as stores go.
 *
 *     release   arrives after all stores that the thread made before it
 *     relaxed   arrives after those to the same word only
 *     seq_cst   arrives at once, and all others before it; so does any read-modify-write, but for a relaxed or
 *               acquiring one, before which only those to the same word must
 *
 * A processor of the x86 kind (total store order) does a part of this: the oldest arrives first. Loads are not
 * delayed: a missing acquire does not show here. (Sewell et al., "x86-TSO", 2010; PSO for the relaxed ones.)
 */
#ifndef TESTS_STORE_BUFFER_H
#define TESTS_STORE_BUFFER_H

#include "../../libstm/src/atomic.h"

#define STORE_BUFFER_COUNT_MAX 64u /* in one buffer: then the oldest arrives by itself */

typedef struct store_buffer_entry {
    volatile void *address;
    size_t size; /* 4 or 8 */
    uint64_t value;
    memory_order order;
    uint64_t made_at; /* in the thread's own steps */
} store_buffer_entry;

typedef struct store_buffer {
    unsigned count;
    store_buffer_entry entries[STORE_BUFFER_COUNT_MAX]; /* oldest first */
} store_buffer;

void store_buffer_add(store_buffer *buffer, const store_buffer_entry *entry);
/* Where the thread finds the word: in its buffer, or in memory. */
volatile void *store_buffer_place(store_buffer *buffer, volatile void *address);
/* The newest that may arrive before the older ones; 0: the oldest is the only one. */
unsigned store_buffer_overtaker(const store_buffer *buffer);
/* A bit for each store that cannot arrive before number `at` does: itself, and what must not overtake it. */
uint64_t store_buffer_behind(const store_buffer *buffer, unsigned at);
/* Number `at`, 0 is the oldest, arrives. */
void store_buffer_arrive(store_buffer *buffer, unsigned at);
void store_buffer_arrive_all(store_buffer *buffer);
/* All up to the newest that touches these bytes. */
void store_buffer_arrive_upto(store_buffer *buffer, const volatile void *address, size_t size);

#endif
