/*
 * wait.h -- sleeping until a key that was checked out changes, without polling, and without a cost to
 * commits while nobody sleeps: they read one word that only sleepers write.
 *
 * Keys are hashed to the bits of a mask. A sleeper shows its bits, in its slot and in the store's count of sleepers
 * for each bit; then says that it waits; then looks at its keys once more; and then sleeps on a futex of its own. A commit
 * decides, and then reads whether anybody waits; if so, whether anybody does for a bit of its keys; and only then
 * does it walk the slots, and wakes every sleeper whose mask meets those bits. Pair wait (Dekker): either the sleeper
 * sees the decision, or the commit sees that somebody waits, and with it the sleeper's counts and mask, which came
 * before. Woken for another key with the same bit, it sleeps again.
 *
 * So one who sleeps costs the commits to other keys a look at a line that seldom changes, whatever the number of slots.
 */
#ifndef STMI_WAIT_H
#define STMI_WAIT_H

struct stm_txn;

#define STMI_WAIT_BITS 64

/* Wakes whoever waits for a key that txn has just published. Inside an epoch, after finish. */
void stmi_wait_wake(struct stm_txn *txn);

#endif
