/*
 * index.h -- from a key to its record: open addressing in buckets of one cache line, eight words each
 * (a 16-bit tag and a 48-bit pointer), so that a look-up touches the bucket and then the record.
 *
 * Words are only ever filled, along the path that a key takes through a bucket and then the next one, by
 * CAS at the first empty word of the key's path: two threads that add the same key meet there, and one of
 * them wins. Nothing is removed.
 *
 * Growth. A table that is five eighths full gets a successor twice as large. Every thread that adds
 * a key from then on moves some buckets over: it freezes the empty words (so that nobody adds there)
 * and copies the others, which stay where they are: a record found in an old table is the right one, and a
 * path that ends at a frozen word goes on in the successor. When all is moved, the index points to
 * the successor, and the old table is retired. Readers help nobody and wait for nobody; a thread
 * that stops while moving only keeps the old table from being retired.
 */
#ifndef STMI_INDEX_H
#define STMI_INDEX_H

#include "pool.h"
#include "record.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define STMI_BUCKET_WORDS 8

struct stmi_bucket {
    _Alignas(STMI_LINE) stmi_word words[STMI_BUCKET_WORDS];
};

struct stmi_table {
    struct stmi_cell cell;
    size_t bytes; /* of the whole piece, for the one who frees it */
    uint64_t mask; /* buckets - 1 */
    _Atomic(struct stmi_table *) next;
    _Alignas(STMI_LINE) stmi_word count; /* words filled */
    stmi_word claimed;                   /* buckets that some thread has begun to move */
    stmi_word moved;                     /* buckets done */
    struct stmi_bucket buckets[];
};

struct stmi_index {
    _Atomic(struct stmi_table *) table;
    uint64_t seed;
};

stm_status stmi_index_open(struct stmi_memory *memory, struct stmi_index *index, uint64_t key_count_hint,
                           uint64_t seed);
void stmi_index_drain(struct stmi_memory *memory, struct stmi_index *index);

__extension__ typedef unsigned __int128 stmi_wide;

/* The two halves of a product, one upon the other. Multiplied twice: gcc puts a product of 128 bits into memory, and
 * waits for it there. */
STMI_INLINE uint64_t stmi_multiply_fold(uint64_t a, uint64_t b)
{
    return a * b ^ (uint64_t)((stmi_wide)a * b >> 64);
}

/* XXH3 of 9 to 16 bytes, as it is specified: here, to be inlined. stmi_index_open asserts that it is the same. */
STMI_INLINE uint64_t stmi_hash_two_words(uint64_t first, uint64_t last, size_t size, uint64_t seed)
{
    uint64_t low = first ^ (UINT64_C(0x6782737bea4239b9) + seed), high = last ^ (UINT64_C(0xaf56bc3b0996523a) - seed);
    uint64_t hash = size + __builtin_bswap64(low) + high + stmi_multiply_fold(low, high);
    hash = (hash ^ hash >> 37) * UINT64_C(0x165667919e3779f9);
    return hash ^ hash >> 32;
}

STMI_INLINE uint64_t stmi_index_hash(const struct stmi_index *index, stm_bytes key)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (stmi_likely(key.size > 8 && key.size <= STMI_KEY_INLINE_MAX))
        return stmi_hash_two_words(stmi_word_read(key.data), stmi_word_read((const char *)key.data + key.size - 8),
                                   key.size, index->seed);
#endif
    return XXH3_64bits_withSeed(key.data, key.size, index->seed);
}

/* Both need the caller to be inside an epoch. NULL: absent. */
struct stmi_record *stmi_index_find(struct stmi_index *index, const struct stmi_name *name);
/* The record of the key, made at version 0 if absent. NULL: no memory. */
struct stmi_record *stmi_index_add(struct stm_txn *txn, const struct stmi_name *name);

/* The tag of a word that is filled is never 0, so that neither an empty nor a frozen word matches. */
STMI_INLINE uint64_t stmi_index_tag(uint64_t hash)
{
    return hash >> 48 | 1;
}

STMI_INLINE struct stmi_record *stmi_index_record(uint64_t word)
{
    return (struct stmi_record *)(uintptr_t)(word & UINT64_C(0xffffffffffff));
}

/* Two steps before a look-up, for many keys at once: bring the bucket near; then guess the record, by its
 * tag in the first bucket of its path. NULL: no guess. */
STMI_INLINE void stmi_index_prefetch(struct stmi_table *table, uint64_t hash)
{
    __builtin_prefetch(&table->buckets[hash & table->mask]);
}

/* The i-th word of a key's path through a bucket. Paths begin at different words, so that most keys are found
 * at the first look, and a processor that guesses so guesses right. */
STMI_INLINE stmi_word *stmi_bucket_word(struct stmi_bucket *bucket, uint64_t hash, unsigned i)
{
    return &bucket->words[((hash >> 45) + i) % STMI_BUCKET_WORDS]; /* bits that neither tag nor mask uses */
}

/* The same in the bucket behind, where a full one sends a key on. */
struct stmi_record *stmi_index_guess_behind(struct stmi_table *table, uint64_t hash);

/* The first two words are chosen from without a branch: which of them it is no processor can guess, and one that guesses
 * wrong begins the look-ups behind this one anew. */
STMI_INLINE struct stmi_record *stmi_index_guess(struct stmi_table *table, uint64_t hash)
{
    struct stmi_bucket *bucket = &table->buckets[hash & table->mask];
    uint64_t tag = stmi_index_tag(hash);
    uint64_t first = stmi_load(stmi_bucket_word(bucket, hash, 0), ACQUIRE); /* pair:index, like the others */
    uint64_t second = stmi_glimpse(stmi_bucket_word(bucket, hash, 1));
    uint64_t passed = 0 - (uint64_t)(first >> 48 != tag);
    uint64_t word = (first & ~passed) | (second & passed);
    for (unsigned i = 2; stmi_unlikely(word >> 48 != tag); i++) {
        if (first == 0 || word == 0)
            return NULL;
        if (i == STMI_BUCKET_WORDS)
            return stmi_index_guess_behind(table, hash);
        word = stmi_load(stmi_bucket_word(bucket, hash, i), ACQUIRE);
    }
    return stmi_index_record(word);
}

#endif
