#include "story_json.h"

#include "../json/json.h"

#include <jansson.h>

static const char *const kind_names[EVENT_KIND_COUNT] = {
    [EVENT_STARVING] = "starving", [EVENT_CONFLICT] = "conflict", [EVENT_BUSY] = "busy", [EVENT_COMMIT] = "commit",
    [EVENT_ABANDON] = "abandon", [EVENT_STORE] = "store", [EVENT_SNAPSHOT] = "snapshot",
    [EVENT_CONFLICT_KEY] = "conflict_key", [EVENT_CHECKOUT] = "checkout", [EVENT_PUBLISH] = "publish"};

static void put_number(json_t *json, const char *name, uint64_t number)
{
    json_object_set_new(json, name, json_integer((json_int_t)number));
}

static void put_text(json_t *json, const char *name, const char *text)
{
    json_object_set_new(json, name, json_string(text));
}

/* Relative to the trace's begin; hostile times may be anything. */
static void put_time(json_t *json, const char *name, const gathered *found, int64_t time_ns)
{
    int64_t ns;
    json_object_set_new(json, name, __builtin_sub_overflow(time_ns, found->begin_ns, &ns) ? json_null() : json_integer(ns));
}

/* ------------------------------------------------------------------------------ events -- */

static bool is_loss(const event *event)
{
    return event->kind == EVENT_CONFLICT || event->kind == EVENT_BUSY || event->kind == EVENT_CONFLICT_KEY;
}

static bool has_attempt(const event *event)
{
    return gather_is_outcome(event) || event->kind == EVENT_STARVING;
}

static void put_versions(json_t *json, const event *event)
{
    if (event->kind == EVENT_CONFLICT || event->kind == EVENT_CONFLICT_KEY) {
        put_number(json, "expected", event->expected);
        put_number(json, "found", event->found);
        json_object_set_new(json, "was_set", json_boolean(event->was_set));
    } else if (event->kind == EVENT_CHECKOUT) {
        put_number(json, "version", event->expected);
    } else if (event->kind == EVENT_PUBLISH) {
        put_number(json, "from_version", event->expected);
        put_number(json, "to_version", event->found);
        put_number(json, "value_size", event->value_size);
    }
    if (event->kind != EVENT_PUBLISH && event->kind != EVENT_BUSY)
        put_text(json, "mode", event->update ? "update" : "read");
}

static void put_key(json_t *json, const event *event)
{
    put_text(json, "key", event->key);
    if (event->kind != EVENT_STARVING)
        put_versions(json, event);
}

/* The owner's of a BUSY have the same names; conflict_key names its winner by number only. */
static void put_winner(json_t *json, const event *event)
{
    put_number(json, "winner", event->winner_txn);
    if (event->kind == EVENT_CONFLICT_KEY)
        return;
    put_text(json, "winner_label", event->winner_label);
    put_number(json, "winner_tid", event->winner_tid);
    if (event->kind == EVENT_CONFLICT)
        put_number(json, "winner_revision", event->winner_revision);
}

static void put_outcome(json_t *json, const gathered *found, const event *event)
{
    if (event->begin_ns > 0)
        put_time(json, "begin_ns", found, event->begin_ns);
    put_number(json, "read_count", event->read_count);
    put_number(json, "write_count", event->write_count);
    if (event->kind == EVENT_COMMIT)
        put_number(json, "revision", event->revision);
    if (event->kind == EVENT_CONFLICT)
        put_number(json, "changed_count", event->changed_count);
    if (event->kind == EVENT_CONFLICT || event->kind == EVENT_BUSY)
        put_text(json, "stage", event->at_commit ? "commit" : "checkout");
}

static json_t *event_json(const gathered *found, const event *event)
{
    json_t *json = json_object();
    put_text(json, "event", kind_names[event->kind]);
    put_time(json, "at_ns", found, event->time_ns);
    put_number(json, "transaction", event->txn);
    put_number(json, "tid", event->tid);
    if (has_attempt(event)) {
        put_text(json, "label", event->label);
        put_number(json, "operation", event->op);
        put_number(json, "attempt", event->attempt);
    }
    if (gather_is_outcome(event))
        put_outcome(json, found, event);
    if (event->kind == EVENT_STARVING)
        json_object_set_new(json, "elapsed_ns", json_integer(event->elapsed_ns));
    if (is_loss(event) || event->kind == EVENT_CHECKOUT || event->kind == EVENT_PUBLISH || event->kind == EVENT_STARVING)
        put_key(json, event);
    if (is_loss(event))
        put_winner(json, event);
    return json;
}

static json_t *list_json(const gathered *found, const GPtrArray *events)
{
    json_t *list = json_array();
    for (guint i = 0; i < events->len; i++)
        json_array_append_new(list, event_json(found, g_ptr_array_index(events, i)));
    return list;
}

/* -------------------------------------------------------------------------------- whole -- */

void story_json_write(const gathered *found, const trace_facts *facts, FILE *file)
{
    const event *best = gathered_best(found);
    bool lossy = facts->lost_events > 0 || facts->lost_packets > 0 || facts->truncated;
    json_t *json = json_object();
    put_number(json, "schema", JSON_SCHEMA);
    put_number(json, "process", best->pid);
    put_number(json, "store", best->store);
    put_number(json, "transaction", found->txn);
    json_object_set_new(json, "begin_ns", json_integer(found->begin_ns));
    json_object_set_new(json, "lower_bounds", json_boolean(lossy));
    json_object_set_new(json, "cut", json_boolean(found->cut));
    json_object_set_new(json, "has_commits", json_boolean((facts->declared & 1u << EVENT_COMMIT) != 0));
    json_object_set_new(json, "has_checkouts", json_boolean((facts->declared & 1u << EVENT_CHECKOUT) != 0));
    json_object_set_new(json, "events", list_json(found, found->own));
    json_object_set_new(json, "operation", list_json(found, found->attempts));
    json_object_set_new(json, "winners", list_json(found, found->winners));
    json_object_set_new(json, "victims", list_json(found, found->victims));
    json_dumpf(json, file, JSON_INDENT(1));
    fputc('\n', file);
    json_decref(json);
}
