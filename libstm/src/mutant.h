/*
 * mutant.h -- bugs on purpose, one at a time, so that it can be shown that the tests would find them (tools/mutants).
 * In the testing build stmi_mutant(NAME) is true while that mutant is the one chosen; everywhere else it is false, and
 * the compiler leaves nothing of it (fuzz/mutants/test_no_trace.sh compares).
 *
 * Those marked WEAK need memory in which stores arrive late: no interleaving shows them.
 */
#ifndef STMI_MUTANT_H
#define STMI_MUTANT_H

#include "atomic.h"

/* X(NAME, what is wrong) */
#define STMI_MUTANTS(X)                                                                                       \
    X(NO_VALIDATION, "keys only read are not validated")                                                      \
    X(EARLY_VALIDATION, "keys only read are validated before the others are held")                            \
    X(HOLD_WITHOUT_CAS, "a head is looked at and then overwritten, in two steps")                             \
    X(VERSION_RESET, "a key that comes back starts at version 1")                                             \
    X(HEAD_BEFORE_VALUE, "the head is clean before the value is in the record")                               \
    X(EARLY_REVISION, "the revision is read before the keys are held, and not again")                         \
    X(SEES_LESS, "a snapshot does not see commits of its own revision")                                       \
    X(SEES_NEWEST, "a snapshot shows the newest value")                                                       \
    X(DROPPED_BY_CLOCK, "a released snapshot's old versions are dropped although another sees them")          \
    X(EARLY_FREE, "memory is freed two epochs early")                                                         \
    X(POINTER_BEFORE_EPOCH, "a block is followed in a later epoch than it was found in")                      \
    X(BLOCK_UNCOUNTED, "a checkout for update holds the record's block without counting that")                \
    X(EPOCH_NOT_ENTERED, "a peek enters no epoch")                                                            \
    X(BUSY_KEEPS_KEY, "a commit that is told BUSY leaves its heads where they are")                           \
    X(NO_MEMORY_KEEPS_KEY, "a commit that is told NO_MEMORY leaves its heads where they are")                 \
    X(NO_MEMORY_PUBLISHES, "a commit that is told NO_MEMORY publishes what it holds by then")                 \
    X(NO_MEMORY_IGNORED, "a commit that finds no memory for an old value does without it")                    \
    X(RESTORE_UNSEEN, "who meets a restored version under way takes it for the next one")                     \
    X(RESTORE_STAYS, "the commit after a restore publishes the restored version again")                       \
    X(WAKES_TOO_EARLY, "a commit looks for sleepers before it decides")                                       \
    X(PARTIAL_PUBLICATION, "a commit that is told CONFLICT publishes what it holds by then")                  \
    X(BLIND_UPDATE, "a key for update is published whatever its version")                                     \
    X(OWN_WRITE_UNSEEN, "a peek shows the store's value and not the private copy")                            \
    X(ALWAYS_CONFLICT, "every commit answers CONFLICT")                                                       \
    X(WRONG_WINNER, "the winner named is the one before, if the winner has not finished")                     \
    X(NO_BUMP, "who looks past an open owner does not bump it")                                               \
    X(NO_BUMP_BY_SNAPSHOT, "a snapshot that looks past an open owner does not bump it")                       \
    X(NO_SECOND_LOOK, "new keys are not looked at again")                                                     \
    X(HELD_NOT_CHECKED, "a checkout does not look at the keys held before")                                   \
    X(TAKE_OVER_FROM_OPEN, "a head is taken from an open owner without putting it aside")                     \
    X(UNDO_WITHOUT_CAS, "undo overwrites a head that another has taken over")                                 \
    X(DECIDE_WITHOUT_CAS, "a commit decides although it was bumped or put aside")                             \
    X(SEQUENCE_STANDS_STILL, "all attempts have the same sequence number")                                    \
    X(ANNOUNCED_AFTER_CLOCK, "a snapshot moves the clock before it announces itself")                         \
    X(OLD_VERSION_PUSHED_LATE, "an old version is pushed after the record has been overwritten")              \
    X(STATUS_BELIEVED, "a status is believed although the head has changed meanwhile")                        \
    X(BUSY_FOR_CONFLICT, "a commit that is too late answers BUSY, for ever")                                  \
    X(READER_TOLD_EARLIER, "a commit that only reads is told the revision before its own")                    \
    X(SNAPSHOT_TOLD_LATER, "a snapshot is said to be of the revision after its own")                          \
    X(LEAKED_VERSION, "memory reserved for an old value and not needed is not given back")                    \
    X(SPINS_FOR_EVER, "a commit waits for an owner that has decided")                                         \
    X(UNSTEADY, "what a commit does depends on how many stores there have been")                              \
    X(WEAK_EPOCH, "WEAK: an epoch is moved without the barrier that shows who has entered the one before")    \
    X(WEAK_FINISH, "WEAK: the clean head is stored relaxed, and overtakes the value")                         \
    X(WEAK_INSTALL, "WEAK: a head is installed relaxed, before status and previous are seen")                 \
    X(WEAK_STATUS, "WEAK: an attempt's status overtakes the heads given back by the one before")              \
    X(WEAK_PREVIOUS, "WEAK: an entry's previous head overtakes the same")

enum stmi_mutant {
    STMI_MUTANT_NONE,
#define STMI_MUTANT_ENUM(name, wrong) STMI_MUTANT_##name,
    STMI_MUTANTS(STMI_MUTANT_ENUM)
#undef STMI_MUTANT_ENUM
    STMI_MUTANT_COUNT
};

#ifdef STM_TESTING
extern enum stmi_mutant stmi_mutant_chosen;
#define stmi_mutant(name) __builtin_expect(stmi_mutant_chosen == STMI_MUTANT_##name, 0)

/* HOLD_WITHOUT_CAS */
static inline bool stmi_mutant_take(stmi_word *head, uint64_t *expected, uint64_t ours)
{
    uint64_t found = stmi_load(head, SEQ_CST);
    if (found == *expected) {
        stmi_store(head, ours, SEQ_CST);
        return true;
    }
    *expected = found;
    return false;
}
#else
#define stmi_mutant(name) false
#define stmi_mutant_take(head, expected, ours) false
#endif

#endif
