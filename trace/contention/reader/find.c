#define _POSIX_C_SOURCE 200809L
#include "find.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>

/* LTTng's own folders are five deep; more than this is a loop or a joke. */
enum { DEPTH_MAX = 12, TRACE_COUNT_MAX = 1024 };

static void complain(char **trouble, const char *path, const char *why)
{
    if (*trouble == NULL)
        *trouble = g_strdup_printf("%s: %s", path, why);
}

static bool is_real_folder(const char *path)
{
    GStatBuf status;
    return g_lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void walk(const char *path, int depth, GPtrArray *found, char **trouble)
{
    GError *error = NULL;
    GDir *folder = g_dir_open(path, 0, &error);
    if (folder == NULL) {
        complain(trouble, path, g_strerror(errno));
        g_clear_error(&error);
        return;
    }
    for (const char *name = g_dir_read_name(folder); name != NULL; name = g_dir_read_name(folder)) {
        char *inside = g_build_filename(path, name, NULL);
        if (strcmp(name, "metadata") == 0 && g_file_test(inside, G_FILE_TEST_IS_REGULAR))
            g_ptr_array_add(found, g_strdup(path));
        else if (depth < DEPTH_MAX && found->len < TRACE_COUNT_MAX && is_real_folder(inside))
            walk(inside, depth + 1, found, trouble);
        g_free(inside);
    }
    g_dir_close(folder);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *find_traces(const char *path, char **trouble)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    GStatBuf status;
    if (g_stat(path, &status) != 0)
        complain(trouble, path, g_strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        complain(trouble, path, "not a folder; name the folder that was recorded into");
    else
        walk(path, 0, found, trouble);
    g_ptr_array_sort(found, by_name);
    return found;
}
