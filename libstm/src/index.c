#include "index.h"

#include "epoch.h"
#include "records.h"
#include "store.h"
#include "txn.h"

#include <string.h>

#define EMPTY UINT64_C(0)
#define FROZEN UINT64_C(1) /* no record has this address */
#define MOVE_AT_ONCE 16    /* buckets a thread moves for each key that it adds during growth */
#define TABLE_BUCKETS_MIN 16

static uint64_t word_of(uint64_t hash, const struct stmi_record *record)
{
    return stmi_index_tag(hash) << 48 | (uint64_t)(uintptr_t)record;
}

static struct stmi_table *table_get(struct stmi_memory *memory, uint64_t bucket_count)
{
    size_t bytes = sizeof(struct stmi_table) + bucket_count * sizeof(struct stmi_bucket);
    struct stmi_table *table = stmi_pages_get(memory, bytes);
    if (table == NULL)
        return NULL;
    table->cell.class = STMI_CLASS_LARGE;
    table->cell.kind = STMI_CELL_PAGES;
    table->bytes = bytes;
    table->mask = bucket_count - 1;
    return table;
}

stm_status stmi_index_open(struct stmi_memory *memory, struct stmi_index *index, uint64_t key_count_hint,
                           uint64_t seed)
{
    uint64_t bucket_count = TABLE_BUCKETS_MIN;
    while (bucket_count * 5 < key_count_hint)
        bucket_count *= 2;
    struct stmi_table *table = table_get(memory, bucket_count);
    if (table == NULL)
        return STM_NO_MEMORY;
    index->seed = seed;
    assert(stmi_index_hash(index, stm_text("0123456789a")) == XXH3_64bits_withSeed("0123456789a", 11, seed));
    stmi_store(&index->table, table, RELEASE);
    return STM_OK;
}

void stmi_index_drain(struct stmi_memory *memory, struct stmi_index *index)
{
    struct stmi_table *table = stmi_load(&index->table, RELAXED);
    while (table != NULL) {
        struct stmi_table *next = stmi_load(&table->next, RELAXED);
        stmi_pages_put(memory, table, table->bytes);
        table = next;
    }
}

/* What a walk along a key's path in one table ends with. */
struct walk {
    struct stmi_record *record; /* found, or NULL */
    stmi_word *place;           /* the empty word where the path ends, or NULL: it goes on in the next table */
};

/* name == NULL: looks for the end only. */
static struct walk walk_path(struct stmi_table *table, uint64_t hash, const struct stmi_name *name)
{
    struct walk end = {NULL, NULL};
    uint64_t number = hash & table->mask;
    for (uint64_t buckets = 0; buckets <= table->mask; buckets++, number = (number + 1) & table->mask) {
        struct stmi_bucket *bucket = &table->buckets[number];
        for (unsigned i = 0; i < STMI_BUCKET_WORDS; i++) {
            /* Acquire pair:index -- the record's key and its clean head at version 0. */
            stmi_word *place = stmi_bucket_word(bucket, hash, i);
            uint64_t found = stmi_load(place, ACQUIRE);
            if (found == EMPTY) {
                end.place = place;
                return end;
            }
            if (found == FROZEN)
                return end;
            if (name == NULL || found >> 48 != stmi_index_tag(hash))
                continue;
            struct stmi_record *record = stmi_index_record(found);
            if (stmi_record_is(record, name)) {
                end.record = record;
                return end;
            }
        }
    }
    return end; /* every word is taken: as good as frozen */
}

struct stmi_record *stmi_index_find(struct stmi_index *index, const struct stmi_name *name)
{
    struct stmi_table *table = stmi_load(&index->table, ACQUIRE);
    for (;;) {
        struct walk end = walk_path(table, name->hash, name);
        if (stmi_likely(end.record != NULL))
            return end.record;
        if (end.place != NULL)
            return NULL;
        table = stmi_load(&table->next, ACQUIRE);
        if (table == NULL)
            return NULL;
    }
}

STMI_COLD struct stmi_record *stmi_index_guess_behind(struct stmi_table *table, uint64_t hash)
{
    struct stmi_bucket *bucket = &table->buckets[(hash + 1) & table->mask];
    for (unsigned i = 0; i < STMI_BUCKET_WORDS; i++) {
        uint64_t word = stmi_load(stmi_bucket_word(bucket, hash, i), ACQUIRE); /* pair:index */
        if (word >> 48 == stmi_index_tag(hash))
            return stmi_index_record(word);
        if (word == EMPTY)
            return NULL;
    }
    return NULL;
}

/* ----------------------------------------------------------------------------- growth -- */

/* The successor, made if there is none. NULL: no memory. */
static struct stmi_table *successor(struct stmi_memory *memory, struct stmi_table *table)
{
    struct stmi_table *next = stmi_load(&table->next, ACQUIRE);
    if (next != NULL)
        return next;
    struct stmi_table *fresh = table_get(memory, (table->mask + 1) * 2);
    if (fresh == NULL)
        return NULL;
    if (stmi_cas(&table->next, &next, fresh, SEQ_CST)) /* Release pair:table */
        return fresh;
    stmi_pages_put(memory, fresh, fresh->bytes);
    return next;
}

#define COUNT_AT_ONCE_MAX 64

/* Tells the table of words filled: many at a time where a few hundred more or less do not matter, so that threads that
 * make keys seldom meet. (Left over, some may be told to the next table instead.) */
static void count_filled(struct stm_txn *txn, struct stmi_table *table)
{
    uint64_t at_once = (table->mask + 1) / (1024 / STMI_BUCKET_WORDS);
    if (++txn->uncounted < at_once && txn->uncounted < COUNT_AT_ONCE_MAX)
        return;
    stmi_add(&table->count, txn->uncounted, RELAXED);
    txn->uncounted = 0;
}

/* Puts a record into the first table from here on whose path for it has room. It is in none of them yet: only who has
 * claimed its bucket carries it, once. False: no memory. */
static bool carry(struct stm_txn *txn, struct stmi_table *table, uint64_t hash, uint64_t word)
{
    struct stmi_memory *memory = &txn->store->memory;
    while (table != NULL) {
        struct walk end = walk_path(table, hash, NULL);
        uint64_t empty = EMPTY;
        if (end.place == NULL)
            table = successor(memory, table);
        else if (stmi_cas(end.place, &empty, word, SEQ_CST)) { /* Release pair:index */
            count_filled(txn, table);
            return true;
        }
    }
    return false;
}

static bool move_bucket(struct stm_txn *txn, const struct stmi_index *index, struct stmi_table *from, uint64_t number)
{
    struct stmi_table *to = stmi_load(&from->next, ACQUIRE);
    for (unsigned i = 0; i < STMI_BUCKET_WORDS; i++) {
        stmi_word *place = &from->buckets[number].words[i];
        uint64_t word = EMPTY;
        if (stmi_cas(place, &word, FROZEN, SEQ_CST)) /* by us alone: we have claimed the bucket */
            continue;
        uint64_t hash = stmi_index_hash(index, stmi_record_key(stmi_index_record(word)));
        if (!carry(txn, to, hash, word))
            return false;
    }
    return true;
}

/* Lets the index begin at the first table that is not wholly moved. */
static void retire_moved(struct stm_txn *txn, struct stmi_index *index)
{
    struct stmi_table *table = stmi_load(&index->table, ACQUIRE);
    while (stmi_load(&table->moved, ACQUIRE) > table->mask) {
        struct stmi_table *old = table;
        table = stmi_load(&old->next, ACQUIRE);
        struct stmi_table *expected = old;
        if (!stmi_cas(&index->table, &expected, table, SEQ_CST)) /* Release pair:table */
            return;                                              /* another thread is at it */
        stmi_epoch_retire(txn, &old->cell, old->bytes);
    }
}

static void help_move(struct stm_txn *txn, struct stmi_index *index, struct stmi_table *from)
{
    uint64_t bucket_count = from->mask + 1;
    if (stmi_load(&from->claimed, RELAXED) >= bucket_count) /* a hint: the claim below decides */
        return;
    uint64_t first = stmi_add(&from->claimed, MOVE_AT_ONCE, RELAXED);
    if (first >= bucket_count)
        return;
    for (uint64_t i = first; i < first + MOVE_AT_ONCE; i++)
        if (!move_bucket(txn, index, from, i))
            return; /* no memory: the table stays, half moved, and keeps serving */
    /* Release pair:moved -- the words carried over, before the index may begin at the successor. */
    if (stmi_add(&from->moved, MOVE_AT_ONCE, SEQ_CST) + MOVE_AT_ONCE >= bucket_count)
        retire_moved(txn, index);
}

/* Starts growth where it is due, and helps where it is under way. False: full, and no memory. */
static bool make_room(struct stm_txn *txn, struct stmi_index *index)
{
    struct stmi_table *table = stmi_load(&index->table, ACQUIRE);
    struct stmi_table *next;
    for (; (next = stmi_load(&table->next, ACQUIRE)) != NULL; table = next)
        help_move(txn, index, table);
    uint64_t capacity = (table->mask + 1) * STMI_BUCKET_WORDS;
    uint64_t count = stmi_load(&table->count, RELAXED); /* near enough: full tables are noticed by their words */
    if (count < capacity / 8 * 5)
        return true;
    return successor(&txn->store->memory, table) != NULL || count < capacity / 8 * 7;
}

/* ------------------------------------------------------------------------------ adding -- */

static struct stmi_record *record_make(struct stm_txn *txn, const struct stmi_name *name)
{
    struct stm_store *store = txn->store;
    size_t size = name->bytes.size;
    char *long_key = NULL;
    if (size > STMI_KEY_INLINE_MAX) {
        long_key = stmi_memory_get(&store->memory, size, 1);
        if (long_key == NULL)
            return NULL;
        memcpy(long_key, name->bytes.data, size);
    }
    struct stmi_record *record = stmi_records_add(&store->memory, &store->records, &txn->numbers);
    if (record == NULL) {
        stmi_memory_put(&store->memory, long_key, size);
        return NULL;
    }
    /* Nobody reads these before the head says so: no order needed. */
    stmi_store(&record->info, stmi_info_of_key(size) | stmi_info_of_value(STMI_KIND_ABSENT, STM_BYTES), RELAXED);
    if (long_key != NULL)
        stmi_store(&record->payload[2], (uint64_t)(uintptr_t)long_key, RELAXED);
    else if (size > 8) {
        stmi_store(&record->payload[1], name->words[0], RELAXED);
        stmi_store(&record->payload[2], name->words[1], RELAXED);
    } else
        stmi_store(&record->payload[2], name->words[0], RELAXED);
    /* Release pair:record -- the key is in place before a scan by number takes it for a record. */
    stmi_store(&record->head, stmi_head_clean(0), RELEASE);
    return record;
}

struct stmi_record *stmi_index_add(struct stm_txn *txn, const struct stmi_name *name)
{
    struct stmi_index *index = &txn->store->index;
    struct stmi_record *fresh = NULL; /* one that loses the race below stays, empty, and is never found */
    if (!make_room(txn, index))
        return NULL;
    struct stmi_table *table = stmi_load(&index->table, ACQUIRE);
    while (table != NULL) {
        struct walk end = walk_path(table, name->hash, name);
        if (end.record != NULL)
            return end.record;
        if (end.place == NULL) {
            table = successor(&txn->store->memory, table);
            continue;
        }
        if (fresh == NULL && (fresh = record_make(txn, name)) == NULL)
            return NULL;
        uint64_t empty = EMPTY;
        if (stmi_cas(end.place, &empty, word_of(name->hash, fresh), SEQ_CST)) { /* Release pair:index */
            count_filled(txn, table);
            stmi_tally(&txn->counters.keys_known, 1);
            return fresh;
        }
    }
    return NULL;
}
