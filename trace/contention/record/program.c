#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "options.h"
#include "say.h"

/* 0 if it can be run, else errno. */
static int try_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    return access(path, X_OK) == 0 ? 0 : errno;
}

/* The first in PATH that can be run; else *error tells about the best that could not. */
static char *search_path(const char *name, int *error)
{
    const char *const path = getenv("PATH");
    char **const folders = g_strsplit(path != NULL ? path : "/bin:/usr/bin", ":", -1);
    char *found = NULL;
    *error = ENOENT;
    for (size_t i = 0; folders[i] != NULL && found == NULL; i++) {
        char *candidate = g_build_filename(*folders[i] != '\0' ? folders[i] : ".", name, NULL);
        const int failure = try_path(candidate);
        if (failure == 0)
            found = candidate;
        else if (failure == EACCES)
            *error = EACCES;
        if (found == NULL)
            g_free(candidate);
    }
    g_strfreev(folders);
    return found;
}

int program_find(const char *name, char **path)
{
    int error = ENOENT;
    if (strchr(name, '/') != NULL) {
        error = try_path(name);
        *path = error == 0 ? g_strdup(name) : NULL;
    } else {
        *path = *name != '\0' ? search_path(name, &error) : NULL;
    }
    if (*path != NULL)
        return 0;
    if (error == ENOENT || error == ENOTDIR) {
        record_warn("%s: no such program; nothing was recorded. Give its path, or look at PATH", name);
        return EXIT_NOT_FOUND;
    }
    record_warn("%s: cannot be run: %s; nothing was recorded", name, strerror(error));
    return EXIT_NOT_EXECUTABLE;
}

char **program_environment(const program_setting *setting)
{
    char **e = g_get_environ();
    const char *const present = g_environ_getenv(e, "LD_PRELOAD");
    char *const preload = g_strjoin(":", setting->preload, present != NULL && *present != '\0' ? present : NULL, NULL);
    e = g_environ_setenv(e, "LD_PRELOAD", preload, TRUE);
    e = g_environ_setenv(e, "LTTNG_HOME", setting->lttng_home, TRUE);
    /* Wait until the session daemon knows the process: its first events count too. */
    e = g_environ_setenv(e, "LTTNG_UST_REGISTER_TIMEOUT", "20000", FALSE);
    if (setting->block)
        e = g_environ_setenv(e, "LTTNG_UST_ALLOW_BLOCKING", "1", TRUE);
    g_free(preload);
    return e;
}

/* A script without #! is run by sh, as execvp does. */
static void become(const program_setting *setting, char **environment)
{
    execve(setting->path, setting->arguments, environment);
    if (errno != ENOEXEC)
        return;
    GPtrArray *const arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, g_strdup("sh"));
    g_ptr_array_add(arguments, g_strdup(setting->path));
    for (size_t i = 1; setting->arguments[i] != NULL; i++)
        g_ptr_array_add(arguments, setting->arguments[i]);
    g_ptr_array_add(arguments, NULL);
    execve("/bin/sh", (char **)arguments->pdata, environment);
}

static _Noreturn void run_child(const program_setting *setting, int failure_fd)
{
    char **const e = program_environment(setting);
    sigprocmask(SIG_SETMASK, setting->mask, NULL);
    become(setting, e);
    const int error = errno;
    const ssize_t written = write(failure_fd, &error, sizeof error);
    _exit(written == sizeof error ? EXIT_NOT_EXECUTABLE : EXIT_RECORD_FAILED);
}

/* The pipe is closed by a successful exec; otherwise it brings errno. */
static int exec_failure(int fd)
{
    int error = 0;
    ssize_t size;
    while ((size = read(fd, &error, sizeof error)) < 0 && errno == EINTR)
        ;
    return size == sizeof error ? error : 0;
}

int program_start(const program_setting *setting, pid_t *pid)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0 || (*pid = fork()) < 0) {
        record_warn("cannot start %s: %s", setting->path, strerror(errno));
        return EXIT_RECORD_FAILED;
    }
    if (*pid == 0)
        run_child(setting, fds[1]);
    close(fds[1]);
    const int error = exec_failure(fds[0]);
    close(fds[0]);
    if (error == 0)
        return 0;
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
        ;
    record_warn("%s: cannot be run: %s; nothing was recorded", setting->path, strerror(error));
    return error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

int program_exit_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? EXIT_SIGNAL_BASE + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}
