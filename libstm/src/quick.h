/*
 * quick.h -- the checkout that most calls ask for: a few keys, none of them held yet, all of them known to the index
 * and not being changed just now. Whatever is otherwise, the answer is false, nothing has happened, and the
 * caller goes the long way (checkout.c), which begins anew and knows of every case.
 *
 * It is the same protocol: a first look at each new key, with a copy, and then a second look at all that is held. But
 * a head that is not clean ends it, so there is nobody to meet, to follow or to bump. The new entries lie beyond
 * the transaction's count until all is well: there is nothing to take back but blocks.
 */
#ifndef STMI_QUICK_H
#define STMI_QUICK_H

#include "look.h"
#include "mutant.h"
#include "store.h"
#include "txn.h"

/* The records that these names are guessed to have: near, or on their way. False: a senseless name, or no guess. */
STMI_INLINE bool stmi_quick_guess(struct stm_txn *txn, const stm_bytes *names, size_t count,
                                  struct stmi_record **records)
{
    const struct stm_store *store = txn->store;
    struct stmi_table *table = stmi_load((_Atomic(struct stmi_table *) *)&store->index.table, ACQUIRE); /* pair:table */
    size_t key_size_max = store->limits.key_size_max;
    uint64_t hashes[STMI_CHUNK_FIRST];
    for (size_t i = 0; i < count; i++) {
        if (stmi_unlikely(names[i].data == NULL || names[i].size - 1 >= key_size_max))
            return false;
        hashes[i] = stmi_index_hash(&store->index, names[i]);
        stmi_index_prefetch(table, hashes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        records[i] = stmi_index_guess(table, hashes[i]);
        if (stmi_unlikely(records[i] == NULL))
            return false;
        __builtin_prefetch(records[i]);
    }
    return true;
}

/* The records of these handles. False: one of them is senseless or foreign. */
STMI_INLINE bool stmi_quick_resolved(struct stm_txn *txn, const stm_key *handles, size_t count,
                                     struct stmi_record **records)
{
    for (size_t i = 0; i < count; i++) {
        records[i] = handles[i].record;
        if (stmi_unlikely(handles[i].store != txn->store || records[i] == NULL))
            return false;
        __builtin_prefetch(records[i]);
    }
    return true;
}

/* Gives the entry a value that stands in a block, to which word leads: it and info belong together, and we are inside
 * the epoch in which they were read. in_record: it is what the record holds a reference of. False: no memory. */
bool stmi_take_block(struct stm_txn *txn, struct stmi_entry *entry, uint64_t info, uint64_t word, bool in_record);

/* One new key into its entry. */
STMI_INLINE bool stmi_quick_copy(struct stm_txn *txn, struct stmi_record *record, struct stmi_entry *entry, bool update)
{
    struct stmi_words words;
    uint64_t head = stmi_load(&record->head, SEQ_CST);
    stmi_words_read(record, NULL, &words);
    unsigned kind = stmi_info_kind(words.info);
    if (stmi_unlikely(!stmi_head_is_clean(head)))
        return false;
    entry->record = record;
    entry->version = stmi_head_version(head);
    entry->update = update;
    entry->published = entry->changed = entry->set = false;
    if (stmi_unlikely(kind == STMI_KIND_BLOCK)) /* the same head before and after: the words are those of its version */
        return stmi_load(&record->head, SEQ_CST) == head && stmi_take_block(txn, entry, words.info, words.value[0], true);
    /* For lingering readers, as in stmi_entry_set. */
    stmi_store(&entry->info, words.info & STMI_INFO_VALUE_MASK, RELEASE);
    stmi_store(&entry->value[0], words.value[0], RELEASE);
    stmi_store(&entry->value[1], kind > 8 ? words.value[1] : 0, RELEASE); /* the NUL, too */
    return true;
}

/* After a failure: blocks are all that entries beyond the count may own. */
static __attribute__((noinline)) bool stmi_quick_undo(struct stm_txn *txn, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++)
        stmi_entry_drop_block(txn, &txn->chunks[0]->entries[i]);
    return false;
}

/* names: those that the records ought to have, or NULL. Inside an epoch; there is room for them. */
STMI_INLINE bool stmi_quick_take(struct stm_txn *txn, struct stmi_record *const *records, const stm_bytes *names,
                                 uint32_t count, bool update)
{
    struct stmi_entry *entries = txn->chunks[0]->entries;
    uint32_t held = txn->count, end = held + count;
    for (uint32_t i = held; i < end; i++) {
        struct stmi_record *record = records[i - held];
        if (names != NULL) {
            struct stmi_name name = {.bytes = names[i - held]};
            stmi_name_pack(&name);
            if (stmi_unlikely(!stmi_record_is(record, &name)))
                return stmi_quick_undo(txn, held, i);
        }
        for (uint32_t j = 0; j < i; j++)
            if (stmi_unlikely(txn->few[j] == record))
                return stmi_quick_undo(txn, held, i);
        txn->few[i] = record;
        if (stmi_unlikely(!stmi_quick_copy(txn, record, &entries[i], update)))
            return stmi_quick_undo(txn, held, i);
    }
    uint32_t first = stmi_mutant(HELD_NOT_CHECKED) ? held : 0, last = stmi_mutant(NO_SECOND_LOOK) ? held : end;
    for (uint32_t i = first; i < last; i++)
        if (stmi_unlikely(stmi_load(&txn->few[i]->head, SEQ_CST) != stmi_head_clean(entries[i].version)))
            return stmi_quick_undo(txn, held, end);
    txn->count = end;
    txn->update_count += update ? count : 0;
    txn->ordered = txn->settled = false;
    return true;
}

/* What these entries, just taken, hold. */
STMI_INLINE void stmi_quick_values(struct stmi_entry *entries, uint32_t count, stm_bytes *values)
{
    for (uint32_t i = 0; i < count; i++)
        values[i] = stmi_entry_value(&entries[i]);
}

#endif
