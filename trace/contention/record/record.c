/*
 * The story of a recording: everything that can be refused is refused first; then the keeper starts LTTng; then the
 * program runs; then the keeper ends LTTng; then we say what we have, and report.
 *
 * record itself makes no call to LTTng, and waits for nothing without a limit but for the program.
 */
#define _GNU_SOURCE
#include "record.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "folder.h"
#include "keeper.h"
#include "options.h"
#include "preload.h"
#include "program.h"
#include "recording.h"
#include "silence.h"
#include "say.h"
#include "suitability.h"

enum { BEGIN_MS_MAX = 120 * 1000, PATIENCE_MS = 3 * 1000, FINISH_MS_MAX = 240 * 1000 };

static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM};

typedef struct run {
    record_options options;
    char *path;      /* of the program */
    char *preload;
    char *folder;
    bool folder_is_new;
    sigset_t mask;   /* as we were started */
    int signals;     /* a signalfd */
    keeper keeper;
    char *lttng_home;
    pid_t program;
    recording recording;
    char *stopped;   /* why the recording ended before the program; NULL: it did not */
    bool keeper_died;
    bool lacked_room;
    bool is_silent;  /* not a single event */
    bool mended;
    char *failure;   /* to end the recording properly; NULL: none */
} run;

/* Everything that can be known to fail before anything is started. Returns 0 or an exit status. */
static int prepare(run *r)
{
    const int status = program_find(r->options.program[0], &r->path);
    if (status != 0)
        return status;
    const char *const doubt = suitability_doubt(r->path);
    if (doubt != NULL)
        record_warn("%s %s: its own transactions will be missing", r->path, doubt);
    if ((r->preload = preload_find(r->options.provider)) == NULL)
        return EXIT_RECORD_FAILED;
    r->folder = folder_prepare(r->options.output, r->options.program[0], &r->folder_is_new);
    return r->folder != NULL ? 0 : EXIT_RECORD_FAILED;
}

/* Signals are read, not handled: nothing that we do is interrupted half-way. */
static void take_signals(run *r)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    for (size_t i = 0; i < G_N_ELEMENTS(passed_on); i++)
        sigaddset(&signals, passed_on[i]);
    sigprocmask(SIG_BLOCK, &signals, &r->mask);
    r->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The number of a signal that wants us to end; 0 if there is none. */
static int asked_to_end(const run *r)
{
    struct signalfd_siginfo signal;
    while (read(r->signals, &signal, sizeof signal) == sizeof signal)
        if (signal.ssi_signo != SIGCHLD && signal.ssi_signo != SIGUSR1 && signal.ssi_signo != SIGUSR2)
            return (int)signal.ssi_signo;
    return 0;
}

/* Waits for READY. Returns 0 or an exit status. */
static int begin(run *r)
{
    const keeper_setting setting = {.folder = r->folder, .preload = r->preload, .options = &r->options};
    keeper_note note;
    if (!keeper_start(&setting, &r->keeper))
        return EXIT_RECORD_FAILED;
    for (;;) {
        struct pollfd looks[] = {{.fd = r->keeper.socket, .events = POLLIN}, {.fd = r->signals, .events = POLLIN}};
        const int count = poll(looks, 2, BEGIN_MS_MAX);
        const int number = looks[1].revents != 0 ? asked_to_end(r) : 0;
        if (number != 0)
            return EXIT_SIGNAL_BASE + number;
        if (count > 0 && looks[0].revents == 0)
            continue;
        if (count <= 0 || !keeper_receive(&r->keeper, &note)) {
            record_warn("recording cannot begin: LTTng does not answer; nothing was run");
            return EXIT_RECORD_FAILED;
        }
        if (note.kind == NOTE_FAILED) {
            record_warn("recording cannot begin: %s; nothing was run", note.text);
            return EXIT_RECORD_FAILED;
        }
        if (note.kind == NOTE_WARNING)
            record_warn("%s", note.text);
        if (note.kind == NOTE_READY) {
            r->lttng_home = g_strdup(note.text);
            r->recording.buffers = note.buffers;
            return 0;
        }
    }
}

static int start(run *r)
{
    const program_setting setting = {.path = r->path,
        .arguments = r->options.program,
        .preload = r->preload,
        .lttng_home = r->lttng_home,
        .block = r->options.block,
        .mask = &r->mask};
    recording_begin(&r->recording);
    if (!recording_write(&r->recording))
        return EXIT_RECORD_FAILED;
    return program_start(&setting, &r->program);
}

/* Returns false when the keeper has nothing more to say. */
static bool hear(run *r)
{
    keeper_note note;
    if (!keeper_receive(&r->keeper, &note)) {
        r->keeper_died = true;
        record_warn("the recording has broken off: the process that keeps LTTng has ended");
        return false;
    }
    switch (note.kind) {
    case NOTE_SAVED:
        recording_add_save(&r->recording, note.text, note.cause);
        record_say("saved the last moments in %s", note.text);
        return true;
    case NOTE_STOPPED:
        r->stopped = g_strdup(note.text);
        record_warn("%s: recording has stopped, the program runs on", note.text);
        return true;
    case NOTE_DONE:
        r->recording.losses = note.losses;
        r->lacked_room = note.lacked_room;
        r->mended = note.mended;
        r->failure = *note.text != '\0' ? g_strdup(note.text) : NULL;
        return false;
    default:
        record_warn("%s", note.text);
        return true;
    }
}

/* What the terminal sends goes to the program as well as to us; what somebody sends to us does not. */
static void pass_on(const run *r, const struct signalfd_siginfo *signal)
{
    if (signal->ssi_signo == SIGUSR1 && r->options.flight)
        keeper_save(&r->keeper);
    else if (signal->ssi_signo != SIGCHLD && signal->ssi_code != SI_KERNEL)
        kill(r->program, (int)signal->ssi_signo);
}

/* Returns true when the program has ended. */
static bool read_signals(run *r)
{
    struct signalfd_siginfo signal;
    int wait_status;
    while (read(r->signals, &signal, sizeof signal) == sizeof signal)
        pass_on(r, &signal);
    if (waitpid(r->program, &wait_status, WNOHANG) != r->program)
        return false;
    recording_end(&r->recording, wait_status);
    return true;
}

static void run_program(run *r)
{
    struct pollfd looks[] = {{.fd = r->signals, .events = POLLIN}, {.fd = r->keeper.socket, .events = POLLIN}};
    for (;;) {
        const int count = poll(looks, 2, -1);
        if (count < 0 && errno != EINTR)
            break;
        if (looks[1].revents != 0 && !hear(r))
            looks[1].fd = -1;
        if (read_signals(r))
            break;
    }
}

/* Signals wait until this is over: it takes no longer than a slow disk does. */
static void finish(run *r)
{
    struct pollfd look = {.fd = r->keeper.socket, .events = POLLIN};
    keeper_finish(&r->keeper);
    if (!r->keeper_died && poll(&look, 1, PATIENCE_MS) == 0)
        record_say("the program has ended; waiting for LTTng to write what is in its buffers ...");
    while (!r->keeper_died) {
        if (poll(&look, 1, FINISH_MS_MAX) <= 0) {
            r->failure = g_strdup("LTTng does not answer");
            break;
        }
        if (!hear(r))
            break;
    }
}

static void judge(run *r)
{
    recording *const rec = &r->recording;
    const bool saved_nothing = r->options.flight && rec->save_count == 0;
    if (!saved_nothing && !recording_is_described(r->folder)) {
        rec->state = STATE_UNUSABLE;
        rec->reason = r->stopped != NULL || r->keeper_died || r->failure != NULL || r->lacked_room
            ? "nothing was written before the recording broke off"
            : "LTTng has not described the events";
        return;
    }
    rec->state = STATE_INCOMPLETE;
    if (r->lacked_room)
        rec->reason = "the disk was full";
    else if (r->keeper_died)
        rec->reason = "the process that keeps LTTng ended before the program";
    else if (r->stopped != NULL)
        rec->reason = r->stopped;
    else if (r->failure != NULL)
        rec->reason = r->failure;
    else if (r->mended)
        rec->reason = "the end of the trace was not written";
    else if (!rec->losses.known && !r->options.flight)
        rec->reason = "how many events were lost is not known";
    else if (!r->options.flight && rec->losses.events + rec->losses.packets > 0)
        rec->reason = "the buffers were full: use a larger --buffer-size, a lower --level, or --block";
    else
        rec->state = STATE_COMPLETE;
}

static void tell(const run *r)
{
    const recording *const rec = &r->recording;
    if (rec->losses.known && !r->options.flight && rec->losses.events + rec->losses.packets > 0)
        record_warn("%" G_GUINT64_FORMAT " events and %" G_GUINT64_FORMAT " packets were LOST", rec->losses.events,
            rec->losses.packets);
    if (rec->state == STATE_UNUSABLE)
        record_warn("the recording in %s is not usable: %s", r->folder, rec->reason);
    else if (rec->state == STATE_INCOMPLETE)
        record_warn("the recording in %s is incomplete, but usable: %s", r->folder, rec->reason);
    else if (r->options.flight && rec->save_count == 0)
        record_say("nothing was saved: no thread starved");
    else if (r->options.flight)
        record_say("%u save%s in %s", rec->save_count, rec->save_count == 1 ? "" : "s", r->folder);
    else
        record_say("recorded in %s; nothing was lost", r->folder);
    if (r->is_silent)
        record_warn("no store was opened while recording: does the program, or what it runs, use libstm? If it does: is a part "
                    "of it linked statically or setuid, or do its stores name an observer of their own?");
}

/* On stdout only if a person reads it: in a pipe there must be nothing but what the program says. */
static void report(const run *r)
{
    const recording *const rec = &r->recording;
    const char *const folder = rec->save_count > 0 ? rec->saves[rec->save_count - 1].folder : r->folder;
    if (!r->options.report || r->is_silent || rec->state == STATE_UNUSABLE || (r->options.flight && rec->save_count == 0))
        return;
    const pid_t pid = fork();
    if (pid == 0) {
        if (!isatty(STDOUT_FILENO))
            dup2(STDERR_FILENO, STDOUT_FILENO);
        sigprocmask(SIG_SETMASK, &r->mask, NULL);
        execl("/proc/self/exe", "stm-contention", "report", folder, (char *)NULL);
        _exit(EXIT_RECORD_FAILED);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int exit_status(const run *r)
{
    const int status = program_exit_status(r->recording.wait_status);
    const recording_state state = r->recording.state;
    const bool failed = state == STATE_UNUSABLE || (r->options.strict && state != STATE_COMPLETE);
    return status == 0 && failed ? EXIT_RECORD_FAILED : status;
}

/* Nothing was recorded: then there is nothing in the folder, and no folder if we made it. It was empty before. */
static void take_back(const run *r)
{
    if (r->folder != NULL && r->folder_is_new)
        folder_remove(r->folder);
    else if (r->folder != NULL)
        folder_clear(r->folder);
}

static void release(run *r)
{
    for (unsigned i = 0; i < r->recording.save_count; i++)
        g_free(r->recording.saves[i].folder);
    if (r->keeper_died && r->lttng_home != NULL)
        folder_remove(r->lttng_home);
    g_free(r->path);
    g_free(r->preload);
    g_free(r->folder);
    g_free(r->lttng_home);
    g_free(r->stopped);
    g_free(r->failure);
}

static int conduct(run *r)
{
    int status = begin(r);
    if (status == 0)
        status = start(r);
    if (status != 0) {
        keeper_bury(&r->keeper);
        take_back(r);
        return status;
    }
    run_program(r);
    finish(r);
    keeper_bury(&r->keeper);
    judge(r);
    if (!recording_write(&r->recording) && r->recording.state == STATE_COMPLETE) {
        r->recording.state = STATE_INCOMPLETE;
        r->recording.reason = "the disk was full";
    }
    r->is_silent = r->recording.state == STATE_COMPLETE && !r->options.flight && silence_is_total(r->folder);
    tell(r);
    report(r);
    return exit_status(r);
}

int record_main(int argc, char **argv)
{
    static run r; /* its list of saves is large */
    int status = record_options_parse(argc, argv, &r.options);
    if (status >= 0)
        return status;
    record_say_quietly(r.options.quiet);
    signal(SIGCHLD, SIG_DFL);
    status = prepare(&r);
    if (status == 0) {
        r.recording.folder = r.folder;
        r.recording.options = &r.options;
        r.recording.command = r.options.program;
        take_signals(&r);
        status = conduct(&r);
    } else {
        take_back(&r);
    }
    release(&r);
    return status;
}
