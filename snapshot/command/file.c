#define _POSIX_C_SOURCE 200809L
#include "file.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"

/* Labels and the like are short; what a hostile file has in their place need not be kept. */
#define TEXT_SIZE_MAX 256

_Noreturn void file_broken(const struct file *file, const char *why)
{
    fail(EXIT_TROUBLE, "%s is damaged: %s. stm-snapshot verify says more; use an older copy of it",
         file->path, why);
}

_Noreturn void file_gone(const struct file *file)
{
    fail(EXIT_TROUBLE, "the snapshot was removed from %s while it was read", file->path);
}

/* In a hostile file, pages can be the children of each other, and rows without end: what comes to no row is given up after more
 * steps of SQLite's machine than all bytes of the file could be worth. (A bare count(*) is one step: it would not end.) */
enum { STEPS_A_LOOK = 1000000, STEPS_A_BYTE = 64 };

static uint64_t size_of(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(db, "main", which, &file) != SQLITE_OK || file == NULL || file->pMethods == NULL ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK || size < 0)
        return 0;
    return (uint64_t)size;
}

static int look(void *context)
{
    struct file *file = context;
    uint64_t bytes = size_of(file->db, SQLITE_FCNTL_FILE_POINTER) + size_of(file->db, SQLITE_FCNTL_JOURNAL_POINTER);
    return ++file->looks > 1 + bytes * STEPS_A_BYTE / STEPS_A_LOOK;
}

static _Noreturn void fail_sqlite(const struct file *file)
{
    if (sqlite3_errcode(file->db) == SQLITE_INTERRUPT)
        file_broken(file, "its pages lead in circles");
    fail(EXIT_TROUBLE, "cannot read %s: %s", file->path, sqlite3_errmsg(file->db));
}

#define TRIES_MAX 40
#define BETWEEN_NS 50000000

/* Begins to read, too: that is when SQLite looks for journals. */
static bool try_begin(struct file *file, int *code)
{
    *code = sqlite3_exec(file->db, "BEGIN; SELECT 1 FROM snapshots LIMIT 1", NULL, NULL, NULL);
    if (*code != SQLITE_OK && !sqlite3_get_autocommit(file->db))
        sqlite3_exec(file->db, "ROLLBACK", NULL, NULL, NULL);
    return *code == SQLITE_OK;
}

void file_begin(struct file *file)
{
    const struct timespec pause = {0, BETWEEN_NS};
    int code, moved = 0;
    if (file->pinned)
        return;
    for (unsigned tries = 0; !try_begin(file, &code) && tries < TRIES_MAX; tries++) {
        if ((code & 0xff) != SQLITE_READONLY) /* a journal is there, of a writer who is still at it */
            break;
        nanosleep(&pause, NULL);
    }
    if (code != SQLITE_OK)
        fail(EXIT_TROUBLE, "cannot read %s: %s", file->path, sqlite3_errstr(code));
    file->pinned =
        sqlite3_file_control(file->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

void file_end(struct file *file)
{
    if (!file->pinned && sqlite3_exec(file->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        fail_sqlite(file);
}

sqlite3_stmt *file_prepare(struct file *file, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(file->db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_sqlite(file);
    return statement;
}

bool file_step(struct file *file, sqlite3_stmt *statement)
{
    file->looks = 0;
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        fail_sqlite(file);
    return code == SQLITE_ROW;
}

int64_t file_number(struct file *file, const char *sql)
{
    sqlite3_stmt *statement = file_prepare(file, sql);
    int64_t number = file_step(file, statement) ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return number;
}

stm_bytes file_text(sqlite3_stmt *statement, int column)
{
    const void *text = sqlite3_column_blob(statement, column);
    if (text == NULL && sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM)
        fail(EXIT_TROUBLE, "out of memory: a value of the file is too large for it");
    return stm_bytes_of(text == NULL ? "" : text,
                        text == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, column));
}

/* -------------------------------------------------------------------------------- opening -- */

void file_open(struct file *file, const char *path)
{
    stm_file_error error;
    *file = (struct file){.path = g_strdup(path)};
    for (unsigned tries = 0; tries < 2 && (file->db == NULL || sqlite3_db_readonly(file->db, "main") == 0);
         tries++) {
        sqlite3_close(file->db); /* it was opened for writing, to play back a journal: that is done */
        if (stm_file_open(path, false, &file->db, &error) != STM_FILE_OK)
            fail(EXIT_TROUBLE, "%s", error.message);
    }
    sqlite3_progress_handler(file->db, STEPS_A_LOOK, look, file);
    file_begin(file);
    file->snapshot_count = file_number(file, "SELECT count(id) FROM snapshots");
    file->newest = file_number(file, "SELECT max(id) FROM snapshots");
    file->pinned |= sqlite3_db_readonly(file->db, "main") == 0;
    file_end(file);
}

void file_close(struct file *file)
{
    sqlite3_close(file->db);
    g_free(file->path);
    *file = (struct file){0};
}

char *file_split(const char *operand, int64_t *id)
{
    const char *colon = strrchr(operand, ':');
    *id = 0;
    if (access(operand, F_OK) == 0 || colon == NULL || colon == operand || colon[1] == '\0' ||
        colon[1 + strspn(colon + 1, "0123456789")] != '\0')
        return g_strdup(operand);
    *id = g_ascii_strtoll(colon + 1, NULL, 10);
    if (*id == 0)
        fail(EXIT_USAGE, "%s: ids of snapshots begin with 1", operand);
    return g_strndup(operand, (size_t)(colon - operand));
}

void file_open_at(struct file *file, const char *operand, int64_t at, struct snapshot *snapshot)
{
    int64_t id;
    char *path = file_split(operand, &id);
    if (id != 0 && at != 0 && id != at)
        fail(EXIT_USAGE, "%s and --at %lld name two different snapshots", operand, (long long)at);
    file_open(file, path);
    g_free(path);
    file_find(file, id != 0 ? id : at, snapshot);
}

/* ------------------------------------------------------------------------------ snapshots -- */

#define SNAPSHOTS                                                                                       \
    "SELECT id, label, taken_at, revision, key_count, bytes, change_count, parent, checksum, library, " \
    "has_values, "                                                                                      \
    "has_writers, low IS NULL AND high IS NULL FROM snapshots "

static char *text_of(sqlite3_stmt *statement, int column)
{
    stm_bytes text = file_text(statement, column);
    return g_strndup(text.data, MIN(text.size, TEXT_SIZE_MAX));
}

static struct snapshot read_snapshot(sqlite3_stmt *statement)
{
    struct snapshot snapshot = {
        .id = sqlite3_column_int64(statement, 0),
        .label = text_of(statement, 1),
        .taken_at = text_of(statement, 2),
        .revision = sqlite3_column_int64(statement, 3),
        .key_count = sqlite3_column_int64(statement, 4),
        .bytes = sqlite3_column_int64(statement, 5),
        .change_count = sqlite3_column_int64(statement, 6),
        .parent = sqlite3_column_int64(statement, 7),
        .written_by = text_of(statement, 9),
        .has_values = sqlite3_column_int(statement, 10) != 0,
        .has_writers = sqlite3_column_int(statement, 11) != 0,
        .is_whole = sqlite3_column_int(statement, 12) != 0,
    };
    stm_bytes checksum = file_text(statement, 8);
    memcpy(snapshot.checksum, checksum.data, MIN(checksum.size, sizeof snapshot.checksum));
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    g_free(snapshot->label);
    g_free(snapshot->taken_at);
    g_free(snapshot->written_by);
}

void file_find(struct file *file, int64_t id, struct snapshot *snapshot)
{
    if (file->newest == 0)
        file_broken(file, "there is no snapshot in it");
    sqlite3_stmt *statement = file_prepare(file, SNAPSHOTS "WHERE id = ?1");
    sqlite3_bind_int64(statement, 1, id == 0 ? file->newest : id);
    if (!file_step(file, statement))
        fail(EXIT_TROUBLE, "%s has no snapshot %lld; stm-snapshot list shows which there are", file->path,
             (long long)id);
    *snapshot = read_snapshot(statement);
    sqlite3_finalize(statement);
}

#define EACH_BATCH "256"

/* The next ones after id; while they are visited, nobody is kept out of the file. */
static GArray *read_batch(struct file *file, int64_t id)
{
    GArray *batch = g_array_new(FALSE, FALSE, sizeof(struct snapshot));
    sqlite3_stmt *statement = file_prepare(file, SNAPSHOTS "WHERE id > ?1 ORDER BY id LIMIT " EACH_BATCH);
    sqlite3_bind_int64(statement, 1, id);
    while (file_step(file, statement)) {
        struct snapshot snapshot = read_snapshot(statement);
        g_array_append_val(batch, snapshot);
        if (snapshot.id <= id) /* pages that lead in circles have no end */
            file_broken(file, "its snapshots are out of order");
        id = snapshot.id;
    }
    sqlite3_finalize(statement);
    return batch;
}

void file_each(struct file *file, void (*visit)(const struct snapshot *snapshot, void *arg), void *arg)
{
    int64_t id = INT64_MIN;
    for (bool more = true; more;) {
        GArray *batch = read_batch(file, id);
        more = batch->len > 0;
        for (guint i = 0; i < batch->len; i++) {
            struct snapshot *snapshot = &g_array_index(batch, struct snapshot, i);
            visit(snapshot, arg);
            id = snapshot->id;
            snapshot_free(snapshot);
        }
        g_array_free(batch, TRUE);
    }
}
