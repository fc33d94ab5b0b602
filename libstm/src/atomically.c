/*
 * atomically.c -- running a body until it is committed, and being fair about it.
 *
 * CONFLICT says that somebody has finished: there is nothing to wait for, and the first one is followed by the next
 * attempt at once. BUSY says that somebody holds a key and does not run: the processor is offered to him. Whoever
 * goes on losing pauses for a random time up to a bound that doubles. A thread that has lost patience attempts becomes
 * the store's starving one, if nobody is: then every other stm_atomically pauses before its next attempt until the
 * starving one has passed, or for a bounded time (it may have been stopped).
 */
#include "store.h"
#include "txn.h"

#include <sched.h>
#include <time.h>

#define BACKOFF_NS_MIN 1000
#define BACKOFF_NS_MAX 1000000
#define AWAKE_NS_MAX 20000 /* shorter pauses are not slept: the kernel adds some 50 us to each sleep */
#define PATIENCE 16
#define YIELD_NS_MAX 2000000 /* the longest pause for a starving thread, an attempt */
#define YIELD_NS 50000       /* one sleep of that pause */

struct run {
    struct stm_txn *txn;
    stm_policy policy;
    uint64_t attempts;
    int64_t deadline_ns; /* < 0: none */
    uint64_t random;
};

static stm_status policy_fill(const stm_policy *given, stm_policy *policy)
{
    *policy = (stm_policy){.size = sizeof *policy};
    if (given != NULL) {
        if (given->size != sizeof *policy || given->time_ns_max < 0 || given->backoff_ns_min < 0 ||
            given->backoff_ns_max < 0)
            return STM_INVALID;
        *policy = *given;
    }
    if (policy->backoff_ns_min == 0)
        policy->backoff_ns_min = BACKOFF_NS_MIN;
    if (policy->backoff_ns_max == 0)
        policy->backoff_ns_max = BACKOFF_NS_MAX;
    if (policy->backoff_ns_max < policy->backoff_ns_min)
        policy->backoff_ns_max = policy->backoff_ns_min;
    if (policy->patience == 0)
        policy->patience = PATIENCE;
    return STM_OK;
}

static void sleep_ns(int64_t time_ns)
{
    struct timespec time = {time_ns / 1000000000, time_ns % 1000000000};
    nanosleep(&time, NULL);
}

static uint64_t random_next(struct run *run)
{
    run->random ^= run->random << 13; /* xorshift64 (Marsaglia 2003) */
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return run->random;
}

static bool time_over(const struct run *run)
{
    return run->deadline_ns >= 0 && stmi_now_ns() >= run->deadline_ns;
}

/* why: CONFLICT or BUSY. */
static void pause_ns(int64_t time_ns, stm_status why)
{
    if (time_ns > AWAKE_NS_MAX) {
        sleep_ns(time_ns);
    } else if (why == STM_BUSY) {
        sched_yield();
    } else {
        for (int64_t end_ns = stmi_now_ns() + time_ns; stmi_now_ns() < end_ns;)
            stmi_pause();
    }
}

static void back_off(struct run *run, stm_status why)
{
    if (run->attempts == 1 && why == STM_CONFLICT)
        return;
    uint64_t lost = run->attempts < 2 ? 0 : run->attempts - 2;
    unsigned doublings = lost < 32 ? (unsigned)lost : 32;
    int64_t bound = run->policy.backoff_ns_max;
    if (run->policy.backoff_ns_min < bound >> doublings)
        bound = run->policy.backoff_ns_min << doublings;
    pause_ns((int64_t)(random_next(run) % (uint64_t)bound) + 1, why);
}

static void let_starving_pass(struct run *run)
{
    struct stm_store *store = run->txn->store;
    for (int64_t waited_ns = 0; waited_ns < YIELD_NS_MAX; waited_ns += YIELD_NS) {
        struct stm_txn *starving = stmi_load(&store->starving, RELAXED); /* manners, not correctness */
        if (starving == NULL || starving == run->txn || time_over(run))
            return;
        sleep_ns(YIELD_NS);
    }
}

static void starve(struct run *run)
{
    struct stm_txn *nobody = NULL;
    if (run->attempts >= run->policy.patience)
        stmi_cas(&run->txn->store->starving, &nobody, run->txn, SEQ_CST);
}

static void starve_no_more(struct run *run)
{
    struct stm_txn *self = run->txn;
    if (stmi_load(&self->store->starving, RELAXED) == self) /* only we set it to ourselves */
        stmi_cas(&self->store->starving, &self, NULL, SEQ_CST);
}

/* Before the next attempt. TIMEOUT, or OK to go on. */
static stm_status lost(struct run *run, stm_status why)
{
    run->attempts++;
    if ((run->policy.attempt_count_max != 0 && run->attempts >= run->policy.attempt_count_max) || time_over(run))
        return STM_TIMEOUT;
    starve(run);
    back_off(run, why);
    return STM_OK;
}

static stm_status run_start(struct run *run, struct stm_store *store, const char *label, const stm_policy *policy)
{
    stm_status status = policy_fill(policy, &run->policy);
    if (status != STM_OK)
        return status;
    status = stm_txn_begin(store, label, &run->txn);
    if (status != STM_OK)
        return status;
    run->attempts = 0;
    run->deadline_ns = -1;
    if (run->policy.time_ns_max != 0) {
        int64_t now_ns = stmi_now_ns();
        run->deadline_ns = run->policy.time_ns_max > INT64_MAX - now_ns ? -1 : now_ns + run->policy.time_ns_max;
    }
    run->random = stm_txn_id(run->txn) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    return STM_OK;
}

static void run_end(struct run *run)
{
    starve_no_more(run);
    stm_txn_end(run->txn);
}

/* BUSY from a commit: the same commit again, for a while, keeps what the body has done. */
static stm_status commit_patiently(struct run *run)
{
    stm_status status = stm_txn_commit(run->txn);
    while (status == STM_BUSY) {
        stm_status again = lost(run, status);
        if (again != STM_OK)
            return again;
        status = stm_txn_commit(run->txn);
    }
    return status;
}

static stm_status wait_for_change(struct run *run)
{
    int64_t timeout_ns = -1;
    if (run->deadline_ns >= 0) {
        timeout_ns = run->deadline_ns - stmi_now_ns();
        if (timeout_ns < 0)
            timeout_ns = 0;
    }
    return stm_txn_wait(run->txn, timeout_ns);
}

/* One attempt. CONFLICT or BUSY: lost; WAIT: woken, try again; else it is over. */
static stm_status attempt(struct run *run, stm_body *body, void *arg)
{
    stm_status status = body(run->txn, arg);
    if (status == STM_WAIT) {
        status = wait_for_change(run);
        return status == STM_OK ? STM_WAIT : status;
    }
    if (run->txn->stuck != STM_OK && (status == STM_OK || status == STM_BUSY))
        status = run->txn->stuck; /* a failure that the body has overlooked */
    return status == STM_OK ? commit_patiently(run) : status;
}

stm_status stm_atomically(stm_store *store, const char *label, const stm_policy *policy, stm_body *body, void *arg)
{
    struct run run;
    stm_status status = stmi_store_check(store);
    if (status == STM_OK)
        status = body == NULL ? STM_INVALID : run_start(&run, store, label, policy);
    if (status != STM_OK)
        return status;
    for (;;) {
        let_starving_pass(&run);
        status = attempt(&run, body, arg);
        if (status == STM_CONFLICT || status == STM_BUSY)
            status = lost(&run, status);
        else if (status != STM_WAIT)
            break;
        if (status == STM_TIMEOUT)
            break;
        run.txn->failed = true; /* the next attempt is one of the same operation */
        stm_txn_reset(run.txn);
    }
    run_end(&run);
    return status;
}

/* --------------------------------------------------------------------- STM_ATOMICALLY -- */

static _Thread_local stm_status last_status;

stm_status stm_atomically_status(void)
{
    return last_status;
}

stm_block stm_block_open(stm_store *store, const char *label, const char *const *keys, size_t key_count)
{
    stm_block block = {0};
    block.store = store;
    block.label = label;
    block.key_count = key_count;
    for (size_t i = 0; i < key_count && i < STM_ATOMICALLY_KEY_COUNT_MAX; i++)
        block.keys[i] = keys[i];
    return block;
}

static struct run block_run(const stm_block *block)
{
    struct run run = {.txn = block->txn, .attempts = block->attempt, .deadline_ns = -1};
    policy_fill(NULL, &run.policy);
    run.random = stm_txn_id(block->txn) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    return run;
}

static stm_status block_checkout(const stm_block *block)
{
    stm_bytes keys[STM_ATOMICALLY_KEY_COUNT_MAX];
    for (size_t i = 0; i < block->key_count; i++)
        keys[i] = stm_text(block->keys[i]);
    return stm_txn_using(block->txn, keys, block->key_count, NULL);
}

/* Ends the block with this outcome. */
static bool block_end(stm_block *block, stm_status status)
{
    if (block->txn != NULL) {
        struct run run = block_run(block);
        run_end(&run);
    }
    block->txn = NULL;
    last_status = status; /* last: logical threads share it, and change before accesses to shared memory */
    return false;
}

/* Checks out until that succeeds; false: it never will. */
static bool block_start(stm_block *block)
{
    for (;;) {
        struct run run = block_run(block);
        let_starving_pass(&run);
        stm_status status = block_checkout(block);
        if (status == STM_OK)
            return block->ran = true;
        if (status != STM_CONFLICT && status != STM_BUSY)
            return block_end(block, status);
        lost(&run, status);
        block->attempt = run.attempts;
        stm_txn_reset(block->txn);
    }
}

bool stm_block_next(stm_block *block)
{
    if (!block->ran) {
        if (block->key_count == 0 || block->key_count > STM_ATOMICALLY_KEY_COUNT_MAX)
            return block_end(block, STM_INVALID);
        stm_status status = stm_txn_begin(block->store, block->label, &block->txn);
        return status == STM_OK ? block_start(block) : block_end(block, status);
    }
    struct run run = block_run(block);
    stm_status status = commit_patiently(&run);
    block->attempt = run.attempts;
    if (status != STM_CONFLICT)
        return block_end(block, status);
    lost(&run, status);
    block->attempt = run.attempts;
    stm_txn_reset(block->txn);
    return block_start(block);
}
