/*
 * kill_test.c -- an export that is killed at any moment leaves the old file or the new one; so do prune and compact.
 *
 * A child exports one state after the other to the same path, replacing or appending, or pruning, compacting and
 * appending, and is killed with SIGKILL: a random while after it has begun one of these, a while which is made to
 * measure, so that a slow machine is hit in the midst of them as well. All keys of a state have its number as their
 * value. Then the file must hold together, its newest snapshot must be of one state, and of one no older than what
 * an export that had returned has left. At last an export that nobody kills removes what the others have left in
 * the folder.
 *
 *     kill_test [KILLS [SEED]]
 */
#include <sqlite3.h>
#include <stm/snapshot.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEYS 300
#define STEP_NS_FIRST 2000000 /* nobody knows yet how long one takes */
#define PATIENCE_S 60
#define KILLS_A_FILE 60 /* a history does not grow for ever */

static char folder[] = "/tmp/stm-kill-XXXXXX", path[64];
enum mode { REPLACE, APPEND, TEND };
enum step { NOTHING, EXPORT, PRUNE, COMPACT, STEP_COUNT };

/* Shared with the children. */
static struct shared {
    volatile int64_t returned; /* the newest state whose export has returned */
    volatile int step;         /* what the child is at */
    volatile int64_t step_ns[STEP_COUNT]; /* how long each took the last time */
} *shared;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "kill_test: %s: %s\n", what, why);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Of the child: it is at another step now. */
static void enter(enum step step)
{
    static int64_t begin_ns;
    const int64_t now = now_ns();
    shared->step_ns[shared->step] = now - begin_ns;
    begin_ns = now;
    shared->step = (int)step;
}

static stm_status write_state(stm_txn *txn, void *arg)
{
    stm_status status = STM_OK;
    char key[20];
    for (unsigned i = 0; i < KEYS && status == STM_OK; i++) {
        snprintf(key, sizeof key, "key %u", i);
        status = stm_txn_set_int64(txn, stm_text(key), *(const int64_t *)arg);
    }
    return status;
}

static int64_t ask(const char *query);

/* Takes the oldest snapshot away, if it is not the last, and the room that it leaves. */
static void tend(void)
{
    stm_file_error error;
    if (access(path, F_OK) != 0)
        return;
    const int64_t oldest = ask("SELECT min(id) FROM snapshots"), count = ask("SELECT count(*) FROM snapshots");
    enter(count > 1 ? PRUNE : NOTHING);
    if (count > 1 && stm_file_prune(path, &oldest, 1, &error) != STM_FILE_OK)
        fail("prune", error.message);
    enter(COMPACT);
    if (stm_file_compact(path, &error) != STM_FILE_OK)
        fail("compact", error.message);
}

/* Never returns. */
static void export_for_ever(enum mode mode, int64_t state)
{
    const stm_export_options options = {.size = sizeof options, .append = mode != REPLACE};
    stm_file_error error;
    stm_store *store;
    if (stm_store_open(NULL, &store) != STM_OK)
        fail("child", "no store");
    for (;; state++) {
        if (mode == TEND)
            tend();
        if (stm_atomically(store, "state", NULL, write_state, &state) != STM_OK)
            fail("child", "no state");
        enter(EXPORT);
        if (stm_file_export(store, path, &options, NULL, &error) != STM_FILE_OK)
            fail("child", error.message);
        shared->returned = state;
        enter(NOTHING);
    }
}

static int64_t ask(const char *query)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, query, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        fail(query, sqlite3_errmsg(db));
    const int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

/* Answers the number of the state that the file shows. */
static int64_t check_file(void)
{
    stm_file_error error;
    if (access(path, F_OK) != 0)
        return shared->returned == 0 ? 0 : (fail(path, "is gone"), 0);
    if (stm_file_verify(path, NULL, NULL, &error) != STM_FILE_OK)
        fail("verify", error.message);
    if (ask("SELECT count(DISTINCT value) FROM kv") != 1 || ask("SELECT count(*) FROM kv") != KEYS)
        fail(path, "shows half a state");
    if (ask("SELECT count(*) FROM (SELECT 1 FROM kv_at GROUP BY snapshot HAVING count(DISTINCT value) <> 1)") != 0)
        fail(path, "shows half a state in its history");
    const int64_t state = ask("SELECT max(value) FROM kv");
    if (state < shared->returned)
        fail(path, "shows an older state than an export that has returned");
    return state;
}

static unsigned count_names(bool remove)
{
    unsigned count = 0;
    char name[400];
    DIR *names = opendir(folder);
    for (const struct dirent *entry; names != NULL && (entry = readdir(names)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (remove)
            unlink(name);
    }
    closedir(names);
    return count;
}

/* Waits until the child is at this step, and then for a part of the time that the step takes. */
static void take_aim(enum step step, unsigned random)
{
    const int64_t begin_ns = now_ns();
    while (shared->step != (int)step)
        if (now_ns() - begin_ns > (int64_t)PATIENCE_S * 1000000000)
            fail("the child", "does not get to what it is to be killed at");
    const int64_t while_ns = shared->step_ns[step] * (random % 1000) / 1000;
    const struct timespec wait = {while_ns / 1000000000, while_ns % 1000000000};
    nanosleep(&wait, NULL);
}

static void kill_one(enum mode mode, int64_t state, unsigned random)
{
    const pid_t child = fork();
    if (child < 0)
        fail("fork", strerror(errno));
    if (child == 0)
        export_for_ever(mode, state);
    take_aim(mode == TEND ? EXPORT + random % 3 : EXPORT, random / 3);
    kill(child, SIGKILL);
    int status;
    if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
        fail("the child", "ended by itself");
}

int main(int argc, char **argv)
{
    const unsigned kills = argc > 1 ? (unsigned)atoi(argv[1]) : 240;
    unsigned seed = argc > 2 ? (unsigned)atoi(argv[2]) : (unsigned)time(NULL), left = 0;
    unsigned killed_at[STEP_COUNT] = {0};
    int64_t state = 0, states = 0;
    printf("seed %u\n", seed);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || mkdtemp(folder) == NULL)
        fail(folder, strerror(errno));
    snprintf(path, sizeof path, "%s/state.db", folder);
    for (int step = 0; step < STEP_COUNT; step++)
        shared->step_ns[step] = STEP_NS_FIRST;
    for (unsigned i = 0; i < kills; i++) {
        const unsigned turn = i % KILLS_A_FILE;
        if (turn == 0)
            unlink(path), shared->returned = state = 0;
        shared->step = NOTHING;
        kill_one((enum mode)(turn * 3 / KILLS_A_FILE), state + 1, (unsigned)rand_r(&seed));
        killed_at[shared->step]++;
        left += count_names(false) > 1;
        const int64_t now = check_file();
        states += now > state;
        state = now > state ? now : state;
    }
    stm_store *store;
    stm_file_error error;
    if (stm_store_open(NULL, &store) != STM_OK || stm_file_export(store, path, NULL, NULL, &error) != STM_FILE_OK)
        fail("the last export", error.message);
    if (count_names(false) != 1)
        fail(folder, "something temporary is left");
    stm_store_close(store);
    count_names(true);
    rmdir(folder);
    printf("%u kills, %u of prune, %u of compact; %u left something temporary behind, %lld got a new state in\n", kills,
           killed_at[PRUNE], killed_at[COMPACT], left, (long long)states);
    if (kills >= 200 && (left == 0 || states == 0 || killed_at[PRUNE] == 0 || killed_at[COMPACT] == 0)) {
        fprintf(stderr, "kill_test: too early or too late, all of them: this proves nothing\n");
        return 1;
    }
    return 0;
}
