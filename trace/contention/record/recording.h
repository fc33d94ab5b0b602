/*
 * recording.h -- what is known of a recording besides its events: DIR/recording.json.
 *
 * It is written when recording begins (state "recording"), and again when it has ended; so a folder whose recorder was
 * killed says so. README.md lists the members.
 */
#ifndef CONTENTION_RECORD_RECORDING_H
#define CONTENTION_RECORD_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "buffers.h"
#include "keeper.h"
#include "options.h"
#include "session.h"

typedef enum recording_state {
    STATE_RECORDING = 0, /* still running, or its recorder was killed */
    STATE_COMPLETE,      /* every event is there */
    STATE_INCOMPLETE,    /* usable, but some events are missing: figures are lower bounds */
    STATE_UNUSABLE       /* there is nothing to report on */
} recording_state;

typedef struct recording_save {
    char *folder;
    save_cause cause;
    int64_t at_ns; /* since the start */
} recording_save;

enum { SAVE_COUNT_MAX = 1000 };

typedef struct recording {
    const char *folder;
    const record_options *options;
    char *const *command;
    buffers buffers;
    recording_state state;
    const char *reason;      /* of a state that is not complete; else NULL */
    int64_t started_us;      /* of the real-time clock */
    int64_t started_ns;      /* of the monotonic clock, which is the trace's */
    int64_t ended_ns;
    int wait_status;         /* of the program, once it has ended */
    bool has_ended;
    session_losses losses;
    recording_save saves[SAVE_COUNT_MAX];
    unsigned save_count;
} recording;

void recording_begin(recording *recording);
void recording_add_save(recording *recording, const char *folder, save_cause cause);
void recording_end(recording *recording, int wait_status);

/* Once the program has ended, into each save as well: they may be moved, and are reported on one by one. Returns false,
 * told, if it cannot be written. */
bool recording_write(const recording *recording);

/* Whether the description of our events is there, without which no event can be read. */
bool recording_is_described(const char *folder);

#endif
