/*
 * wait.h -- sleeping until a key that was checked out changes, without polling, and without a cost to
 * commits while nobody sleeps: they read one word that only sleepers write.
 *
 * A sleeper shows which keys it waits for as bits of a mask, then says that it waits, then looks at its
 * keys once more, and then sleeps on a futex of its own. A commit decides, and then reads whether anybody
 * waits; if so, it wakes every sleeper whose mask meets its keys. Pair wait (Dekker): either the sleeper sees
 * the decision, or the commit sees the sleeper. Woken for another key with the same bit, it sleeps again.
 */
#ifndef STMI_WAIT_H
#define STMI_WAIT_H

#include "txn.h"

/* Wakes whoever waits for a key that txn has just published. Inside an epoch, after finish. */
void stmi_wait_wake(struct stm_txn *txn);

#endif
