#define _XOPEN_SOURCE 700
#include "guard.h"

#include "../fail.h"
#include "limits.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t child_pid;

static void pass_on(int signal)
{
    if (child_pid > 0)
        kill((pid_t)child_pid, signal);
}

static void pass_signals_on(void)
{
    const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    remove(path);
    return 0;
}

static char *make_folder(void)
{
    const char *parent = getenv("TMPDIR");
    static char folder[4096];
    if (parent == NULL || parent[0] == '\0')
        parent = "/tmp";
    if (snprintf(folder, sizeof folder, "%s/stm-contention-XXXXXX", parent) >= (int)sizeof folder)
        return NULL;
    return mkdtemp(folder);
}

/* The child must not outlive us: nobody would take its folder away. */
static _Noreturn void be_child(int (*command)(int argc, char **argv), int argc, char **argv, const char *folder,
                               const limits *limits)
{
    const struct rlimit no_core = {0, 0};
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setrlimit(RLIMIT_CORE, &no_core); /* a crash over a damaged file is no reason to leave another file behind */
    limits_apply(limits);
    if (folder != NULL)
        setenv("TMPDIR", folder, 1);
    exit(command(argc, argv));
}

static int wait_for_child(void)
{
    int status;
    while (waitpid((pid_t)child_pid, &status, 0) < 0)
        if (errno != EINTR)
            fail(EXIT_NOTHING, "cannot wait for the reader: %s", strerror(errno));
    return status;
}

static int tell(int status, const limits *limits)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    int signal = WTERMSIG(status);
    if (limits_explain(limits, signal))
        return EXIT_NOTHING;
    if (signal == SIGABRT || signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL) {
        complain("the recording is damaged in a way that babeltrace2 cannot cope with (%s): there is no result. Does "
                 "babeltrace2 read it?", strsignal(signal));
        return EXIT_NOTHING;
    }
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(signal, &usual, NULL);
    raise(signal);
    return 128 + signal;
}

int guard_run(int (*command)(int argc, char **argv), int argc, char **argv)
{
    limits limits = limits_for(argc, argv);
    fflush(stdout);
    char *folder = make_folder();
    pid_t child = fork();
    if (child < 0)
        fail(EXIT_NOTHING, "cannot start the reader: %s", strerror(errno));
    if (child == 0)
        be_child(command, argc, argv, folder, &limits);
    child_pid = (sig_atomic_t)child;
    pass_signals_on();
    int status = wait_for_child();
    if (folder != NULL)
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return tell(status, &limits);
}
