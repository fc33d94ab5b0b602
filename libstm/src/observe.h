/* observe.h -- telling the store's observer. Never while a key is held, never inside an epoch. */
#ifndef STMI_OBSERVE_H
#define STMI_OBSERVE_H

#include "store.h"

/* Those of these events that the observer wants at present. */
STMI_INLINE uint64_t stmi_observes(const struct stm_store *store, uint64_t events)
{
    events &= store->observed;
    if (events == 0 || store->observes == NULL)
        return events;
    return events & store->observes(store->observer->context, events);
}

/* Fills in the store and hands the event over. */
void stmi_observe(struct stm_store *store, stm_event *event);

/* For stores that have an observer; each asks for itself what he wants. */
/* Before each checkout and commit: notes when an attempt begins, if the observer asks for it. */
void stmi_observe_begin(struct stm_txn *txn);
void stmi_observe_checkouts(struct stm_txn *txn, uint32_t first);
void stmi_observe_commit(struct stm_txn *txn, uint64_t id, uint64_t revision);
void stmi_observe_conflict(struct stm_txn *txn, stm_stage stage);
void stmi_observe_busy(struct stm_txn *txn, stm_stage stage);
/* Before all that is held is dropped, for whatever reason. */
void stmi_observe_abandon(struct stm_txn *txn);

#endif
