/*
 * commit.c -- publishing all keys at one instant, without waiting for anybody.
 *
 * The README beside this folder tells the story and the proof; in short, an attempt is:
 *   1 open      status := OPEN. Alone, it means nothing yet.
 *   2 install   in the order of records: CAS each head from the clean version checked out to our entry. Who
 *               meets another open owner there gives it a moment, then puts it aside (ABORTED).
 *   3 propose   the clock's present value as our revision, visibly; and see that it still is.
 *   4 keep      reserve memory for each old value that a held snapshot will still see.
 *   5 validate  look again at the keys only read.
 *   6 decide    CAS status from OPEN to COMMITTED: all keys change here, at once.
 *   7 finish    key by key: old value to the history if it is kept, new one into the record, head clean.
 * Others may put us aside before 6, and bump our proposal between 3 and 6; then the CAS fails, and we try again.
 * Until 6 nothing has changed; from 6 on nothing can fail.
 *
 * Harris, Fraser, Pratt, "A practical multi-word compare-and-swap operation", 2002, is where the status
 * word that decides for all comes from; Guerraoui et al., "Efficient multi-word compare and swap",
 * 2020, how few CAS it takes.
 */
#include "conflict.h"
#include "history.h"
#include "look.h"
#include "mutant.h"
#include "observe.h"
#include "store.h"
#include "txn.h"
#include "wait.h"
#include "word.h"

#ifndef STMI_SPINS
#define STMI_SPINS 128 /* looks at another's commit before acting: longer than a commit of a few keys takes */
#endif
#define ATTEMPTS_MAX 8   /* put aside so often, a commit answers BUSY */
#define PROPOSALS_MAX 16 /* bumped so often, an attempt counts as put aside */
#define SPINS_FINISH_FACTOR 4
#define ROUNDS_MAX (STMI_SPINS * SPINS_FINISH_FACTOR * 2) /* tries to take one key, whatever others do with it */

enum outcome {
    DECIDED,   /* committed */
    PUT_ASIDE, /* by another commit: try again */
    CHANGED,   /* a key has another version: CONFLICT */
    HELD,      /* an owner that has decided does not finish: BUSY */
    NO_MEMORY
};

/* ---------------------------------------------------------------------------- install -- */

/* False: the head has moved on meanwhile, and its owner perhaps to his next transaction. */
static bool note_blocker(struct stm_txn *txn, const struct stmi_entry *entry, uint64_t head,
                         const struct stmi_meeting *meeting)
{
    struct stm_txn *owner = meeting->entry->owner;
    uint64_t id = stmi_load(&owner->id, ACQUIRE);
    uint64_t info = stmi_load(&owner->info, ACQUIRE);
    if (stmi_load(&entry->record->head, ACQUIRE) != head)
        return false;
    txn->blocker_txn = id;
    txn->blocker_info = info;
    txn->blocker_record = entry->record;
    return true;
}

/* What to do about the head that stood where a clean one was expected. */
enum met { MET_AGAIN, MET_TAKE_OVER, MET_CHANGED, MET_HELD };

static enum met meet_other(struct stm_txn *txn, struct stmi_entry *entry, uint64_t head, unsigned *spins)
{
    struct stmi_meeting meeting;
    if (stmi_head_is_clean(head))
        return head == stmi_head_clean(entry->version) ? MET_AGAIN : MET_CHANGED;
    if (!stmi_meet(entry->record, head, &meeting))
        return MET_AGAIN;
    struct stmi_sight sight;
    stmi_meeting_sight(&meeting, &sight);
    if (sight.version != entry->version && !stmi_mutant(BLIND_UPDATE))
        return MET_CHANGED;
    if (!note_blocker(txn, entry, head, &meeting))
        return MET_AGAIN;
    switch (stmi_status_state(meeting.status)) {
    case STMI_COMMITTED: /* its new value is what we have checked out, and it is about to finish */
        if (++*spins > STMI_SPINS * SPINS_FINISH_FACTOR && !stmi_mutant(SPINS_FOR_EVER))
            return MET_HELD;
        stmi_pause();
        return MET_AGAIN;
    case STMI_ABORTED:
        return MET_TAKE_OVER;
    default:
        if (stmi_mutant(TAKE_OVER_FROM_OPEN))
            return MET_TAKE_OVER;
        if (++*spins <= STMI_SPINS) {
            stmi_pause();
            return MET_AGAIN;
        }
        /* Put it aside. If the CAS fails, it has decided, been bumped, or been put aside. */
        stmi_cas(&meeting.entry->owner->status, &meeting.status,
                 stmi_status_with_state(meeting.status, STMI_ABORTED), SEQ_CST);
        return MET_AGAIN;
    }
}

/* Puts our entry where this head is expected. False: another was found there. */
STMI_INLINE bool take_head(struct stmi_entry *entry, uint64_t *expected, uint64_t ours)
{
    if (stmi_mutant(HOLD_WITHOUT_CAS))
        return stmi_mutant_take(&entry->record->head, expected, ours);
    /* Release pair:install -- previous, value and status, before the head that leads to them.
     * Pair hold: seq_cst, against the clock and the heads that we read after it. */
    return stmi_cas(&entry->record->head, expected, ours, stmi_mutant(WEAK_INSTALL) ? RELAXED : SEQ_CST);
}

/* After a first try that found another head. */
static STMI_COLD enum outcome install_slowly(struct stm_txn *txn, struct stmi_entry *entry, uint64_t ours,
                                             uint64_t flag, uint64_t found)
{
    uint64_t clean = stmi_head_clean(entry->version);
    uint64_t expected = clean;
    unsigned spins = 0;
    for (unsigned rounds = 1; rounds < ROUNDS_MAX || stmi_mutant(SPINS_FOR_EVER); rounds++) {
        if (stmi_mutant(BLIND_UPDATE) && stmi_head_is_clean(found)) {
            entry->version = stmi_head_version(found);
            clean = found;
            stmi_store(&entry->previous, clean | flag, RELEASE);
        }
        switch (meet_other(txn, entry, found, &spins)) {
        case MET_AGAIN:
            expected = clean;
            break;
        case MET_TAKE_OVER: /* from an owner put aside: whatever lies below it is clean(version) */
            expected = found;
            break;
        case MET_CHANGED:
            return CHANGED;
        case MET_HELD:
            return HELD;
        }
        found = expected;
        if (take_head(entry, &found, ours))
            return DECIDED;
    }
    return HELD; /* by one after the other, each of whom was put aside */
}

STMI_INLINE enum outcome install(struct stm_txn *txn, struct stmi_entry *entry, uint64_t sequence)
{
    uint64_t clean = stmi_head_clean(entry->version), found = clean;
    uint64_t ours = stmi_head_of(entry, sequence);
    /* Release pair:left -- that the last attempt's heads are given back, for who still comes from one. */
    bool restores = stmi_peek(&entry->target) != 0 && !stmi_mutant(RESTORE_UNSEEN);
    uint64_t flag = !entry->update ? STMI_HELD_ONLY : restores ? STMI_RESTORES : 0;
    stmi_store(&entry->previous, clean | flag, stmi_mutant(WEAK_PREVIOUS) ? RELAXED : RELEASE);
    if (stmi_likely(take_head(entry, &found, ours)))
        return DECIDED;
    return install_slowly(txn, entry, ours, flag, found);
}

/* Out: how many are installed. */
STMI_INLINE enum outcome install_all(struct stm_txn *txn, uint32_t count, uint32_t *installed)
{
    struct stmi_entry *const *updates = txn->updates;
    uint64_t sequence = txn->sequence;
    for (uint32_t i = 0; i < count; i++) {
        enum outcome outcome = install(txn, updates[i], sequence);
        if (stmi_unlikely(outcome != DECIDED)) {
            *installed = i;
            return outcome;
        }
    }
    *installed = count;
    return DECIDED;
}

/* Gives the heads back. Who has taken one over from us has it already. */
static STMI_COLD void undo(struct stm_txn *txn, uint32_t installed)
{
    /* Others may have put us aside, or bump us just now: either way we end as ABORTED. */
    uint64_t status = stmi_peek(&txn->status);
    stmi_store(&txn->status, stmi_status_with_state(status, STMI_ABORTED), SEQ_CST);
    for (uint32_t i = 0; i < installed; i++) {
        struct stmi_entry *entry = txn->updates[i];
        uint64_t ours = stmi_head_of(entry, txn->sequence);
        if (stmi_mutant(UNDO_WITHOUT_CAS))
            stmi_store(&entry->record->head, stmi_head_clean(entry->version), SEQ_CST);
        else
            stmi_cas(&entry->record->head, &ours, stmi_head_clean(entry->version), SEQ_CST);
    }
}

/* ----------------------------------------------------------------------------- decide -- */

/* Memory for each old value that a snapshot taken before our revision sees. False: there is none. */
static __attribute__((noinline)) bool reserve_for_snapshots(struct stm_txn *txn, uint32_t count, uint64_t revision)
{
    for (uint32_t i = 0; i < count; i++) {
        struct stmi_entry *entry = txn->updates[i];
        if (!entry->update || entry->version == 0 || entry->keep != NULL)
            continue;
        uint64_t from = stmi_load(&entry->record->revision, RELAXED); /* ours while we hold the head */
        if (stmi_snapshot_seeing(txn->store, from, revision) == NULL)
            continue;
        entry->keep = stmi_version_get(txn);
        txn->owned++;
        if (entry->keep == NULL)
            return false;
    }
    return true;
}

STMI_INLINE bool reserve_kept(struct stm_txn *txn, uint32_t count, uint64_t revision)
{
    return stmi_likely(stmi_load(&txn->store->snapshots_held, SEQ_CST) == 0) /* pair:clock */
           || reserve_for_snapshots(txn, count, revision);
}

static bool validate_many(struct stm_txn *txn)
{
    for (uint32_t i = 0; i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        if (!entry->update && !stmi_look_version(txn->store, entry->record, entry->version))
            return false;
    }
    return true;
}

STMI_INLINE bool validate(struct stm_txn *txn)
{
    uint32_t count = txn->count;
    if (stmi_unlikely(count > STMI_CHUNK_FIRST))
        return validate_many(txn);
    struct stm_store *store = txn->store;
    const struct stmi_entry *entry = txn->chunks[0]->entries;
    for (const struct stmi_entry *end = entry + count; entry < end; entry++)
        if (!entry->update && stmi_unlikely(!stmi_look_version(store, entry->record, entry->version)))
            return false;
    return true;
}

/*
 * Steps 3 to 6. The proposal is made before the clock is read again, so that from some instant on both
 * agree, and who looks past us later finds the proposal there (look.h). A mixed transaction makes
 * its first one only here, so that nobody need bump it while it is still installing.
 */
STMI_INLINE enum outcome decide(struct stm_txn *txn, uint32_t count, bool mixed)
{
    uint64_t status = stmi_peek(&txn->status);
    for (unsigned proposals = 0; proposals < PROPOSALS_MAX;) {
        if (stmi_unlikely(stmi_status_state(status) != STMI_OPEN))
            return PUT_ASIDE;
        uint64_t clock = stmi_load(&txn->store->clock, SEQ_CST); /* pair:clock, after the heads of pair:hold */
        if (stmi_mutant(EARLY_REVISION) && stmi_status_revision(status) != 0)
            clock = stmi_status_revision(status);
        if (stmi_unlikely(stmi_status_revision(status) != clock)) {
            uint64_t proposed = stmi_status_with_revision(status, clock);
            if (stmi_cas(&txn->status, &status, proposed, SEQ_CST))
                status = proposed;
            proposals++;
            continue;
        }
        if (!reserve_kept(txn, count, clock) && !stmi_mutant(NO_MEMORY_IGNORED))
            return NO_MEMORY;
        if (mixed && !stmi_mutant(NO_VALIDATION) && !stmi_mutant(EARLY_VALIDATION) && !validate(txn))
            return CHANGED;
        if (stmi_mutant(DECIDE_WITHOUT_CAS)) {
            stmi_store(&txn->status, stmi_status_with_state(status, STMI_COMMITTED), SEQ_CST);
            return DECIDED;
        }
        /* Release pair:decide -- all that belongs to the commit, before the word that publishes it. */
        if (stmi_likely(stmi_cas(&txn->status, &status, stmi_status_with_state(status, STMI_COMMITTED), SEQ_CST)))
            return DECIDED;
        proposals++;
    }
    return PUT_ASIDE;
}

/* ----------------------------------------------------------------------------- finish -- */

static void copy_old(struct stm_txn *txn, struct stmi_entry *entry, uint64_t revision)
{
    struct stmi_record *record = entry->record;
    struct stmi_version *old = entry->keep;
    /* The record is ours to read while we hold its head. */
    old->record = record;
    old->version = entry->version;
    old->revision = stmi_load(&record->revision, RELAXED);
    old->until = revision;
    old->txn = stmi_load(&record->txn, RELAXED);
    old->info = stmi_load(&record->info, RELAXED);
    old->words[0] = stmi_load(&record->payload[0], RELAXED);
    old->words[1] = stmi_load(&record->payload[1], RELAXED);
    stmi_tally(&txn->counters.versions_old, 1);
}

/* Release pair:value -- each of these comes after our head, for who reads them before he looks again. */
static void write_record(struct stm_txn *txn, struct stmi_entry *entry, uint64_t revision)
{
    struct stmi_record *record = entry->record;
    uint64_t info = stmi_peek(&entry->info);
    uint64_t key = stmi_peek(&record->info) & STMI_INFO_KEY_MASK;
    unsigned kind = stmi_info_kind(info);
    if (kind == STMI_KIND_BLOCK) {
        /* A reference for the record; it has one already if this very block stands there (committed
         * again without a set), unless the old version takes that along. Ours is held meanwhile. */
        if (!entry->published)
            stmi_store(&entry->block->references, 2, RELAXED); /* nobody else has it yet; pair:finish shows it */
        else if (entry->keep != NULL)
            stmi_add(&entry->block->references, 1, RELAXED);
        entry->published = true;
    }
    stmi_store(&record->payload[0], stmi_peek(&entry->value[0]), RELEASE);
    if (stmi_value_inline_max(stmi_info_key_size(key)) > 8)
        stmi_store(&record->payload[1], stmi_peek(&entry->value[1]), RELEASE);
    stmi_store(&record->info, (info & STMI_INFO_VALUE_MASK) | key | stmi_peek(&txn->info), RELEASE);
    stmi_store(&record->txn, stmi_peek(&txn->id), RELEASE);
    stmi_store(&record->revision, revision, RELEASE);
}

/* From here on the key is free for the next commit. Nobody takes a head from an owner that has decided. */
STMI_INLINE void leave_key(struct stmi_entry *entry, uint64_t version)
{
    entry->version_before = entry->version;
    entry->version = version;
    entry->set = false;
    /* Release pair:finish -- the record's words, before the head that sends readers to them. */
    stmi_store(&entry->record->head, stmi_head_clean(version), stmi_mutant(WEAK_FINISH) ? RELAXED : RELEASE);
}

/* The general case. */
static __attribute__((noinline)) void finish_key_slowly(struct stm_txn *txn, struct stmi_entry *entry,
                                                        uint64_t revision)
{
    struct stmi_record *record = entry->record;
    uint64_t old_info = stmi_peek(&record->info);
    struct stmi_block *old_block = NULL;
    if (stmi_info_kind(old_info) == STMI_KIND_BLOCK)
        old_block = (struct stmi_block *)(uintptr_t)stmi_peek(&record->payload[0]);
    struct stmi_version *kept = entry->keep;
    if (stmi_unlikely(kept != NULL)) {
        copy_old(txn, entry, revision);
        if (!stmi_mutant(OLD_VERSION_PUSHED_LATE))
            stmi_history_push(record, kept);
    }
    if (stmi_mutant(HEAD_BEFORE_VALUE))
        stmi_store(&record->head, stmi_head_clean(entry->version + 1), RELEASE);
    write_record(txn, entry, revision);
    if (stmi_mutant(OLD_VERSION_PUSHED_LATE) && kept != NULL)
        stmi_history_push(record, kept);
    entry->keep = NULL;
    uint64_t target = stmi_peek(&entry->target);
    bool reset = stmi_mutant(VERSION_RESET) && stmi_info_kind(old_info) == STMI_KIND_ABSENT;
    leave_key(entry, reset ? 1 : target == 0 ? entry->version + 1 : target);
    if (stmi_unlikely(target != 0 && !stmi_mutant(RESTORE_STAYS)))
        stmi_store(&entry->target, 0, RELEASE); /* pair:left; the next commit publishes the next version */
    bool was = stmi_info_kind(old_info) != STMI_KIND_ABSENT;
    bool is = stmi_info_kind(stmi_peek(&entry->info)) != STMI_KIND_ABSENT;
    if (stmi_unlikely(was != is))
        stmi_tally(&txn->counters.keys_live, is ? (uint64_t)1 : (uint64_t)-1);
    if (stmi_unlikely(kept != NULL))
        stmi_version_keep(txn, kept);
    else if (old_block != NULL && old_block != entry->block)
        stmi_epoch_retire(txn, &old_block->cell, sizeof *old_block + old_block->capacity);
}

/* The commonest case: a value in the record gives way to another one, and nobody needs it any more. */
STMI_INLINE void finish_key(struct stm_txn *txn, struct stmi_entry *entry, uint64_t revision)
{
    struct stmi_record *record = entry->record;
    uint64_t old_info = stmi_peek(&record->info), info = stmi_peek(&entry->info);
    unsigned kind = stmi_info_kind(info);
    if (stmi_unlikely(kind >= STMI_KIND_BLOCK || stmi_info_kind(old_info) >= STMI_KIND_BLOCK || entry->keep != NULL ||
                      stmi_peek(&entry->target) != 0 || stmi_mutant(HEAD_BEFORE_VALUE))) {
        finish_key_slowly(txn, entry, revision);
        return;
    }
    /* Release pair:value, as in write_record. */
    stmi_store(&record->payload[0], stmi_peek(&entry->value[0]), RELEASE);
    if (kind > 8) /* else a reader does not look at it, and it may be the key's */
        stmi_store(&record->payload[1], stmi_peek(&entry->value[1]), RELEASE);
    stmi_store(&record->info, info | (old_info & STMI_INFO_KEY_MASK) | stmi_peek(&txn->info), RELEASE);
    stmi_store(&record->txn, stmi_peek(&txn->id), RELEASE);
    stmi_store(&record->revision, revision, RELEASE);
    leave_key(entry, entry->version + 1);
}

STMI_INLINE void finish(struct stm_txn *txn, uint32_t count)
{
    uint64_t revision = stmi_status_revision(stmi_peek(&txn->status));
    struct stmi_entry *const *updates = txn->updates;
    for (uint32_t i = 0; i < count; i++) {
        struct stmi_entry *entry = updates[i];
        if (stmi_likely(entry->update)) {
            finish_key(txn, entry, revision);
        } else { /* only held: it goes back as it was */
            stmi_store(&entry->record->head, stmi_head_clean(entry->version), RELEASE);
        }
    }
}

/* Reserved, and then not needed: a snapshot was released, or the attempt was lost. */
static void give_back_kept(struct stm_txn *txn, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct stmi_entry *entry = txn->updates[i];
        if (entry->keep != NULL && !stmi_mutant(LEAKED_VERSION))
            stmi_version_put(txn, entry->keep);
        entry->keep = NULL;
    }
}

/* --------------------------------------------------------------------------- attempts -- */

/*
 * Sequence numbers come back. One may be used again only when nobody can still hold a head with it: when
 * two epochs have begun since the half before the one that begins now. If a reader that lingers has kept
 * the epoch from moving, the entries move to fresh memory instead, and the old one waits for him.
 */
static STMI_COLD stm_status sequence_comes_round(struct stm_txn *txn)
{
    const uint64_t half = (STMI_SEQUENCE_MASK + 1) / 2;
    if ((txn->sequence + 1) % half == 0) {
        uint64_t epoch = stmi_load(&txn->store->epoch.global, ACQUIRE);
        if (epoch < txn->sequence_epoch + 3) {
            stm_status status = stmi_txn_move(txn);
            if (status != STM_OK)
                return status;
        }
        txn->sequence_epoch = epoch;
    } else {
        stmi_epoch_advance(txn->store); /* so that it has moved by then */
    }
    return STM_OK;
}

STMI_INLINE stm_status next_sequence(struct stm_txn *txn)
{
    const uint64_t eighth = (STMI_SEQUENCE_MASK + 1) / 8;
    if (stmi_unlikely((txn->sequence + 1) % eighth == 0)) {
        stm_status status = sequence_comes_round(txn);
        if (status != STM_OK)
            return status;
    }
    if (!stmi_mutant(SEQUENCE_STANDS_STILL))
        txn->sequence++;
    return STM_OK;
}

STMI_INLINE enum outcome attempt(struct stm_txn *txn)
{
    if (stmi_unlikely(next_sequence(txn) != STM_OK))
        return NO_MEMORY;
    if (stmi_unlikely(!txn->ordered))
        stmi_txn_order(txn);
    uint32_t count = txn->holding ? txn->count : txn->update_count;
    bool mixed = count != txn->count;
    if (stmi_mutant(EARLY_VALIDATION) && mixed && !validate(txn))
        return CHANGED;
    /* Release pair:left, as in install. The first head installed publishes it (pair:install). */
    uint64_t proposed = mixed ? 0 : stmi_load(&txn->store->clock, RELAXED);
    stmi_store(&txn->status, stmi_status_open(txn->sequence, proposed, mixed),
               stmi_mutant(WEAK_STATUS) ? RELAXED : RELEASE);
    uint32_t installed;
    enum outcome outcome = install_all(txn, count, &installed);
    if (stmi_likely(outcome == DECIDED))
        outcome = decide(txn, count, mixed);
    if (stmi_likely(outcome == DECIDED)) {
        finish(txn, count);
        return DECIDED;
    }
    if (stmi_mutant(BUSY_KEEPS_KEY) && outcome == HELD)
        return HELD;
    if (stmi_mutant(NO_MEMORY_KEEPS_KEY) && outcome == NO_MEMORY)
        return NO_MEMORY;
    bool publishes = (stmi_mutant(PARTIAL_PUBLICATION) && outcome == CHANGED) ||
                     (stmi_mutant(NO_MEMORY_PUBLISHES) && outcome == NO_MEMORY);
    for (uint32_t i = 0; publishes && i < installed; i++)
        if (txn->updates[i]->update)
            finish_key(txn, txn->updates[i], stmi_load(&txn->store->clock, SEQ_CST));
    undo(txn, installed);
    give_back_kept(txn, count);
    return outcome;
}

/* After a first one that was put aside. Every attempt but the first ones also holds the keys only read, so that no
 * looker can bump it. */
static STMI_COLD enum outcome more_attempts(struct stm_txn *txn)
{
    enum outcome outcome = PUT_ASIDE;
    stmi_tally(&txn->counters.aborts, 1);
    for (unsigned i = 1; i < ATTEMPTS_MAX && outcome == PUT_ASIDE; i++) {
        if (i == 2 && txn->update_count != txn->count) {
            txn->holding = true;
            txn->ordered = false;
        }
        outcome = attempt(txn);
        if (outcome == PUT_ASIDE)
            stmi_tally(&txn->counters.aborts, 1);
    }
    if (txn->holding) {
        txn->holding = false;
        txn->ordered = false;
    }
    return outcome;
}

STMI_INLINE stm_status commit_updates(struct stm_txn *txn)
{
    txn->blocker_record = NULL;
    bool none_sleeps = stmi_mutant(WAKES_TOO_EARLY) && stmi_load(&txn->store->waiting, SEQ_CST) == 0;
    enum outcome outcome = attempt(txn);
    if (stmi_unlikely(outcome == PUT_ASIDE))
        outcome = more_attempts(txn);
    switch (outcome) {
    case DECIDED:
        if (stmi_unlikely(stmi_load(&txn->store->waiting, SEQ_CST) != 0) && !none_sleeps) /* pair:wait, after the decision */
            stmi_wait_wake(txn);
        return STM_OK;
    case CHANGED:
        return STM_CONFLICT;
    case NO_MEMORY:
        return STM_NO_MEMORY;
    default:
        return STM_BUSY;
    }
}

/* The view's instant is past: what is held now is what was current at the commit. */
static void close_view(struct stm_txn *txn)
{
    stmi_snapshot_drop(txn, txn->view);
    txn->view = NULL;
}

static STMI_COLD void observe_commit(struct stm_txn *txn)
{
    uint64_t status = stmi_peek(&txn->status);
    uint64_t revision = txn->update_count != 0 ? stmi_status_revision(status) : stmi_peek(&txn->store->clock);
    if (stmi_mutant(READER_TOLD_EARLIER) && txn->update_count == 0)
        revision--;
    stmi_observe_commit(txn, stmi_peek(&txn->id), revision);
}

STMI_INLINE stm_status committed(struct stm_txn *txn)
{
    stmi_tally(&txn->counters.commits, 1);
    txn->last = STM_OK;
    txn->settled = true;
    txn->changed_count = 0;
    if (stmi_wanted(txn, STM_EVENT_BIT(STM_EVENT_COMMIT) | STM_EVENT_BIT(STM_EVENT_PUBLISH)))
        observe_commit(txn);
    txn->unbegun = txn->watched; /* what follows is a new attempt with the same keys */
    stmi_txn_renew(txn, false);
    return stmi_txn_leave(txn, STM_OK);
}

stm_status stm_txn_commit(stm_txn *txn)
{
    stm_status status = stmi_txn_enter(txn);
    if (stmi_unlikely(status != STM_OK))
        return status;
    if (stmi_unlikely(txn->count == 0))
        return stmi_txn_leave(txn, STM_OK);
    if (stmi_unbegun(txn))
        stmi_observe_begin(txn);
    stmi_epoch_enter(txn);
    if (txn->update_count != 0)
        status = commit_updates(txn);
    else
        status = validate(txn) ? STM_OK : STM_CONFLICT;
    if (stmi_mutant(UNSTEADY) && txn->store->number % 2 == 0)
        stmi_pause();
    if (stmi_mutant(ALWAYS_CONFLICT))
        status = STM_CONFLICT;
    if (stmi_mutant(BUSY_FOR_CONFLICT) && status == STM_CONFLICT)
        status = STM_BUSY;
    if (stmi_unlikely(status == STM_CONFLICT))
        stmi_conflict_collect(txn);
    else if (stmi_unlikely(status == STM_OK && txn->view != NULL))
        close_view(txn);
    stmi_epoch_exit(txn);
    if (stmi_likely(status == STM_OK))
        return committed(txn);
    return stmi_conflict_tell(txn, status, STM_STAGE_COMMIT);
}
