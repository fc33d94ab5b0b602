#include "failing.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum failing_what failing;
static unsigned countdown, left;
static bool failed;

void failing_begin(enum failing_what what, unsigned number, unsigned count)
{
    failing = what;
    countdown = number;
    left = count;
    failed = false;
}

bool failing_end(void)
{
    failing = FAILING_NOTHING;
    return failed;
}

/* Is it this request's turn? */
static bool fails(enum failing_what what)
{
    if (failing != what || left == 0)
        return false;
    if (countdown > 1) {
        countdown--;
        return false;
    }
    left--;
    failed = true;
    return true;
}

/* ------------------------------------------------------------------------------- memory -- */

static sqlite3_mem_methods memory;

static void *get_memory(int size)
{
    return fails(FAILING_MEMORY) ? NULL : memory.xMalloc(size);
}

static void *get_more_memory(void *old, int size)
{
    return fails(FAILING_MEMORY) ? NULL : memory.xRealloc(old, size);
}

static void *get_for_store(void *context, size_t size, size_t alignment)
{
    (void)context;
    return fails(FAILING_MEMORY) ? NULL : aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void put_for_store(void *context, void *old, size_t size)
{
    (void)context, (void)size;
    free(old);
}

stm_allocator failing_allocator(void)
{
    return (stm_allocator){get_for_store, put_for_store, NULL};
}

/* -------------------------------------------------------------------------------- files -- */

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

#define FAIL_OR(code, call) (fails(FAILING_FILES) ? (code) : (call))

static int file_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file)); /* cannot fail: the descriptor is gone either way */
}
static int file_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
    return FAIL_OR(SQLITE_IOERR_READ, real(file)->pMethods->xRead(real(file), data, size, at));
}
static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    return FAIL_OR(SQLITE_IOERR_WRITE, real(file)->pMethods->xWrite(real(file), data, size, at));
}
static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return FAIL_OR(SQLITE_IOERR_TRUNCATE, real(file)->pMethods->xTruncate(real(file), size));
}
static int file_sync(sqlite3_file *file, int flags)
{
    return FAIL_OR(SQLITE_IOERR_FSYNC, real(file)->pMethods->xSync(real(file), flags));
}
static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return FAIL_OR(SQLITE_IOERR_FSTAT, real(file)->pMethods->xFileSize(real(file), size));
}
static int file_lock(sqlite3_file *file, int level)
{
    return FAIL_OR(SQLITE_IOERR_LOCK, real(file)->pMethods->xLock(real(file), level));
}
static int file_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}
static int file_is_reserved(sqlite3_file *file, int *reserved)
{
    return FAIL_OR(SQLITE_IOERR_CHECKRESERVEDLOCK, real(file)->pMethods->xCheckReservedLock(real(file), reserved));
}
static int file_control(sqlite3_file *file, int request, void *arg)
{
    return real(file)->pMethods->xFileControl(real(file), request, arg);
}
static int file_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}
static int file_device(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1, .xClose = file_close, .xRead = file_read, .xWrite = file_write, .xTruncate = file_truncate,
    .xSync = file_sync, .xFileSize = file_size, .xLock = file_lock, .xUnlock = file_unlock,
    .xCheckReservedLock = file_is_reserved, .xFileControl = file_control, .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
};

static sqlite3_vfs *default_vfs, failing_vfs;

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags, int *out_flags)
{
    (void)vfs;
    struct file *file = (struct file *)out;
    file->base.pMethods = NULL;
    if (fails(FAILING_FILES))
        return SQLITE_CANTOPEN;
    file->real = (sqlite3_file *)(file + 1);
    const int code = default_vfs->xOpen(default_vfs, name, file->real, flags, out_flags);
    if (file->real->pMethods != NULL)
        file->base.pMethods = &methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    return FAIL_OR(SQLITE_IOERR_DELETE, default_vfs->xDelete(default_vfs, name, sync));
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *answer)
{
    (void)vfs;
    return FAIL_OR(SQLITE_IOERR_ACCESS, default_vfs->xAccess(default_vfs, name, flags, answer));
}

/* ---------------------------------------------------------------------- calls to the system -- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_fstat(int fd, struct stat *known);
int __wrap_fstat(int fd, struct stat *known);
int __real_stat(const char *path, struct stat *known);
int __wrap_stat(const char *path, struct stat *known);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);

static bool call_fails(void)
{
    if (!fails(FAILING_CALLS))
        return false;
    errno = EIO;
    return true;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const unsigned mode = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    return call_fails() ? -1 : __real_open(path, flags, mode);
}
int __wrap_flock(int fd, int operation)
{
    return call_fails() ? -1 : __real_flock(fd, operation);
}
int __wrap_fsync(int fd)
{
    return call_fails() ? -1 : __real_fsync(fd);
}
int __wrap_fchmod(int fd, mode_t mode)
{
    return call_fails() ? -1 : __real_fchmod(fd, mode);
}
int __wrap_fstat(int fd, struct stat *known)
{
    return call_fails() ? -1 : __real_fstat(fd, known);
}
int __wrap_stat(const char *path, struct stat *known)
{
    return call_fails() ? -1 : __real_stat(path, known);
}
int __wrap_rename(const char *from, const char *to)
{
    return call_fails() ? -1 : __real_rename(from, to);
}
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    return call_fails() ? -1 : __real_renameat2(from_folder, from, to_folder, to, flags);
}

/* ------------------------------------------------------------------------------- install -- */

static void must(int code, const char *what)
{
    if (code == SQLITE_OK)
        return;
    fprintf(stderr, "failing: %s: %s\n", what, sqlite3_errstr(code));
    abort();
}

void failing_install(void)
{
    if (default_vfs != NULL)
        return;
    must(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory), "get memory methods");
    sqlite3_mem_methods shim = memory;
    shim.xMalloc = get_memory;
    shim.xRealloc = get_more_memory;
    must(sqlite3_config(SQLITE_CONFIG_MALLOC, &shim), "set memory methods");
    must(sqlite3_initialize(), "initialize");
    default_vfs = sqlite3_vfs_find(NULL);
    failing_vfs = *default_vfs;
    failing_vfs.zName = "failing";
    failing_vfs.szOsFile += (int)sizeof(struct file);
    failing_vfs.xOpen = vfs_open;
    failing_vfs.xDelete = vfs_delete;
    failing_vfs.xAccess = vfs_access;
    must(sqlite3_vfs_register(&failing_vfs, 1), "register");
}
