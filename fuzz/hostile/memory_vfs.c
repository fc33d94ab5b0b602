#include "memory_vfs.h"

#include <sqlite3.h>
#include <string.h>

static const uint8_t *bytes;
static size_t byte_count;

/* --------------------------------------------------------------------------------- file -- */

static int file_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *to, int size, sqlite3_int64 at)
{
    (void)file;
    size_t from = (size_t)at, wanted = (size_t)size;
    size_t there = from >= byte_count ? 0 : byte_count - from < wanted ? byte_count - from : wanted;
    if (there > 0)
        memcpy(to, bytes + from, there);
    memset((char *)to + there, 0, wanted - there);
    return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 at)
{
    (void)file, (void)from, (void)size, (void)at;
    return SQLITE_READONLY;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    (void)file, (void)size;
    return SQLITE_READONLY;
}

static int file_with_flags(sqlite3_file *file, int flags)
{
    (void)file, (void)flags;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    (void)file;
    *size = (sqlite3_int64)byte_count;
    return SQLITE_OK;
}

static int file_is_reserved(sqlite3_file *file, int *answer)
{
    (void)file;
    *answer = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int what, void *arg)
{
    (void)file;
    if (what != SQLITE_FCNTL_HAS_MOVED)
        return SQLITE_NOTFOUND;
    *(int *)arg = 0;
    return SQLITE_OK;
}

static int file_number(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1, .xClose = file_close, .xRead = file_read, .xWrite = file_write, .xTruncate = file_truncate,
    .xSync = file_with_flags, .xFileSize = file_size, .xLock = file_with_flags, .xUnlock = file_with_flags,
    .xCheckReservedLock = file_is_reserved, .xFileControl = file_control, .xSectorSize = file_number,
    .xDeviceCharacteristics = file_number,
};

/* ---------------------------------------------------------------------------------- vfs -- */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *given)
{
    (void)vfs;
    file->pMethods = NULL;
    if (name == NULL || strcmp(name, MEMORY_VFS_PATH) != 0)
        return SQLITE_CANTOPEN;
    file->pMethods = &methods;
    if (given != NULL)
        *given = (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)name, (void)sync;
    return SQLITE_IOERR_DELETE_NOENT;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *answer)
{
    (void)vfs, (void)flags;
    *answer = strcmp(name, MEMORY_VFS_PATH) == 0;
    return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int size, char *full)
{
    (void)vfs;
    sqlite3_snprintf(size, full, "%s", name);
    return SQLITE_OK;
}

void memory_vfs_register(void)
{
    static sqlite3_vfs vfs;
    vfs = *sqlite3_vfs_find(NULL); /* clock, randomness, sleep */
    vfs.zName = "memory";
    vfs.szOsFile = sizeof(sqlite3_file);
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xAccess = vfs_access;
    vfs.xFullPathname = vfs_full_name;
    sqlite3_vfs_register(&vfs, 1);
}

void memory_vfs_set(const uint8_t *data, size_t size)
{
    bytes = data;
    byte_count = size;
}
