/*
 * scan.h -- looking at many records under one snapshot.
 *
 * Nearly all are clean, unchanged since the snapshot, and have a small value: a glance at them knows all that it
 * must from one cache line, and copies what is wanted of it between two looks at the head, as everywhere (look.h).
 * Whatever else may be the case is for the slow functions, and for snapshot.c.
 */
#ifndef STMI_SCAN_H
#define STMI_SCAN_H

#include "snapshot.h"
#include "word.h"

struct stmi_scan {
    struct stm_store *store;
    const struct stm_snapshot *snapshot;
    uint64_t revision;
    uint64_t since; /* show what has a later revision, with what is absent; EVERYTHING: all that is present */
    const char *label_text;
    unsigned label; /* the number of the label looked up last: neighbours often have the same */
};

#define STMI_EVERYTHING UINT64_MAX

STMI_INLINE struct stmi_scan stmi_scan_of(const struct stm_snapshot *snapshot, uint64_t since)
{
    return (struct stmi_scan){.store = snapshot->store,
                              .snapshot = snapshot,
                              .revision = stmi_snapshot_revision(snapshot),
                              .since = since,
                              .label_text = ""};
}

/* What a record says at one look. */
struct stmi_glance {
    uint64_t head, revision, info, words[2];
};

STMI_INLINE struct stmi_glance stmi_glance_at(struct stmi_record *record)
{
    struct stmi_glance glance;
    glance.head = stmi_load(&record->head, SEQ_CST);         /* pair:clock, pair:record -- its key */
    glance.revision = stmi_load(&record->revision, ACQUIRE); /* pair:value, like those below */
    glance.info = stmi_load(&record->info, ACQUIRE);
    glance.words[0] = stmi_load(&record->payload[0], ACQUIRE);
    glance.words[1] = stmi_load(&record->payload[1], ACQUIRE);
    return glance;
}

/* The snapshot sees a small value there, and the glance has caught it whole. (Unpublished: its head is not clean.) */
STMI_INLINE bool stmi_glance_suffices(struct stmi_record *record, const struct stmi_glance *glance, uint64_t revision)
{
    return stmi_head_is_clean(glance->head) && stmi_sees(revision, glance->revision) &&
           stmi_info_kind(glance->info) < STMI_KIND_BLOCK && stmi_load(&record->head, SEQ_CST) == glance->head;
}

void stmi_scan_label(struct stmi_scan *scan, unsigned label);
bool stmi_scan_entry_slowly(struct stmi_scan *scan, struct stmi_record *record, stm_entry *entry);

/* False: the key is not to be shown. Inside an epoch. */
STMI_INLINE bool stmi_scan_entry(struct stmi_scan *scan, struct stmi_record *record, stm_entry *entry)
{
    struct stmi_glance glance = stmi_glance_at(record);
    uint64_t txn = stmi_load(&record->txn, ACQUIRE); /* pair:value */
    if (stmi_unlikely(!stmi_glance_suffices(record, &glance, scan->revision)))
        return stmi_scan_entry_slowly(scan, record, entry);
    if (scan->since != STMI_EVERYTHING && glance.revision <= scan->since)
        return false;
    unsigned label = stmi_info_label(glance.info);
    if (stmi_unlikely(label != scan->label))
        stmi_scan_label(scan, label);
    size_t size = stmi_info_kind(glance.info), key_size = stmi_info_key_size(glance.info);
    memcpy(entry->small, &glance.words[0], sizeof glance.words[0]); /* one by one: else a store of two halves */
    memcpy(entry->small + 8, &glance.words[1], sizeof glance.words[1]); /* is loaded as a whole, and stalls */
    entry->small[size] = '\0';
    entry->key = stm_bytes_of(stmi_record_key_data(record, key_size), key_size);
    entry->value = stm_bytes_of(entry->small, size);
    entry->type = stmi_info_type(glance.info);
    entry->version = stmi_head_version(glance.head);
    entry->writer = (stm_writer){.txn = txn,
                                 .label = scan->label_text,
                                 .tid = stmi_info_tid(glance.info),
                                 .revision = glance.revision};
    return true;
}

#endif
