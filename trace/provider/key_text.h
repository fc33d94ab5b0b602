/* key_text.h -- a key as text for people: the same text as in stm_txn_explain. */
#ifndef STM_TRACE_KEY_TEXT_H
#define STM_TRACE_KEY_TEXT_H

#include <stm/stm.h>

/* Writes key to text, which has room for size bytes and a NUL. Printable ASCII is itself, but for " and \, which are
 * written \xNN like all other bytes. What does not fit is cut off, never inside of a \xNN.
 * Returns the length. */
size_t key_text(stm_bytes key, char *text, size_t size);

#endif
