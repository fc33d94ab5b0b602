/*
 * provider.c -- the observer that hands every event over to LTTng.
 *
 * LTTng switches each tracepoint on and off while the program runs, by a word that it writes into it. The store asks
 * for those words before it makes an event (enabled, below), so that what nobody records costs next to nothing;
 * LTTng itself looks at the word again when it is handed the event.
 *
 * Nothing here blocks or allocates: LTTng drops an event, and counts it, when its buffers are full.
 */
#include "events.h"
#include "key_text.h"

#include <stm/probe.h>

static told told_of(const stm_event *event)
{
    told t;
    t.event = event;
    return t;
}

static void tell_key_bytes(told *t)
{
    const stm_bytes key = t->event->key;
    uint64_t words[2] = {0, 0};
    if (key.size != 0) /* else data may be NULL */
        memcpy(words, key.data, key.size < sizeof words ? key.size : sizeof words);
    t->k0 = words[0];
    t->k1 = words[1];
}

static void tell_key_text(told *t)
{
    if (t->event->key.size != 0)
        key_text(t->event->key, t->key, TOLD_KEY_TEXT_SIZE);
    else
        memcpy(t->key, TOLD_NOTHING, sizeof TOLD_NOTHING);
}

static void tell_winner(told *t)
{
    const char *label = t->event->winner.label;
    t->winner_label = label == NULL || label[0] == '\0' ? TOLD_NOTHING : label;
}

static void tell(void *context, const stm_event *event)
{
    told t = told_of(event);
    (void)context;
    switch (event->kind) {
    case STM_EVENT_CHECKOUT:
        tell_key_bytes(&t);
        lttng_ust_tracepoint(stm, checkout, &t);
        break;
    case STM_EVENT_COMMIT:
        lttng_ust_tracepoint(stm, commit, &t);
        break;
    case STM_EVENT_PUBLISH:
        tell_key_bytes(&t);
        lttng_ust_tracepoint(stm, publish, &t);
        break;
    case STM_EVENT_CONFLICT:
        tell_key_bytes(&t);
        tell_key_text(&t);
        tell_winner(&t);
        lttng_ust_tracepoint(stm, conflict, &t);
        break;
    case STM_EVENT_CONFLICT_KEY:
        tell_key_bytes(&t);
        lttng_ust_tracepoint(stm, conflict_key, &t);
        break;
    case STM_EVENT_BUSY:
        tell_key_bytes(&t);
        tell_key_text(&t);
        tell_winner(&t);
        lttng_ust_tracepoint(stm, busy, &t);
        break;
    case STM_EVENT_ABANDON:
        lttng_ust_tracepoint(stm, abandon, &t);
        break;
    case STM_EVENT_STARVING:
        tell_key_text(&t);
        lttng_ust_tracepoint(stm, starving, &t);
        break;
    case STM_EVENT_STORE_OPEN:
    case STM_EVENT_STORE_CLOSE:
        lttng_ust_tracepoint(stm, store, &t);
        break;
    case STM_EVENT_SNAPSHOT_TAKEN:
    case STM_EVENT_SNAPSHOT_RELEASED:
        lttng_ust_tracepoint(stm, snapshot, &t);
        break;
    case STM_EVENT_KIND_COUNT: /* newer than we are: the mask below does not ask for them */
        break;
    }
}

/* Of the events that are asked about, those whose tracepoint is on. At a commit that is two loads. */
#define ADD_IF_ENABLED(kind, name)                                                          \
    if ((events & STM_EVENT_BIT(kind)) != 0 && lttng_ust_tracepoint_enabled(stm, name))     \
        on |= STM_EVENT_BIT(kind)

static uint64_t enabled(void *context, uint64_t events)
{
    uint64_t on = 0;
    (void)context;
    ADD_IF_ENABLED(STM_EVENT_CHECKOUT, checkout);
    ADD_IF_ENABLED(STM_EVENT_COMMIT, commit);
    ADD_IF_ENABLED(STM_EVENT_PUBLISH, publish);
    ADD_IF_ENABLED(STM_EVENT_CONFLICT, conflict);
    ADD_IF_ENABLED(STM_EVENT_CONFLICT_KEY, conflict_key);
    ADD_IF_ENABLED(STM_EVENT_BUSY, busy);
    ADD_IF_ENABLED(STM_EVENT_ABANDON, abandon);
    ADD_IF_ENABLED(STM_EVENT_STARVING, starving);
    ADD_IF_ENABLED(STM_EVENT_STORE_OPEN, store);
    ADD_IF_ENABLED(STM_EVENT_STORE_CLOSE, store);
    ADD_IF_ENABLED(STM_EVENT_SNAPSHOT_TAKEN, snapshot);
    ADD_IF_ENABLED(STM_EVENT_SNAPSHOT_RELEASED, snapshot);
    return on;
}

static const stm_observer observer = {
    .size = sizeof(stm_observer),
    .events = STM_EVENT_ALL,
    .begin_times = true,
    .event = tell,
    .enabled = enabled,
};

const stm_observer *stm_provider(void)
{
    return &observer;
}
