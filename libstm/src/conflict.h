/* conflict.h -- finding out who was first, and keeping it for the caller. */
#ifndef STMI_CONFLICT_H
#define STMI_CONFLICT_H

#include "txn.h"

#include <stm/probe.h>

/* Notes at every entry whether its key has changed, and who changed it. Inside an epoch. */
void stmi_conflict_collect(struct stm_txn *txn);

/* Counts the outcome, tells the observer of a conflict or busy, makes the failure stick, and returns it.
 * Outside of the epoch. */
stm_status stmi_conflict_tell(struct stm_txn *txn, stm_status status, stm_stage stage);

#endif
