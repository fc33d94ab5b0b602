#include "wait.h"

#include "look.h"
#include "store.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t bit_of(const struct stmi_record *record)
{
    return UINT64_C(1) << (stmi_record_spread(record) >> 58);
}

static uint64_t mask_of(struct stm_txn *txn)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < txn->count; i++)
        mask |= bit_of(stmi_txn_entry(txn, i)->record);
    return mask;
}

/* The bits of what it has published, as far as anybody sleeps on them. */
static uint64_t mask_to_wake(struct stm_txn *txn)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < txn->count; i++) {
        const struct stmi_entry *entry = stmi_txn_entry(txn, i);
        uint64_t bit = entry->update ? bit_of(entry->record) : 0;
        if (bit != 0 && stmi_load(&txn->store->sleepers[stmi_log2(bit)], SEQ_CST) != 0) /* pair:wait */
            mask |= bit;
    }
    return mask;
}

void stmi_wait_wake(struct stm_txn *txn)
{
    uint64_t mask = mask_to_wake(txn);
    if (mask == 0)
        return;
    for (struct stm_txn *slot = stmi_load(&txn->store->slots, ACQUIRE); slot != NULL; slot = slot->next_slot) {
        if ((stmi_load(&slot->wait_mask, SEQ_CST) & mask) == 0)
            continue;
        stmi_add(&slot->wait_word, 1, SEQ_CST);
        syscall(SYS_futex, &slot->wait_word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    }
}

/* Pair wait: first the mask and the counts, and then that we wait. */
static void lie_down(struct stm_txn *txn, uint64_t mask)
{
    stmi_store(&txn->wait_mask, mask, SEQ_CST);
    for (uint64_t left = mask; left != 0; left &= left - 1)
        stmi_add(&txn->store->sleepers[stmi_log2(left & -left)], 1, SEQ_CST);
    stmi_add(&txn->store->waiting, 1, SEQ_CST);
}

static void get_up(struct stm_txn *txn, uint64_t mask)
{
    stmi_sub(&txn->store->waiting, 1, SEQ_CST);
    for (uint64_t left = mask; left != 0; left &= left - 1)
        stmi_sub(&txn->store->sleepers[stmi_log2(left & -left)], 1, SEQ_CST);
    stmi_store(&txn->wait_mask, 0, RELAXED); /* a wake-up too many does no harm */
}

static bool changed(struct stm_txn *txn)
{
    bool found = false;
    stmi_epoch_enter(txn);
    for (uint32_t i = 0; !found && i < txn->count; i++) {
        struct stmi_entry *entry = stmi_txn_entry(txn, i);
        found = !stmi_look_version(txn->store, entry->record, entry->version);
    }
    stmi_epoch_exit(txn);
    return found;
}

/* Sleeps while the futex has this value; false when the time is over. deadline_ns < 0: none. */
static bool sleep_on(struct stm_txn *txn, uint32_t word, int64_t deadline_ns)
{
    struct timespec deadline = {deadline_ns / 1000000000, deadline_ns % 1000000000};
    long failed = syscall(SYS_futex, &txn->wait_word, FUTEX_WAIT_BITSET_PRIVATE, word,
                          deadline_ns < 0 ? NULL : &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
    return failed == 0 || errno != ETIMEDOUT;
}

static stm_status wait_until(struct stm_txn *txn, int64_t deadline_ns)
{
    for (;;) {
        uint32_t word = stmi_load(&txn->wait_word, SEQ_CST);
        if (changed(txn)) /* pair:wait, after the mask and the count */
            return STM_OK;
        if (!sleep_on(txn, word, deadline_ns))
            return changed(txn) ? STM_OK : STM_TIMEOUT;
    }
}

stm_status stm_txn_wait(stm_txn *txn, int64_t timeout_ns)
{
    stm_status status = stmi_txn_check(txn);
    if (status != STM_OK)
        return status;
    if (txn->stuck != STM_OK)
        return txn->stuck;
    if (txn->count == 0)
        return STM_INVALID;
    int64_t now_ns = stmi_now_ns();
    int64_t deadline_ns = timeout_ns < 0 || timeout_ns > INT64_MAX - now_ns ? -1 : now_ns + timeout_ns;
    uint64_t mask = mask_of(txn);
    lie_down(txn, mask);
    status = wait_until(txn, deadline_ns);
    get_up(txn, mask);
    return status;
}
