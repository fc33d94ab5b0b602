#define _GNU_SOURCE
#include "folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <glib.h>

#include "say.h"

/* Below this, not even the description of the events is sure to fit. */
#define ROOM_MIN (UINT64_C(2) << 20)

static char *own_name(const char *program)
{
    GDateTime *const now = g_date_time_new_now_local();
    char *const date = g_date_time_format(now, "%Y%m%d-%H%M%S");
    char *const base = g_path_get_basename(program);
    char *const name = g_strdup_printf("stm-trace-%s-%s", base, date);
    g_free(base);
    g_free(date);
    g_date_time_unref(now);
    return name;
}

static bool is_empty(const char *path)
{
    GDir *const folder = g_dir_open(path, 0, NULL);
    const bool empty = folder != NULL && g_dir_read_name(folder) == NULL;
    if (folder != NULL)
        g_dir_close(folder);
    return empty;
}

/* Two recordings of the same program may start in the same second. */
static bool make_own(char **name)
{
    char *const base = *name;
    for (int i = 2; mkdir(*name, 0777) != 0; i++) {
        if (errno != EEXIST || i > 1000) {
            record_warn("cannot make the folder %s: %s. Choose another with --output", *name, strerror(errno));
            return false;
        }
        if (*name != base)
            g_free(*name);
        *name = g_strdup_printf("%s-%d", base, i);
    }
    if (*name != base)
        g_free(base);
    return true;
}

static bool make_named(const char *name, bool *created)
{
    struct stat status;
    *created = mkdir(name, 0777) == 0;
    if (*created)
        return true;
    if (errno != EEXIST) {
        record_warn("cannot make the folder %s: %s. Choose another with --output", name, strerror(errno));
        return false;
    }
    if (stat(name, &status) != 0 || !S_ISDIR(status.st_mode)) {
        record_warn("%s is not a folder. Choose another with --output", name);
        return false;
    }
    if (access(name, R_OK | W_OK | X_OK) != 0) {
        record_warn("cannot write to the folder %s: %s. Choose another with --output", name, strerror(errno));
        return false;
    }
    if (!is_empty(name)) {
        record_warn("the folder %s is not empty, and nothing is overwritten. Choose another with --output", name);
        return false;
    }
    return true;
}

static bool has_room(const char *path)
{
    char room[SIZE_TEXT_MAX], wanted[SIZE_TEXT_MAX];
    const uint64_t bytes = folder_room(path);
    if (bytes >= ROOM_MIN)
        return true;
    record_warn("%s: only %s are free on that disk, and a recording needs at least %s. Free some, or choose another "
                "with --output",
        path, record_size_text(bytes, room), record_size_text(ROOM_MIN, wanted));
    return false;
}

char *folder_prepare(const char *name, const char *program, bool *created)
{
    char *chosen = name != NULL ? g_strdup(name) : own_name(program);
    char *path = NULL;
    *created = true;
    if (name != NULL ? make_named(chosen, created) : make_own(&chosen)) {
        char *const resolved = realpath(chosen, NULL);
        if (resolved == NULL)
            record_warn("%s: %s", chosen, strerror(errno));
        else if (has_room(resolved))
            path = g_strdup(resolved);
        if (path == NULL && *created)
            rmdir(chosen);
        free(resolved);
    }
    g_free(chosen);
    return path;
}

uint64_t folder_room(const char *path)
{
    struct statvfs status;
    if (statvfs(path, &status) != 0)
        return UINT64_MAX;
    /* Some file systems do not know their size. */
    return status.f_blocks == 0 ? UINT64_MAX : (uint64_t)status.f_bavail * status.f_frsize;
}

static int remove_below(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    if (place->level > 0)
        remove(path);
    return 0;
}

void folder_clear(const char *path)
{
    nftw(path, remove_below, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void folder_remove(const char *path)
{
    folder_clear(path);
    rmdir(path);
}
