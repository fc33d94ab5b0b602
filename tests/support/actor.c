#include "actor.h"

#include <stdio.h>

#define CONFLICT_COUNT_MAX ACTOR_KEY_COUNT_MAX

actor_key actor_key_make(uint32_t number, value_kind kind)
{
    static const char *const patterns[] = {"k%u", "key-%06u", "account/%08u",
                                           "a key too long for its record %u"};
    actor_key key = {.kind = kind};
    snprintf(key.name, sizeof key.name, patterns[number % 4], number);
    return key;
}

static stm_bytes name_of(const actor *actor, uint32_t key)
{
    return stm_text(actor->world->keys[key].name);
}

/* ----------------------------------------------------------------------------- handles -- */

void actor_open(actor *actor, const actor_world *world, unsigned number, const char *label)
{
    *actor = (struct actor){.world = world, .number = number};
    actor->log = &world->history->logs[number];
    actor->snapshot_log = &world->history->logs[world->actor_count + number];
    stm_status status = stm_txn_begin(world->store, label, &actor->txn);
    if (status != STM_OK)
        history_fault(actor->log, "begin answered %s", stm_status_name(status));
}

void actor_close(actor *actor)
{
    actor_reset(actor);
    actor_release(actor);
    stm_txn_end(actor->txn);
    actor->txn = NULL;
}

/* ------------------------------------------------------------------------------- nodes -- */

/* What is held from the commit before counts as read, not now, but at some time since that one began. */
static void need_node(actor *actor)
{
    if (actor->node_open)
        return;
    actor->node_open = true;
    if (actor->held_count == 0)
        actor->node_begin = actor->world->clock(ACTOR_BEGIN);
    history_node_open(actor->log, actor->node_begin);
    for (unsigned i = 0; i < actor->held_count; i++)
        history_read(actor->log, actor->held[i].key, actor->held[i].version, actor->held[i].value);
}

static void end_node(actor *actor, history_outcome outcome, uint64_t id)
{
    if (actor->node_open)
        history_node_end(actor->log, outcome, actor->world->clock(ACTOR_END), id);
    actor->node_open = false;
    if (outcome == HISTORY_FAILED)
        actor->held_count = 0; /* the library keeps the copies until reset; here they are of no more use */
}

/* ----------------------------------------------------------------------------- holding -- */

static struct actor_held *find_held(const actor *actor, uint32_t key)
{
    for (unsigned i = 0; i < actor->held_count; i++)
        if (actor->held[i].key == key)
            return (struct actor_held *)&actor->held[i];
    return NULL;
}

uint64_t actor_value(const actor *actor, uint32_t key)
{
    const struct actor_held *held = find_held(actor, key);
    return held == NULL ? 0 : held->value;
}

static void hold(actor *actor, uint32_t key, bool update, uint64_t value)
{
    struct actor_held *held = find_held(actor, key);
    if (held == NULL) {
        held = &actor->held[actor->held_count++];
        *held = (struct actor_held){.key = key, .value = value};
        stm_status status = stm_txn_version(actor->txn, name_of(actor, key), &held->version);
        if (status != STM_OK)
            history_fault(actor->log, "version of key %u: %s", key, stm_status_name(status));
        history_read(actor->log, key, held->version, value);
    } else if (value != held->value && value != HISTORY_UNKNOWN && held->value != HISTORY_UNKNOWN) {
        history_fault(actor->log, "key %u: the private copy changed from %llx to %llx", key,
                      (unsigned long long)held->value, (unsigned long long)value);
    }
    held->update |= update;
}

static uint64_t number_of(actor *actor, uint32_t key, stm_bytes value)
{
    if (value.data == NULL)
        return 0;
    uint64_t number = value_read(value);
    if (number == 0)
        history_fault(actor->log, "key %u: a value of %zu bytes that is not whole", key, value.size);
    return number;
}

/* Every key that changed is named, with a version that is not the one expected, and its winner. */
static void check_conflicts(actor *actor)
{
    stm_conflict conflicts[CONFLICT_COUNT_MAX];
    size_t count = stm_txn_conflicts(actor->txn, conflicts, CONFLICT_COUNT_MAX);
    if (count == 0 || count > CONFLICT_COUNT_MAX)
        history_fault(actor->log, "CONFLICT with %zu conflicts", count);
    for (size_t i = 0; i < count && i < CONFLICT_COUNT_MAX; i++) {
        unsigned at = 0;
        while (at < actor->held_count) {
            stm_bytes name = name_of(actor, actor->held[at].key);
            if (name.size == conflicts[i].key.size &&
                memcmp(name.data, conflicts[i].key.data, name.size) == 0)
                break;
            at++;
        }
        if (at == actor->held_count)
            continue; /* the very key that was to be checked out, of which nothing is known yet */
        if (conflicts[i].expected != actor->held[at].version || conflicts[i].found <= conflicts[i].expected)
            history_fault(actor->log, "conflict on key %u at version %llu: expected %llu, found %llu",
                          actor->held[at].key, (unsigned long long)actor->held[at].version,
                          (unsigned long long)conflicts[i].expected, (unsigned long long)conflicts[i].found);
        if (conflicts[i].winner.txn != 0)
            history_claim_writer(actor->log, actor->held[at].key, conflicts[i].found,
                                 conflicts[i].winner.txn);
        else
            history_fault(actor->log, "conflict on key %u names no winner", actor->held[at].key);
    }
}

/* What a call on the transaction answered; `also` is a status allowed besides. */
static stm_status answered(actor *actor, const char *call, stm_status status, stm_status also)
{
    if (status == STM_CONFLICT) {
        check_conflicts(actor);
        end_node(actor, HISTORY_FAILED, 0);
    } else if (status != STM_OK && status != STM_BUSY && status != also) {
        history_fault(actor->log, "%s answered %s", call, stm_status_name(status));
        end_node(actor, HISTORY_FAILED, 0);
    }
    return status;
}

/* --------------------------------------------------------------------------- checkouts -- */

static stm_status check_out(actor *actor, uint32_t key, bool update)
{
    stm_bytes value = {NULL, 0};
    need_node(actor);
    stm_status status = update ? stm_txn_use(actor->txn, name_of(actor, key), &value)
                               : stm_txn_get(actor->txn, name_of(actor, key), &value);
    if (status == STM_OK || status == STM_NOT_FOUND) {
        if (!update && (status == STM_OK) != (value.data != NULL))
            history_fault(actor->log, "get of key %u: %s, and %s", key, stm_status_name(status),
                          value.data == NULL ? "no value" : "a value");
        hold(actor, key, update, number_of(actor, key, value));
    }
    return answered(actor, update ? "use" : "get", status, update ? STM_OK : STM_NOT_FOUND);
}

stm_status actor_use(actor *actor, uint32_t key)
{
    return check_out(actor, key, true);
}

stm_status actor_get(actor *actor, uint32_t key)
{
    return check_out(actor, key, false);
}

static stm_status check_out_many(actor *actor, const uint32_t *keys, unsigned count, bool update)
{
    stm_bytes names[ACTOR_KEY_COUNT_MAX], values[ACTOR_KEY_COUNT_MAX];
    for (unsigned i = 0; i < count; i++)
        names[i] = name_of(actor, keys[i]);
    need_node(actor);
    stm_status status = update ? stm_txn_using(actor->txn, names, count, values)
                               : stm_txn_getting(actor->txn, names, count, values);
    for (unsigned i = 0; status == STM_OK && i < count; i++)
        hold(actor, keys[i], update, number_of(actor, keys[i], values[i]));
    return answered(actor, update ? "using" : "getting", status, STM_OK);
}

stm_status actor_using(actor *actor, const uint32_t *keys, unsigned count)
{
    return check_out_many(actor, keys, count, true);
}

stm_status actor_getting(actor *actor, const uint32_t *keys, unsigned count)
{
    return check_out_many(actor, keys, count, false);
}

stm_status actor_set(actor *actor, uint32_t key)
{
    char buffer[VALUE_SIZE_MAX];
    uint64_t number = value_number(actor->world->keys[key].kind, actor->number, actor->serial++);
    need_node(actor);
    stm_status status = stm_txn_set(actor->txn, name_of(actor, key), value_write(number, buffer));
    if (status == STM_OK) {
        hold(actor, key, true, HISTORY_UNKNOWN);
        find_held(actor, key)->value = number;
    }
    return answered(actor, "set", status, STM_OK);
}

stm_status actor_delete(actor *actor, uint32_t key)
{
    need_node(actor);
    stm_status status = stm_txn_delete(actor->txn, name_of(actor, key));
    if (status == STM_OK) {
        hold(actor, key, true, HISTORY_UNKNOWN);
        find_held(actor, key)->value = 0;
    }
    return answered(actor, "delete", status, STM_OK);
}

/* ------------------------------------------------------------------------------ commit -- */

static void write_down(actor *actor)
{
    for (unsigned i = 0; i < actor->held_count; i++) {
        struct actor_held *held = &actor->held[i];
        uint64_t version;
        if (stm_txn_version(actor->txn, name_of(actor, held->key), &version) != STM_OK ||
            version != held->version + held->update)
            history_fault(actor->log, "key %u: after a commit of version %llu the transaction holds %llu",
                          held->key, (unsigned long long)held->version, (unsigned long long)version);
        if (held->update)
            history_write(actor->log, held->key, ++held->version, held->value);
    }
}

stm_status actor_commit(actor *actor)
{
    need_node(actor);
    uint64_t id = stm_txn_id(actor->txn);
    stm_status status = stm_txn_commit(actor->txn);
    if (status == STM_OK) {
        write_down(actor);
        end_node(actor, HISTORY_COMMITTED, id);
    }
    return answered(actor, "commit", status, STM_OK);
}

void actor_reset(actor *actor)
{
    end_node(actor, HISTORY_FAILED, 0);
    actor->held_count = 0;
    stm_txn_reset(actor->txn);
}

/* --------------------------------------------------------------------------- snapshots -- */

void actor_take(actor *actor)
{
    history_node_open(actor->snapshot_log, actor->world->clock(ACTOR_BEGIN));
    stm_status status = stm_snapshot_take(actor->world->store, ACTOR_SNAPSHOT_LABEL, &actor->snapshot);
    if (status != STM_OK)
        history_fault(actor->snapshot_log, "snapshot: %s", stm_status_name(status));
    history_node_end(actor->snapshot_log, HISTORY_SNAPSHOT, actor->world->clock(ACTOR_END), 0);
}

uint64_t actor_look(actor *actor, uint32_t key)
{
    stm_entry entry;
    stm_status status = stm_snapshot_get(actor->snapshot, name_of(actor, key), &entry);
    if (status == STM_NOT_FOUND) {
        history_read(actor->snapshot_log, key, HISTORY_UNKNOWN, 0);
        return 0;
    }
    if (status != STM_OK) {
        history_fault(actor->snapshot_log, "snapshot, key %u: %s", key, stm_status_name(status));
        return 0;
    }
    uint64_t number = value_read(entry.value);
    if (number == 0)
        history_fault(actor->snapshot_log, "snapshot, key %u: a value that is not whole", key);
    if (entry.writer.revision > stm_snapshot_revision(actor->snapshot))
        history_fault(actor->snapshot_log, "snapshot of revision %llu shows key %u of revision %llu",
                      (unsigned long long)stm_snapshot_revision(actor->snapshot), key,
                      (unsigned long long)entry.writer.revision);
    history_read(actor->snapshot_log, key, entry.version, number);
    history_claim_writer(actor->snapshot_log, key, entry.version, entry.writer.txn);
    return number;
}

void actor_release(actor *actor)
{
    if (actor->snapshot != NULL)
        stm_snapshot_release(actor->snapshot);
    actor->snapshot = NULL;
}
