/*
 * keeper.h -- the process that keeps LTTng: everything that must be cleaned up, whatever happens to record.
 *
 * record forks it before the program is started. It leaves the terminal's process group (so that Ctrl-C ends the
 * program, and not the daemon below it), starts the session daemon, and adopts whatever the daemon leaves behind. A
 * socket joins the two. When record dies, even by SIGKILL, the socket closes; then the keeper ends the session, ends
 * the daemon, and removes the temporary folder, as it does when it is told to. When the keeper itself is killed, the
 * kernel ends the daemon.
 *
 *     record                      keeper
 *                       <-------  WARNING ...            what the user should know
 *                       <-------  READY | FAILED         tracing has begun, or cannot
 *     (program runs)
 *     SAVE              ------->                         flight: save now
 *                       <-------  SAVED                  flight: a save has been made
 *                       <-------  STOPPED                the recording ends before the program does, and why
 *     FINISH            ------->
 *                       <-------  DONE                   all is written; what was lost; nothing is left behind
 */
#ifndef CONTENTION_RECORD_KEEPER_H
#define CONTENTION_RECORD_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buffers.h"
#include "options.h"
#include "session.h"

enum { KEEPER_TEXT_MAX = 4096 };

typedef enum note_kind {
    NOTE_WARNING = 0, /* text */
    NOTE_READY,       /* text: LTTNG_HOME for the program; buffers */
    NOTE_FAILED,      /* text */
    NOTE_SAVED,       /* text: folder; cause */
    NOTE_STOPPED,     /* text */
    NOTE_DONE         /* losses; lacked_room; mended; text if it could not be ended properly */
} note_kind;

typedef enum save_cause { SAVE_STARVING = 0, SAVE_SIGNAL, SAVE_END } save_cause;

typedef struct keeper_note {
    note_kind kind;
    save_cause cause;
    buffers buffers;
    session_losses losses;
    bool lacked_room;
    bool mended; /* something had to be cut off */
    char text[KEEPER_TEXT_MAX];
} keeper_note;

typedef struct keeper_setting {
    const char *folder;
    const char *preload; /* for the herald */
    const record_options *options;
} keeper_setting;

typedef struct keeper {
    pid_t pid;
    int socket;
} keeper;

/* Returns false, told, if there can be no keeper. */
bool keeper_start(const keeper_setting *setting, keeper *keeper);

/* Returns false when the keeper is no more. */
bool keeper_receive(const keeper *keeper, keeper_note *note);

void keeper_save(const keeper *keeper);
void keeper_finish(const keeper *keeper);

/* Waits until it has ended; kills it if it does not. */
void keeper_bury(keeper *keeper);

#endif
