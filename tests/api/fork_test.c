/*
 * fork_test.c -- after fork() the child is told, and the parent goes on.
 *
 * What must not happen: a call in the child hangs on something that a thread of the parent had in
 * its hands, crashes, or works on the parent's store as if it were its own; or a fork disturbs the
 * parent. The child may not assert: it writes its answers where the parent reads them.
 */
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY stm_text("key")
#define SECONDS_MAX 20

/* Everything that the parent had open at the fork. */
struct family {
    stm_store *store;
    stm_txn *txn;
    stm_snapshot *snapshot;
    stm_cursor *cursor;
    stm_key key;
};

static bool visit_rows(const stm_row *rows, size_t count, void *arg)
{
    (void)rows;
    (void)count;
    (void)arg;
    return true;
}

static bool visit_all(const stm_entry *entry, void *arg)
{
    (void)entry;
    (void)arg;
    return true;
}

static stm_status do_nothing(stm_txn *txn, void *arg)
{
    (void)txn;
    (void)arg;
    return STM_OK;
}

static stm_status block(stm_store *store)
{
    STM_ATOMICALLY(store, txn, "block", "key") {
        _exit(3); /* it must not run */
    }
    return stm_atomically_status();
}

#define CALL_COUNT 27

static stm_status call(size_t number, const struct family *family)
{
    stm_txn *const txn = family->txn;
    const stm_bytes key = KEY;
    stm_txn *new_txn;
    stm_snapshot *new_snapshot;
    stm_cursor *new_cursor;
    stm_key new_key;
    stm_bytes value;
    stm_entry entry;
    stm_stats stats;
    uint64_t version;
    int64_t integer;

    switch (number) {
    case 0: return stm_txn_begin(family->store, "child", &new_txn);
    case 1: return stm_txn_use(txn, KEY, &value);
    case 2: return stm_txn_using(txn, &key, 1, &value);
    case 3: return stm_txn_get(txn, KEY, &value);
    case 4: return stm_txn_getting(txn, &key, 1, &value);
    case 5: return stm_txn_peek(txn, KEY, &value);
    case 6: return stm_txn_value(txn, KEY, &value);
    case 7: return stm_txn_version(txn, KEY, &version);
    case 8: return stm_txn_set(txn, KEY, stm_text("child"));
    case 9: return stm_txn_delete(txn, KEY);
    case 10: return stm_txn_commit(txn);
    case 11: return stm_txn_wait(txn, -1);
    case 12: return stm_txn_use_key(txn, family->key, &value);
    case 13: return stm_txn_set_key(txn, family->key, stm_text("child"));
    case 14: return stm_txn_get_int64(txn, KEY, &integer);
    case 15: return stm_key_resolve(family->store, stm_text("new"), &new_key);
    case 16: return stm_snapshot_take(family->store, "child", &new_snapshot);
    case 17: return stm_snapshot_get(family->snapshot, KEY, &entry);
    case 18: return stm_snapshot_scan(family->snapshot, visit_all, NULL);
    case 19: return stm_cursor_open(family->snapshot, NO_BYTES, NO_BYTES, &new_cursor);
    case 20: return stm_cursor_next(family->cursor, &entry);
    case 21: return stm_store_stats(family->store, &stats);
    case 22: return stm_store_dump(family->store, stderr);
    case 23: return stm_atomically(family->store, "child", NULL, do_nothing, NULL);
    case 24: return block(family->store);
    case 25: return stm_snapshot_scan_rows(family->snapshot, visit_rows, NULL);
    default: return stm_store_close(family->store);
    }
}

/* Calls without a status: they must come back. */
static void call_the_others(const struct family *family)
{
    char text[200];
    stm_conflict conflict;
    stm_hot_key hot;

    stm_txn_id(family->txn);
    stm_txn_operation(family->txn);
    stm_txn_conflicts(family->txn, &conflict, 1);
    stm_txn_explain(family->txn, text, sizeof(text));
    stm_snapshot_revision(family->snapshot);
    stm_store_hottest(family->store, &hot, 1);
    stm_txn_reset(family->txn);
    stm_cursor_close(family->cursor);
    stm_snapshot_release(family->snapshot);
    stm_txn_end(family->txn);
}

struct answers {
    stm_status calls[CALL_COUNT];
    bool others_came_back;
    stm_status own_store;
};

static stm_status use_own_store(void)
{
    stm_store *store;
    stm_txn *txn;
    stm_status status = stm_store_open(NULL, &store);

    if (status == STM_OK)
        status = stm_txn_begin(store, "own", &txn);
    if (status == STM_OK)
        status = stm_txn_set(txn, KEY, stm_text("own"));
    if (status == STM_OK)
        status = stm_txn_commit(txn);
    if (status != STM_OK)
        return status;
    stm_txn_end(txn);
    return stm_store_close(store);
}

static void be_child(const struct family *family, struct answers *answers)
{
    alarm(SECONDS_MAX); /* a hang is a death that the parent sees */
    for (size_t i = 0; i < CALL_COUNT; i++)
        answers->calls[i] = call(i, family);
    call_the_others(family);
    answers->others_came_back = true;
    answers->own_store = use_own_store();
    _exit(0);
}

static void fork_and_check(const struct family *family)
{
    struct answers *answers =
        mmap(NULL, sizeof(*answers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;

    cr_assert(answers != MAP_FAILED);
    const pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0)
        be_child(family, answers);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with %#x", (unsigned)status);
    for (size_t i = 0; i < CALL_COUNT; i++)
        cr_assert(answers->calls[i] == STM_FORKED, "call %zu answered %s", i,
                  stm_status_name(answers->calls[i]));
    cr_assert(answers->others_came_back);
    OK(answers->own_store);
    munmap(answers, sizeof(*answers));
}

static struct family family_opened(void)
{
    struct family family = {.store = open_store(NULL)};

    put(family.store, "key", "before");
    put(family.store, "other", "before");
    OK(stm_key_resolve(family.store, KEY, &family.key));
    family.txn = begin(family.store, "parent");
    family.snapshot = take(family.store, "parent");
    OK(stm_cursor_open(family.snapshot, NO_BYTES, NO_BYTES, &family.cursor));
    OK(stm_txn_set(family.txn, KEY, stm_text("parent")));
    return family;
}

static void family_closed(struct family *family)
{
    stm_cursor_close(family->cursor);
    stm_snapshot_release(family->snapshot);
    stm_txn_end(family->txn);
    close_store(family->store);
}

Test(fork, child_is_told_by_every_call)
{
    struct family family = family_opened();

    fork_and_check(&family);
    family_closed(&family);
}

Test(fork, parent_goes_on)
{
    struct family family = family_opened();
    stm_entry entry;

    fork_and_check(&family);
    OK(stm_txn_commit(family.txn));
    HOLDS(family.store, "key", "parent");
    SHOWS(family.snapshot, "key", "before");
    OK(stm_cursor_next(family.cursor, &entry));
    cr_assert(same_bytes(entry.key, KEY));
    IS_TEXT(entry.value, "before");
    fork_and_check(&family);
    OK(stm_txn_set(family.txn, KEY, stm_text("again")));
    OK(stm_txn_commit(family.txn));
    EQUALS(version_now(family.store, "key"), 3);

    family_closed(&family);
}

/* Other threads are in the middle of everything when the process forks. */
struct worker {
    stm_store *store;
    const volatile sig_atomic_t *stop;
    uint64_t done;
    stm_status failure;
};

static void *keep_busy(void *arg)
{
    struct worker *worker = arg;

    while (!*worker->stop && worker->failure == STM_OK) {
        STM_ATOMICALLY(worker->store, txn, "busy", "counter", "another") {
            int64_t count = 0;
            if (stm_txn_use_int64(txn, stm_text("counter"), &count) == STM_OK)
                worker->failure = stm_txn_set_int64(txn, stm_text("counter"), count + 1);
        }
        if (worker->failure == STM_OK)
            worker->failure = stm_atomically_status();
        worker->done++;
    }
    return NULL;
}

Test(fork, while_other_threads_commit)
{
    struct family family = family_opened();
    static volatile sig_atomic_t stop;
    struct worker workers[2] = {{family.store, &stop, 0, STM_OK}, {family.store, &stop, 0, STM_OK}};
    pthread_t threads[2];
    stm_txn *check;
    int64_t count = 0;

    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, keep_busy, &workers[i]), 0);
    for (int i = 0; i < (SLOWED_DOWN ? 10 : 50); i++)
        fork_and_check(&family);
    stop = 1;
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        OK(workers[i].failure);
    }
    check = begin(family.store, "check");
    OK(stm_txn_get_int64(check, stm_text("counter"), &count));
    EQUALS(count, workers[0].done + workers[1].done);
    stm_txn_end(check);

    family_closed(&family);
}
