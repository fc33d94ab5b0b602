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

/* ---- the fields that many events have ---- */

/* Macros, since each event's struct is of a type of its own. */
#define TELL_TXN(t, event) ((t).store = (event)->store, (t).txn = (event)->txn)
#define TELL_ATTEMPT(t, event) \
    (TELL_TXN(t, event), (t).op = (event)->operation, (t).attempt = (event)->attempt)
#define TELL_SETS(t, event)                                                                    \
    ((t).begin_ns = (event)->begin_ns, (t).read_count = (uint32_t)(event)->read_count,         \
     (t).write_count = (uint32_t)(event)->write_count)
#define TELL_KEY(t, event) ((t).key_hash = (event)->key_hash, (t).key_size = (uint32_t)(event)->key.size)
#define TELL_KEY_BYTES(t, event) ((t).k0 = key_word((event)->key, 0), (t).k1 = key_word((event)->key, 1))
#define TELL_LOSS(t, event)                                                                    \
    ((t).mode = (event)->update, (t).was_set = (event)->was_set, (t).expected = (event)->version_from, \
     (t).found = (event)->version_to, (t).winner_txn = (event)->winner.txn)

/* Eight bytes of the key as they lie in memory, then zeros. */
static uint64_t key_word(stm_bytes key, size_t which)
{
    uint64_t word = 0;
    size_t from = which * sizeof word;
    if (key.size >= from + sizeof word)
        memcpy(&word, (const char *)key.data + from, sizeof word);
    else if (key.size > from)
        memcpy(&word, (const char *)key.data + from, key.size - from);
    return word;
}

/* Texts are laid one behind the other; each returns where the next one goes. */
static char *put_text(char *to, const char *text)
{
    if (text == NULL || text[0] == '\0')
        text = "-"; /* events.h says why */
    return (char *)memccpy(to, text, '\0', LAYOUT_TEXT_SIZE + 1);
}

static char *put_key(char *to, stm_bytes key)
{
    if (key.size == 0)
        return put_text(to, NULL);
    return to + key_text(key, to, LAYOUT_KEY_TEXT_SIZE) + 1;
}

/* How much of t is used, if its texts end here. */
#define USED(t, end) ((size_t)((end) - (const char *)&(t)))

/* ---- the events ---- */

static void tell_checkout(const stm_event *event)
{
    struct told_checkout t;
    TELL_TXN(t, event);
    TELL_KEY(t, event);
    TELL_KEY_BYTES(t, event);
    t.version = event->version_from;
    t.mode = event->update;
    lttng_ust_tracepoint(stm, checkout, &t, sizeof t);
}

static void tell_publish(const stm_event *event)
{
    struct told_publish t;
    TELL_TXN(t, event);
    TELL_KEY(t, event);
    TELL_KEY_BYTES(t, event);
    t.from_version = event->version_from;
    t.to_version = event->version_to;
    t.value_size = event->value_size;
    lttng_ust_tracepoint(stm, publish, &t, sizeof t);
}

static void tell_commit(const stm_event *event)
{
    struct told_commit t;
    TELL_ATTEMPT(t, event);
    TELL_SETS(t, event);
    t.revision = event->revision;
    const char *end = put_text(t.texts, event->label);
    lttng_ust_tracepoint(stm, commit, &t, USED(t, end), t.texts);
}

static void tell_abandon(const stm_event *event)
{
    struct told_abandon t;
    TELL_ATTEMPT(t, event);
    TELL_SETS(t, event);
    const char *end = put_text(t.texts, event->label);
    lttng_ust_tracepoint(stm, abandon, &t, USED(t, end), t.texts);
}

static void tell_conflict(const stm_event *event)
{
    struct told_conflict t;
    TELL_ATTEMPT(t, event);
    t.stage = (uint8_t)event->stage;
    TELL_SETS(t, event);
    t.key_index = (uint32_t)event->key_index;
    t.changed_count = (uint32_t)event->changed_count;
    TELL_KEY(t, event);
    TELL_KEY_BYTES(t, event);
    TELL_LOSS(t, event);
    t.winner_tid = event->winner.tid;
    t.winner_revision = event->winner.revision;
    char *key = put_text(t.texts, event->label);
    char *winner_label = put_key(key, event->key);
    const char *end = put_text(winner_label, event->winner.label);
    lttng_ust_tracepoint(stm, conflict, &t, USED(t, end), t.texts, key, winner_label);
}

static void tell_conflict_key(const stm_event *event)
{
    struct told_conflict_key t;
    TELL_TXN(t, event);
    TELL_KEY(t, event);
    TELL_KEY_BYTES(t, event);
    TELL_LOSS(t, event);
    lttng_ust_tracepoint(stm, conflict_key, &t, sizeof t);
}

static void tell_busy(const stm_event *event)
{
    struct told_busy t;
    TELL_ATTEMPT(t, event);
    t.stage = (uint8_t)event->stage;
    TELL_SETS(t, event);
    TELL_KEY(t, event);
    TELL_KEY_BYTES(t, event);
    t.owner_txn = event->winner.txn;
    t.owner_tid = event->winner.tid;
    char *key = put_text(t.texts, event->label);
    char *owner_label = put_key(key, event->key);
    const char *end = put_text(owner_label, event->winner.label);
    lttng_ust_tracepoint(stm, busy, &t, USED(t, end), t.texts, key, owner_label);
}

static void tell_starving(const stm_event *event)
{
    struct told_starving t;
    TELL_ATTEMPT(t, event);
    t.elapsed_ns = event->elapsed_ns;
    TELL_KEY(t, event);
    char *label = put_key(t.texts, event->key);
    const char *end = put_text(label, event->label);
    lttng_ust_tracepoint(stm, starving, &t, USED(t, end), t.texts, label);
}

static void tell_store(const stm_event *event)
{
    const struct told_store t = {event->store, event->kind == STM_EVENT_STORE_CLOSE, EVENTS_SCHEMA};
    lttng_ust_tracepoint(stm, store, &t, sizeof t);
}

static void tell_snapshot(const stm_event *event)
{
    struct told_snapshot t;
    t.store = event->store;
    t.what = event->kind == STM_EVENT_SNAPSHOT_RELEASED;
    t.snapshot = event->snapshot;
    t.revision = event->revision;
    t.held_ns = event->held_ns;
    t.bytes = event->bytes;
    const char *end = put_text(t.texts, event->label);
    lttng_ust_tracepoint(stm, snapshot, &t, USED(t, end), t.texts);
}

static void tell(void *context, const stm_event *event)
{
    (void)context;
    switch (event->kind) {
    case STM_EVENT_CHECKOUT: tell_checkout(event); break;
    case STM_EVENT_COMMIT: tell_commit(event); break;
    case STM_EVENT_PUBLISH: tell_publish(event); break;
    case STM_EVENT_CONFLICT: tell_conflict(event); break;
    case STM_EVENT_CONFLICT_KEY: tell_conflict_key(event); break;
    case STM_EVENT_BUSY: tell_busy(event); break;
    case STM_EVENT_ABANDON: tell_abandon(event); break;
    case STM_EVENT_STARVING: tell_starving(event); break;
    case STM_EVENT_STORE_OPEN:
    case STM_EVENT_STORE_CLOSE: tell_store(event); break;
    case STM_EVENT_SNAPSHOT_TAKEN:
    case STM_EVENT_SNAPSHOT_RELEASED: tell_snapshot(event); break;
    case STM_EVENT_KIND_COUNT: break;
    }
}

/* ---- which of them are on: the store asks about events of transactions, or about one other ---- */

/* The word that LTTng writes: what lttng_ust_tracepoint_enabled() reads, but an integer, so that all can be put
 * together without a comparison each. */
#define STATE(name) CMM_LOAD_SHARED(lttng_ust_tracepoint_stm___##name.state)
#define IF_ON(kind, name) (STATE(name) != 0 ? STM_EVENT_BIT(kind) : 0)

#define RARE                                                                                       \
    (STM_EVENT_BIT(STM_EVENT_STORE_OPEN) | STM_EVENT_BIT(STM_EVENT_STORE_CLOSE) |                  \
     STM_EVENT_BIT(STM_EVENT_SNAPSHOT_TAKEN) | STM_EVENT_BIT(STM_EVENT_SNAPSHOT_RELEASED))

static uint64_t rare_on(void)
{
    return IF_ON(STM_EVENT_STORE_OPEN, store) | IF_ON(STM_EVENT_STORE_CLOSE, store) |
           IF_ON(STM_EVENT_SNAPSHOT_TAKEN, snapshot) | IF_ON(STM_EVENT_SNAPSHOT_RELEASED, snapshot);
}

/* Asked once an attempt, most often while nothing is recorded. */
static uint64_t enabled(void *context, uint64_t events)
{
    (void)context;
    uint64_t on = (events & RARE) != 0 ? rare_on() : 0;
    if ((STATE(checkout) | STATE(commit) | STATE(publish) | STATE(conflict) | STATE(conflict_key) | STATE(busy) |
         STATE(abandon) | STATE(starving)) == 0)
        return events & on;
    return events &
           (on | IF_ON(STM_EVENT_CHECKOUT, checkout) | IF_ON(STM_EVENT_COMMIT, commit) |
            IF_ON(STM_EVENT_PUBLISH, publish) | IF_ON(STM_EVENT_CONFLICT, conflict) |
            IF_ON(STM_EVENT_CONFLICT_KEY, conflict_key) | IF_ON(STM_EVENT_BUSY, busy) |
            IF_ON(STM_EVENT_ABANDON, abandon) | IF_ON(STM_EVENT_STARVING, starving));
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
