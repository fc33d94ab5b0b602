#define _GNU_SOURCE
#include "flight.h"

#include <stdio.h>

#include <lttng/lttng.h>

#include "session.h"

enum { CALL_SECONDS_MAX = 20, SAVE_SECONDS_MAX = 120, NOTIFICATIONS_A_LOOK_MAX = 10000 };

static struct lttng_notification_channel *notifications;

static struct lttng_condition *starving_condition(void)
{
    struct lttng_event_rule *const rule = lttng_event_rule_user_tracepoint_create();
    struct lttng_condition *condition = NULL;
    if (rule != NULL &&
        lttng_event_rule_user_tracepoint_set_name_pattern(rule, "stm:starving") == LTTNG_EVENT_RULE_STATUS_OK)
        condition = lttng_condition_event_rule_matches_create(rule);
    lttng_event_rule_destroy(rule);
    return condition;
}

static bool subscribe(const struct lttng_condition *condition)
{
    notifications = lttng_notification_channel_create(lttng_session_daemon_notification_endpoint);
    return notifications != NULL &&
        lttng_notification_channel_subscribe(notifications, condition) == LTTNG_NOTIFICATION_CHANNEL_STATUS_OK;
}

/* The trigger belongs to the daemon, and ends with it. */
static bool notify_of(struct lttng_condition *condition)
{
    struct lttng_action *const action = lttng_action_notify_create();
    struct lttng_trigger *const trigger = action != NULL ? lttng_trigger_create(condition, action) : NULL;
    const bool notified = trigger != NULL &&
        lttng_register_trigger_with_name(trigger, "stm-starving") == LTTNG_OK && subscribe(condition);
    lttng_trigger_destroy(trigger);
    lttng_action_destroy(action);
    return notified;
}

bool flight_arm(pid_t daemon, char text[FLIGHT_TEXT_MAX])
{
    session_watch(daemon, CALL_SECONDS_MAX);
    struct lttng_condition *const condition = starving_condition();
    const bool armed = condition != NULL && notify_of(condition);
    lttng_condition_destroy(condition);
    session_unwatch();
    if (!armed)
        snprintf(text, FLIGHT_TEXT_MAX, "LTTng cannot watch for starving threads: version 2.13 or newer is needed");
    return armed;
}

void flight_disarm(void)
{
    lttng_notification_channel_destroy(notifications);
    notifications = NULL;
}

static bool take_notification(void)
{
    bool pending = false;
    struct lttng_notification *notification = NULL;
    if (lttng_notification_channel_has_pending_notification(notifications, &pending) !=
            LTTNG_NOTIFICATION_CHANNEL_STATUS_OK ||
        !pending)
        return false;
    const enum lttng_notification_channel_status status =
        lttng_notification_channel_get_next_notification(notifications, &notification);
    lttng_notification_destroy(notification);
    /* Some were dropped: then there were some. */
    return status == LTTNG_NOTIFICATION_CHANNEL_STATUS_OK ||
        status == LTTNG_NOTIFICATION_CHANNEL_STATUS_NOTIFICATIONS_DROPPED;
}

bool flight_starved(pid_t daemon)
{
    int count = 0;
    if (notifications == NULL || daemon <= 0)
        return false;
    session_watch(daemon, CALL_SECONDS_MAX);
    while (count < NOTIFICATIONS_A_LOOK_MAX && take_notification())
        count++;
    session_unwatch();
    return count > 0;
}

bool flight_save(pid_t daemon, const char *folder, char text[FLIGHT_TEXT_MAX])
{
    struct lttng_snapshot_output *const output = lttng_snapshot_output_create();
    int code = -LTTNG_ERR_NOMEM;
    session_watch(daemon, SAVE_SECONDS_MAX);
    if (output != NULL && lttng_snapshot_output_set_local_path(folder, output) == 0)
        code = lttng_snapshot_record(SESSION_NAME, output, 0);
    session_unwatch();
    lttng_snapshot_output_destroy(output);
    if (code < 0)
        snprintf(text, FLIGHT_TEXT_MAX, "cannot save to %s: %s", folder, lttng_strerror(code));
    return code >= 0;
}
