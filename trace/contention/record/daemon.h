/*
 * daemon.h -- a session daemon of our own, that nobody else meets, and that ends with us.
 *
 * LTTng has one place for the daemon of an ordinary user: $LTTNG_HOME/.lttng; a fresh temporary folder there gives a
 * daemon of its own to each recording. Root's daemon ignores LTTNG_HOME and lives in /var/run/lttng, so only one can be.
 * But programs of root do look at LTTNG_HOME. So, as root, the process that keeps the daemon enters a mount namespace
 * of its own, in which /var/run/lttng *is* $LTTNG_HOME/.lttng. The program that is recorded stays outside, and sees
 * nothing but one more variable in its environment.
 *
 * That namespace has a /dev/shm of its own, too: LTTng's consumer makes the buffers there, and hands them to the
 * program as file descriptors. So a small /dev/shm (64 MiB in a container) does not matter to root. (Unless the recording
 * is to lie in /dev/shm: then the machine's is used.)
 *
 * Where root may not make a namespace, /var/run/lttng itself is used, if nobody else does.
 *
 * Rejected: an existing daemon. Its sessions, buffers and life belong to others, and what a recording leaves behind in
 * it when it is killed stays there. Rejected: the whole recording in the namespace. The program would see an empty
 * /dev/shm, and keep its own shared memory from everybody else.
 */
#ifndef CONTENTION_RECORD_DAEMON_H
#define CONTENTION_RECORD_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct session_daemon {
    pid_t pid;              /* 0: not running */
    char *home;             /* LTTNG_HOME, a temporary folder; what the daemon says goes to its file log */
    bool private_namespace;
    bool private_memory;    /* /dev/shm is our own */
    bool failed;            /* it ended by itself */
} session_daemon;

enum { DAEMON_TEXT_MAX = 1024 };

/* Makes the temporary folder, and enters the namespace. output is where the recording goes: it stays visible. */
bool daemon_prepare(session_daemon *daemon, const char *output, char text[DAEMON_TEXT_MAX]);

/* Free bytes for buffers. */
uint64_t daemon_room(const session_daemon *daemon);

/* Starts it, and waits until it listens. The caller has SIGCHLD and SIGUSR1 blocked, and is a subreaper. */
bool daemon_start(session_daemon *daemon, char text[DAEMON_TEXT_MAX]);

/* Buries who has died. Returns false from when on the daemon is no more. */
bool daemon_check(session_daemon *daemon);

/* Ends the daemon and all that it has started. */
void daemon_stop(session_daemon *daemon);

/* Removes the temporary folder. */
void daemon_forget(session_daemon *daemon);

/* The last complaint in its log, "" if there is none. */
void daemon_complaint(const session_daemon *daemon, char text[DAEMON_TEXT_MAX]);

/* Whether its log tells of a write that failed for want of room. */
bool daemon_lacked_room(const session_daemon *daemon);

#endif
