#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES_MAX 16
#define SUFFIX ".stm-tmp"
#define RANDOM_DIGITS 16

/* -------------------------------------------------------------------------------- names -- */

static const char *name_of(const struct stmi_place *place)
{
    return place->path + place->folder_size;
}

/* The real name of the folder, where the file itself is not there yet. */
static stm_file_status find_folder(struct stmi_place *place, const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return stmi_fault(place->error, STM_FILE_INVALID, "\"%s\" names no file", path);
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path + 1), slash == NULL ? "." : path);
    if (realpath(folder, place->path) == NULL)
        return stmi_fault_system(place->error, "cannot find the folder of %s", path);
    size_t used = strlen(place->path);
    const char *separator = place->path[used - 1] == '/' ? "" : "/";
    if (used + 1 + strlen(name) >= sizeof place->path) {
        errno = ENAMETOOLONG;
        return stmi_fault_system(place->error, "cannot use %s", path);
    }
    sprintf(place->path + used, "%s%s", separator, name);
    return STM_FILE_OK;
}

stm_file_status stmi_place_find(struct stmi_place *place, const char *path, uint32_t lock_wait_ms, stm_file_error *error)
{
    *place = (struct stmi_place){.temporary_fd = -1, .lock_wait_ms = lock_wait_ms == 0 ? 2000 : lock_wait_ms, .error = error};
    if (path == NULL || path[0] == '\0')
        return stmi_fault(error, STM_FILE_INVALID, "no path was given");
    if (strlen(path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return stmi_fault_system(error, "cannot use a path of %zu bytes", strlen(path));
    }
    if (realpath(path, place->path) == NULL) {
        if (errno != ENOENT)
            return stmi_fault_system(error, "cannot use %s", path);
        stm_file_status status = find_folder(place, path);
        if (status != STM_FILE_OK)
            return status;
    }
    place->folder_size = (size_t)(strrchr(place->path, '/') - place->path) + 1;
    if (strlen(name_of(place)) + RANDOM_DIGITS + sizeof SUFFIX + 2 > NAME_MAX) {
        errno = ENAMETOOLONG;
        return stmi_fault_system(error, "cannot use %s", path);
    }
    return STM_FILE_OK;
}

/* --------------------------------------------------------------------------------- look -- */

/* What a path names right now. */
struct identity {
    dev_t device;
    ino_t number;
    mode_t mode;
    off_t size;
    bool there;
};

static stm_file_status identify(const struct stmi_place *place, struct identity *identity)
{
    struct stat known;
    *identity = (struct identity){.there = stat(place->path, &known) == 0};
    if (!identity->there)
        return errno == ENOENT ? STM_FILE_OK : stmi_fault_system(place->error, "cannot look at %s", place->path);
    if (!S_ISREG(known.st_mode))
        return stmi_fault(place->error, STM_FILE_NOT_OURS, "%s is not a regular file", place->path);
    identity->device = known.st_dev;
    identity->number = known.st_ino;
    identity->mode = known.st_mode & 07777;
    identity->size = known.st_size;
    return STM_FILE_OK;
}

static bool same_file(const struct identity *a, const struct identity *b)
{
    return a->there == b->there && a->device == b->device && a->number == b->number;
}

static void defend(sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM INTO needs one */
}

stm_file_status stmi_place_open(struct stmi_sql *sql, const char *path, int flags, uint32_t lock_wait_ms,
                                stm_file_error *error)
{
    *sql = (struct stmi_sql){.name = path, .error = error};
    int code = sqlite3_open_v2(path, &sql->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) {
        if ((code & 0xff) == SQLITE_CANTOPEN && access(path, F_OK) != 0 && errno == ENOENT)
            return stmi_fault(error, STM_FILE_NOT_FOUND, "there is no file %s", path);
        if ((code & 0xff) == SQLITE_CANTOPEN && (sqlite3_system_errno(sql->db) == EACCES))
            return stmi_fault(error, STM_FILE_READ_ONLY, "%s may not be read", path);
        return stmi_sql_fault(sql, code, "open");
    }
    defend(sql->db);
    sqlite3_busy_timeout(sql->db, lock_wait_ms > INT_MAX ? INT_MAX : (int)lock_wait_ms);
    stm_file_status status = stmi_sql_limit_work(sql);
    return status == STM_FILE_OK ? stmi_sql_run(sql, "PRAGMA cell_size_check = ON") : status;
}

/* A file that is there, opened for writing, and found to be ours. */
static stm_file_status open_ours(const struct stmi_place *place, struct stmi_sql *sql, enum stmi_found *found)
{
    stm_file_status status =
        stmi_place_open(sql, place->path, SQLITE_OPEN_READWRITE, place->lock_wait_ms, place->error);
    if (status == STM_FILE_OK)
        status = stmi_schema_find(sql, found);
    if (status == STM_FILE_OK && sqlite3_db_readonly(sql->db, "main") == 1)
        status = stmi_fault(place->error, STM_FILE_READ_ONLY, "%s may not be written", place->path);
    return status;
}

stm_file_status stmi_place_look(const struct stmi_place *place, enum stmi_found *found)
{
    struct identity identity;
    struct stmi_sql sql = {.name = place->path, .error = place->error};
    *found = STMI_FOUND_EMPTY;
    stm_file_status status = identify(place, &identity);
    if (status != STM_FILE_OK || !identity.there)
        return status;
    status = open_ours(place, &sql, found);
    sqlite3_close(sql.db);
    return status;
}

/* ---------------------------------------------------------------------------- temporary -- */

/* ".state.db.0123456789abcdef.stm-tmp": is it one of the path's? */
static bool is_temporary(const struct stmi_place *place, const char *name)
{
    size_t size = strlen(name_of(place));
    return strlen(name) == 1 + size + 1 + RANDOM_DIGITS + strlen(SUFFIX) && name[0] == '.' &&
           memcmp(name + 1, name_of(place), size) == 0 && name[1 + size] == '.' &&
           strspn(name + 2 + size, "0123456789abcdef") == RANDOM_DIGITS &&
           strcmp(name + 2 + size + RANDOM_DIGITS, SUFFIX) == 0;
}

/* VACUUM INTO may leave one, if it fails to remove it. */
static void remove_journal(int folder, const char *name)
{
    char journal[PATH_MAX + NAME_MAX + 8];
    snprintf(journal, sizeof journal, "%s-journal", name);
    unlinkat(folder, journal, 0);
}

static void remove_if_stale(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        unlinkat(folder, name, 0);
        remove_journal(folder, name);
    }
    close(fd);
}

/* What exports to this path that were killed have left behind. That it fails harms nobody. */
static void remove_stale(const struct stmi_place *place)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)place->folder_size, place->path);
    DIR *names = opendir(folder);
    if (names == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(names)) != NULL;)
        if (is_temporary(place, entry->d_name))
            remove_if_stale(dirfd(names), entry->d_name);
    closedir(names);
}

/* Made, locked, and still there: between the two, another export may have taken it for a stale one. */
static bool make_temporary(struct stmi_place *place, mode_t mode)
{
    uint64_t random;
    sqlite3_randomness(sizeof random, &random);
    snprintf(place->temporary, sizeof place->temporary, "%.*s.%s.%016" PRIx64 SUFFIX, (int)place->folder_size,
             place->path, name_of(place), random);
    place->temporary_fd = open(place->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (place->temporary_fd < 0)
        return errno == EEXIST;
    struct stat ours, named;
    if (flock(place->temporary_fd, LOCK_EX | LOCK_NB) == 0 && fstat(place->temporary_fd, &ours) == 0 &&
        stat(place->temporary, &named) == 0 && ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
        return true;
    int why = errno;
    unlink(place->temporary);
    close(place->temporary_fd);
    place->temporary_fd = -1;
    errno = why;
    return true;
}

stm_file_status stmi_place_begin(struct stmi_place *place)
{
    struct identity old;
    stm_file_status status = identify(place, &old);
    if (status != STM_FILE_OK)
        return status;
    remove_stale(place);
    bool again = true;
    for (unsigned tries = 0; again && place->temporary_fd < 0 && tries < TRIES_MAX; tries++)
        again = make_temporary(place, 0666);
    if (place->temporary_fd < 0) {
        place->temporary[0] = '\0';
        status = stmi_fault_system(place->error, "cannot make a temporary file beside %s", place->path);
        return status == STM_FILE_NOT_FOUND ? (place->error->status = STM_FILE_READ_ONLY) : status;
    }
    if (old.there && fchmod(place->temporary_fd, old.mode) != 0)
        return stmi_fault_system(place->error, "cannot set the mode of %s", place->temporary);
    return STM_FILE_OK;
}

void stmi_place_end(struct stmi_place *place)
{
    if (place->temporary[0] != '\0') {
        unlink(place->temporary);
        remove_journal(AT_FDCWD, place->temporary);
    }
    if (place->temporary_fd >= 0)
        close(place->temporary_fd);
    place->temporary[0] = '\0';
    place->temporary_fd = -1;
}

/* ------------------------------------------------------------------------------ replace -- */

static stm_file_status leave_wal(const struct stmi_sql *sql)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    stm_file_status status = stmi_sql_prepare(sql, "PRAGMA main.journal_mode = DELETE", &statement);
    if (status == STM_FILE_OK)
        status = stmi_sql_step(sql, statement, &row);
    const char *mode = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (status == STM_FILE_OK && (mode == NULL || strcmp(mode, "delete") != 0))
        status = stmi_fault(sql->error, STM_FILE_LOCKED, "%s is in use in WAL mode", sql->name);
    sqlite3_finalize(statement);
    return status;
}

/* Rolls back what a crashed writer has left, takes the file out of WAL mode, and keeps other writers off it. */
static stm_file_status hold(const struct stmi_sql *sql, const char *begin)
{
    stm_file_status status = leave_wal(sql);
    return status == STM_FILE_OK ? stmi_sql_run(sql, begin) : status;
}

/*
 * What SQLite keeps beside the path would be played back into the file that we put there. With the old file held
 * nobody is using it, and all that was of use in it has been played back already; without an old file SQLite would
 * remove it as well.
 */
static void remove_companions(const struct stmi_place *place)
{
    static const char *const suffixes[] = {"-journal", "-wal", "-shm"};
    char name[PATH_MAX + 8];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(name, sizeof name, "%s%s", place->path, suffixes[i]);
        unlink(name);
    }
}

static stm_file_status sync_folder(const struct stmi_place *place)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)place->folder_size, place->path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP);
    stm_file_status status = STM_FILE_OK;
    if (!synced)
        status = stmi_fault_system(place->error, "%s was replaced, but its folder may not be on the disk yet", place->path);
    if (fd >= 0)
        close(fd);
    return status;
}

/* The path is held, or there is nothing. *again: by now it is another file. */
static stm_file_status rename_over(struct stmi_place *place, const struct identity *held, bool *again)
{
    struct identity now;
    stm_file_status status = identify(place, &now);
    *again = status == STM_FILE_OK && !same_file(&now, held);
    if (status != STM_FILE_OK || *again)
        return status;
    remove_companions(place);
    int failed = held->there ? rename(place->temporary, place->path)
                             : renameat2(AT_FDCWD, place->temporary, AT_FDCWD, place->path, RENAME_NOREPLACE);
    if (failed != 0 && !held->there && (errno == EINVAL || errno == ENOSYS))
        failed = rename(place->temporary, place->path); /* this file system cannot do without */
    if (failed != 0 && errno == EEXIST) {
        *again = true;
        return STM_FILE_OK;
    }
    if (failed != 0)
        return stmi_fault_system(place->error, "cannot rename %s to %s", place->temporary, place->path);
    place->temporary[0] = '\0';
    return STM_FILE_OK;
}

static stm_file_status replace_once(struct stmi_place *place, bool *again)
{
    struct identity held;
    enum stmi_found found;
    struct stmi_sql old = {.name = place->path, .error = place->error};
    *again = false;
    stm_file_status status = identify(place, &held);
    if (status == STM_FILE_OK && held.there) {
        status = open_ours(place, &old, &found);
        if (status == STM_FILE_OK)
            status = hold(&old, "BEGIN IMMEDIATE"); /* who only reads goes on with the old file */
    }
    if (status == STM_FILE_OK)
        status = rename_over(place, &held, again);
    sqlite3_close(old.db); /* ends the hold: whoever waited for the old file finds that it is another */
    return status;
}

static stm_file_status always_replaced(const struct stmi_place *place)
{
    return stmi_fault(place->error, STM_FILE_LOCKED, "%s is being replaced by others all the time", place->path);
}

static stm_file_status replace(struct stmi_place *place)
{
    bool again = true;
    stm_file_status status = STM_FILE_OK;
    for (unsigned tries = 0; again && status == STM_FILE_OK && tries < TRIES_MAX; tries++)
        status = replace_once(place, &again);
    return status == STM_FILE_OK && again ? always_replaced(place) : status;
}

static stm_file_status replace_held(struct stmi_place *place)
{
    struct identity now;
    bool again = false;
    stm_file_status status = identify(place, &now);
    if (status == STM_FILE_OK)
        status = rename_over(place, &now, &again);
    return status == STM_FILE_OK && again ? always_replaced(place) : status;
}

stm_file_status stmi_place_finish(struct stmi_place *place, bool durable, bool held)
{
    remove_journal(AT_FDCWD, place->temporary);
    if (durable && fsync(place->temporary_fd) != 0)
        return stmi_fault_system(place->error, "cannot write %s to the disk", place->temporary);
    stm_file_status status = held ? replace_held(place) : replace(place);
    return status == STM_FILE_OK && durable ? sync_folder(place) : status;
}

/* -------------------------------------------------------------------------------- take -- */

/* What takes the file: a transaction that writes, or nobody else at all for as long as the connection is open. */
static stm_file_status take(const struct stmi_sql *sql, enum stmi_take how, bool durable)
{
    if (how == STMI_TAKE_ALONE) {
        stm_file_status status = stmi_sql_run(sql, "PRAGMA locking_mode = EXCLUSIVE");
        if (status == STM_FILE_OK)
            status = hold(sql, "BEGIN EXCLUSIVE");
        return status == STM_FILE_OK ? stmi_sql_run(sql, "COMMIT") : status; /* which keeps the lock in this mode */
    }
    /* EXTRA: when the commit returns, the journal's removal is on the disk, too. */
    return stmi_sql_run(sql, durable ? "PRAGMA synchronous = EXTRA; BEGIN IMMEDIATE"
                                     : "PRAGMA synchronous = OFF; BEGIN IMMEDIATE");
}

static stm_file_status take_once(const struct stmi_place *place, enum stmi_take how, bool durable, struct stmi_sql *sql,
                                 bool *again)
{
    struct identity before, after;
    enum stmi_found found = STMI_FOUND_EMPTY;
    *again = false;
    stm_file_status status = identify(place, &before);
    if (status == STM_FILE_OK && before.there)
        status = open_ours(place, sql, &found);
    if (status == STM_FILE_OK && found == STMI_FOUND_EMPTY)
        return stmi_fault(place->error, STM_FILE_NOT_FOUND, "there is nothing in %s", place->path);
    if (status == STM_FILE_OK)
        status = take(sql, how, durable);
    if (status == STM_FILE_OK)
        status = identify(place, &after);
    *again = status == STM_FILE_OK && !same_file(&before, &after);
    return status;
}

stm_file_status stmi_place_take(const struct stmi_place *place, enum stmi_take how, bool durable, struct stmi_sql *sql)
{
    bool again = true;
    stm_file_status status = STM_FILE_OK;
    *sql = (struct stmi_sql){.name = place->path, .error = place->error};
    for (unsigned tries = 0; again && status == STM_FILE_OK && tries < TRIES_MAX; tries++) {
        sqlite3_close(sql->db);
        sql->db = NULL;
        status = take_once(place, how, durable, sql, &again);
    }
    if (status == STM_FILE_OK && again)
        return always_replaced(place);
    return status == STM_FILE_OK ? stmi_schema_check(sql) : status;
}
