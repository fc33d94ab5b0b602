#include "txn.h"

#include "history.h"
#include "observe.h"
#include "store.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES_KEPT_MAX 256   /* a handle that is ended keeps room for so many keys at most */
#define RANKED_MAX 32
#define SORTED_BY_INSERTION_MAX 256
#define ID_BLOCK (UINT64_C(1) << 20)

/* ------------------------------------------------------------------------------- slots -- */

/* The slot that this thread used last: most likely free, and in its cache. */
struct local {
    uint64_t store_number;
    struct stm_txn *slot;
    uint32_t tid;
};
static _Thread_local __attribute__((tls_model("initial-exec"))) struct local own;

#ifdef STM_TESTING
/* Logical threads have one together, so that a run is the same whatever carries them: stacks, or real threads. */
bool stmi_threads_are_logical;
static struct local of_logical;
void *const stmi_logical_local = &of_logical;
const size_t stmi_logical_local_size = sizeof of_logical;
#define mine (*(stmi_threads_are_logical ? &of_logical : &own))
#else
#define mine own
#endif

static bool claim(struct stm_txn *slot, enum stmi_slot_state state)
{
    uint32_t free_state = STMI_SLOT_FREE;
    /* Acquire pair:slot -- all that its last user left in it. */
    return stmi_load(&slot->state, RELAXED) == STMI_SLOT_FREE &&
           stmi_cas(&slot->state, &free_state, (uint32_t)state, SEQ_CST);
}

static struct stm_txn *slot_make(struct stm_store *store, enum stmi_slot_state state)
{
    struct stm_txn *slot = stmi_memory_get(&store->memory, sizeof *slot, STMI_LINE);
    if (slot == NULL)
        return NULL;
    memset((void *)slot, 0, sizeof *slot);
    slot->store = store;
    slot->fork_count = store->fork_count;
    slot->watched = slot->unbegun = store->observer != NULL;
    slot->count_max = (uint32_t)store->limits.txn_key_count_max;
    slot->quick_max = slot->count_max < STMI_CHUNK_FIRST ? slot->count_max : STMI_CHUNK_FIRST;
    slot->global_epoch = &store->epoch.global;
    slot->updates = slot->updates_few;
    stmi_store(&slot->state, (uint32_t)state, RELAXED); /* published below */
    struct stm_txn *first = stmi_load(&store->slots, ACQUIRE);
    do
        slot->next_slot = first;
    while (!stmi_cas(&store->slots, &first, slot, SEQ_CST)); /* Release pair:slots */
    return slot;
}

struct stm_txn *stmi_slot_claim(struct stm_store *store, enum stmi_slot_state state)
{
    struct stm_txn *slot = mine.store_number == store->number ? mine.slot : NULL;
    if (stmi_likely(slot != NULL && claim(slot, state)))
        return slot;
    for (slot = stmi_load(&store->slots, ACQUIRE); slot != NULL; slot = slot->next_slot)
        if (claim(slot, state))
            break;
    if (slot == NULL)
        slot = slot_make(store, state);
    if (slot != NULL) {
        mine.store_number = store->number;
        mine.slot = slot;
    }
    return slot;
}

void stmi_slot_release(struct stm_txn *slot)
{
    stmi_store(&slot->state, STMI_SLOT_FREE, RELEASE); /* pair:slot */
}

static uint32_t thread_id(void)
{
    if (mine.tid == 0)
        mine.tid = (uint32_t)syscall(SYS_gettid);
    return mine.tid;
}

/* ------------------------------------------------------------------------------- chunks -- */

static size_t chunk_entries(unsigned chunk)
{
    return (size_t)STMI_CHUNK_FIRST << (chunk == 0 ? 0 : chunk - 1);
}

static size_t chunk_bytes(unsigned chunk)
{
    return sizeof(struct stmi_chunk) + chunk_entries(chunk) * sizeof(struct stmi_entry);
}

static struct stmi_chunk *chunk_make(struct stm_txn *txn, unsigned number)
{
    struct stmi_chunk *chunk = stmi_pages_get(&txn->store->memory, chunk_bytes(number));
    if (chunk == NULL)
        return NULL;
    chunk->cell.class = STMI_CLASS_LARGE;
    chunk->cell.kind = STMI_CELL_PAGES;
    chunk->bytes = chunk_bytes(number);
    uint32_t first = number == 0 ? 0 : (uint32_t)STMI_CHUNK_FIRST << (number - 1);
    for (uint32_t i = 0; i < chunk_entries(number); i++) {
        chunk->entries[i].owner = txn;
        chunk->entries[i].number = first + i;
    }
    return chunk;
}

static unsigned chunk_count(const struct stm_txn *txn)
{
    unsigned count = 0;
    while (count < STMI_CHUNK_COUNT && txn->chunks[count] != NULL)
        count++;
    return count;
}

static void map_enter(struct stm_txn *txn, const struct stmi_entry *entry);

/* Arrays beside the entries, for capacity entries. OK, NO_MEMORY. */
static stm_status arrays_grow(struct stm_txn *txn, uint32_t capacity)
{
    struct stmi_memory *memory = &txn->store->memory;
    uint32_t map_size = capacity * 2;
    struct stmi_entry **updates = stmi_memory_get(memory, capacity * sizeof(void *), _Alignof(max_align_t));
    uint32_t *map = stmi_memory_get(memory, map_size * sizeof *map, _Alignof(max_align_t));
    if (updates == NULL || map == NULL) {
        stmi_memory_put(memory, updates, capacity * sizeof(void *));
        stmi_memory_put(memory, map, map_size * sizeof *map);
        return STM_NO_MEMORY;
    }
    if (txn->updates != txn->updates_few)
        stmi_memory_put(memory, txn->updates, txn->capacity * sizeof(void *));
    stmi_memory_put(memory, txn->map, txn->map_size * sizeof *map);
    memset(map, 0, map_size * sizeof *map);
    txn->updates = updates;
    txn->map = map;
    txn->map_size = map_size;
    txn->ordered = false;
    for (uint32_t i = 0; i < txn->count; i++)
        map_enter(txn, stmi_txn_entry(txn, i));
    return STM_OK;
}

static stm_status grow(struct stm_txn *txn)
{
    unsigned number = chunk_count(txn);
    assert(number < STMI_CHUNK_COUNT); /* enough for the highest limit */
    struct stmi_chunk *chunk = chunk_make(txn, number);
    if (chunk == NULL)
        return STM_NO_MEMORY;
    uint32_t capacity = txn->capacity + (uint32_t)chunk_entries(number);
    if (number > 0 && arrays_grow(txn, capacity) != STM_OK) {
        stmi_pages_put(&txn->store->memory, chunk, chunk->bytes); /* nobody has seen it */
        return STM_NO_MEMORY;
    }
    txn->chunks[number] = chunk;
    txn->capacity = capacity;
    return STM_OK;
}

stm_status stmi_txn_reserve(struct stm_txn *txn, size_t count)
{
    if (stmi_likely(count <= txn->capacity - txn->count))
        return STM_OK;
    if (count > txn->count_max - txn->count)
        count = txn->count_max - txn->count; /* some may be held already; who adds one too many is told */
    while (txn->capacity - txn->count < count) {
        stm_status status = grow(txn);
        if (status != STM_OK)
            return status;
    }
    return STM_OK;
}

/* Gives back all chunks but the first, of a handle that has more; readers may linger in them. */
static void shrink(struct stm_txn *txn)
{
    if (!stmi_epoch_enter(txn))
        return;
    for (unsigned i = 1; i < STMI_CHUNK_COUNT && txn->chunks[i] != NULL; i++) {
        stmi_epoch_retire(txn, &txn->chunks[i]->cell, txn->chunks[i]->bytes);
        txn->chunks[i] = NULL;
    }
    stmi_epoch_exit(txn);
    stmi_memory_put(&txn->store->memory, txn->updates, txn->capacity * sizeof(void *));
    stmi_memory_put(&txn->store->memory, txn->map, txn->map_size * sizeof *txn->map);
    txn->updates = txn->updates_few;
    txn->map = NULL;
    txn->map_size = 0;
    txn->capacity = STMI_CHUNK_FIRST;
    stmi_epoch_flush(txn);
}

stm_status stmi_txn_move(struct stm_txn *txn)
{
    struct stmi_chunk *fresh[STMI_CHUNK_COUNT] = {NULL};
    unsigned count = chunk_count(txn);
    for (unsigned i = 0; i < count; i++) {
        fresh[i] = chunk_make(txn, i);
        if (fresh[i] == NULL) {
            while (i-- > 0)
                stmi_pages_put(&txn->store->memory, fresh[i], fresh[i]->bytes);
            return STM_NO_MEMORY;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        for (size_t j = 0; j < chunk_entries(i); j++) {
            struct stmi_entry *to = &fresh[i]->entries[j], *from = &txn->chunks[i]->entries[j];
            *to = *from; /* both private: it is not installed, and readers only read */
        }
        stmi_epoch_retire(txn, &txn->chunks[i]->cell, txn->chunks[i]->bytes);
        txn->chunks[i] = fresh[i];
    }
    txn->ordered = false;
    return STM_OK;
}

/* ------------------------------------------------------------------------------ entries -- */

static uint32_t map_place(const struct stm_txn *txn, const struct stmi_record *record)
{
    return (uint32_t)(stmi_record_spread(record) >> 32) & (txn->map_size - 1);
}

static void map_enter(struct stm_txn *txn, const struct stmi_entry *entry)
{
    uint32_t place = map_place(txn, entry->record);
    while (txn->map[place] != 0)
        place = (place + 1) & (txn->map_size - 1);
    txn->map[place] = entry->number + 1;
}

/* Keys are mostly asked for in the order in which they were checked out: the one after the last one found. */
static struct stmi_entry *expected(struct stm_txn *txn)
{
    return stmi_txn_entry(txn, txn->found < txn->count ? txn->found : 0);
}

static struct stmi_entry *found(struct stm_txn *txn, struct stmi_entry *entry)
{
    txn->found = entry->number + 1;
    return entry;
}

struct stmi_entry *stmi_txn_find_many(struct stm_txn *txn, const struct stmi_record *record)
{
    struct stmi_entry *next = expected(txn);
    if (next->record == record)
        return found(txn, next);
    for (uint32_t place = map_place(txn, record); txn->map[place] != 0; place = (place + 1) & (txn->map_size - 1)) {
        struct stmi_entry *entry = stmi_txn_entry(txn, txn->map[place] - 1);
        if (entry->record == record)
            return found(txn, entry);
    }
    return NULL;
}

struct stmi_entry *stmi_txn_find_name_of_many(struct stm_txn *txn, struct stmi_name *name)
{
    struct stmi_entry *next = expected(txn);
    if (stmi_record_is(next->record, name))
        return found(txn, next);
    name->hash = stmi_index_hash(&txn->store->index, name->bytes);
    if (!stmi_epoch_enter(txn))
        return NULL;
    struct stmi_record *record = stmi_index_find(&txn->store->index, name);
    stmi_epoch_exit(txn);
    return record == NULL ? NULL : stmi_txn_find(txn, record);
}

/* The map serves from the first entry on that does not lie in the first chunk. */
void stmi_txn_map_pushed(struct stm_txn *txn, const struct stmi_entry *entry)
{
    if (entry->number == STMI_CHUNK_FIRST) {
        memset(txn->map, 0, txn->map_size * sizeof *txn->map);
        for (uint32_t i = 0; i < STMI_CHUNK_FIRST; i++)
            map_enter(txn, stmi_txn_entry(txn, i));
    }
    map_enter(txn, entry);
}

void stmi_entry_drop_block(struct stm_txn *txn, struct stmi_entry *entry)
{
    if (entry->block != NULL)
        stmi_block_drop(txn, entry->block);
    entry->block = NULL;
    entry->published = false;
}

void stmi_txn_truncate_slow(struct stm_txn *txn, uint32_t count)
{
    uint32_t old = txn->count;
    while (txn->count > count) {
        struct stmi_entry *entry = stmi_txn_entry(txn, --txn->count);
        txn->update_count -= entry->update;
        stmi_entry_drop_block(txn, entry);
        assert(entry->keep == NULL); /* every attempt gives back what it reserved */
        stmi_store(&entry->target, 0, RELEASE); /* pair:left */
    }
    txn->ordered = txn->ordered && old == count;
    if (count == 0)
        txn->owned = 0;
    if (old == count || txn->map == NULL || count <= STMI_CHUNK_FIRST)
        return; /* few are found without the map */
    memset(txn->map, 0, txn->map_size * sizeof *txn->map);
    for (uint32_t i = 0; i < count; i++)
        map_enter(txn, stmi_txn_entry(txn, i));
}

static void sift_down(struct stmi_entry **heap, uint32_t root, uint32_t count)
{
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && heap[child]->record < heap[child + 1]->record)
            child++;
        if (heap[root]->record >= heap[child]->record)
            return;
        struct stmi_entry *swapped = heap[root];
        heap[root] = heap[child];
        heap[child] = swapped;
    }
}

static void insert_with_gap(struct stmi_entry **list, uint32_t count, uint32_t gap)
{
    for (uint32_t i = gap; i < count; i++) {
        struct stmi_entry *entry = list[i];
        uint32_t j = i;
        for (; j >= gap && list[j - gap]->record > entry->record; j -= gap)
            list[j] = list[j - gap];
        list[j] = entry;
    }
}

/* Each to the place that as many others come before: more comparisons than any other way, but no branch that depends on one. */
static void place_by_rank(struct stmi_entry **list, uint32_t count)
{
    struct stmi_entry *entries[RANKED_MAX];
    uintptr_t records[RANKED_MAX];
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = list[i];
        records[i] = (uintptr_t)list[i]->record;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t rank = 0;
        for (uint32_t j = 0; j < count; j++)
            rank += records[j] < records[i];
        list[rank] = entries[i];
    }
}

/* In a bounded number of steps: some by rank; more by insertion, first far apart (Shell 1959; gaps of Ciura 2001); many
 * by a heap. */
static void sort_by_record(struct stmi_entry **list, uint32_t count)
{
    static const uint32_t gaps[] = {57, 23, 10, 4, 1};
    if (count <= RANKED_MAX) {
        place_by_rank(list, count);
        return;
    }
    if (count > SORTED_BY_INSERTION_MAX) {
        for (uint32_t root = count / 2; root-- > 0;)
            sift_down(list, root, count);
        for (uint32_t end = count; end-- > 1;) {
            struct stmi_entry *largest = list[0];
            list[0] = list[end];
            list[end] = largest;
            sift_down(list, 0, end);
        }
        return;
    }
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++)
        insert_with_gap(list, count, gaps[i]);
}

void stmi_txn_order_many(struct stm_txn *txn)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        if (entry->update || txn->holding)
            txn->updates[count++] = entry;
    }
    sort_by_record(txn->updates, count);
    txn->ordered = true;
}

static STMI_COLD void forget_view(struct stm_txn *txn)
{
    if (stmi_epoch_enter(txn)) {
        stmi_snapshot_drop(txn, txn->view);
        stmi_epoch_exit(txn);
    }
    txn->view = NULL;
}

static STMI_COLD void forget_peeked(struct stm_txn *txn)
{
    stmi_block_drop(txn, txn->peeked);
    txn->peeked = NULL;
}

/* Drops all entries. */
STMI_INLINE void forget(struct stm_txn *txn)
{
    if (stmi_unlikely(txn->view != NULL))
        forget_view(txn);
    if (stmi_unlikely(txn->peeked != NULL))
        forget_peeked(txn);
    stmi_txn_truncate(txn, 0);
    txn->changed_count = 0;
    txn->unbegun = txn->watched;
}

/* ------------------------------------------------------------------------- private copy -- */

static bool set_block(struct stm_txn *txn, struct stmi_entry *entry, stm_bytes value)
{
    struct stmi_block *block = entry->block;
    bool fits = block != NULL && !entry->published && block->capacity > value.size &&
                block->capacity / 4 <= value.size + 64;
    if (!fits) {
        block = stmi_block_get(txn, value.size);
        if (block == NULL)
            return false;
    }
    stmi_touch(STMI_STORE, &block->cell.next);
    memmove(block->data, value.data, value.size); /* value may be the old private copy itself */
    block->data[value.size] = '\0';
    block->size = value.size;
    if (!fits) {
        stmi_entry_drop_block(txn, entry);
        entry->block = block;
        txn->owned++;
    }
    stmi_store(&entry->value[0], (uint64_t)(uintptr_t)block, RELEASE);
    return true;
}

/* Release pair:value -- a lingering reader that reads one of these sees a head that we have left. */
bool stmi_entry_set(struct stm_txn *txn, struct stmi_entry *entry, stm_bytes value, stm_type type)
{
    size_t key_size = stmi_info_key_size(stmi_peek(&entry->record->info));
    unsigned kind = STMI_KIND_ABSENT;
    if (value.data != NULL && value.size > stmi_value_inline_max(key_size)) {
        if (!set_block(txn, entry, value))
            return false;
        kind = STMI_KIND_BLOCK;
    } else {
        uint64_t first = 0, second = 0;
        if (value.data != NULL) {
            const unsigned char *data = value.data;
            kind = (unsigned)value.size;
            first = stmi_word_pack(data, kind < 8 ? kind : 8);
            second = kind > 8 ? stmi_word_pack(data + 8, kind - 8) : 0;
        }
        stmi_store(&entry->value[0], first, RELEASE);
        stmi_store(&entry->value[1], second, RELEASE);
        if (stmi_unlikely(entry->block != NULL))
            stmi_entry_drop_block(txn, entry);
    }
    stmi_store(&entry->info, stmi_info_of_value(kind, type), RELEASE);
    txn->settled = false;
    return true;
}

/* ------------------------------------------------------------------------- the handle -- */

STMI_COLD stm_status stmi_txn_check_slow(const struct stm_txn *txn)
{
    if (txn == NULL)
        return STM_INVALID;
    return txn->magic != STMI_TXN_MAGIC ? STM_ENDED : STM_FORKED;
}

STMI_COLD stm_status stmi_txn_not_ready(const struct stm_txn *txn)
{
    return stmi_txn_ready(txn);
}

stm_status stmi_txn_fail(struct stm_txn *txn, stm_status status)
{
    bool passing = status == STM_OK || status == STM_NOT_FOUND || status == STM_BUSY;
    txn->last = status;
    txn->stuck = passing ? STM_OK : status;
    if (status == STM_CONFLICT || status == STM_BUSY)
        txn->failed = true;
    return status;
}

stm_status stmi_txn_reject(struct stm_txn *txn, stm_status status)
{
    stm_status ready = stmi_txn_ready(txn);
    return ready == STM_OK ? stmi_txn_fail(txn, status) : ready;
}

STMI_COLD uint64_t stmi_txn_id_block(struct stm_txn *txn)
{
    uint64_t id = stmi_add(&txn->store->id_blocks, 1, RELAXED) * ID_BLOCK; /* only a number */
    txn->id_end = id + ID_BLOCK - 1;
    return id;
}

stm_status stm_txn_begin(stm_store *store, const char *label, stm_txn **out)
{
    stm_status status = stmi_store_check(store);
    if (status != STM_OK)
        return status;
    if (out == NULL || label == NULL)
        return STM_INVALID;
    struct stm_txn *txn = stmi_slot_claim(store, STMI_SLOT_TXN);
    if (txn == NULL)
        return STM_NO_MEMORY;
    if (txn->label == NULL || strcmp(txn->label->text, label) != 0)
        status = stmi_label_intern(&store->memory, &store->labels, label, &txn->label);
    if (status == STM_OK && txn->capacity == 0)
        status = grow(txn);
    if (status != STM_OK) {
        stmi_slot_release(txn);
        return status;
    }
    txn->magic = STMI_TXN_MAGIC;
    txn->stuck = txn->last = STM_OK;
    txn->failed = false;
    stmi_store(&txn->info, stmi_info_of_writer(txn->label->id, thread_id()), RELEASE); /* as with id */
    stmi_txn_renew(txn, txn->failed);
    *out = txn;
    return STM_OK;
}

/* Drops all that is held. False: a bad handle, or called from inside another call on it, where nothing could
 * safely be dropped. */
STMI_INLINE bool abandon(struct stm_txn *txn)
{
    if (stmi_txn_check(txn) != STM_OK || txn->stuck == STM_REENTERED)
        return false;
    txn->stuck = STM_REENTERED;
    if (stmi_unlikely(txn->watched) && (!txn->settled || txn->failed))
        stmi_observe_abandon(txn);
    forget(txn);
    return true;
}

void stm_txn_reset(stm_txn *txn)
{
    if (stmi_unlikely(!abandon(txn)))
        return;
    txn->stuck = txn->last = STM_OK;
    stmi_txn_renew(txn, txn->failed);
}

void stm_txn_end(stm_txn *txn)
{
    if (!abandon(txn))
        return;
    if (txn->capacity > ENTRIES_KEPT_MAX)
        shrink(txn);
    txn->magic = 0;
    stmi_slot_release(txn);
}

void stmi_slot_drain(struct stm_txn *slot)
{
    struct stmi_memory *memory = &slot->store->memory;
    stmi_epoch_drain(slot);
    stmi_pool_drain(memory, &slot->cache);
    if (slot->updates != slot->updates_few)
        stmi_memory_put(memory, slot->updates, slot->capacity * sizeof(void *));
    stmi_memory_put(memory, slot->map, slot->map_size * sizeof *slot->map);
    for (unsigned i = 0; i < STMI_CHUNK_COUNT && slot->chunks[i] != NULL; i++)
        stmi_pages_put(memory, slot->chunks[i], slot->chunks[i]->bytes);
    stmi_memory_put(memory, slot, sizeof *slot);
}

uint64_t stm_txn_id(const stm_txn *txn)
{
    return stmi_txn_check(txn) == STM_OK ? stmi_peek(&txn->id) : 0;
}

uint64_t stm_txn_operation(const stm_txn *txn)
{
    return stmi_txn_check(txn) == STM_OK ? txn->operation : 0;
}

uint64_t stm_txn_attempt(const stm_txn *txn)
{
    return stmi_txn_check(txn) == STM_OK ? txn->attempt : 0;
}

const char *stm_txn_label(const stm_txn *txn)
{
    return stmi_txn_check(txn) == STM_OK ? txn->label->text : "";
}
