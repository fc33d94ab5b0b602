/*
 * quick.h -- the checkout that most calls ask for: a few keys, none of them held yet, all of them known to the index,
 * small, and not being changed just now. Whatever is otherwise, the answer is false, nothing has happened, and the
 * caller goes the long way (checkout.c), which begins anew and knows of every case.
 *
 * It is the same protocol: a first look at each new key, with a copy, and then a second look at all that is held. But
 * a head that is not clean ends it, so there is nobody to meet, to follow or to bump. The new entries lie beyond
 * the transaction's count until all is well: there is nothing to take back.
 */
#ifndef STMI_QUICK_H
#define STMI_QUICK_H

#include "look.h"
#include "mutant.h"
#include "store.h"
#include "txn.h"

/* The records that these names are guessed to have: near, or on their way. False: a senseless name, or no guess. */
STMI_INLINE bool stmi_quick_find(struct stm_txn *txn, const stm_bytes *names, size_t count, bool update,
                                 struct stmi_record **records)
{
    const struct stm_store *store = txn->store;
    struct stmi_table *table = stmi_load((_Atomic(struct stmi_table *) *)&store->index.table, ACQUIRE); /* pair:table */
    uint64_t hashes[STMI_CHUNK_FIRST];
    for (size_t i = 0; i < count; i++) {
        if (stmi_unlikely(names[i].data == NULL || names[i].size - 1 >= store->limits.key_size_max))
            return false;
        hashes[i] = stmi_index_hash(&store->index, names[i]);
        if (count > 1)
            stmi_index_prefetch(table, hashes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        records[i] = stmi_index_guess(table, hashes[i]);
        if (stmi_unlikely(records[i] == NULL))
            return false;
        if (count > 1)
            stmi_record_prefetch(records[i], update);
    }
    return true;
}

/* One new key into its entry. */
STMI_INLINE bool stmi_quick_copy(struct stmi_record *record, struct stmi_entry *entry, bool update)
{
    struct stmi_words words;
    uint64_t head = stmi_load(&record->head, SEQ_CST);
    stmi_words_read(record, NULL, &words);
    unsigned kind = stmi_info_kind(words.info);
    if (stmi_unlikely(!stmi_head_is_clean(head) || kind == STMI_KIND_BLOCK))
        return false;
    entry->record = record;
    entry->version = stmi_head_version(head);
    entry->update = update;
    entry->published = entry->changed = entry->set = false;
    /* For lingering readers, as in stmi_entry_set. */
    stmi_store(&entry->info, words.info & STMI_INFO_VALUE_MASK, RELEASE);
    stmi_store(&entry->value[0], words.value[0], RELEASE);
    stmi_store(&entry->value[1], kind > 8 ? words.value[1] : 0, RELEASE); /* the NUL, too */
    return true;
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
                return false;
        }
        for (uint32_t j = 0; j < i; j++)
            if (stmi_unlikely(txn->few[j] == record))
                return false;
        txn->few[i] = record;
        if (stmi_unlikely(!stmi_quick_copy(record, &entries[i], update)))
            return false;
    }
    uint32_t first = stmi_mutant(HELD_NOT_CHECKED) ? held : 0, last = stmi_mutant(NO_SECOND_LOOK) ? held : end;
    for (uint32_t i = first; i < last; i++)
        if (stmi_unlikely(stmi_load(&txn->few[i]->head, SEQ_CST) != stmi_head_clean(entries[i].version)))
            return false;
    txn->count = end;
    txn->update_count += update ? count : 0;
    txn->ordered = txn->settled = false;
    return true;
}

/* What these entries, just taken, hold. */
STMI_INLINE void stmi_quick_values(struct stmi_entry *entries, uint32_t count, stm_bytes *values)
{
    for (uint32_t i = 0; i < count; i++) {
        unsigned kind = stmi_info_kind(stmi_peek(&entries[i].info));
        values[i] = stmi_likely(kind != STMI_KIND_ABSENT) ? stm_bytes_of((const void *)&entries[i].value[0], kind)
                                                          : stm_bytes_of(NULL, 0);
    }
}

#endif
