/*
 * program.h -- the program that is recorded: found, prepared for the provider, started, and signalled.
 *
 * It gets our standard streams, our process group and our terminal, and starts with the signal mask and dispositions
 * that we were started with. What is different for it is in its environment: LD_PRELOAD, LTTNG_HOME and
 * LTTNG_UST_REGISTER_TIMEOUT.
 */
#ifndef CONTENTION_RECORD_PROGRAM_H
#define CONTENTION_RECORD_PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* As execvp looks for it. Returns 0 and its path (to be freed), or EXIT_NOT_FOUND or EXIT_NOT_EXECUTABLE, told. */
int program_find(const char *name, char **path);

typedef struct program_setting {
    const char *path;
    char **arguments;
    const char *preload;    /* libraries, separated by colons */
    const char *lttng_home; /* where the session daemon listens */
    bool block;             /* allow the tracer to make threads wait */
    const sigset_t *mask;   /* signals that the program starts with blocked */
} program_setting;

/* Its environment (g_strfreev), from ours. */
char **program_environment(const program_setting *setting);

/* Returns 0 and its process, or the exit status of a failure, told. */
int program_start(const program_setting *setting, pid_t *pid);

/* The status of waitpid() as a shell says it. */
int program_exit_status(int wait_status);

#endif
