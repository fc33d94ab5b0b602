#define _GNU_SOURCE
#include "preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <lttng/lttng.h>

#include "say.h"

#define PROVIDER "libstm-trace.so"
#define FORK_HELPER "liblttng-ust-fork.so.1"

/* From the folder of the command: an installation, where the build system knows the way; a build tree; side by side. */
static const char *const provider_places[] = {
    STM_LIBDIR_FROM_BINDIR "/" PROVIDER, "../provider/" PROVIDER, "../lib/" PROVIDER, PROVIDER};

static char *find_own_provider(void)
{
    char *const command = g_file_read_link("/proc/self/exe", NULL);
    char *const folder = g_path_get_dirname(command != NULL ? command : ".");
    char *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(provider_places) && found == NULL; i++) {
        char *const candidate = g_build_filename(folder, provider_places[i], NULL);
        found = realpath(candidate, NULL);
        g_free(candidate);
    }
    if (found == NULL)
        record_warn("cannot find " PROVIDER " beside %s; say where it is with --provider=FILE", folder);
    g_free(folder);
    g_free(command);
    return found;
}

/* It lies beside the library that we are linked with; where it does not, the loader may know better. */
static char *find_fork_helper(void)
{
    Dl_info info;
    if (dladdr(__extension__(void *)lttng_session_daemon_alive, &info) == 0 || info.dli_fname == NULL)
        return g_strdup(FORK_HELPER);
    char *const folder = g_path_get_dirname(info.dli_fname);
    char *helper = g_build_filename(folder, FORK_HELPER, NULL);
    if (access(helper, R_OK) != 0) {
        g_free(helper);
        helper = g_strdup(FORK_HELPER);
    }
    g_free(folder);
    return helper;
}

char *preload_find(const char *provider)
{
    char *const path = provider != NULL ? realpath(provider, NULL) : find_own_provider();
    if (path == NULL) {
        if (provider != NULL)
            record_warn("--provider=%s: %s", provider, strerror(errno));
        return NULL;
    }
    /* The loader takes both for separators, and knows no way to quote them. */
    if (strpbrk(path, ": ") != NULL) {
        record_warn("%s cannot be preloaded: its path contains a space or a colon. Copy it elsewhere, and use --provider",
            path);
        free(path);
        return NULL;
    }
    char *const helper = find_fork_helper();
    char *const preload = g_strjoin(":", path, helper, NULL);
    g_free(helper);
    free(path);
    return preload;
}
