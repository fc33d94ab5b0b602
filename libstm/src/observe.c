#include "observe.h"

void stmi_observe(struct stm_store *store, stm_event *event)
{
    event->store = store->number;
    store->observer->event(store->observer->context, event);
}

static bool wanted(const struct stm_txn *txn, stm_event_kind kind)
{
    return (txn->store->observed & STM_EVENT_BIT(kind)) != 0;
}

stm_event stmi_txn_event(struct stm_txn *txn, stm_event_kind kind)
{
    stm_event event = {.kind = kind};
    event.txn = stmi_peek(&txn->id);
    event.operation = txn->operation;
    event.attempt = txn->attempt;
    event.label = txn->label->text;
    event.begin_ns = txn->begin_ns;
    event.read_count = txn->count - txn->update_count;
    event.write_count = txn->update_count;
    return event;
}

static void add_key(stm_event *event, struct stm_txn *txn, struct stmi_entry *entry)
{
    event->key = stmi_record_key(entry->record);
    event->key_hash = stmi_index_hash(&txn->store->index, event->key);
    event->key_index = entry->number;
    event->update = entry->update;
}

void stmi_observe_begin(struct stm_txn *txn)
{
    if (!txn->store->observer->begin_times)
        return;
    txn->begin_ns = stmi_now_ns();
    if (txn->operation_ns == 0)
        txn->operation_ns = txn->begin_ns;
}

void stmi_observe_checkouts(struct stm_txn *txn, uint32_t first)
{
    for (uint32_t i = first; i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        stm_event event = stmi_txn_event(txn, STM_EVENT_CHECKOUT);
        add_key(&event, txn, entry);
        event.version_from = entry->version;
        stmi_observe(txn->store, &event);
    }
}

void stmi_observe_commit(struct stm_txn *txn, uint64_t id, uint64_t revision)
{
    if (wanted(txn, STM_EVENT_COMMIT)) {
        stm_event event = stmi_txn_event(txn, STM_EVENT_COMMIT);
        event.txn = id;
        event.revision = revision;
        stmi_observe(txn->store, &event);
    }
    if (!wanted(txn, STM_EVENT_PUBLISH))
        return;
    for (uint32_t i = 0; i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        if (!entry->update)
            continue;
        stm_event event = stmi_txn_event(txn, STM_EVENT_PUBLISH);
        add_key(&event, txn, entry);
        event.txn = id;
        event.revision = revision;
        event.version_from = entry->version - 1;
        event.version_to = entry->version;
        event.value_size = stmi_entry_value(entry).size;
        stmi_observe(txn->store, &event);
    }
}

void stmi_observe_conflict(struct stm_txn *txn, stm_stage stage)
{
    stm_event_kind kind = STM_EVENT_CONFLICT;
    for (uint32_t i = 0; i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        if (!entry->changed)
            continue;
        if (wanted(txn, kind)) {
            stm_event event = stmi_txn_event(txn, kind);
            add_key(&event, txn, entry);
            event.stage = stage;
            event.changed_count = txn->changed_count;
            event.version_from = entry->version;
            event.version_to = entry->found;
            event.winner.txn = entry->winner_txn;
            event.winner.label = stmi_label_text(&txn->store->labels, stmi_info_label(entry->winner_info));
            event.winner.tid = stmi_info_tid(entry->winner_info);
            event.winner.revision = entry->winner_revision;
            stmi_observe(txn->store, &event);
        }
        kind = STM_EVENT_CONFLICT_KEY;
    }
    stmi_observe_starving(txn);
}

void stmi_observe_busy(struct stm_txn *txn, stm_stage stage)
{
    if (!wanted(txn, STM_EVENT_BUSY))
        return;
    stm_event event = stmi_txn_event(txn, STM_EVENT_BUSY);
    event.stage = stage;
    if (txn->blocker_record != NULL) {
        event.key = stmi_record_key(txn->blocker_record);
        event.key_hash = stmi_index_hash(&txn->store->index, event.key);
        event.winner.txn = txn->blocker_txn;
        event.winner.label = stmi_label_text(&txn->store->labels, stmi_info_label(txn->blocker_info));
        event.winner.tid = stmi_info_tid(txn->blocker_info);
    }
    stmi_observe(txn->store, &event);
}

void stmi_observe_abandon(struct stm_txn *txn)
{
    if (txn->count == 0 || txn->settled)
        return;
    stm_event event = stmi_txn_event(txn, STM_EVENT_ABANDON);
    stmi_observe(txn->store, &event);
}

/* The attempt that was just lost was number 8, 16, 32, ... */
void stmi_observe_starving(struct stm_txn *txn)
{
    bool mark = txn->attempt >= 8 && (txn->attempt & (txn->attempt - 1)) == 0;
    if (!mark || !wanted(txn, STM_EVENT_STARVING))
        return;
    stm_event event = stmi_txn_event(txn, STM_EVENT_STARVING);
    for (uint32_t i = 0; i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        if (entry->changed) {
            add_key(&event, txn, entry);
            break;
        }
    }
    if (txn->operation_ns != 0)
        event.elapsed_ns = stmi_now_ns() - txn->operation_ns;
    stmi_observe(txn->store, &event);
}
