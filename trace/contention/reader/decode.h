/*
 * decode.h -- from an event of babeltrace2 to one of ours. Names are looked up once for each class of events; afterwards
 * fields are read by their place.
 */
#ifndef CONTENTION_DECODE_H
#define CONTENTION_DECODE_H

#include "../event.h"

#include <babeltrace2/babeltrace.h>

typedef struct decoder decoder;

/* Every field, or only those that a report needs. */
decoder *decoder_create(bool every_field);
void decoder_free(decoder *decoder);

/* 1 << kind of those that the class of this trace declares. */
unsigned decoder_declared(const bt_trace_class *trace_class);

/* Whether a class seen so far tells what losers had set. */
bool decoder_tells_sets(const decoder *decoder);
bool decoder_tells_modes(const decoder *decoder);

/* Fills the event, but for its time. False: it is none of ours, or lacks what ours must have. */
bool decoder_event(decoder *decoder, const bt_event *from, event *to);

#endif
