#define _GNU_SOURCE
#include "session.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <lttng/lttng.h>

#include "clock.h"

enum {
    CALL_SECONDS_MAX = 20,
    WRITE_SECONDS_MAX = 120, /* what is in the buffers may have to go to a slow disk */
    LOOK_MS = 20,
    SWITCH_TIMER_US = 1000000 /* after a crash of the daemon, all but the last second is there */
};

static volatile sig_atomic_t watched;

static void kill_watched(int number)
{
    (void)number;
    kill((pid_t)watched, SIGKILL);
}

void session_watch(pid_t daemon, unsigned seconds)
{
    struct sigaction action = {.sa_handler = kill_watched};
    sigset_t alarm_only;
    /* Process 0 would be everybody: a daemon that is gone answers nothing, and needs no watching. */
    if (daemon <= 0)
        return;
    watched = daemon;
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    alarm(seconds);
}

void session_unwatch(void)
{
    alarm(0);
}

static bool done(int code, const char *doing, char text[SESSION_TEXT_MAX])
{
    if (code >= 0)
        return true;
    snprintf(text, SESSION_TEXT_MAX, "LTTng cannot %s: %s", doing, lttng_strerror(code));
    return false;
}

static bool create(const session_setting *setting, char text[SESSION_TEXT_MAX])
{
    char *const url = g_strdup_printf("file://%s", setting->folder);
    const int code = setting->flight ? lttng_create_session_snapshot(SESSION_NAME, NULL)
                                     : lttng_create_session(SESSION_NAME, url);
    g_free(url);
    return done(code, "make a session", text);
}

static bool enable_channel(const session_setting *setting, struct lttng_handle *handle, char text[SESSION_TEXT_MAX])
{
    struct lttng_channel *const channel = lttng_channel_create(&handle->domain);
    int code = -LTTNG_ERR_NOMEM;
    if (channel != NULL) {
        g_strlcpy(channel->name, SESSION_CHANNEL, sizeof channel->name);
        channel->attr.overwrite = setting->flight ? 1 : 0;
        channel->attr.subbuf_size = setting->buffers.subbuffer_bytes;
        channel->attr.num_subbuf = setting->buffers.subbuffer_count;
        channel->attr.switch_timer_interval = setting->flight ? 0 : SWITCH_TIMER_US;
        channel->attr.read_timer_interval = 0; /* who fills a sub-buffer wakes the writer: a call in 4 MiB */
        channel->attr.output = LTTNG_EVENT_MMAP;
        code = setting->block ? lttng_channel_set_blocking_timeout(channel, -1) : 0;
        if (code == 0)
            code = lttng_enable_channel(handle, channel);
        lttng_channel_destroy(channel);
    }
    return done(code, "make the buffers", text);
}

static bool enable(const char *name, int level, struct lttng_handle *handle, char text[SESSION_TEXT_MAX])
{
    struct lttng_event *const event = lttng_event_create();
    int code = -LTTNG_ERR_NOMEM;
    if (event != NULL) {
        g_strlcpy(event->name, name, sizeof event->name);
        event->type = LTTNG_EVENT_TRACEPOINT;
        event->loglevel_type = LTTNG_EVENT_LOGLEVEL_RANGE;
        event->loglevel = level;
        code = lttng_enable_event(handle, event, SESSION_CHANNEL);
        lttng_event_destroy(event);
    }
    return done(code, "enable the events of libstm", text);
}

/* Stores at any level: who finds no event wants to know whether a store was opened at all. */
static bool enable_events(record_level level, struct lttng_handle *handle, char text[SESSION_TEXT_MAX])
{
    static const int levels[LEVEL_COUNT] = {
        LTTNG_LOGLEVEL_WARNING, LTTNG_LOGLEVEL_NOTICE, LTTNG_LOGLEVEL_INFO, LTTNG_LOGLEVEL_DEBUG};
    return enable("stm:*", levels[level], handle, text) &&
        (level >= LEVEL_COMMITS || enable("stm:store", LTTNG_LOGLEVEL_INFO, handle, text));
}

static bool add_context(enum lttng_event_context_type type, struct lttng_handle *handle, char text[SESSION_TEXT_MAX])
{
    struct lttng_event_context context = {.ctx = type};
    return done(lttng_add_context(handle, &context, NULL, SESSION_CHANNEL), "add a context field", text);
}

/* Each event costs their bytes. Thread and process are needed; names of threads are nice to have where events are few. */
static bool add_contexts(record_level level, struct lttng_handle *handle, char text[SESSION_TEXT_MAX])
{
    return add_context(LTTNG_EVENT_CONTEXT_VPID, handle, text) && add_context(LTTNG_EVENT_CONTEXT_VTID, handle, text) &&
        (level > LEVEL_CONTENTION || add_context(LTTNG_EVENT_CONTEXT_PROCNAME, handle, text));
}

static struct lttng_handle *get_handle(void)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_UST, .buf_type = LTTNG_BUFFER_PER_UID};
    return lttng_create_handle(SESSION_NAME, &domain);
}

bool session_begin(const session_setting *setting, pid_t daemon, char text[SESSION_TEXT_MAX])
{
    bool begun = false;
    session_watch(daemon, CALL_SECONDS_MAX);
    if (create(setting, text)) {
        struct lttng_handle *const handle = get_handle();
        begun = handle != NULL && enable_channel(setting, handle, text) &&
            enable_events(setting->level, handle, text) && add_contexts(setting->level, handle, text) &&
            done(lttng_start_tracing(SESSION_NAME), "start tracing", text);
        lttng_destroy_handle(handle);
    }
    session_unwatch();
    return begun;
}

bool session_describe(pid_t daemon, char text[SESSION_TEXT_MAX])
{
    session_watch(daemon, CALL_SECONDS_MAX);
    const bool described = done(lttng_stop_tracing_no_wait(SESSION_NAME), "stop tracing", text) &&
        done(lttng_start_tracing(SESSION_NAME), "start tracing again", text);
    session_unwatch();
    return described;
}

/* When a packet comes with fewer discarded events than the one before, LTTng's consumer takes that for a counter of 63
 * bits that has wrapped, and adds 2^63. It was seen in one of some thirty traces with losses; the rest of the number was
 * right. */
static const uint64_t discarded_events_mask = INT64_MAX;

static void count_losses(session_losses *losses)
{
    struct lttng_handle *const handle = get_handle();
    struct lttng_channel *channels = NULL;
    const int count = handle != NULL ? lttng_list_channels(handle, &channels) : -1;
    *losses = (session_losses){.known = count > 0};
    for (int i = 0; i < count; i++) {
        uint64_t events = 0, packets = 0;
        if (lttng_channel_get_discarded_event_count(&channels[i], &events) != 0 ||
            lttng_channel_get_lost_packet_count(&channels[i], &packets) != 0)
            losses->known = false;
        losses->events += events & discarded_events_mask;
        losses->packets += packets;
    }
    free(channels);
    lttng_destroy_handle(handle);
}

/* Each question must be answered soon; the writing itself may take its time. */
static bool await_writing(pid_t daemon, char text[SESSION_TEXT_MAX])
{
    const int64_t until_ms = clock_now_ms() + WRITE_SECONDS_MAX * 1000;
    int pending = 1;
    while (pending > 0 && clock_now_ms() < until_ms) {
        session_watch(daemon, CALL_SECONDS_MAX);
        pending = lttng_data_pending(SESSION_NAME);
        session_unwatch();
        if (pending > 0)
            poll(NULL, 0, LOOK_MS);
    }
    if (pending > 0)
        snprintf(text, SESSION_TEXT_MAX, "what was in the buffers was not written within %d seconds", WRITE_SECONDS_MAX);
    return pending <= 0 && done(pending, "say whether all is written", text);
}

bool session_stop(pid_t daemon, char text[SESSION_TEXT_MAX])
{
    session_watch(daemon, CALL_SECONDS_MAX);
    const int stopped = lttng_stop_tracing_no_wait(SESSION_NAME);
    session_unwatch();
    /* It may have been stopped early. */
    return (stopped == -LTTNG_ERR_TRACE_ALREADY_STOPPED || done(stopped, "stop tracing", text)) &&
        await_writing(daemon, text);
}

bool session_end(pid_t daemon, session_losses *losses, char text[SESSION_TEXT_MAX])
{
    char ignored[SESSION_TEXT_MAX];
    const bool stopped = session_stop(daemon, text);
    session_watch(daemon, CALL_SECONDS_MAX);
    count_losses(losses);
    const bool destroyed = done(lttng_destroy_session(SESSION_NAME), "end the session", stopped ? text : ignored);
    session_unwatch();
    return stopped && destroyed;
}
