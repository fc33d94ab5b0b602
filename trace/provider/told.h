/* told.h -- what an LTTng event is made of: the store's event, and its key in the two forms that traces carry. */
#ifndef STM_TRACE_TOLD_H
#define STM_TRACE_TOLD_H

#include <stm/probe.h>

#define TOLD_KEY_TEXT_SIZE 64 /* without the NUL */

#define TOLD_NOTHING "-" /* in the place of an empty string (events.h) */

/* One pointer to it is all that a tracepoint is given: LTTng takes at most ten arguments. */
typedef struct told {
    const stm_event *event;
    const char *winner_label;
    uint64_t k0, k1; /* the key's first 16 bytes as they lie in memory, then zeros */
    char key[TOLD_KEY_TEXT_SIZE + 1];
} told;

#endif
