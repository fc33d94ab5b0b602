/*
 * checkout.c -- taking keys into a transaction, all at one instant.
 *
 * First look and copy at each new key; then a second look at every key that the transaction holds. If all
 * are as they were, then between the last first look and the first second look there was an instant at
 * which all of it was current together. A new key that has changed is copied again; an old one is a
 * CONFLICT, since the transaction can never commit, nor be shown anything consistent with it.
 *
 * Two cases read through a snapshot of the transaction's own instead, its view: keys that change faster
 * than they can be looked at twice, and transactions that hold so many keys that looking at all of
 * them again at each checkout would cost too much. The view begins with one look at all held.
 */
#include "conflict.h"
#include "look.h"
#include "mutant.h"
#include "observe.h"
#include "quick.h"
#include "store.h"
#include "txn.h"

#define ROUNDS_MAX 16       /* tries before the view */
#define HELD_WITHOUT_VIEW 64
#define AT_ONCE 16          /* keys whose cache misses overlap */
#ifndef STMI_SHARED_MIN
#define STMI_SHARED_MIN 512 /* bytes of value from which on counting costs less than copying; fewer in the testing build */
#endif

/*
 * A private copy need not be one: a block never changes once it is published, and set makes a new one. Only who is
 * going to publish may hold the record's, since that writes to a line that others read.
 */
static struct stmi_block *hold(struct stmi_block *block)
{
    /* Relaxed: the record's own reference is not dropped before our epoch is over. */
    if (!stmi_mutant(BLOCK_UNCOUNTED))
        stmi_add(&block->references, 1, RELAXED);
    return block;
}

static struct stmi_block *copy(struct stm_txn *txn, const struct stmi_block *block)
{
    struct stmi_block *fresh = stmi_block_get(txn, block->size);
    if (fresh != NULL)
        memcpy(fresh->data, block->data, block->size + 1);
    return fresh;
}

bool stmi_take_block(struct stm_txn *txn, struct stmi_entry *entry, uint64_t info, uint64_t word, bool in_record)
{
    struct stmi_block *block = (struct stmi_block *)(uintptr_t)word;
    if (stmi_mutant(POINTER_BEFORE_EPOCH)) {
        stmi_epoch_exit(txn);
        stmi_epoch_enter(txn);
    }
    stmi_touch(STMI_LOAD, &block->cell.next);
    bool shared = in_record && entry->update && block->size >= STMI_SHARED_MIN;
    struct stmi_block *mine = shared ? hold(block) : copy(txn, block);
    if (mine == NULL)
        return false;
    stmi_entry_drop_block(txn, entry); /* of an earlier round */
    entry->block = mine;
    entry->published = shared;
    txn->owned++;
    stmi_store(&entry->value[0], (uint64_t)(uintptr_t)mine, RELEASE); /* as in stmi_entry_set */
    stmi_store(&entry->info, info & STMI_INFO_VALUE_MASK, RELEASE);
    return true;
}

/* A value that stands in a block. BUSY: it changed meanwhile. */
static stm_status take_block(struct stm_txn *txn, struct stmi_entry *entry, const struct stmi_words *words)
{
    /* The words must belong together before we follow one of them. */
    struct stmi_sight again;
    const struct stmi_sight sight = {entry->version, entry->seen};
    stmi_look(entry->record, &again);
    if (!stmi_sight_same(&again, &sight))
        return STM_BUSY;
    return stmi_take_block(txn, entry, words->info, words->value[0], sight.entry == NULL) ? STM_OK : STM_NO_MEMORY;
}

/* First look at a new key, and a copy of what was seen. BUSY: it changed meanwhile. */
STMI_INLINE stm_status copy_new(struct stm_txn *txn, struct stmi_entry *entry)
{
    struct stmi_sight sight;
    struct stmi_words words;
    stmi_look(entry->record, &sight);
    stmi_words_read(entry->record, sight.entry, &words);
    entry->version = sight.version;
    entry->seen = sight.entry;
    unsigned kind = stmi_info_kind(words.info);
    if (stmi_unlikely(kind == STMI_KIND_BLOCK))
        return take_block(txn, entry, &words);
    /* Owner's own words, written for lingering readers as in stmi_entry_set. */
    stmi_store(&entry->value[0], words.value[0], RELEASE);
    stmi_store(&entry->value[1], kind > 8 ? words.value[1] : 0, RELEASE); /* the NUL, too */
    stmi_store(&entry->info, words.info & STMI_INFO_VALUE_MASK, RELEASE);
    if (stmi_unlikely(entry->block != NULL)) /* of an earlier round */
        stmi_entry_drop_block(txn, entry);
    return STM_OK;
}

/* CONFLICT: a key held before has changed. */
static stm_status check_held(struct stm_txn *txn, uint32_t first_new)
{
    for (uint32_t i = 0; i < first_new && !stmi_mutant(HELD_NOT_CHECKED); i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        if (stmi_unlikely(!stmi_look_version(txn->store, entry->record, entry->version)))
            return STM_CONFLICT;
    }
    return STM_OK;
}

/* One round over the new keys. BUSY: not all stood still. */
static stm_status read_round(struct stm_txn *txn, uint32_t first_new)
{
    stm_status status = STM_OK;
    uint32_t count = txn->count;
    for (uint32_t i = first_new; i < count; i++) {
        stm_status copied = copy_new(txn, stmi_txn_entry(txn, i));
        if (stmi_unlikely(copied == STM_NO_MEMORY))
            return copied;
        if (stmi_unlikely(copied == STM_BUSY))
            status = STM_BUSY;
    }
    stm_status held = check_held(txn, first_new);
    if (stmi_unlikely(held != STM_OK || status != STM_OK))
        return held != STM_OK ? held : status;
    for (uint32_t i = first_new; i < count && !stmi_mutant(NO_SECOND_LOOK); i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        struct stmi_sight sight = {entry->version, entry->seen};
        if (stmi_unlikely(!stmi_look_again(txn->store, entry->record, &sight)))
            return STM_BUSY;
    }
    return STM_OK;
}


static stm_status read_view(struct stm_txn *txn, uint32_t first_new)
{
    for (uint32_t i = first_new; i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        struct stmi_seen seen;
        stm_bytes value = {NULL, 0};
        if (stmi_snapshot_read(txn->view, entry->record, &seen))
            value = seen.block != NULL ? stm_bytes_of(seen.block->data, seen.block->size)
                                       : stm_bytes_of(seen.words, stmi_info_kind(seen.info));
        entry->version = seen.version;
        if (!stmi_entry_set(txn, entry, value, stmi_info_type(seen.info)))
            return STM_NO_MEMORY;
    }
    return STM_OK;
}

/* BUSY: no snapshot is to be had. */
static stm_status view_open(struct stm_txn *txn, uint32_t first_new)
{
    txn->view = stmi_snapshot_hold(txn->store, txn->label);
    return txn->view == NULL ? STM_BUSY : check_held(txn, first_new);
}

/* When the first round was disturbed. */
static STMI_COLD stm_status read_disturbed(struct stm_txn *txn, uint32_t first_new)
{
    for (unsigned rounds = 1; rounds < ROUNDS_MAX; rounds++) {
        stmi_pause();
        stm_status status = read_round(txn, first_new);
        if (status != STM_BUSY)
            return status;
    }
    stm_status status = view_open(txn, first_new);
    return status == STM_OK ? read_view(txn, first_new) : status;
}

/* When many keys are held. BUSY: no snapshot is to be had. */
static STMI_COLD stm_status read_many(struct stm_txn *txn, uint32_t first_new)
{
    stm_status status = txn->view == NULL ? view_open(txn, first_new) : STM_OK;
    return status == STM_OK ? read_view(txn, first_new) : status;
}

STMI_INLINE stm_status read_new(struct stm_txn *txn, uint32_t first_new)
{
    stm_status status;
    if (stmi_unlikely(txn->view != NULL || first_new >= HELD_WITHOUT_VIEW)) {
        status = read_many(txn, first_new);
        if (status != STM_BUSY)
            return status;
    }
    status = read_round(txn, first_new);
    return stmi_likely(status != STM_BUSY) ? status : read_disturbed(txn, first_new);
}

/* What a call asks for: keys by name or by handle. */
struct ask {
    const stm_bytes *names;
    const stm_key *handles;
    size_t count;
    bool update;
};

static stm_status check_names(const struct stm_store *store, const stm_bytes *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].data == NULL || names[i].size == 0)
            return STM_INVALID;
        if (names[i].size > store->limits.key_size_max)
            return STM_TOO_LARGE;
    }
    return STM_OK;
}

static stm_status check_handles(const struct stm_store *store, const stm_key *handles, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (handles[i].record == NULL)
            return STM_INVALID;
        if (handles[i].store != store)
            return STM_FOREIGN;
        __builtin_prefetch(handles[i].record);
    }
    return STM_OK;
}

STMI_INLINE stm_status check_ask(const struct stm_txn *txn, const struct ask *ask)
{
    return ask->names != NULL ? check_names(txn->store, ask->names, ask->count)
                              : check_handles(txn->store, ask->handles, ask->count);
}

static STMI_COLD struct stmi_record *find_slowly(struct stm_txn *txn, struct stmi_name *name)
{
    struct stmi_record *record = stmi_index_find(&txn->store->index, name);
    return record != NULL ? record : stmi_index_add(txn, name);
}

/* Up to AT_ONCE records, made where absent: buckets near, records near (without taking their lines from
 * other readers), then the look-ups. */
STMI_INLINE stm_status find_records(struct stm_txn *txn, const stm_bytes *keys, size_t count, struct stmi_record **records)
{
    struct stmi_index *index = &txn->store->index;
    struct stmi_table *table = stmi_load(&index->table, ACQUIRE); /* pair:table */
    struct stmi_name names[AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        names[i].bytes = keys[i];
        names[i].hash = stmi_index_hash(index, keys[i]);
        stmi_index_prefetch(table, names[i].hash);
        stmi_name_pack(&names[i]);
    }
    for (size_t i = 0; i < count; i++) {
        records[i] = stmi_index_guess(table, names[i].hash);
        __builtin_prefetch(records[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (stmi_unlikely(records[i] == NULL || !stmi_record_is(records[i], &names[i])) &&
            (records[i] = find_slowly(txn, &names[i])) == NULL)
            return STM_NO_MEMORY;
    return STM_OK;
}

STMI_INLINE stm_status push_some(struct stm_txn *txn, const struct ask *ask, size_t from, size_t count)
{
    struct stmi_record *found[AT_ONCE];
    if (ask->names != NULL) {
        stm_status status = find_records(txn, ask->names + from, count, found);
        if (stmi_unlikely(status != STM_OK))
            return status;
    } else {
        for (size_t i = 0; i < count; i++)
            found[i] = ask->handles[from + i].record;
    }
    for (size_t i = 0; i < count; i++) {
        if (stmi_unlikely(txn->count != 0 && stmi_txn_find(txn, found[i]) != NULL))
            continue;
        if (stmi_unlikely(txn->count == txn->count_max))
            return STM_LIMIT;
        stmi_txn_push(txn, found[i], ask->update);
    }
    return STM_OK;
}

STMI_INLINE stm_status push_all(struct stm_txn *txn, const struct ask *ask)
{
    for (size_t from = 0; from < ask->count; from += AT_ONCE) {
        size_t count = ask->count - from < AT_ONCE ? ask->count - from : AT_ONCE;
        stm_status status = push_some(txn, ask, from, count);
        if (status != STM_OK)
            return status;
    }
    return STM_OK;
}

STMI_INLINE struct stmi_entry *asked_entry(struct stm_txn *txn, const struct ask *ask, size_t i)
{
    return ask->names != NULL ? stmi_txn_find_name(txn, ask->names[i])
                              : stmi_txn_find(txn, ask->handles[i].record);
}

/* Keys held for read before, and now for update; and the values asked for. */
STMI_INLINE void finish_ask(struct stm_txn *txn, const struct ask *ask, uint32_t first_new, stm_bytes *values)
{
    bool all_new = txn->count - first_new == ask->count;
    if (values == NULL && (all_new || !ask->update))
        return;
    for (size_t i = 0; i < ask->count; i++) {
        struct stmi_entry *entry = all_new ? stmi_txn_entry(txn, first_new + (uint32_t)i) : asked_entry(txn, ask, i);
        if (ask->update && !entry->update) {
            entry->update = true;
            txn->update_count++;
            txn->ordered = false;
        }
        if (values != NULL)
            values[i] = stmi_entry_value(entry);
    }
}

/* Takes back the keys of this call, and leaves the epoch. */
static STMI_COLD stm_status checkout_failed(struct stm_txn *txn, stm_status status, uint32_t first_new)
{
    stmi_txn_truncate(txn, first_new);
    if (status == STM_CONFLICT)
        stmi_conflict_collect(txn);
    stmi_epoch_exit(txn);
    return stmi_conflict_tell(txn, status, STM_STAGE_CHECKOUT);
}

/* Of a handle that has been entered, and whose observer knows of the attempt. */
static stm_status checkout_any(struct stm_txn *txn, const struct ask *ask, stm_bytes *values)
{
    stm_status status = check_ask(txn, ask);
    if (status == STM_OK)
        status = stmi_txn_reserve(txn, ask->count);
    if (stmi_unlikely(status != STM_OK))
        return stmi_txn_fail(txn, status);
    stmi_epoch_enter(txn);
    uint32_t first_new = txn->count;
    status = push_all(txn, ask);
    if (stmi_likely(txn->count != first_new)) {
        txn->ordered = txn->settled = false;
        if (stmi_likely(status == STM_OK))
            status = read_new(txn, first_new);
    }
    if (stmi_unlikely(status != STM_OK))
        return checkout_failed(txn, status, first_new);
    stmi_epoch_exit(txn);
    stmi_tally(&txn->counters.checkouts, txn->count - first_new);
    finish_ask(txn, ask, first_new, values);
    if (stmi_wanted(txn, STM_EVENT_BIT(STM_EVENT_CHECKOUT)))
        stmi_observe_checkouts(txn, first_new);
    return stmi_txn_leave(txn, STM_OK);
}

static __attribute__((noinline)) stm_status checkout_any_names(struct stm_txn *txn, const stm_bytes *names, size_t count,
                                                               bool update, stm_bytes *values)
{
    struct ask ask = {.names = names, .count = count, .update = update};
    return checkout_any(txn, &ask, values);
}

static __attribute__((noinline)) stm_status checkout_any_handles(struct stm_txn *txn, const stm_key *handles,
                                                                 size_t count, bool update, stm_bytes *values)
{
    struct ask ask = {.handles = handles, .count = count, .update = update};
    return checkout_any(txn, &ask, values);
}

/* Whatever is asked for: what is not done quickly is done at length. names or handles is NULL, and known to be where
 * this is inlined, so that the compiler takes the other half out. */
STMI_INLINE stm_status checkout(struct stm_txn *txn, const bool by_name, const stm_bytes *names, const stm_key *handles,
                                size_t count, bool update, stm_bytes *values)
{
    struct stmi_record *records[STMI_CHUNK_FIRST];
    stm_status status = stmi_txn_enter(txn);
    if (stmi_unlikely(status != STM_OK))
        return status;
    if (stmi_unbegun(txn) &&
        (by_name ? check_names(txn->store, names, count) : check_handles(txn->store, handles, count)) == STM_OK)
        stmi_observe_begin(txn);
    uint32_t held = txn->count;
    bool done = false;
    if (stmi_likely(held + count <= txn->quick_max && txn->view == NULL)) {
        stmi_epoch_enter(txn);
        done = (by_name ? stmi_quick_guess(txn, names, count, records)
                        : stmi_quick_resolved(txn, handles, count, records)) &&
               stmi_quick_take(txn, records, by_name ? names : NULL, (uint32_t)count, update);
        stmi_epoch_exit(txn);
    }
    if (stmi_unlikely(!done))
        return by_name ? checkout_any_names(txn, names, count, update, values)
                       : checkout_any_handles(txn, handles, count, update, values);
    stmi_tally(&txn->counters.checkouts, count);
    if (values != NULL)
        stmi_quick_values(&txn->chunks[0]->entries[held], (uint32_t)count, values);
    if (stmi_wanted(txn, STM_EVENT_BIT(STM_EVENT_CHECKOUT)))
        stmi_observe_checkouts(txn, held);
    return stmi_txn_leave(txn, STM_OK);
}

static stm_status checkout_names(struct stm_txn *txn, const stm_bytes *names, size_t count, bool update,
                                 stm_bytes *values)
{
    return stmi_unlikely(names == NULL && count != 0) ? stmi_txn_reject(txn, STM_INVALID)
                                                      : checkout(txn, true, names, NULL, count, update, values);
}

static stm_status checkout_handles(struct stm_txn *txn, const stm_key *handles, size_t count, bool update,
                                   stm_bytes *values)
{
    return stmi_unlikely(handles == NULL && count != 0) ? stmi_txn_reject(txn, STM_INVALID)
                                                        : checkout(txn, false, NULL, handles, count, update, values);
}

/* The same for one, where the loops go, too. */
static __attribute__((noinline)) stm_status checkout_name(struct stm_txn *txn, stm_bytes name, bool update,
                                                          stm_bytes *value)
{
    return checkout(txn, true, &name, NULL, 1, update, value);
}

static __attribute__((noinline)) stm_status checkout_handle(struct stm_txn *txn, stm_key handle, bool update,
                                                            stm_bytes *value)
{
    return checkout(txn, false, NULL, &handle, 1, update, value);
}

/* --------------------------------------------------------------------- public: checkouts -- */

/* What a get answers after a checkout that gave this value. */
static stm_status read_status(stm_status status, stm_bytes found, stm_bytes *value)
{
    if (status != STM_OK)
        return status;
    if (value != NULL)
        *value = found;
    return found.data == NULL ? STM_NOT_FOUND : STM_OK;
}

stm_status stm_txn_use(stm_txn *txn, stm_bytes key, stm_bytes *value)
{
    return checkout_name(txn, key, true, value);
}

stm_status stm_txn_using(stm_txn *txn, const stm_bytes *keys, size_t count, stm_bytes *values)
{
    return checkout_names(txn, keys, count, true, values);
}

stm_status stm_txn_get(stm_txn *txn, stm_bytes key, stm_bytes *value)
{
    stm_bytes found = {NULL, 0};
    stm_status status = checkout_name(txn, key, false, &found);
    return read_status(status, found, value);
}

stm_status stm_txn_getting(stm_txn *txn, const stm_bytes *keys, size_t count, stm_bytes *values)
{
    return checkout_names(txn, keys, count, false, values);
}

stm_status stm_txn_use_key(stm_txn *txn, stm_key key, stm_bytes *value)
{
    return checkout_handle(txn, key, true, value);
}

stm_status stm_txn_using_keys(stm_txn *txn, const stm_key *keys, size_t count, stm_bytes *values)
{
    return checkout_handles(txn, keys, count, true, values);
}

stm_status stm_txn_get_key(stm_txn *txn, stm_key key, stm_bytes *value)
{
    stm_bytes found = {NULL, 0};
    stm_status status = checkout_handle(txn, key, false, &found);
    return read_status(status, found, value);
}

stm_status stm_txn_getting_keys(stm_txn *txn, const stm_key *keys, size_t count, stm_bytes *values)
{
    return checkout_handles(txn, keys, count, false, values);
}

/* All buckets are asked for before the first is looked into. */
static void prefetch_some(struct stm_txn *txn, const stm_bytes *keys, size_t count)
{
    struct stmi_index *index = &txn->store->index;
    struct stmi_table *table = stmi_load(&index->table, ACQUIRE); /* pair:table */
    uint64_t hashes[AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        bool sound = keys[i].data != NULL && keys[i].size <= txn->store->limits.key_size_max;
        hashes[i] = sound ? stmi_index_hash(index, keys[i]) : 0;
        stmi_index_prefetch(table, hashes[i]);
    }
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(stmi_index_guess(table, hashes[i]));
}

void stm_txn_prefetch(stm_txn *txn, const stm_bytes *keys, size_t count)
{
    if (stmi_txn_check(txn) != STM_OK || keys == NULL || !stmi_epoch_enter(txn))
        return;
    for (size_t from = 0; from < count; from += AT_ONCE)
        prefetch_some(txn, keys + from, count - from < AT_ONCE ? count - from : AT_ONCE);
    stmi_epoch_exit(txn);
}

/* ------------------------------------------------------------------------ public: edits -- */

/* The entry of the one key asked for, held for update; checked out now if it was not. */
STMI_INLINE stm_status edit(struct stm_txn *txn, const struct ask *ask, struct stmi_entry **entry)
{
    stm_status status = stmi_txn_ready(txn);
    bool sound = ask->names != NULL ? ask->names->data != NULL : status == STM_OK && ask->handles->store == txn->store;
    if (stmi_likely(status == STM_OK && sound)) {
        *entry = asked_entry(txn, ask, 0);
        if (stmi_likely(*entry != NULL && (*entry)->update))
            return STM_OK;
    }
    status = ask->names != NULL ? checkout_name(txn, ask->names[0], true, NULL)
                                : checkout_handle(txn, ask->handles[0], true, NULL);
    if (status == STM_OK && (*entry = asked_entry(txn, ask, 0)) == NULL)
        __builtin_unreachable(); /* it has just been checked out */
    return status;
}

/* What stmi_entry_set does for the commonest value, a word: every record has room for one. */
STMI_INLINE void set_word(struct stm_txn *txn, struct stmi_entry *entry, uint64_t word, stm_type type)
{
    stmi_store(&entry->value[0], word, RELEASE); /* pair:value, like the others */
    stmi_store(&entry->value[1], 0, RELEASE);
    stmi_store(&entry->info, stmi_info_of_value(8, type), RELEASE);
    txn->settled = false;
}

STMI_INLINE void set_target(struct stm_txn *txn, struct stmi_entry *entry, uint64_t target)
{
    if (stmi_likely(stmi_peek(&entry->target) == target))
        return;
    stmi_store(&entry->target, target, RELEASE); /* pair:left */
    txn->owned++;
}

/* The entry of a key held for update, on a handle that is ready, to be set to something sound. NULL: go the long way,
 * which finds out what is wrong, if anything is. */
STMI_INLINE struct stmi_entry *quick_entry(struct stm_txn *txn, const struct ask *ask, stm_bytes value, stm_type type)
{
    if (stmi_unlikely(!stmi_txn_is_ready(txn) || value.data == NULL || (unsigned)type > STM_TYPE_MAX ||
                      value.size > txn->store->limits.value_size_max || txn->count > STMI_CHUNK_FIRST))
        return NULL;
    if (ask->names != NULL ? ask->names->data == NULL : ask->handles->store != txn->store)
        return NULL;
    struct stmi_entry *entry = asked_entry(txn, ask, 0);
    return stmi_likely(entry != NULL && entry->update && stmi_peek(&entry->target) == 0) ? entry : NULL;
}

STMI_INLINE stm_status quick_set(struct stm_txn *txn, struct stmi_entry *entry, stm_bytes value, stm_type type)
{
    txn->stuck = STM_REENTERED;
    if (stmi_likely(value.size == 8 && entry->block == NULL))
        set_word(txn, entry, stmi_word_read(value.data), type);
    else if (stmi_unlikely(!stmi_entry_set(txn, entry, value, type)))
        return stmi_txn_fail(txn, STM_NO_MEMORY);
    entry->set = true;
    return stmi_txn_leave(txn, STM_OK);
}

/* target: the version to publish, 0: the next one. */
STMI_INLINE stm_status set(struct stm_txn *txn, const struct ask *ask, stm_bytes value, stm_type type, uint64_t target)
{
    struct stmi_entry *entry = NULL;
    stm_status status = edit(txn, ask, &entry);
    if (stmi_unlikely(status != STM_OK))
        return status;
    txn->stuck = STM_REENTERED; /* it was ready, as the entry shows */
    if (stmi_unlikely(value.data == NULL || (unsigned)type > STM_TYPE_MAX))
        return stmi_txn_fail(txn, STM_INVALID);
    if (stmi_unlikely(value.size > txn->store->limits.value_size_max))
        return stmi_txn_fail(txn, STM_TOO_LARGE);
    if (stmi_unlikely(target != 0 && (target <= entry->version || target > STM_VERSION_MAX)))
        return stmi_txn_fail(txn, STM_INVALID);
    if (stmi_unlikely(!stmi_entry_set(txn, entry, value, type)))
        return stmi_txn_fail(txn, STM_NO_MEMORY);
    set_target(txn, entry, target);
    entry->set = true;
    return stmi_txn_leave(txn, STM_OK);
}

STMI_INLINE stm_status erase(struct stm_txn *txn, const struct ask *ask)
{
    struct stmi_entry *entry = NULL;
    stm_status status = edit(txn, ask, &entry);
    if (status == STM_OK) {
        stmi_entry_set(txn, entry, stm_bytes_of(NULL, 0), STM_BYTES); /* takes no memory */
        set_target(txn, entry, 0);
        entry->set = true;
    }
    return status;
}

static __attribute__((noinline)) stm_status set_by_name(stm_txn *txn, stm_bytes key, stm_bytes value, stm_type type)
{
    struct ask ask = {.names = &key, .count = 1};
    return set(txn, &ask, value, type, 0);
}

static __attribute__((noinline)) stm_status set_by_handle(stm_txn *txn, stm_key key, stm_bytes value)
{
    struct ask ask = {.handles = &key, .count = 1};
    return set(txn, &ask, value, STM_BYTES, 0);
}

stm_status stm_txn_set_typed(stm_txn *txn, stm_bytes key, stm_bytes value, stm_type type)
{
    const struct ask ask = {.names = &key, .count = 1};
    struct stmi_entry *entry = quick_entry(txn, &ask, value, type);
    return stmi_likely(entry != NULL) ? quick_set(txn, entry, value, type) : set_by_name(txn, key, value, type);
}

stm_status stm_txn_restore(stm_txn *txn, stm_bytes key, stm_bytes value, stm_type type, uint64_t version)
{
    struct ask ask = {.names = &key, .count = 1};
    return version == 0 ? stmi_txn_reject(txn, STM_INVALID) : set(txn, &ask, value, type, version);
}

stm_status stm_txn_set(stm_txn *txn, stm_bytes key, stm_bytes value)
{
    return stm_txn_set_typed(txn, key, value, STM_BYTES);
}

stm_status stm_txn_set_key(stm_txn *txn, stm_key key, stm_bytes value)
{
    const struct ask ask = {.handles = &key, .count = 1};
    struct stmi_entry *entry = quick_entry(txn, &ask, value, STM_BYTES);
    return stmi_likely(entry != NULL) ? quick_set(txn, entry, value, STM_BYTES) : set_by_handle(txn, key, value);
}

stm_status stm_txn_delete(stm_txn *txn, stm_bytes key)
{
    struct ask ask = {.names = &key, .count = 1};
    return erase(txn, &ask);
}

stm_status stm_txn_delete_key(stm_txn *txn, stm_key key)
{
    struct ask ask = {.handles = &key, .count = 1};
    return erase(txn, &ask);
}

/* ------------------------------------------------------------------------ public: looks -- */

/* The entry of a key, without changing anything. The handle is the caller's alone: const is a promise to him. */
static stm_status held_entry(const struct stm_txn *txn, stm_bytes key, struct stmi_entry **entry)
{
    stm_status status = stmi_txn_check(txn);
    if (status != STM_OK)
        return status;
    if (key.data == NULL || key.size == 0)
        return STM_INVALID;
    *entry = stmi_txn_find_name((struct stm_txn *)(uintptr_t)txn, key);
    return *entry == NULL ? STM_NOT_FOUND : STM_OK;
}

stm_status stm_txn_value(const stm_txn *txn, stm_bytes key, stm_bytes *value)
{
    struct stmi_entry *entry;
    stm_status status = held_entry(txn, key, &entry);
    if (status != STM_OK)
        return status;
    if (value == NULL)
        return STM_INVALID;
    *value = stmi_entry_value(entry);
    return value->data == NULL ? STM_NOT_FOUND : STM_OK;
}

stm_status stm_txn_version(const stm_txn *txn, stm_bytes key, uint64_t *version)
{
    struct stmi_entry *entry;
    stm_status status = held_entry(txn, key, &entry);
    if (status != STM_OK)
        return status;
    if (version == NULL)
        return STM_INVALID;
    *version = entry->version;
    return STM_OK;
}

stm_status stm_txn_type(const stm_txn *txn, stm_bytes key, stm_type *type)
{
    struct stmi_entry *entry;
    stm_status status = held_entry(txn, key, &entry);
    if (status != STM_OK)
        return status;
    if (type == NULL)
        return STM_INVALID;
    *type = stmi_info_type(stmi_peek(&entry->info));
    return STM_OK;
}

/* One whole look at a record that is not held, copied to where peek keeps its value. */
static stm_status peek_once(struct stm_txn *txn, struct stmi_record *record, stm_bytes *value)
{
    struct stmi_sight sight, again;
    struct stmi_words words;
    stmi_look(record, &sight);
    stmi_words_read(record, sight.entry, &words);
    stmi_look(record, &again);
    if (!stmi_sight_same(&again, &sight))
        return STM_BUSY;
    unsigned kind = stmi_info_kind(words.info);
    if (kind == STMI_KIND_ABSENT)
        return STM_NOT_FOUND;
    if (kind != STMI_KIND_BLOCK) {
        memcpy(txn->peeked_words, words.value, 2 * sizeof words.value[0]);
        ((char *)txn->peeked_words)[kind] = '\0';
        *value = stm_bytes_of(txn->peeked_words, kind);
        return STM_OK;
    }
    const struct stmi_block *block = (const struct stmi_block *)(uintptr_t)words.value[0];
    stmi_touch(STMI_LOAD, &block->cell.next);
    txn->peeked = stmi_block_get(txn, block->size);
    if (txn->peeked == NULL)
        return STM_NO_MEMORY;
    memcpy(txn->peeked->data, block->data, block->size + 1);
    *value = stm_bytes_of(txn->peeked->data, block->size);
    return STM_OK;
}

static stm_status peek(struct stm_txn *txn, stm_bytes key, stm_bytes *value)
{
    struct stmi_name name = {.bytes = key, .hash = stmi_index_hash(&txn->store->index, key)};
    stmi_name_pack(&name);
    struct stmi_record *record = stmi_index_find(&txn->store->index, &name);
    stm_status status = record == NULL ? STM_NOT_FOUND : STM_BUSY;
    for (unsigned rounds = 0; status == STM_BUSY && rounds < ROUNDS_MAX; rounds++)
        status = peek_once(txn, record, value);
    return status;
}

/* A key that is not held. */
static stm_status peek_elsewhere(struct stm_txn *txn, stm_bytes key, stm_bytes *value)
{
    if (txn->peeked != NULL)
        stmi_block_drop(txn, txn->peeked);
    txn->peeked = NULL;
    if (!stmi_mutant(EPOCH_NOT_ENTERED))
        stmi_epoch_enter(txn);
    stm_status status = peek(txn, key, value);
    stmi_epoch_exit(txn);
    return status;
}

stm_status stm_txn_peek(stm_txn *txn, stm_bytes key, stm_bytes *value)
{
    stm_status status = stmi_txn_enter(txn);
    if (status != STM_OK)
        return status;
    status = value == NULL ? STM_INVALID : check_names(txn->store, &key, 1);
    if (status != STM_OK)
        return stmi_txn_fail(txn, status);
    struct stmi_entry *entry = stmi_txn_find_name(txn, key);
    if (entry == NULL || stmi_mutant(OWN_WRITE_UNSEEN))
        return stmi_conflict_tell(txn, peek_elsewhere(txn, key, value), STM_STAGE_CHECKOUT);
    *value = stmi_entry_value(entry);
    return stmi_txn_leave(txn, value->data == NULL ? STM_NOT_FOUND : STM_OK);
}

/* -------------------------------------------------------------------------- key handles -- */

stm_status stm_key_resolve(stm_store *store, stm_bytes key, stm_key *handle)
{
    stm_status status = stmi_store_check(store);
    if (status == STM_OK)
        status = handle == NULL ? STM_INVALID : check_names(store, &key, 1);
    if (status != STM_OK)
        return status;
    struct stm_txn *slot = stmi_slot_claim(store, STMI_SLOT_READER);
    if (slot == NULL)
        return STM_NO_MEMORY;
    struct stmi_record *record = NULL;
    stmi_epoch_enter(slot);
    status = find_records(slot, &key, 1, &record);
    stmi_epoch_exit(slot);
    stmi_slot_release(slot);
    if (status != STM_OK)
        return status;
    handle->store = store;
    handle->record = record;
    return STM_OK;
}

stm_bytes stm_key_name(stm_key key)
{
    return key.record == NULL ? stm_bytes_of(NULL, 0) : stmi_record_key(key.record);
}
