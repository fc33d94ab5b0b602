/* observe.h -- telling the store's observer. Never while a key is held, never inside an epoch. */
#ifndef STMI_OBSERVE_H
#define STMI_OBSERVE_H

#include "store.h"

/* A point costs one of these two where nobody watches. (Without points: for bench/trace-cost.sh, which counts the
 * difference.) */
#ifdef STM_WITHOUT_POINTS
#define STMI_POINT(condition) false
#else
#define STMI_POINT(condition) stmi_unlikely(condition)
#endif

/* There is an observer: it is asked what it wants, and told of what happens seldom. */
#define stmi_watched(store) STMI_POINT((store)->observer != NULL)
/* It wanted one of these when the attempt began: asking once an attempt is enough for what happens in all of them. */
#define stmi_wanted(txn, events) STMI_POINT(((txn)->wanted & (events)) != 0)
/* It has not been asked yet in this attempt. */
#define stmi_unbegun(txn) STMI_POINT((txn)->unbegun)

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

/* An attempt begins, with a checkout or, where it goes on after a commit, with that or its next commit. */
void stmi_observe_begin(struct stm_txn *txn);
/* For events that were wanted at the beginning. */
void stmi_observe_checkouts(struct stm_txn *txn, uint32_t first);
void stmi_observe_commit(struct stm_txn *txn, uint64_t id, uint64_t revision); /* and what it published */
/* For stores that have an observer: these ask what is wanted now. */
void stmi_observe_conflict(struct stm_txn *txn, stm_stage stage);
void stmi_observe_busy(struct stm_txn *txn, stm_stage stage);
/* Before all that is held is dropped, for whatever reason. */
void stmi_observe_abandon(struct stm_txn *txn);

#endif
