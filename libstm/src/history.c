#include "history.h"

#include "block.h"
#include "mutant.h"
#include "store.h"
#include "txn.h"

#define DROPPED UINT64_C(1)

struct stmi_version *stmi_version_get(struct stm_txn *txn)
{
    struct stmi_version *version = stmi_pool_get(txn, stmi_class_of(sizeof *version));
    if (version != NULL) {
        version->cell.kind = STMI_CELL_VERSION;
        version->info = stmi_info_of_value(STMI_KIND_ABSENT, STM_BYTES); /* no block yet */
    }
    return version;
}

static struct stmi_block *block_of(const struct stmi_version *version)
{
    return stmi_info_kind(version->info) == STMI_KIND_BLOCK ? (struct stmi_block *)(uintptr_t)version->words[0] : NULL;
}

void stmi_version_put(struct stm_txn *txn, struct stmi_version *version)
{
    struct stmi_block *block = block_of(version);
    if (block != NULL)
        stmi_block_drop(txn, block);
    stmi_pool_put(txn, &version->cell);
}

static struct stmi_version *address(uint64_t link)
{
    return (struct stmi_version *)(uintptr_t)(link & ~DROPPED);
}

struct stmi_version *stmi_history_find(struct stmi_record *record, uint64_t revision)
{
    /* Acquire pair:history -- all members of a version that was pushed. */
    struct stmi_version *version = stmi_load(&record->history, ACQUIRE);
    while (version != NULL && version->revision > revision)
        version = address(stmi_load(&version->older, ACQUIRE));
    return version;
}

void stmi_history_push(struct stmi_record *record, struct stmi_version *version)
{
    struct stmi_version *first = stmi_load(&record->history, ACQUIRE);
    do
        stmi_store(&version->older, (uint64_t)(uintptr_t)first, RELAXED); /* private until the CAS */
    while (!stmi_cas(&record->history, &first, version, SEQ_CST)); /* Release pair:history; fails only
                                                                      where somebody drops the first */
}

/* Unlinks `version` from what precedes it, with every other dropped version on the way. False: the path changed. */
static bool unlink_upto(struct stm_txn *txn, struct stmi_record *record, struct stmi_version *target)
{
    struct stmi_version *before = NULL;
    struct stmi_version *version = stmi_load(&record->history, ACQUIRE);
    while (version != NULL) {
        uint64_t older = stmi_load(&version->older, ACQUIRE);
        if ((older & DROPPED) == 0) {
            before = version;
            version = address(older);
            continue;
        }
        struct stmi_version *expected = version;
        uint64_t expected_link = (uint64_t)(uintptr_t)version;
        bool unlinked = before == NULL ? stmi_cas(&record->history, &expected, address(older), SEQ_CST)
                                       : stmi_cas(&before->older, &expected_link, older & ~DROPPED, SEQ_CST);
        if (!unlinked)
            return false;
        struct stmi_version *next = address(older);
        bool was_target = version == target;
        /* Only the one whose CAS unlinked it retires it. */
        const struct stmi_block *block = block_of(version);
        stmi_epoch_retire(txn, &version->cell, sizeof *version + (block == NULL ? 0 : block->capacity));
        stmi_tally(&txn->counters.versions_old, (uint64_t)-1);
        if (was_target)
            return true;
        version = next;
    }
    return true; /* another thread has unlinked it on its way */
}

void stmi_history_drop(struct stm_txn *txn, struct stmi_version *version)
{
    struct stmi_record *record = version->record;
    stmi_or(&version->older, DROPPED, SEQ_CST);
    while (!unlink_upto(txn, record, version))
        ; /* each turn, another drop or push on this record has succeeded */
}

void stmi_version_keep(struct stm_txn *txn, struct stmi_version *version)
{
    struct stm_store *store = txn->store;
    for (;;) {
        struct stm_snapshot *snapshot = stmi_snapshot_seeing(store, version->revision, version->until);
        if (stmi_mutant(DROPPED_BY_CLOCK) && stmi_load(&store->clock, SEQ_CST) > version->until)
            snapshot = NULL;
        if (snapshot == NULL) {
            stmi_history_drop(txn, version);
            return;
        }
        _Atomic(struct stmi_version *) *top =
            &snapshot->kept[((uintptr_t)txn / sizeof *txn) % STMI_KEPT_SHARDS].top;
        struct stmi_version *first = stmi_load(top, ACQUIRE);
        while (first != STMI_KEPT_CLOSED) {
            version->kept = first;
            if (stmi_cas(top, &first, version, SEQ_CST)) /* Release pair:kept */
                return;
        }
    }
}
