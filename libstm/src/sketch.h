/*
 * sketch.h -- the keys that cost most conflicts (Metwally, Agrawal, El Abbadi, "Efficient computation of
 * frequent and top-k elements in data streams", 2005). Each slot has a sketch of its own; asking
 * adds them up.
 */
#ifndef STMI_SKETCH_H
#define STMI_SKETCH_H

#include "txn.h"

void stmi_sketch_note(struct stm_txn *txn, struct stmi_record *record);

#endif
