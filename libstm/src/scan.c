/*
 * scan.c -- a snapshot's keys in the order of memory: by far the fastest way to look at all of them. Records are
 * read in blocks, each inside one epoch, and then shown outside of it, so that a slow visitor holds nothing up.
 */
#include "scan.h"

#include "block.h"
#include "store.h"
#include "txn.h"

#define SCAN_AT_ONCE 64 /* records; segments are multiples of it */

/* Is it to be shown? */
static bool look_closely(const struct stmi_scan *scan, struct stmi_record *record, struct stmi_seen *seen)
{
    /* 0: nobody has committed it, nor has anybody got it yet. */
    if (stmi_load(&record->head, ACQUIRE) == 0)
        return false;
    bool present = stmi_snapshot_read(scan->snapshot, record, seen);
    return scan->since == STMI_EVERYTHING ? present : seen->revision > scan->since;
}

/* ------------------------------------------------------------------------------- rows -- */

static STMI_COLD bool row_slowly(const struct stmi_scan *scan, struct stmi_record *record, stm_row *row)
{
    struct stmi_seen seen;
    if (!look_closely(scan, record, &seen))
        return false;
    *row = (stm_row){record, {seen.words[0], seen.words[1]}, seen.info};
    if (seen.block != NULL) {
        row->words_[0] = (uint64_t)(uintptr_t)seen.block->data;
        row->words_[1] = seen.block->size;
    }
    return true;
}

static unsigned rows_read(struct stmi_scan *scan, struct stmi_record *record, unsigned count, stm_row *rows)
{
    uint64_t revision = scan->revision;
    stm_row *row = rows;
    for (const struct stmi_record *end = record + count; record < end; record++) {
        struct stmi_glance glance = stmi_glance_at(record);
        row->record_ = record;
        row->words_[0] = glance.words[0];
        row->words_[1] = glance.words[1];
        row->info_ = glance.info;
        if (stmi_likely(stmi_glance_suffices(record, &glance, revision)) || row_slowly(scan, record, row))
            row++;
    }
    return (unsigned)(row - rows);
}

stm_bytes stm_row_key(const stm_row *row)
{
    return stmi_record_key((struct stmi_record *)(uintptr_t)row->record_);
}

/* ---------------------------------------------------------------------------- entries -- */

void stmi_scan_label(struct stmi_scan *scan, unsigned label)
{
    scan->label = label;
    scan->label_text = stmi_label_text(&scan->store->labels, label);
}

STMI_COLD bool stmi_scan_entry_slowly(struct stmi_scan *scan, struct stmi_record *record, stm_entry *entry)
{
    struct stmi_seen seen;
    if (!look_closely(scan, record, &seen))
        return false;
    stmi_seen_entry(scan->store, record, &seen, entry);
    return true;
}

static unsigned entries_read(struct stmi_scan *scan, struct stmi_record *record, unsigned count, stm_entry *entries)
{
    stm_entry *entry = entries;
    for (const struct stmi_record *end = record + count; record < end; record++)
        entry += stmi_scan_entry(scan, record, entry);
    return (unsigned)(entry - entries);
}

/* ----------------------------------------------------------------------------- public -- */

static stm_status scan_begin(struct stmi_scan *scan, const stm_snapshot *snapshot, uint64_t since, bool visitor,
                             struct stm_txn **slot)
{
    stm_status status = stmi_snapshot_check(snapshot);
    if (status != STM_OK)
        return status;
    if (!visitor)
        return STM_INVALID;
    *scan = stmi_scan_of(snapshot, since);
    *slot = stmi_slot_claim(scan->store, STMI_SLOT_READER);
    return *slot == NULL ? STM_NO_MEMORY : STM_OK;
}

/* The block that begins with this number; 0: there is none. */
static unsigned block_at(const struct stmi_scan *scan, uint64_t total, uint64_t number, struct stmi_record **first)
{
    if (number >= total)
        return 0;
    *first = stmi_records_at(&scan->store->records, number);
    return total - number < SCAN_AT_ONCE ? (unsigned)(total - number) : SCAN_AT_ONCE;
}

static uint64_t total_of(const struct stmi_scan *scan)
{
    return stmi_load(&scan->store->records.count, SEQ_CST); /* what the snapshot sees was made before */
}

stm_status stm_snapshot_scan_rows(const stm_snapshot *snapshot, stm_visit_rows *visit, void *arg)
{
    struct stmi_scan scan;
    stm_row rows[SCAN_AT_ONCE];
    struct stm_txn *slot;
    struct stmi_record *first;
    unsigned count;
    stm_status status = scan_begin(&scan, snapshot, STMI_EVERYTHING, visit != NULL, &slot);
    if (status != STM_OK)
        return status;
    bool more = true;
    uint64_t number = 0, total = total_of(&scan);
    for (; more && (count = block_at(&scan, total, number, &first)) != 0; number += count) {
        stmi_epoch_enter(slot);
        unsigned shown = rows_read(&scan, first, count, rows);
        stmi_epoch_exit(slot);
        more = shown == 0 || visit(rows, shown, arg);
    }
    stmi_slot_release(slot);
    return STM_OK;
}

static stm_status scan_entries(const stm_snapshot *snapshot, uint64_t since, stm_visit *visit, void *arg)
{
    struct stmi_scan scan;
    stm_entry entries[SCAN_AT_ONCE];
    struct stm_txn *slot;
    struct stmi_record *first;
    unsigned count;
    stm_status status = scan_begin(&scan, snapshot, since, visit != NULL, &slot);
    if (status != STM_OK)
        return status;
    bool more = true;
    uint64_t number = 0, total = total_of(&scan);
    for (; more && (count = block_at(&scan, total, number, &first)) != 0; number += count) {
        stmi_epoch_enter(slot);
        unsigned shown = entries_read(&scan, first, count, entries);
        stmi_epoch_exit(slot);
        for (unsigned i = 0; more && i < shown; i++)
            more = visit(&entries[i], arg);
    }
    stmi_slot_release(slot);
    return STM_OK;
}

stm_status stm_snapshot_scan(const stm_snapshot *snapshot, stm_visit *visit, void *arg)
{
    return scan_entries(snapshot, STMI_EVERYTHING, visit, arg);
}

stm_status stm_snapshot_scan_changes(const stm_snapshot *snapshot, uint64_t since_revision, stm_visit *visit, void *arg)
{
    return since_revision == STMI_EVERYTHING ? STM_INVALID : scan_entries(snapshot, since_revision, visit, arg);
}
