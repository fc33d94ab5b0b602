/* observe.h -- telling the store's observer. Never while a key is held, never inside an epoch. */
#ifndef STMI_OBSERVE_H
#define STMI_OBSERVE_H

#include "store.h"

STMI_INLINE bool stmi_observed(const struct stm_store *store, stm_event_kind kind)
{
    return stmi_unlikely((store->observed & STM_EVENT_BIT(kind)) != 0);
}

/* Fills in the store and hands the event over. */
void stmi_observe(struct stm_store *store, stm_event *event);

/* An event of this transaction, with all that does not depend on its kind. */
stm_event stmi_txn_event(struct stm_txn *txn, stm_event_kind kind);

/* At the first checkout of an attempt: its begin time, if the observer asks for it. */
void stmi_observe_begin(struct stm_txn *txn);
void stmi_observe_checkouts(struct stm_txn *txn, uint32_t first);
void stmi_observe_commit(struct stm_txn *txn, uint64_t id, uint64_t revision);
void stmi_observe_conflict(struct stm_txn *txn, stm_stage stage);
void stmi_observe_busy(struct stm_txn *txn, stm_stage stage);
void stmi_observe_abandon(struct stm_txn *txn);
void stmi_observe_starving(struct stm_txn *txn);

#endif
