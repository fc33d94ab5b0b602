#define _GNU_SOURCE
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>
#include <lttng/lttng.h>

#include "buffers.h"
#include "clock.h"
#include "folder.h"

enum { START_SECONDS_MAX = 20, STOP_SECONDS_MAX = 10, KILL_SECONDS_MAX = 5, SOCKET_FOLDER_SIZE_MAX = 60 };

static bool is_beneath(const char *path, const char *folder)
{
    const size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* A path to a socket has 107 bytes at most, and LTTng's own part of it is about 40. */
static char *make_home(void)
{
    const char *const wanted = g_get_tmp_dir();
    char *home = g_build_filename(wanted, "stm-record-XXXXXX", NULL);
    if (strlen(wanted) <= SOCKET_FOLDER_SIZE_MAX && mkdtemp(home) != NULL)
        return home;
    g_free(home);
    home = g_strdup("/tmp/stm-record-XXXXXX");
    if (mkdtemp(home) != NULL)
        return home;
    g_free(home);
    return NULL;
}

/* A place for /var/run/lttng: in an empty /var/run, so that nothing is made in the real one, unless something that is
 * needed lies there. */
static bool make_run_folder(const char *output, const char *home)
{
    char *const run = realpath("/var/run", NULL);
    const bool hides = run == NULL || is_beneath(output, run) || is_beneath(home, run);
    free(run);
    if (!hides && mount("none", "/var/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m") != 0)
        return false;
    return mkdir("/var/run/lttng", 0755) == 0 || errno == EEXIST;
}

static bool make_memory(const char *output, const char *home)
{
    char *const memory = realpath("/dev/shm", NULL);
    const bool hides = memory == NULL || is_beneath(output, memory) || is_beneath(home, memory);
    free(memory);
    return !hides && mount("none", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=75%") == 0;
}

static bool enter_namespace(const char *home, const char *output)
{
    char *const sockets = g_build_filename(home, ".lttng", NULL);
    const bool entered = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
        make_run_folder(output, home) && mount(sockets, "/var/run/lttng", NULL, MS_BIND, NULL) == 0;
    g_free(sockets);
    return entered;
}

bool daemon_prepare(session_daemon *daemon, const char *output, char text[DAEMON_TEXT_MAX])
{
    *daemon = (session_daemon){.home = make_home()};
    if (daemon->home == NULL) {
        snprintf(text, DAEMON_TEXT_MAX,
            "cannot make a temporary folder in %s: %s. Set TMPDIR to one that can be written to",
            g_get_tmp_dir(), strerror(errno));
        return false;
    }
    char *const sockets = g_build_filename(daemon->home, ".lttng", NULL);
    /* A program that root starts may become another user, and must still find the sockets. */
    const mode_t mode = getuid() == 0 ? 0711 : 0700;
    const bool made = mkdir(sockets, mode) == 0 && chmod(daemon->home, mode) == 0;
    g_free(sockets);
    if (!made) {
        snprintf(text, DAEMON_TEXT_MAX, "%s: %s", daemon->home, strerror(errno));
        return false;
    }
    daemon->private_namespace = getuid() == 0 && enter_namespace(daemon->home, output);
    daemon->private_memory = daemon->private_namespace && make_memory(output, daemon->home);
    /* Never the daemon of root, even if we belong to the group that may use it. */
    lttng_set_tracing_group("-");
    setenv("LTTNG_HOME", daemon->home, 1);
    if (getuid() == 0 && !daemon->private_namespace && lttng_session_daemon_alive() == 1) {
        snprintf(text, DAEMON_TEXT_MAX,
            "root's LTTng session daemon is running already, and a mount namespace for another cannot be made. Stop it "
            "(pkill lttng-sessiond), allow CAP_SYS_ADMIN, or record as another user");
        return false;
    }
    return true;
}

uint64_t daemon_room(const session_daemon *daemon)
{
    const uint64_t room = folder_room("/dev/shm"), memory = memory_available();
    return daemon->private_memory && memory < room ? memory : room;
}

static _Noreturn void become_daemon(const session_daemon *daemon)
{
    char *const log = g_build_filename(daemon->home, "log", NULL);
    sigset_t none;
    const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        _exit(EXIT_FAILURE);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    unsetenv("LD_PRELOAD");
    setenv("LC_ALL", "C", 1); /* we read its log */
    execlp("lttng-sessiond", "lttng-sessiond", "--no-kernel", "--sig-parent", (char *)NULL);
    dprintf(STDERR_FILENO, "Error: lttng-sessiond: %s. Install LTTng's tools (Debian: lttng-tools)\n", strerror(errno));
    _exit(EXIT_FAILURE);
}

/* Waits for one of the signals, at most so long; returns it, or -1. */
static int await_signal(const sigset_t *signals, int64_t until_ms)
{
    const int64_t left = until_ms - clock_now_ms();
    const struct timespec limit = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
    int number;
    if (left <= 0)
        return -1;
    while ((number = sigtimedwait(signals, NULL, &limit)) < 0 && errno == EINTR)
        ;
    return number;
}

static void tell_failed_start(const session_daemon *daemon, char text[DAEMON_TEXT_MAX])
{
    char complaint[DAEMON_TEXT_MAX - 100];
    daemon_complaint(daemon, text);
    g_strlcpy(complaint, text, sizeof complaint);
    snprintf(text, DAEMON_TEXT_MAX, "the LTTng session daemon does not start: %s",
        *complaint != '\0' ? complaint : "it says nothing");
}

bool daemon_start(session_daemon *daemon, char text[DAEMON_TEXT_MAX])
{
    const int64_t until_ms = clock_now_ms() + START_SECONDS_MAX * 1000;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGCHLD);

    daemon->pid = fork();
    if (daemon->pid == 0)
        become_daemon(daemon);
    if (daemon->pid < 0) {
        daemon->pid = 0;
        snprintf(text, DAEMON_TEXT_MAX, "cannot start the LTTng session daemon: %s", strerror(errno));
        return false;
    }
    for (;;) {
        const int number = await_signal(&signals, until_ms);
        if (number == SIGUSR1)
            return true;
        if (number < 0 || !daemon_check(daemon)) {
            tell_failed_start(daemon, text);
            return false;
        }
    }
}

bool daemon_check(session_daemon *daemon)
{
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        if (pid == daemon->pid) {
            daemon->pid = 0;
            daemon->failed = true;
        }
    return daemon->pid != 0;
}

/* Until no child is left, or the time is up. Orphans of our children become our children. */
static bool bury_all(int64_t until_ms)
{
    sigset_t child;
    pid_t pid;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (pid < 0)
            return true;
        if (await_signal(&child, until_ms) < 0)
            return false;
    }
}

static void kill_children(void)
{
    char path[64], line[4096];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *const file = fopen(path, "re");
    if (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *rest = line, *word;
        while ((word = strtok_r(rest, " \n", &rest)) != NULL)
            kill((pid_t)atoi(word), SIGKILL);
    }
    if (file != NULL)
        fclose(file);
}

void daemon_stop(session_daemon *daemon)
{
    /* Consumers whose daemon has died end by themselves, after they have written what they have. */
    if (daemon->pid > 0)
        kill(daemon->pid, SIGTERM);
    if (!bury_all(clock_now_ms() + STOP_SECONDS_MAX * 1000)) {
        const int64_t until_ms = clock_now_ms() + KILL_SECONDS_MAX * 1000;
        do {
            kill_children();
        } while (!bury_all(clock_now_ms() + 100) && clock_now_ms() < until_ms);
    }
    daemon->pid = 0;
}

void daemon_forget(session_daemon *daemon)
{
    if (daemon->home != NULL)
        folder_remove(daemon->home);
    g_free(daemon->home);
    daemon->home = NULL;
}

static char *read_log(const session_daemon *daemon)
{
    char *const path = g_build_filename(daemon->home, "log", NULL);
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    g_free(path);
    return text;
}

void daemon_complaint(const session_daemon *daemon, char text[DAEMON_TEXT_MAX])
{
    char *const log = read_log(daemon);
    char **const lines = g_strsplit(log != NULL ? log : "", "\n", -1);
    *text = '\0';
    for (size_t i = 0; lines[i] != NULL; i++)
        if (strstr(lines[i], "Error: ") != NULL || strstr(lines[i], "PERROR") != NULL)
            g_strlcpy(text, lines[i], DAEMON_TEXT_MAX);
    g_strfreev(lines);
    g_free(log);
}

bool daemon_lacked_room(const session_daemon *daemon)
{
    char *const log = read_log(daemon);
    const bool lacked =
        log != NULL && (strstr(log, "No space left on device") != NULL || strstr(log, "Disk quota exceeded") != NULL);
    g_free(log);
    return lacked;
}
