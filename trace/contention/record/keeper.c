#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "clock.h"
#include "daemon.h"
#include "flight.h"
#include "folder.h"
#include "herald.h"
#include "mend.h"
#include "say.h"

enum { COMMAND_SAVE = 'S', COMMAND_FINISH = 'F', TICK_MS = 100, BURY_SECONDS_MAX = 30 };

/* Of the disk: so much is left to others, and to what is still in the buffers when tracing is stopped. */
static const uint64_t reserve_bytes_max = UINT64_C(256) << 20;

typedef struct watch {
    const keeper_setting *setting;
    int socket;
    session_daemon daemon;
    buffers buffers;
    uint64_t reserve_bytes;
    bool stopped;       /* before the program has ended */
    unsigned save_count;
    int64_t saved_ms;   /* for a starving thread */
} watch;

/* record may be gone: that shows when its commands are awaited. */
static void send_note(const watch *w, const keeper_note *note)
{
    while (send(w->socket, note, sizeof *note, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

static void send_text(const watch *w, note_kind kind, const char *text)
{
    keeper_note note = {.kind = kind};
    g_strlcpy(note.text, text, sizeof note.text);
    send_note(w, &note);
}

/* Away from the terminal, from record's files and pipes, and from everything that record may be sent. */
static void detach(int socket)
{
    sigset_t signals;
    const int null = open("/dev/null", O_RDWR);
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "stm-record-keep");
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    if (socket > 3)
        close_range(3, (unsigned)socket - 1, 0);
    close_range((unsigned)socket + 1, ~0U, 0);
    sigfillset(&signals);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    signal(SIGCHLD, SIG_DFL);
}

static bool plan_buffers(watch *w)
{
    const record_options *const o = w->setting->options;
    const buffers_wish wish = {.bytes = o->buffer_bytes,
        .room = daemon_room(&w->daemon),
        .private_room = w->daemon.private_memory,
        .flight = o->flight};
    char text[BUFFERS_TEXT_MAX];
    const bool planned = buffers_plan(&wish, &w->buffers, text);
    if (*text != '\0')
        send_text(w, planned ? NOTE_WARNING : NOTE_FAILED, text);
    return planned;
}

static bool begin_session(watch *w)
{
    const record_options *const o = w->setting->options;
    const session_setting setting = {
        .folder = w->setting->folder, .level = o->level, .buffers = w->buffers, .flight = o->flight, .block = o->block};
    char text[SESSION_TEXT_MAX];
    const bool begun =
        session_begin(&setting, w->daemon.pid, text) && (!o->flight || flight_arm(w->daemon.pid, text));
    if (!begun)
        send_text(w, NOTE_FAILED, text);
    return begun;
}

static bool announce(watch *w)
{
    const herald_setting setting = {.preload = w->setting->preload,
        .lttng_home = w->daemon.home,
        .folder = w->setting->options->flight ? NULL : w->setting->folder,
        .daemon = w->daemon.pid};
    char text[HERALD_TEXT_MAX];
    const bool announced = herald_run(&setting, text);
    if (!announced)
        send_text(w, NOTE_FAILED, text);
    return announced;
}

static void watch_disk_from_now(watch *w)
{
    char room[SIZE_TEXT_MAX];
    char text[256];
    const uint64_t free_bytes = folder_room(w->setting->folder), buffered = buffers_bytes(&w->buffers, false);
    w->reserve_bytes = MIN(MIN(buffered, reserve_bytes_max), free_bytes / 4);
    if (free_bytes >= 2 * buffered)
        return;
    snprintf(text, sizeof text, "only %s are free on the disk of the recording, which may not last long",
        record_size_text(free_bytes, room));
    send_text(w, NOTE_WARNING, text);
}

static bool begin(watch *w)
{
    char text[DAEMON_TEXT_MAX];
    if (!daemon_prepare(&w->daemon, w->setting->folder, text)) {
        send_text(w, NOTE_FAILED, text);
        return false;
    }
    if (!plan_buffers(w))
        return false;
    if (!daemon_start(&w->daemon, text)) {
        send_text(w, NOTE_FAILED, text);
        return false;
    }
    watch_disk_from_now(w);
    if (!begin_session(w) || !announce(w))
        return false;
    keeper_note note = {.kind = NOTE_READY, .buffers = w->buffers};
    g_strlcpy(note.text, w->daemon.home, sizeof note.text);
    send_note(w, &note);
    return true;
}

/* A folder that is called save-... is whole. */
static void save(watch *w, save_cause cause)
{
    static const char *const names[] = {"starving", "signal", "end"};
    keeper_note note = {.kind = NOTE_SAVED, .cause = cause};
    char text[FLIGHT_TEXT_MAX];
    char *const folder = g_strdup_printf("%s/save-%u-%s", w->setting->folder, w->save_count + 1, names[cause]);
    char *const partial = g_strdup_printf("%s.partial", folder);
    g_strlcpy(note.text, folder, sizeof note.text);
    snprintf(text, sizeof text, "cannot make the folder %s", folder);
    if (mkdir(partial, 0777) != 0) {
        snprintf(text, sizeof text, "cannot make the folder %s: %s", partial, strerror(errno));
        send_text(w, NOTE_WARNING, text);
    } else if (flight_save(w->daemon.pid, partial, text) && rename(partial, folder) == 0) {
        w->save_count++;
        send_note(w, &note);
    } else {
        folder_remove(partial);
        send_text(w, NOTE_WARNING, text);
    }
    g_free(partial);
    g_free(folder);
}

static void save_for_starving(watch *w)
{
    const int64_t now = clock_now_ms();
    if (!flight_starved(w->daemon.pid))
        return;
    if (w->saved_ms != 0 && now - w->saved_ms < (int64_t)w->setting->options->save_interval_s * 1000)
        return;
    w->saved_ms = now;
    save(w, SAVE_STARVING);
}

/* Rather than fill the disk, and cut the trace off in the middle of a packet, stop while there is room for the rest. */
static void stop_before_disk_is_full(watch *w)
{
    const uint64_t room = folder_room(w->setting->folder);
    char left[SIZE_TEXT_MAX];
    char text[512], ignored[SESSION_TEXT_MAX];
    if (w->stopped || w->setting->options->flight || room > w->reserve_bytes)
        return;
    w->stopped = true;
    session_stop(w->daemon.pid, ignored); /* what failed shows at the end */
    snprintf(text, sizeof text,
        "the disk is nearly full (%s left; use a larger one, a lower --level, or --flight)",
        record_size_text(room, left));
    send_text(w, NOTE_STOPPED, text);
}

static void tell_death(watch *w)
{
    w->stopped = true;
    send_text(w, NOTE_STOPPED, "LTTng's session daemon has ended before the program");
}

static bool asked_to_end(void)
{
    static const struct timespec now = {0};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    return sigtimedwait(&signals, NULL, &now) > 0;
}

/* Returns false when it is time to finish: on command, or because record is gone. */
static bool obey(watch *w)
{
    struct pollfd look = {.fd = w->socket, .events = POLLIN};
    char command;
    if (poll(&look, 1, TICK_MS) <= 0)
        return !asked_to_end();
    const ssize_t size = recv(w->socket, &command, 1, 0);
    if (size < 0 && errno == EINTR)
        return true;
    if (size == 1 && command == COMMAND_SAVE && w->daemon.pid > 0)
        save(w, SAVE_SIGNAL);
    return size == 1 && command == COMMAND_SAVE;
}

static void keep_watch(watch *w)
{
    bool lives = true;
    while (obey(w)) {
        if (lives && !daemon_check(&w->daemon)) {
            lives = false;
            tell_death(w);
        }
        if (!lives)
            continue;
        if (w->setting->options->flight)
            save_for_starving(w);
        stop_before_disk_is_full(w);
    }
}

static void finish(watch *w, keeper_note *note)
{
    char text[SESSION_TEXT_MAX] = "";
    note->kind = NOTE_DONE;
    if (w->setting->options->flight && w->setting->options->save_at_end && w->daemon.pid > 0)
        save(w, SAVE_END);
    flight_disarm();
    if (w->daemon.pid > 0 && !session_end(w->daemon.pid, &note->losses, text))
        g_strlcpy(note->text, text, sizeof note->text);
}

static _Noreturn void keep(const keeper_setting *setting, int socket)
{
    watch w = {.setting = setting, .socket = socket};
    keeper_note note = {.kind = NOTE_DONE};
    detach(socket);
    const bool begun = begin(&w);
    if (begun) {
        keep_watch(&w);
        finish(&w, &note);
    }
    daemon_stop(&w.daemon);
    note.lacked_room = w.daemon.home != NULL && daemon_lacked_room(&w.daemon);
    daemon_forget(&w.daemon);
    note.mended = begun && mend_trace(setting->folder) > 0;
    if (begun)
        send_note(&w, &note);
    _exit(EXIT_SUCCESS);
}

bool keeper_start(const keeper_setting *setting, keeper *keeper)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0 || (keeper->pid = fork()) < 0) {
        record_warn("cannot start a process: %s", strerror(errno));
        return false;
    }
    if (keeper->pid == 0) {
        close(sockets[0]);
        keep(setting, sockets[1]);
    }
    close(sockets[1]);
    keeper->socket = sockets[0];
    return true;
}

bool keeper_receive(const keeper *keeper, keeper_note *note)
{
    ssize_t size;
    while ((size = recv(keeper->socket, note, sizeof *note, 0)) < 0 && errno == EINTR)
        ;
    return size == sizeof *note;
}

static void command(const keeper *keeper, char what)
{
    while (send(keeper->socket, &what, 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

void keeper_save(const keeper *keeper)
{
    command(keeper, COMMAND_SAVE);
}

void keeper_finish(const keeper *keeper)
{
    command(keeper, COMMAND_FINISH);
}

void keeper_bury(keeper *keeper)
{
    const int64_t until_ms = clock_now_ms() + BURY_SECONDS_MAX * 1000;
    close(keeper->socket);
    while (waitpid(keeper->pid, NULL, WNOHANG) == 0) {
        if (clock_now_ms() > until_ms) {
            kill(keeper->pid, SIGKILL);
            waitpid(keeper->pid, NULL, 0);
            break;
        }
        poll(NULL, 0, 5);
    }
}
