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

enum { DESCRIPTION_MS_MAX = 20 * 1000, LOOK_MS = 5 };

/* Seldom, LTTng never tells a program that it is registered, which then waits for ever; the next one is told. */
static const int herald_ms_max[] = {10 * 1000, 20 * 1000, 30 * 1000};

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
    setenv("LTTNG_UST_REGISTER_TIMEOUT", "-1", 1); /* herald_ms_max are the limits */
    char **const environment = program_environment(&program);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve("/proc/self/exe", arguments, environment);
    _exit(EXIT_NOT_EXECUTABLE);
}

/* Returns its wait status. */
static int await_end(pid_t pid, int ms_max)
{
    int status = -1;
    for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms += LOOK_MS) {
        if (ms >= ms_max)
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

/* False: there is no process to be had. */
static bool run_once(const herald_setting *setting, int ms_max, int *status)
{
    const pid_t pid = fork();
    if (pid == 0)
        become_herald(setting);
    if (pid > 0)
        *status = await_end(pid, ms_max);
    return pid > 0;
}

bool herald_run(const herald_setting *setting, char text[HERALD_TEXT_MAX])
{
    int status = SIGKILL; /* as a wait status: killed by it */
    for (size_t i = 0; i < G_N_ELEMENTS(herald_ms_max) && status == SIGKILL; i++) {
        if (!run_once(setting, herald_ms_max[i], &status)) {
            snprintf(text, HERALD_TEXT_MAX, "cannot start a process: %s", strerror(errno));
            return false;
        }
    }
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
