/*
 * session.h -- LTTng's side of a recording: which events, into which buffers, to which folder; and what was lost.
 *
 * It talks to the daemon through liblttng-ctl rather than the lttng command: numbers and error codes come as such,
 * and nothing has to be parsed. The library waits for the daemon's answers without a limit; so each call is made under
 * a watchdog that kills a daemon which does not answer, upon which the call fails.
 */
#ifndef CONTENTION_RECORD_SESSION_H
#define CONTENTION_RECORD_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buffers.h"
#include "options.h"

#define SESSION_NAME "stm"
#define SESSION_CHANNEL "stm"

enum { SESSION_TEXT_MAX = 1024 };

typedef struct session_setting {
    const char *folder;
    record_level level;
    buffers buffers;
    bool flight;
    bool block;
} session_setting;

typedef struct session_losses {
    bool known;
    uint64_t events;
    uint64_t packets;
} session_losses;

bool session_begin(const session_setting *setting, pid_t daemon, char text[SESSION_TEXT_MAX]);

/* Has LTTng write its description of the events that it knows. Only while nobody emits any: they would be missing. */
bool session_describe(pid_t daemon, char text[SESSION_TEXT_MAX]);

/* Stops tracing, and waits until all is written. */
bool session_stop(pid_t daemon, char text[SESSION_TEXT_MAX]);

/* Stops tracing, if that has not been done, and ends the session; asks what was lost. Returns false if it could not be
 * ended properly. */
bool session_end(pid_t daemon, session_losses *losses, char text[SESSION_TEXT_MAX]);

/* The watchdog, for other calls to the daemon. */
void session_watch(pid_t daemon, unsigned seconds);
void session_unwatch(void);

#endif
