#define _GNU_SOURCE
#include "herald.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "program.h"
#include "recording.h"
#include "session.h"

enum { HERALD_MS_MAX = 60 * 1000, DESCRIPTION_MS_MAX = 20 * 1000, LOOK_MS = 5 };

static char *log_path(const herald_setting *setting)
{
    return g_build_filename(setting->lttng_home, "herald", NULL);
}

/* This very command, doing next to nothing: it is there, and it can run on this machine. */
static _Noreturn void become_herald(const herald_setting *setting)
{
    char name[] = "stm-contention", command[] = "record", option[] = "--version";
    char *arguments[] = {name, command, option, NULL};
    sigset_t none;
    char *const log = log_path(setting);
    const int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    dup2(fd, STDERR_FILENO);
    const program_setting program = {.preload = setting->preload, .lttng_home = setting->lttng_home};
    setenv("LTTNG_UST_REGISTER_TIMEOUT", "-1", 1); /* await_end() is the limit */
    char **const environment = program_environment(&program);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve("/proc/self/exe", arguments, environment);
    _exit(EXIT_NOT_EXECUTABLE);
}

/* Returns its wait status. */
static int await_end(pid_t pid)
{
    int status = -1;
    for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms += LOOK_MS) {
        if (ms >= HERALD_MS_MAX)
            kill(pid, SIGKILL);
        poll(NULL, 0, LOOK_MS);
    }
    return status;
}

static bool await_description(const char *folder)
{
    for (int ms = 0; !recording_is_described(folder); ms += LOOK_MS) {
        if (ms >= DESCRIPTION_MS_MAX)
            return false;
        poll(NULL, 0, LOOK_MS);
    }
    return true;
}

/* What the loader, or a sanitizer, has said is the best explanation. */
static void tell_failure(const herald_setting *setting, const char *what, int status, char text[HERALD_TEXT_MAX])
{
    char *const path = log_path(setting);
    char *log = NULL;
    g_file_get_contents(path, &log, NULL, NULL);
    char *const line = g_strndup(log != NULL ? g_strchug(log) : "", log != NULL ? strcspn(log, "\n") : 0);
    snprintf(text, HERALD_TEXT_MAX,
        "the provider does not work: %s (wait status %d; it says \"%s\"). LD_PRELOAD is %s; choose another with "
        "--provider",
        what, status, line, setting->preload);
    g_free(line);
    g_free(log);
    g_free(path);
}

bool herald_run(const herald_setting *setting, char text[HERALD_TEXT_MAX])
{
    const pid_t pid = fork();
    if (pid == 0)
        become_herald(setting);
    if (pid < 0) {
        snprintf(text, HERALD_TEXT_MAX, "cannot start a process: %s", strerror(errno));
        return false;
    }
    const int status = await_end(pid);
    if (status != 0) {
        tell_failure(setting, "this command cannot be run with it", status, text);
        return false;
    }
    if (!session_describe(setting->daemon, text))
        return false;
    if (setting->folder == NULL || await_description(setting->folder))
        return true;
    tell_failure(setting, "LTTng learns of no events from it", status, text);
    return false;
}
