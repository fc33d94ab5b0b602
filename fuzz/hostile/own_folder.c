/*
 * Beside each folder there is a file ".lock", which is locked as long as its process and the children of that live, however they
 * end. So a folder whose lock can be taken is nobody's; to note who made it would not do, since numbers of processes come again.
 */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "own_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "fuzz-files-"
#define SUFFIX ".lock"
enum { PATH_SIZE = 200 };

static char folder[PATH_SIZE], lock_path[PATH_SIZE + sizeof SUFFIX];
static pid_t owner;

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

/* The lock, taken; -1 where it is another's, or is gone. */
static int take_lock(const char *path, int flags)
{
    struct stat about;
    int lock = open(path, flags | O_RDWR | O_CLOEXEC, 0600);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 && fstat(lock, &about) == 0 && about.st_nlink > 0)
        return lock;
    if (lock >= 0)
        close(lock);
    return -1;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
    (void)about, (void)type;
    if (walk->level > 0)
        remove(path);
    return 0;
}

static void clear(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool is_lock(const char *name)
{
    size_t size = strlen(name), suffix = strlen(SUFFIX);
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0 && size > suffix && strcmp(name + size - suffix, SUFFIX) == 0;
}

/* The folder first, then its lock: so no folder is left that has none. */
static void remove_orphan(char *path)
{
    int lock = take_lock(path, 0);
    if (lock < 0)
        return;
    char *suffix = path + strlen(path) - strlen(SUFFIX);
    *suffix = '\0';
    clear(path);
    rmdir(path);
    *suffix = SUFFIX[0];
    unlink(path);
    close(lock);
}

static void remove_orphans(const char *parent)
{
    char path[PATH_SIZE + sizeof SUFFIX];
    DIR *entries = opendir(parent);
    const struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL)
        if (is_lock(entry->d_name) && snprintf(path, sizeof path, "%s/%s", parent, entry->d_name) < (int)sizeof path)
            remove_orphan(path);
    if (entries != NULL)
        closedir(entries);
}

static void remove_own(void)
{
    if (owner != getpid())
        return;
    clear(folder);
    rmdir(folder);
    unlink(lock_path);
}

/* The lock before the folder. False: somebody who looked for orphans was between its making and its locking. */
static bool make(const char *parent)
{
    static unsigned number;
    if (snprintf(folder, sizeof folder, "%s/" PREFIX "%ld-%u", parent, (long)getpid(), number++) >= (int)sizeof folder)
        die(parent);
    snprintf(lock_path, sizeof lock_path, "%s" SUFFIX, folder);
    if (take_lock(lock_path, O_CREAT | O_EXCL) < 0)
        return false;
    if (mkdir(folder, 0700) != 0)
        die(folder);
    return true;
}

static const char *parent_folder(void)
{
    const char *parent = getenv("TMPDIR");
    if (parent != NULL && parent[0] != '\0')
        return parent;
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

const char *own_folder_make(void)
{
    const char *parent = parent_folder();
    unsigned tries = 0;
    remove_orphans(parent);
    while (!make(parent))
        if (++tries == 100)
            die(lock_path);
    owner = getpid();
    atexit(remove_own);
    setenv("TMPDIR", folder, 1);
    return folder;
}

void own_folder_clear(void)
{
    clear(folder);
}
