#define _GNU_SOURCE
#include "herald.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "program.h"
#include "recording.h"
#include "session.h"

enum { HERALD_MS_MAX = 60 * 1000, DESCRIPTION_MS_MAX = 10 * 1000, LOOK_MS = 5 };

/* This very command, doing next to nothing: it is there, and it can run on this machine. */
static _Noreturn void become_herald(const herald_setting *setting)
{
    char name[] = "stm-contention", command[] = "record", option[] = "--version";
    char *arguments[] = {name, command, option, NULL};
    sigset_t none;
    const program_setting program = {.preload = setting->preload, .lttng_home = setting->lttng_home};
    char **const environment = program_environment(&program);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve("/proc/self/exe", arguments, environment);
    _exit(EXIT_NOT_EXECUTABLE);
}

static bool ended_well(pid_t pid)
{
    int status = -1;
    for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms += LOOK_MS) {
        if (ms >= HERALD_MS_MAX)
            kill(pid, SIGKILL);
        poll(NULL, 0, LOOK_MS);
    }
    return status == 0;
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

bool herald_run(const herald_setting *setting, char text[HERALD_TEXT_MAX])
{
    const pid_t pid = fork();
    if (pid == 0)
        become_herald(setting);
    if (pid < 0) {
        snprintf(text, HERALD_TEXT_MAX, "cannot start a process: %s", strerror(errno));
        return false;
    }
    const bool ran = ended_well(pid);
    if (ran && !session_describe(setting->daemon, text))
        return false;
    if (ran && (setting->folder == NULL || await_description(setting->folder)))
        return true;
    snprintf(text, HERALD_TEXT_MAX,
        "the provider does not work: LTTng learns of no events when LD_PRELOAD is %s. Try that with a small program; "
        "choose another with --provider", setting->preload);
    return false;
}
