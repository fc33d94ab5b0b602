/*
 * loss.h -- who lost, to whom, on what: numbers that the parts of the analysis share.
 */
#ifndef CONTENTION_LOSS_H
#define CONTENTION_LOSS_H

#include "../event.h"

typedef struct hot hot; /* a key that was lost on: hot_keys.h */

typedef struct loss {
    event_kind kind;               /* EVENT_CONFLICT or EVENT_BUSY; EVENT_ABANDON: thrown away unasked */
    uint32_t label, thread;        /* the loser's */
    uint32_t winner_label, winner; /* the winner's label and thread, 0: unknown */
    hot *key;                      /* NULL on EVENT_ABANDON */
} loss;

#endif
