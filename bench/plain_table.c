/*
 * plain_table.c -- see plain_table.h.
 *
 * A look-up has three passes over the keys, so that the cache misses of one pass overlap: hash and
 * prefetch the bucket; find the tag in the bucket and prefetch the record; compare the key. A wrong
 * record with the right tag (one in 32,768 per neighbour) is found out in the last pass, which then
 * searches on.
 */
#include "plain_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SLOTS 8 /* a bucket */
#define TAG_SHIFT 48
#define POINTER_MASK ((UINT64_C(1) << TAG_SHIFT) - 1)
#define HUGE_PAGE ((size_t)2 << 20)

typedef struct bucket {
    uint64_t slots[SLOTS]; /* 0: free, and then all behind it are */
} bucket;

struct plain_table {
    bucket *buckets;
    size_t bucket_mask;
    plain_record *records;
    size_t record_count, record_count_max;
    char *blocks; /* of values that do not fit into a record */
    size_t value_size, block_size;
    void *pool;
    size_t pool_size;
};

static uint64_t hash_of(const char *key)
{
    return XXH3_64bits(key, PLAIN_KEY_SIZE);
}

/* The low bits choose the bucket, the high ones are the tag; never 0, which is a free slot's. */
static uint64_t tag_of(uint64_t hash)
{
    return hash >> TAG_SHIFT | 1;
}

static plain_record *record_in(uint64_t slot)
{
    return (plain_record *)(uintptr_t)(slot & POINTER_MASK);
}

static bool same_key(const plain_record *record, const char *key)
{
    return memcmp(record->key, key, PLAIN_KEY_SIZE) == 0;
}

/* ------------------------------------------------------------------------------- look-up -- */

/* A bit for each slot of the bucket that has the tag, the lowest for the first. Without a branch: which
 * slot it will be cannot be predicted, and a look-up that guesses wrong costs more than comparing all. */
static unsigned slots_with(const bucket *b, uint64_t tag)
{
#ifdef __SSE2__
    const float *words = (const float *)(const void *)b->slots; /* two for each slot, the tag in the upper */
    __m128 low = _mm_shuffle_ps(_mm_load_ps(words), _mm_load_ps(words + 4), _MM_SHUFFLE(3, 1, 3, 1));
    __m128 high = _mm_shuffle_ps(_mm_load_ps(words + 8), _mm_load_ps(words + 12), _MM_SHUFFLE(3, 1, 3, 1));
    __m128i tags = _mm_packs_epi32(_mm_srai_epi32(_mm_castps_si128(low), 16),
                                   _mm_srai_epi32(_mm_castps_si128(high), 16));
    __m128i same = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)(uint16_t)tag));
    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128()));
#else
    unsigned mask = 0;
    for (unsigned s = 0; s < SLOTS; s++)
        mask |= (unsigned)(b->slots[s] >> TAG_SHIFT == tag) << s;
    return mask;
#endif
}

/* The first record from the home bucket on that has the tag, or NULL. */
static plain_record *candidate(const plain_table *table, uint64_t hash)
{
    for (size_t i = hash & table->bucket_mask;; i = (i + 1) & table->bucket_mask) {
        const bucket *b = &table->buckets[i];
        unsigned mask = slots_with(b, tag_of(hash));
        if (mask != 0)
            return record_in(b->slots[__builtin_ctz(mask)]);
        if (b->slots[SLOTS - 1] == 0)
            return NULL;
    }
}

/* The same with the whole key compared: for the rare case of two keys with one tag. */
static plain_record *search(const plain_table *table, uint64_t hash, const char *key)
{
    for (size_t i = hash & table->bucket_mask;; i = (i + 1) & table->bucket_mask) {
        const bucket *b = &table->buckets[i];
        for (unsigned s = 0; s < SLOTS && b->slots[s] != 0; s++) {
            if (b->slots[s] >> TAG_SHIFT == tag_of(hash) && same_key(record_in(b->slots[s]), key))
                return record_in(b->slots[s]);
        }
        if (b->slots[SLOTS - 1] == 0)
            return NULL;
    }
}

void plain_table_find(const plain_table *table, const char (*keys)[PLAIN_KEY_SIZE], size_t count,
                      plain_record **records)
{
    uint64_t hashes[PLAIN_KEYS_MAX];
    for (size_t i = 0; i < count; i++) {
        hashes[i] = hash_of(keys[i]);
        __builtin_prefetch(&table->buckets[hashes[i] & table->bucket_mask]);
    }
    for (size_t i = 0; i < count; i++) {
        records[i] = candidate(table, hashes[i]);
        __builtin_prefetch(records[i], 1);
    }
    for (size_t i = 0; i < count; i++) {
        if (records[i] != NULL && !same_key(records[i], keys[i]))
            records[i] = search(table, hashes[i], keys[i]);
    }
}

plain_record *plain_table_records(const plain_table *table, size_t *count)
{
    *count = table->record_count;
    return table->records;
}

/* ------------------------------------------------------------------------------- filling -- */

static uint64_t *free_slot(plain_table *table, uint64_t hash)
{
    for (size_t i = hash & table->bucket_mask;; i = (i + 1) & table->bucket_mask) {
        bucket *b = &table->buckets[i];
        for (unsigned s = 0; s < SLOTS; s++) {
            if (b->slots[s] == 0)
                return &b->slots[s];
        }
    }
}

plain_record *plain_table_add(plain_table *table, const char key[PLAIN_KEY_SIZE])
{
    if (table->record_count == table->record_count_max)
        return NULL;
    size_t index = table->record_count++;
    plain_record *record = &table->records[index];
    record->hash = hash_of(key);
    memcpy(record->key, key, PLAIN_KEY_SIZE);
    record->value_size = table->value_size;
    record->value = table->block_size == 0 ? record->inline_value : table->blocks + index * table->block_size;
    *free_slot(table, record->hash) = tag_of(record->hash) << TAG_SHIFT | (uintptr_t)record;
    return record;
}

/* --------------------------------------------------------------------------------- memory -- */

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

/* Enough buckets that at most seven eighths of the slots are taken, a power of two. */
static size_t bucket_count_for(size_t key_count)
{
    size_t count = 1;
    while (count * 7 < key_count)
        count *= 2;
    return count;
}

/* Fresh zero pages, huge ones where the system has them. Mapped one huge page too large, so that
 * the part that is used begins at the boundary of one. */
static char *pool_open(plain_table *table, size_t size)
{
    table->pool_size = round_up(size, HUGE_PAGE) + HUGE_PAGE;
    table->pool = mmap(NULL, table->pool_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table->pool == MAP_FAILED)
        return NULL;
    char *start = (char *)round_up((uintptr_t)table->pool, HUGE_PAGE);
    (void)madvise(start, round_up(size, HUGE_PAGE), MADV_HUGEPAGE); /* only a wish */
    return start;
}

plain_table *plain_table_open(size_t key_count, size_t value_size)
{
    plain_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    size_t bucket_count = bucket_count_for(key_count);
    table->bucket_mask = bucket_count - 1;
    table->record_count_max = key_count;
    table->value_size = value_size;
    table->block_size = value_size <= PLAIN_INLINE_SIZE ? 0 : round_up(value_size, 64);

    size_t bucket_bytes = bucket_count * sizeof(bucket), record_bytes = key_count * sizeof(plain_record);
    char *pool = pool_open(table, bucket_bytes + record_bytes + key_count * table->block_size);
    if (pool == NULL) {
        free(table);
        return NULL;
    }
    table->buckets = (bucket *)(void *)pool;
    table->records = (plain_record *)(void *)(pool + bucket_bytes);
    table->blocks = pool + bucket_bytes + record_bytes;
    return table;
}

void plain_table_close(plain_table *table)
{
    if (table == NULL)
        return;
    (void)munmap(table->pool, table->pool_size);
    free(table);
}
