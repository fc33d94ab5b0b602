#include "observe.h"

/* Each attempt ends in one of these, but for STARVING. Without them nobody asks when it began. */
#define TIMED                                                                                               \
    (STM_EVENT_BIT(STM_EVENT_COMMIT) | STM_EVENT_BIT(STM_EVENT_CONFLICT) | STM_EVENT_BIT(STM_EVENT_BUSY) | \
     STM_EVENT_BIT(STM_EVENT_ABANDON) | STM_EVENT_BIT(STM_EVENT_STARVING))
/* What happens in all attempts: asked about once. */
#define FREQUENT \
    (STM_EVENT_BIT(STM_EVENT_CHECKOUT) | STM_EVENT_BIT(STM_EVENT_COMMIT) | STM_EVENT_BIT(STM_EVENT_PUBLISH))

void stmi_observe(struct stm_store *store, stm_event *event)
{
    event->store = store->number;
    store->observer->event(store->observer->context, event);
}

static uint64_t wanted(const struct stm_txn *txn, uint64_t events)
{
    return stmi_observes(txn->store, events);
}

/* Member by member: of { 0 } and memset the compiler makes a rep stos, which takes longer than all the rest. */
static void clear(stm_event *event)
{
    event->stage = STM_STAGE_CHECKOUT;
    event->key = stm_bytes_of(NULL, 0);
    event->key_hash = event->key_index = event->changed_count = 0;
    event->update = event->was_set = false;
    event->version_from = event->version_to = event->value_size = event->revision = 0;
    event->winner.txn = event->winner.revision = 0;
    event->winner.label = NULL;
    event->winner.tid = 0;
    event->elapsed_ns = event->held_ns = 0;
    event->snapshot = event->bytes = 0;
}

/* Makes it an event of this transaction, with all that does not depend on its kind. */
static void fill(stm_event *event, struct stm_txn *txn, stm_event_kind kind)
{
    clear(event);
    event->kind = kind;
    event->txn = stmi_peek(&txn->id);
    event->operation = txn->operation;
    event->attempt = txn->attempt;
    event->label = txn->label->text;
    event->begin_ns = txn->unbegun ? 0 : txn->begin_ns;
    event->read_count = txn->count - txn->update_count;
    event->write_count = txn->update_count;
}

/* The record has no room for the hash; computing it again takes less time than handing the event over. */
static void set_key(stm_event *event, struct stm_txn *txn, struct stmi_record *record)
{
    event->key = stmi_record_key(record);
    event->key_hash = stmi_index_hash(&txn->store->index, event->key);
}

static void set_entry(stm_event *event, struct stm_txn *txn, const struct stmi_entry *entry)
{
    set_key(event, txn, entry->record);
    event->key_index = entry->number;
    event->update = entry->update;
}

static void set_winner(stm_event *event, struct stm_txn *txn, uint64_t id, uint64_t info)
{
    event->winner.txn = id;
    event->winner.label = stmi_label_text(&txn->store->labels, stmi_info_label(info));
    event->winner.tid = stmi_info_tid(info);
}

void stmi_observe_begin(struct stm_txn *txn)
{
    txn->unbegun = false;
    txn->begin_ns = 0;
    txn->wanted = wanted(txn, FREQUENT | TIMED);
    if (!txn->store->observer->begin_times || (txn->wanted & TIMED) == 0)
        return;
    txn->begin_ns = stmi_now_ns();
    if (txn->operation_ns == 0)
        txn->operation_ns = txn->begin_ns;
}

void stmi_observe_checkouts(struct stm_txn *txn, uint32_t first)
{
    stm_event event;
    fill(&event, txn, STM_EVENT_CHECKOUT);
    for (uint32_t i = first; i < txn->count; i++) {
        const struct stmi_entry *entry = stmi_txn_entry(txn, i);
        set_entry(&event, txn, entry);
        event.version_from = entry->version;
        stmi_observe(txn->store, &event);
    }
}

static void tell_published(struct stm_txn *txn, uint64_t id, uint64_t revision)
{
    stm_event event;
    fill(&event, txn, STM_EVENT_PUBLISH);
    event.txn = id;
    event.revision = revision;
    for (uint32_t i = 0; i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        if (!entry->update)
            continue;
        set_entry(&event, txn, entry);
        event.version_from = entry->version_before;
        event.version_to = entry->version;
        event.value_size = stmi_entry_value(entry).size;
        stmi_observe(txn->store, &event);
    }
}

void stmi_observe_commit(struct stm_txn *txn, uint64_t id, uint64_t revision)
{
    if ((txn->wanted & STM_EVENT_BIT(STM_EVENT_COMMIT)) != 0) {
        stm_event event;
        fill(&event, txn, STM_EVENT_COMMIT);
        event.txn = id;
        event.revision = revision;
        stmi_observe(txn->store, &event);
    }
    if ((txn->wanted & STM_EVENT_BIT(STM_EVENT_PUBLISH)) != 0)
        tell_published(txn, id, revision);
}

static void tell_conflicts(struct stm_txn *txn, stm_stage stage, uint64_t events)
{
    stm_event event;
    fill(&event, txn, STM_EVENT_CONFLICT);
    event.stage = stage;
    event.changed_count = txn->changed_count;
    for (uint32_t i = 0; i < txn->count; i++) {
        const struct stmi_entry *entry = stmi_txn_entry(txn, i);
        if (!entry->changed)
            continue;
        if ((events & STM_EVENT_BIT(event.kind)) != 0) {
            set_entry(&event, txn, entry);
            event.was_set = entry->set;
            event.version_from = entry->version;
            event.version_to = stmi_peek(&entry->target);
            set_winner(&event, txn, entry->winner_txn, entry->winner_info);
            event.winner.revision = entry->winner_revision;
            stmi_observe(txn->store, &event);
        }
        event.kind = STM_EVENT_CONFLICT_KEY;
    }
}

static struct stmi_record *first_changed(struct stm_txn *txn)
{
    for (uint32_t i = 0; i < txn->count; i++) {
        const struct stmi_entry *entry = stmi_txn_entry(txn, i);
        if (entry->changed)
            return entry->record;
    }
    return NULL;
}

/* The attempt is lost, for this key if that is known. Was it number 8, 16, 32, ...? */
static void tell_starving(struct stm_txn *txn, struct stmi_record *record)
{
    bool mark = txn->attempt >= 8 && (txn->attempt & (txn->attempt - 1)) == 0;
    if (!mark || wanted(txn, STM_EVENT_BIT(STM_EVENT_STARVING)) == 0)
        return;
    stm_event event;
    fill(&event, txn, STM_EVENT_STARVING);
    if (record != NULL)
        set_key(&event, txn, record);
    if (txn->operation_ns != 0)
        event.elapsed_ns = stmi_now_ns() - txn->operation_ns;
    stmi_observe(txn->store, &event);
}

void stmi_observe_conflict(struct stm_txn *txn, stm_stage stage)
{
    uint64_t events = wanted(txn, STM_EVENT_BIT(STM_EVENT_CONFLICT) | STM_EVENT_BIT(STM_EVENT_CONFLICT_KEY));
    if (events != 0)
        tell_conflicts(txn, stage, events);
    tell_starving(txn, first_changed(txn));
}

void stmi_observe_busy(struct stm_txn *txn, stm_stage stage)
{
    if (wanted(txn, STM_EVENT_BIT(STM_EVENT_BUSY)) == 0)
        return;
    stm_event event;
    fill(&event, txn, STM_EVENT_BUSY);
    event.stage = stage;
    if (txn->blocker_record != NULL) {
        set_key(&event, txn, txn->blocker_record);
        set_winner(&event, txn, txn->blocker_txn, txn->blocker_info);
    }
    stmi_observe(txn->store, &event);
}

/* After BUSY the same call may be made again: only that it is not shows that the attempt was lost. */
void stmi_observe_abandon(struct stm_txn *txn)
{
    if (txn->last == STM_BUSY)
        tell_starving(txn, txn->blocker_record);
    if (txn->count == 0 || txn->settled || txn->last == STM_CONFLICT ||
        wanted(txn, STM_EVENT_BIT(STM_EVENT_ABANDON)) == 0)
        return;
    stm_event event;
    fill(&event, txn, STM_EVENT_ABANDON);
    stmi_observe(txn->store, &event);
}
