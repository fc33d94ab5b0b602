/*
 * look.h -- what is current in a record, whatever is being committed there. Looking writes nothing --
 * but for a bump, see stmi_look_again.
 *
 * A look tells a version and the place where its value stands: the record itself, or the entry of
 * a transaction that has decided its commit and not finished it. If a second look tells the same version
 * in the same place, then what was copied in between is that version, whole: the record's words
 * change only when its version does, and an entry is changed by its owner only after it has left the head,
 * whose version has then moved to the record and never comes back.
 */
#ifndef STMI_LOOK_H
#define STMI_LOOK_H

#include "mutant.h"
#include "store.h"
#include "word.h"

struct stmi_sight {
    uint64_t version;
    struct stmi_entry *entry; /* where the value stands; NULL: in the record */
};

STMI_INLINE bool stmi_sight_same(const struct stmi_sight *a, const struct stmi_sight *b)
{
    return a->version == b->version && a->entry == b->entry;
}

/* A head that is not clean, followed by one read of its owner's status. */
struct stmi_meeting {
    struct stmi_entry *entry;
    uint64_t previous; /* the clean head below */
    uint64_t status;
    uint64_t next;     /* the version that the commit publishes */
    bool held_only;    /* the commit will leave the key as it is */
};

/*
 * False: the head has changed meanwhile; read it again. True: the entry was installed there all the while (a
 * head with its sequence does not come back while we are inside an epoch), and so what was read between is of
 * that very attempt: its owner begins no other before it has left its heads. To compare sequences of
 * status and head instead was a bug: they come round, and the owner's next attempt need not be here.
 */
STMI_INLINE bool stmi_meet(struct stmi_record *record, uint64_t head, struct stmi_meeting *meeting)
{
    struct stmi_entry *entry = stmi_head_entry(head);
    meeting->entry = entry;
    /* Acquire pair:install, by having read the head. Acquire pair:left -- if either is of a later attempt, the
     * head read after it is not the one that we came from. */
    uint64_t previous = stmi_load(&entry->previous, ACQUIRE);
    uint64_t target = (previous & STMI_RESTORES) == 0 ? 0 : stmi_load(&entry->target, ACQUIRE);
    meeting->status = stmi_load(&entry->owner->status, SEQ_CST);
    meeting->previous = previous & ~(STMI_HELD_ONLY | STMI_RESTORES);
    meeting->next = (previous & STMI_RESTORES) != 0 ? target : stmi_head_version(meeting->previous) + 1;
    meeting->held_only = (previous & STMI_HELD_ONLY) != 0;
    return stmi_load(&record->head, SEQ_CST) == head || stmi_mutant(STATUS_BELIEVED);
}

STMI_INLINE void stmi_meeting_sight(const struct stmi_meeting *meeting, struct stmi_sight *sight)
{
    bool decided = stmi_status_state(meeting->status) == STMI_COMMITTED && !meeting->held_only;
    sight->version = decided ? meeting->next : stmi_head_version(meeting->previous);
    sight->entry = decided ? meeting->entry : NULL;
}

/* First look: what is current. Goes round only when an owner has just left the head. */
STMI_INLINE void stmi_look(struct stmi_record *record, struct stmi_sight *sight)
{
    for (;;) {
        uint64_t head = stmi_load(&record->head, SEQ_CST); /* pair:clock, pair:hold */
        if (stmi_likely(stmi_head_is_clean(head))) {
            sight->version = stmi_head_version(head);
            sight->entry = NULL;
            return;
        }
        struct stmi_meeting meeting;
        if (stmi_meet(record, head, &meeting)) {
            stmi_meeting_sight(&meeting, sight);
            return;
        }
    }
}

/*
 * Second look: is that still current? Whoever answers yes while an undecided owner stands there has looked
 * past it: the owner's commit must then come later than all that we have seen. It does by
 * itself, unless it has already proposed a revision (and, if it only read some keys, may have checked
 * them): then we bump it -- take its proposal back -- so that it must propose, and check, again.
 *   A mixed owner: always. We may have seen a change of a key that it read, made since it checked.
 *   Another owner: if the clock has moved since. We may have seen a commit with a later revision.
 */
bool stmi_look_again_slow(struct stm_store *store, struct stmi_record *record, const struct stmi_sight *sight,
                          uint64_t head);

STMI_INLINE bool stmi_look_again(struct stm_store *store, struct stmi_record *record, const struct stmi_sight *sight)
{
    uint64_t head = stmi_load(&record->head, SEQ_CST);
    if (stmi_likely(stmi_head_is_clean(head)))
        return sight->entry == NULL && head == stmi_head_clean(sight->version);
    return stmi_look_again_slow(store, record, sight, head);
}

bool stmi_look_version_slow(struct stm_store *store, struct stmi_record *record, uint64_t version, uint64_t head);

/* Is this version, in whatever place, current? With a bump like the above. */
STMI_INLINE bool stmi_look_version(struct stm_store *store, struct stmi_record *record, uint64_t version)
{
    uint64_t head = stmi_load(&record->head, SEQ_CST);
    if (stmi_likely(stmi_head_is_clean(head)))
        return head == stmi_head_clean(version);
    return stmi_look_version_slow(store, record, version, head);
}

/* Takes back the proposal of an open status; true if it is done, false if the status has changed. */
STMI_INLINE bool stmi_bump(struct stmi_entry *entry, uint64_t status)
{
    return stmi_cas(&entry->owner->status, &status, stmi_status_with_revision(status, 0), SEQ_CST);
}

/* Words that belong together, read in any moment: whole only if a second look says so. */
struct stmi_words {
    uint64_t info;
    uint64_t value[STMI_VALUE_WORDS];
};

STMI_INLINE void stmi_words_read(struct stmi_record *record, const struct stmi_entry *entry, struct stmi_words *words)
{
    /* Acquire pair:value -- having read a word of a later version, the second look sees what came
     * before that word was written: a head that tells on it. */
    if (stmi_likely(entry == NULL)) {
        words->info = stmi_load(&record->info, ACQUIRE);
        words->value[0] = stmi_load(&record->payload[0], ACQUIRE);
        words->value[1] = stmi_load(&record->payload[1], ACQUIRE); /* key, if the value is short of it */
    } else {
        words->info = stmi_load((stmi_word *)&entry->info, ACQUIRE);
        words->value[0] = stmi_load((stmi_word *)&entry->value[0], ACQUIRE);
        words->value[1] = stmi_load((stmi_word *)&entry->value[1], ACQUIRE);
    }
}

/* Who published the version that is current now, as far as it stands still long enough to be read. */
void stmi_look_writer(struct stmi_record *record, struct stmi_sight *sight, uint64_t *txn, uint64_t *info,
                      uint64_t *revision);

#endif
