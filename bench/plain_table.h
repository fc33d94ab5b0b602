/*
 * plain_table.h -- the floor: a hash table without any synchronisation, laid out as the store is.
 *
 * What a transaction costs is told as a multiple of what the same look-ups and stores cost here.
 * So this table has everything that makes the store fast, and nothing that makes it safe:
 *
 *     buckets   64 bytes, cache-aligned, of eight words (16-bit tag | 48-bit pointer to a record);
 *               the eight tags are compared at once; a full bucket overflows into the next one
 *     records   64 bytes, cache-aligned: 32 bytes of header, key and value of up to 16 inline;
 *               a larger value in a block of its own
 *     memory    one pool of huge pages (madvise) for both
 *     hash      XXH3, 64 bits
 *     order     all keys are hashed and their buckets prefetched, then all records, before any
 *               record is touched
 *
 * Keys have exactly 16 bytes; a table takes a fixed number of them, and none is removed.
 */
#ifndef BENCH_PLAIN_TABLE_H
#define BENCH_PLAIN_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define PLAIN_KEY_SIZE 16
#define PLAIN_INLINE_SIZE 16
#define PLAIN_KEYS_MAX 64 /* in one plain_table_find */

typedef struct plain_record {
    uint64_t hash;
    size_t value_size;
    void *value; /* inline_value, or a block */
    uint64_t spare;
    char key[PLAIN_KEY_SIZE];
    char inline_value[PLAIN_INLINE_SIZE];
} plain_record;

typedef struct plain_table plain_table;

/* A table for up to key_count keys with values of value_size bytes. NULL when there is no memory. */
plain_table *plain_table_open(size_t key_count, size_t value_size);
void plain_table_close(plain_table *table);

/* Adds a key that is not there yet, its value all zeros. NULL when the table is full. */
plain_record *plain_table_add(plain_table *table, const char key[PLAIN_KEY_SIZE]);

/* Finds count keys at once. Out: records, NULL for those absent. */
void plain_table_find(const plain_table *table, const char (*keys)[PLAIN_KEY_SIZE], size_t count,
                      plain_record **records);

/* Lets no later operation begin before what was read so far has come from memory. A loop of nothing
 * but look-ups is faster than each of them: the processor has begun the next one, and waits for its
 * memory, before this one is done. In a program that does something in between it has not. */
static inline void plain_finish_loads(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_lfence();
#elif defined(__aarch64__)
    __asm__ volatile("dsb ld\n\tisb" ::: "memory");
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* All records, in the order of memory. */
plain_record *plain_table_records(const plain_table *table, size_t *count);

#endif
