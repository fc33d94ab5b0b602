#include "snapshot.h"

#include "block.h"
#include "history.h"
#include "look.h"
#include "mutant.h"
#include "observe.h"
#include "store.h"
#include "txn.h"
#include "word.h"

/* ---------------------------------------------------------------------- hold and drop -- */

/* Claims a place; STM_SNAPSHOT_COUNT_MAX: none is free. */
static unsigned place_claim(struct stm_store *store)
{
    uint64_t claimed = stmi_load(&store->snapshots_claimed, ACQUIRE);
    unsigned place;
    do {
        if (claimed == UINT64_MAX)
            return STM_SNAPSHOT_COUNT_MAX;
        place = (unsigned)__builtin_ctzll(~claimed);
        /* Acquire pair:place -- the one before us has left it. */
    } while (!stmi_cas(&store->snapshots_claimed, &claimed, claimed | UINT64_C(1) << place, SEQ_CST));
    return place;
}

struct stm_snapshot *stmi_snapshot_hold(struct stm_store *store, const struct stmi_label *label)
{
    uint64_t lower = stmi_load(&store->clock, SEQ_CST);
    if (lower >= STMI_REVISION_MAX)
        return NULL;
    unsigned place = place_claim(store);
    if (place == STM_SNAPSHOT_COUNT_MAX)
        return NULL;
    struct stm_snapshot *snapshot = &store->snapshots[place];
    snapshot->store = store;
    stmi_store(&snapshot->label, label, RELAXED); /* published with the bit below */
    snapshot->place = place;
    snapshot->slot = NULL;
    snapshot->number = stmi_add(&store->snapshot_number, 1, RELAXED) + 1; /* only a number */
    stmi_store(&snapshot->taken_ns, stmi_now_ns(), RELAXED);
    for (unsigned i = 0; i < STMI_KEPT_SHARDS; i++)
        stmi_store(&snapshot->kept[i].top, NULL, RELAXED); /* published with the bit below */
    /* Pair clock: we announce ourselves, and then move the clock; a commit reads the clock, and then
     * the announcements. If the clock was moved for it, it sees us. */
    stmi_store(&snapshot->revision, STMI_ANNOUNCED | lower, RELAXED);
    if (!stmi_mutant(ANNOUNCED_AFTER_CLOCK))
        stmi_or(&store->snapshots_held, UINT64_C(1) << place, SEQ_CST);
    uint64_t revision = stmi_add(&store->clock, 1, SEQ_CST);
    if (stmi_mutant(ANNOUNCED_AFTER_CLOCK))
        stmi_or(&store->snapshots_held, UINT64_C(1) << place, SEQ_CST);
    stmi_store(&snapshot->revision, revision, RELEASE);
    return snapshot;
}

uint64_t stmi_snapshot_drop(struct stm_txn *slot, struct stm_snapshot *snapshot)
{
    struct stm_store *store = snapshot->store;
    uint64_t bit = UINT64_C(1) << snapshot->place;
    uint64_t count = 0;
    stmi_and(&store->snapshots_held, ~bit, SEQ_CST);
    for (unsigned i = 0; i < STMI_KEPT_SHARDS; i++) {
        /* Acquire pair:kept. Who comes later finds it closed, and looks for another snapshot. */
        struct stmi_version *version = stmi_swap(&snapshot->kept[i].top, STMI_KEPT_CLOSED, SEQ_CST);
        while (version != NULL) {
            struct stmi_version *next = version->kept;
            stmi_version_keep(slot, version);
            version = next;
            count++;
        }
    }
    stmi_and(&store->snapshots_claimed, ~bit, SEQ_CST); /* Release pair:place */
    return count;
}

struct stm_snapshot *stmi_snapshot_seeing(struct stm_store *store, uint64_t from, uint64_t until)
{
    uint64_t held = stmi_load(&store->snapshots_held, SEQ_CST); /* pair:clock */
    for (; held != 0; held &= held - 1) {
        struct stm_snapshot *snapshot = &store->snapshots[__builtin_ctzll(held)];
        uint64_t revision = stmi_load(&snapshot->revision, ACQUIRE);
        bool announced = (revision & STMI_ANNOUNCED) != 0;
        revision &= ~STMI_ANNOUNCED;
        if (revision < until && from < until && (announced || from <= revision))
            return snapshot;
    }
    return NULL;
}

/* ------------------------------------------------------------------------------- read -- */

STMI_INLINE void seen_words(struct stmi_seen *seen, uint64_t info, uint64_t first, uint64_t second)
{
    seen->info = info;
    seen->words[0] = first;
    seen->words[1] = second;
    seen->block = stmi_info_kind(info) == STMI_KIND_BLOCK ? (struct stmi_block *)(uintptr_t)first : NULL;
}

STMI_INLINE void read_record(struct stmi_record *record, struct stmi_seen *seen)
{
    struct stmi_words words;
    seen->revision = stmi_load(&record->revision, ACQUIRE); /* pair:value */
    seen->txn = stmi_load(&record->txn, ACQUIRE);
    stmi_words_read(record, NULL, &words);
    seen_words(seen, words.info, words.value[0], words.value[1]);
}

static void read_entry(struct stmi_record *record, struct stmi_entry *entry, uint64_t revision,
                       struct stmi_seen *seen)
{
    struct stmi_words words;
    stmi_words_read(record, entry, &words);
    seen->revision = revision;
    seen->txn = stmi_load(&entry->owner->id, ACQUIRE);
    uint64_t writer = stmi_load(&entry->owner->info, ACQUIRE);
    seen_words(seen, (words.info & STMI_INFO_VALUE_MASK) | (writer & STMI_INFO_WRITER_MASK), words.value[0],
               words.value[1]);
}

static bool read_history(struct stmi_record *record, uint64_t revision, struct stmi_seen *seen)
{
    struct stmi_version *version = stmi_history_find(record, revision);
    if (version == NULL) { /* the key had not been published yet */
        seen->version = seen->revision = seen->txn = 0;
        seen_words(seen, stmi_info_of_value(STMI_KIND_ABSENT, STM_BYTES), 0, 0);
        return false;
    }
    seen->version = version->version;
    seen->revision = version->revision;
    seen->txn = version->txn;
    seen_words(seen, version->info, version->words[0], version->words[1]);
    return stmi_info_kind(version->info) != STMI_KIND_ABSENT;
}

enum seen_where { SEEN_VALUE, SEEN_OLDER, SEEN_TORN };

/* The value in the record, which is current, or the one below an undecided owner. */
static enum seen_where try_record(struct stmi_record *record, uint64_t revision, const struct stmi_sight *sight,
                                  struct stmi_seen *seen)
{
    if (sight->version == 0)
        return SEEN_OLDER;
    read_record(record, seen);
    seen->version = sight->version;
    struct stmi_sight again; /* of the same version: then in the same place, since versions only move into the record */
    stmi_look(record, &again);
    if (again.version != sight->version)
        return SEEN_TORN;
    return stmi_sees(revision, seen->revision) ? SEEN_VALUE : SEEN_OLDER;
}

/*
 * The value in the record below an owner that has committed later than the snapshot, and may be
 * overwriting it now. If the snapshot sees the value, then the owner pushes it to the history before
 * it writes, and nobody drops it from there: so if it is not there after we have read, we have read it
 * whole. (That the history has changed says nothing: others drop older versions from it.) If we
 * have read a revision that the snapshot does not see, the old one or the owner's, its value is older.
 */
static enum seen_where try_below(struct stmi_record *record, uint64_t revision, uint64_t version,
                                 struct stmi_seen *seen)
{
    if (version == 0)
        return SEEN_OLDER;
    read_record(record, seen);
    seen->version = version;
    if (seen->revision > revision)
        return SEEN_OLDER;
    struct stmi_version *first = stmi_load(&record->history, ACQUIRE); /* pair:history */
    return first != NULL && first->version >= version ? SEEN_OLDER : SEEN_VALUE;
}

static enum seen_where try_once(struct stmi_record *record, uint64_t revision, struct stmi_seen *seen)
{
    uint64_t head = stmi_load(&record->head, SEQ_CST); /* pair:clock */
    struct stmi_sight sight = {stmi_head_version(head), NULL};
    struct stmi_meeting meeting;
    if (stmi_likely(stmi_head_is_clean(head)))
        return try_record(record, revision, &sight, seen);
    if (!stmi_meet(record, head, &meeting))
        return SEEN_TORN;
    stmi_meeting_sight(&meeting, &sight);
    uint64_t proposed = stmi_status_revision(meeting.status);
    if (sight.entry == NULL) {
        /* An owner that may still commit at a revision that we ought to see must propose a later one. */
        if (stmi_status_state(meeting.status) == STMI_OPEN && proposed != 0 && proposed <= revision &&
            !stmi_mutant(NO_BUMP_BY_SNAPSHOT) && !stmi_bump(meeting.entry, meeting.status))
            return SEEN_TORN;
        return try_record(record, revision, &sight, seen);
    }
    if (proposed > revision)
        return try_below(record, revision, stmi_head_version(meeting.previous), seen);
    read_entry(record, sight.entry, proposed, seen);
    seen->version = sight.version;
    return stmi_load(&record->head, ACQUIRE) == head ? SEEN_VALUE : SEEN_TORN;
}

static STMI_COLD bool read_slowly(struct stmi_record *record, uint64_t revision, struct stmi_seen *seen)
{
    for (;;) {
        switch (try_once(record, revision, seen)) {
        case SEEN_VALUE:
            return stmi_info_kind(seen->info) != STMI_KIND_ABSENT;
        case SEEN_OLDER:
            return read_history(record, revision, seen);
        case SEEN_TORN:
            break; /* a commit has got on with this key; one after the snapshot settles it for good */
        }
    }
}

/* The commonest case first: nobody commits the key, and its value is one that the snapshot sees. */
bool stmi_snapshot_read(const struct stm_snapshot *snapshot, struct stmi_record *record, struct stmi_seen *seen)
{
    uint64_t revision = stmi_snapshot_revision(snapshot);
    uint64_t head = stmi_load(&record->head, SEQ_CST); /* pair:clock */
    if (stmi_likely(stmi_head_is_clean(head))) {
        read_record(record, seen);
        seen->version = stmi_head_version(head);
        if (stmi_likely(stmi_sees(revision, seen->revision) && stmi_load(&record->head, SEQ_CST) == head))
            return stmi_info_kind(seen->info) != STMI_KIND_ABSENT;
    }
    return read_slowly(record, revision, seen);
}

/* ----------------------------------------------------------------------------- public -- */

stm_status stmi_snapshot_check(const struct stm_snapshot *snapshot)
{
    if (snapshot == NULL)
        return STM_INVALID;
    if (snapshot->magic != STMI_SNAPSHOT_MAGIC)
        return STM_ENDED;
    return stmi_store_check(snapshot->store);
}

static stm_event event_of(struct stm_snapshot *snapshot, stm_event_kind kind)
{
    stm_event event = {.kind = kind};
    event.snapshot = snapshot->number;
    event.label = stmi_peek(&snapshot->label)->text;
    event.revision = stmi_peek(&snapshot->revision);
    return event;
}

stm_status stm_snapshot_take(stm_store *store, const char *label, stm_snapshot **out)
{
    stm_status status = stmi_store_check(store);
    if (status != STM_OK)
        return status;
    if (out == NULL)
        return STM_INVALID;
    const struct stmi_label *interned;
    status = stmi_label_intern(&store->memory, &store->labels, label, &interned);
    if (status != STM_OK)
        return status;
    struct stm_txn *slot = stmi_slot_claim(store, STMI_SLOT_READER);
    if (slot == NULL)
        return STM_NO_MEMORY;
    struct stm_snapshot *snapshot = stmi_snapshot_hold(store, interned);
    if (snapshot == NULL) {
        stmi_slot_release(slot);
        return STM_LIMIT;
    }
    snapshot->slot = slot;
    snapshot->magic = STMI_SNAPSHOT_MAGIC;
    *out = snapshot;
    if (stmi_observes(store, STM_EVENT_BIT(STM_EVENT_SNAPSHOT_TAKEN)) != 0) {
        stm_event event = event_of(snapshot, STM_EVENT_SNAPSHOT_TAKEN);
        stmi_observe(store, &event);
    }
    return STM_OK;
}

void stm_snapshot_release(stm_snapshot *snapshot)
{
    if (stmi_snapshot_check(snapshot) != STM_OK)
        return;
    struct stm_store *store = snapshot->store;
    struct stm_txn *slot = snapshot->slot;
    stm_event event = event_of(snapshot, STM_EVENT_SNAPSHOT_RELEASED);
    event.held_ns = stmi_now_ns() - stmi_peek(&snapshot->taken_ns);
    snapshot->magic = 0; /* from the withdrawal on, another thread may take the place */
    stmi_epoch_enter(slot);
    uint64_t kept = stmi_snapshot_drop(slot, snapshot);
    stmi_epoch_exit(slot);
    if (kept != 0)
        stmi_epoch_flush(slot);
    stmi_slot_release(slot);
    event.bytes = kept * sizeof(struct stmi_version);
    if (stmi_observes(store, STM_EVENT_BIT(event.kind)) != 0)
        stmi_observe(store, &event);
}

uint64_t stm_snapshot_revision(const stm_snapshot *snapshot)
{
    if (stmi_snapshot_check(snapshot) != STM_OK)
        return 0;
    return stmi_peek(&snapshot->revision) + (stmi_mutant(SNAPSHOT_TOLD_LATER) ? 1u : 0u);
}

stm_store *stm_snapshot_store(const stm_snapshot *snapshot)
{
    return stmi_snapshot_check(snapshot) == STM_OK ? snapshot->store : NULL;
}

const char *stm_snapshot_label(const stm_snapshot *snapshot)
{
    return stmi_snapshot_check(snapshot) == STM_OK ? stmi_peek(&snapshot->label)->text : "";
}

int64_t stm_snapshot_age_ns(const stm_snapshot *snapshot)
{
    return stmi_snapshot_check(snapshot) == STM_OK ? stmi_now_ns() - stmi_peek(&snapshot->taken_ns) : 0;
}

void stmi_seen_entry(struct stm_store *store, struct stmi_record *record, const struct stmi_seen *seen,
                     stm_entry *entry)
{
    entry->key = stmi_record_key(record);
    if (seen->block != NULL) {
        entry->value = stm_bytes_of(seen->block->data, seen->block->size);
    } else if (stmi_unlikely(stmi_info_kind(seen->info) == STMI_KIND_ABSENT)) { /* shown by changes only */
        entry->value = stm_bytes_of(NULL, 0);
    } else {
        memcpy(entry->small, seen->words, sizeof seen->words);
        size_t size = stmi_info_kind(seen->info);
        entry->small[size] = '\0';
        entry->value = stm_bytes_of(entry->small, size);
    }
    entry->type = stmi_info_type(seen->info);
    entry->version = seen->version;
    entry->writer.txn = seen->txn;
    entry->writer.tid = stmi_info_tid(seen->info);
    entry->writer.revision = seen->revision;
    entry->writer.label = stmi_label_text(&store->labels, stmi_info_label(seen->info));
}

stm_status stm_snapshot_get(const stm_snapshot *snapshot, stm_bytes key, stm_entry *entry)
{
    stm_status status = stmi_snapshot_check(snapshot);
    if (status != STM_OK)
        return status;
    struct stm_store *store = snapshot->store;
    if (entry == NULL || key.data == NULL || key.size == 0)
        return STM_INVALID;
    if (key.size > store->limits.key_size_max)
        return STM_TOO_LARGE;
    struct stm_txn *slot = stmi_slot_claim(store, STMI_SLOT_READER);
    if (slot == NULL)
        return STM_NO_MEMORY;
    struct stmi_name name = {.bytes = key, .hash = stmi_index_hash(&store->index, key)};
    stmi_name_pack(&name);
    struct stmi_seen seen;
    stmi_epoch_enter(slot);
    struct stmi_record *record = stmi_index_find(&store->index, &name);
    bool found = record != NULL && stmi_snapshot_read(snapshot, record, &seen);
    stmi_epoch_exit(slot);
    stmi_slot_release(slot);
    if (!found)
        return STM_NOT_FOUND;
    stmi_seen_entry(store, record, &seen, entry);
    return STM_OK;
}
