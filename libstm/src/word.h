/*
 * word.h -- the two words on which a commit turns.
 *
 * A transaction's status:   bits 0-1 state | 2 mixed | 3-21 sequence | 22-63 revision
 *
 *     idle --begin--> OPEN(revision) --decide--> COMMITTED(revision)
 *                      |   ^      |
 *          (by others) |   | propose (by the owner)
 *               bump   v   |      |
 *                     OPEN(0)     +--put aside (by others) or give up--> ABORTED
 *
 *   revision  what the owner proposes to commit at; 0: nothing proposed (yet, or any more)
 *   mixed     it has keys that it only reads, and holds no others back from changing them
 *   sequence  of the attempt, so that who comes late does not bump or put aside a later one; the same number
 *             is in every head that the attempt installs, so that a CAS of an older head fails
 *
 * A head that is not clean: the entry's address (its low 7 bits are free, and its high 16) and the sequence.
 */
#ifndef STMI_WORD_H
#define STMI_WORD_H

#include "txn.h"

#ifndef STMI_SEQUENCE_BITS
#define STMI_SEQUENCE_BITS 19 /* the testing build takes less, to see it wrap */
#endif
#define STMI_SEQUENCE_MASK ((UINT64_C(1) << STMI_SEQUENCE_BITS) - 1)
#define STMI_REVISION_MAX ((UINT64_C(1) << 42) - 2)

/* In an entry's `previous`: installed to keep others off, not to publish; or to publish its `target` as the
 * version instead of the next one. */
#define STMI_HELD_ONLY (UINT64_C(1) << 63)
#define STMI_RESTORES (UINT64_C(1) << 62)

enum stmi_state { STMI_IDLE, STMI_OPEN, STMI_COMMITTED, STMI_ABORTED };

#define STMI_STATE_MASK UINT64_C(3)
#define STMI_MIXED UINT64_C(4)

STMI_INLINE uint64_t stmi_status_open(uint64_t sequence, uint64_t revision, bool mixed)
{
    return STMI_OPEN | (mixed ? STMI_MIXED : 0) | (sequence & STMI_SEQUENCE_MASK) << 3 | revision << 22;
}
STMI_INLINE enum stmi_state stmi_status_state(uint64_t status) { return (enum stmi_state)(status & STMI_STATE_MASK); }
STMI_INLINE uint64_t stmi_status_revision(uint64_t status) { return status >> 22; }
STMI_INLINE uint64_t stmi_status_with_state(uint64_t status, enum stmi_state state)
{
    return (status & ~STMI_STATE_MASK) | state;
}
STMI_INLINE uint64_t stmi_status_with_revision(uint64_t status, uint64_t revision)
{
    return (status & ((UINT64_C(1) << 22) - 1)) | revision << 22;
}

/* Sequence: low 16 bits go to the head's top, three more to its bits 1 to 3. */
STMI_INLINE uint64_t stmi_head_of(const struct stmi_entry *entry, uint64_t sequence)
{
    sequence &= STMI_SEQUENCE_MASK;
    return (uint64_t)(uintptr_t)entry | (sequence & 0xffff) << 48 | sequence >> 16 << 1;
}
STMI_INLINE struct stmi_entry *stmi_head_entry(uint64_t head)
{
    return (struct stmi_entry *)(uintptr_t)(head & UINT64_C(0xffffffffff80));
}
#endif
