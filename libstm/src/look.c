#include "look.h"

#include "mutant.h"

/* Answers for one meeting with an owner. False: the status has changed under our hands, look again. */
static bool look_past(struct stm_store *store, const struct stmi_meeting *meeting)
{
    uint64_t status = meeting->status;
    if (stmi_mutant(NO_BUMP))
        return true;
    if (stmi_status_state(status) != STMI_OPEN || stmi_status_revision(status) == 0)
        return true;
    if ((status & STMI_MIXED) == 0 &&
        stmi_load(&store->clock, SEQ_CST) == stmi_status_revision(status)) /* pair:clock */
        return true;
    return stmi_bump(meeting->entry, status);
}

bool stmi_look_again_slow(struct stm_store *store, struct stmi_record *record, const struct stmi_sight *sight,
                          uint64_t head)
{
    for (;; head = stmi_load(&record->head, SEQ_CST)) {
        if (stmi_head_is_clean(head))
            return sight->entry == NULL && head == stmi_head_clean(sight->version);
        struct stmi_meeting meeting;
        if (!stmi_meet(record, head, &meeting))
            continue;
        struct stmi_sight now;
        stmi_meeting_sight(&meeting, &now);
        if (!stmi_sight_same(&now, sight))
            return false;
        if (look_past(store, &meeting))
            return true;
    }
}

bool stmi_look_version_slow(struct stm_store *store, struct stmi_record *record, uint64_t version, uint64_t head)
{
    for (;; head = stmi_load(&record->head, SEQ_CST)) {
        if (stmi_head_is_clean(head))
            return head == stmi_head_clean(version);
        struct stmi_meeting meeting;
        if (!stmi_meet(record, head, &meeting))
            continue;
        struct stmi_sight now;
        stmi_meeting_sight(&meeting, &now);
        if (now.version != version)
            return false;
        if (look_past(store, &meeting))
            return true;
    }
}

#define WRITER_LOOKS_MAX 64

void stmi_look_writer(struct stmi_record *record, struct stmi_sight *sight, uint64_t *txn, uint64_t *info,
                      uint64_t *revision)
{
    for (unsigned looks = 0; looks < WRITER_LOOKS_MAX; looks++) {
        struct stmi_sight again;
        stmi_look(record, sight);
        if (sight->entry == NULL || stmi_mutant(WRONG_WINNER)) {
            *txn = stmi_load(&record->txn, ACQUIRE); /* pair:value */
            *info = stmi_load(&record->info, ACQUIRE);
            *revision = stmi_load(&record->revision, ACQUIRE);
        } else {
            *txn = stmi_load(&sight->entry->owner->id, ACQUIRE);
            *info = stmi_load(&sight->entry->owner->info, ACQUIRE);
            *revision = stmi_status_revision(stmi_load(&sight->entry->owner->status, ACQUIRE));
        }
        stmi_look(record, &again);
        if (stmi_sight_same(&again, sight))
            return;
    }
    *txn = *info = *revision = 0; /* it changes too fast: unknown rather than wrong */
}
