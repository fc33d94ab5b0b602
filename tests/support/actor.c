#include "actor.h"

#include "kept.h"

#include <stdio.h>

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

static bool same(stm_bytes a, stm_bytes b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* ----------------------------------------------------------------------------- handles -- */

void actor_open(actor *actor, const actor_world *world, unsigned number, const char *label)
{
    *actor = (struct actor){.world = world, .number = number, .label = label};
    actor->log = &world->history->logs[number];
    actor->snapshot_log = &world->history->logs[world->actor_count + number];
    actor->peek_log = &world->history->logs[2 * world->actor_count + number];
    stm_status status = stm_txn_begin(world->store, label, &actor->txn);
    if (status != STM_OK)
        history_fault(actor->log, ORACLE_RESULT, "begin answered %s", stm_status_name(status));
}

void actor_close(actor *actor)
{
    actor_reset(actor);
    actor_release(actor);
    stm_txn_end(actor->txn);
    actor->txn = NULL;
}

/* What is in the two arrays beyond their counts is never looked at. */
char *actor_save(const actor *actor, char *to)
{
    to = kept_write(to, &actor->held_count, sizeof actor->held_count);
    to = kept_write(to, &actor->conflict_count, sizeof actor->conflict_count);
    to = kept_write(to, actor, offsetof(struct actor, held));
    to = kept_write(to, actor->held, actor->held_count * sizeof actor->held[0]);
    return kept_write(to, actor->conflicts, actor->conflict_count * sizeof actor->conflicts[0]);
}

const char *actor_load(actor *actor, const char *from)
{
    from = kept_read(from, &actor->held_count, sizeof actor->held_count);
    from = kept_read(from, &actor->conflict_count, sizeof actor->conflict_count);
    from = kept_read(from, actor, offsetof(struct actor, held));
    from = kept_read(from, actor->held, actor->held_count * sizeof actor->held[0]);
    return kept_read(from, actor->conflicts, actor->conflict_count * sizeof actor->conflicts[0]);
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
    if (outcome == HISTORY_COMMITTED)
        history_revise(actor->log, actor->revision);
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
            history_fault(actor->log, ORACLE_RESULT, "version of key %u: %s", key, stm_status_name(status));
        history_read(actor->log, key, held->version, value);
    } else if (value != held->value && value != HISTORY_UNKNOWN && held->value != HISTORY_UNKNOWN) {
        history_fault(actor->log, ORACLE_RESULT, "key %u: the private copy changed from %llx to %llx", key,
                      (unsigned long long)held->value, (unsigned long long)value);
    }
    held->update |= update;
}

static uint64_t number_of(actor *actor, uint32_t key, stm_bytes value)
{
    if (value.data == NULL)
        return 0;
    if (actor->world->settle != NULL)
        actor->world->settle(value.data, value.size);
    uint64_t number = value_read(value);
    if (number == 0)
        history_fault(actor->log, ORACLE_RESULT, "key %u: a value of %zu bytes that is not whole", key, value.size);
    return number;
}

/* "Key's version was published by this writer." */
static void claim_writer(const actor *actor, history_log *log, uint32_t key, uint64_t version,
                         const stm_writer *writer)
{
    history_claim claim = {key, version, writer->txn, HISTORY_NO_THREAD, writer->revision};
    const char *const *labels = actor->world->labels;
    for (uint32_t i = 0; labels != NULL && i < actor->world->actor_count; i++)
        if (strcmp(labels[i], writer->label) == 0)
            claim.thread = i;
    history_claim_writer(log, &claim);
}

/* Every key that changed is named, with a version that is not the one expected, and its winner. */
static void check_conflicts(actor *actor)
{
    const stm_conflict *conflicts = actor->conflicts;
    size_t count = stm_txn_conflicts(actor->txn, actor->conflicts, ACTOR_KEY_COUNT_MAX);
    actor->conflict_count = count < ACTOR_KEY_COUNT_MAX ? count : ACTOR_KEY_COUNT_MAX;
    if (count == 0 || count > ACTOR_KEY_COUNT_MAX)
        history_fault(actor->log, ORACLE_OVERLAP, "CONFLICT with %zu conflicts", count);
    for (size_t i = 0; i < actor->conflict_count; i++) {
        unsigned at = 0;
        while (at < actor->held_count && !same(name_of(actor, actor->held[at].key), conflicts[i].key))
            at++;
        if (at == actor->held_count)
            continue; /* the very key that was to be checked out, of which nothing is known yet */
        if (conflicts[i].expected != actor->held[at].version || conflicts[i].found <= conflicts[i].expected)
            history_fault(actor->log, ORACLE_OVERLAP, "conflict on key %u at version %llu: expected %llu, found %llu",
                          actor->held[at].key, (unsigned long long)actor->held[at].version,
                          (unsigned long long)conflicts[i].expected, (unsigned long long)conflicts[i].found);
        if (conflicts[i].winner.txn != 0)
            claim_writer(actor, actor->log, actor->held[at].key, conflicts[i].found, &conflicts[i].winner);
        else
            history_fault(actor->log, ORACLE_WINNER, "conflict on key %u names no winner", actor->held[at].key);
    }
}

/* True: NO_MEMORY, and no wonder. */
static bool lacks_memory(const actor *actor, stm_status status)
{
    return status == STM_NO_MEMORY && actor->world->starved != NULL && actor->world->starved(actor->number);
}

/* "Nothing was changed": what is held, and the private copies. */
static void check_unchanged(actor *actor, const char *call)
{
    for (unsigned i = 0; i < actor->held_count; i++) {
        const struct actor_held *held = &actor->held[i];
        stm_bytes value = {NULL, 0};
        uint64_t version = 0;
        stm_status status = stm_txn_version(actor->txn, name_of(actor, held->key), &version);
        if (status != STM_OK || version != held->version)
            history_fault(actor->log, ORACLE_RESULT, "key %u: after NO_MEMORY of %s it is held at version %llu, not %llu",
                          held->key, call, (unsigned long long)version, (unsigned long long)held->version);
        status = stm_txn_value(actor->txn, name_of(actor, held->key), &value);
        if ((status == STM_OK) != (value.data != NULL) || !history_fits(held->value, number_of(actor, held->key, value)))
            history_fault(actor->log, ORACLE_RESULT, "key %u: NO_MEMORY of %s has changed the private copy", held->key,
                          call);
    }
}

/* "On failure no key has been added." Before answered, which forgets what is held. */
static void check_not_added(actor *actor, const uint32_t *keys, unsigned count, stm_status status)
{
    uint64_t version;
    if (actor->stuck || !lacks_memory(actor, status))
        return;
    for (unsigned i = 0; i < count; i++)
        if (find_held(actor, keys[i]) == NULL &&
            stm_txn_version(actor->txn, name_of(actor, keys[i]), &version) != STM_NOT_FOUND)
            history_fault(actor->log, ORACLE_RESULT, "key %u: its checkout answered NO_MEMORY, and it is held", keys[i]);
}

/* What a call on the transaction answered; `also` is a status allowed besides. */
static stm_status answered(actor *actor, const char *call, stm_status status, stm_status also)
{
    if (actor->stuck) {
        if (status != STM_NO_MEMORY)
            history_fault(actor->log, ORACLE_RESULT, "%s answered %s; NO_MEMORY, before, sticks", call,
                          stm_status_name(status));
        end_node(actor, HISTORY_FAILED, 0);
    } else if (lacks_memory(actor, status)) {
        check_unchanged(actor, call);
        actor->stuck = true;
        end_node(actor, HISTORY_FAILED, 0);
    } else if (status == STM_CONFLICT) {
        check_conflicts(actor);
        end_node(actor, HISTORY_FAILED, 0);
    } else if (status != STM_OK && status != STM_BUSY && status != also) {
        history_fault(actor->log, ORACLE_RESULT, "%s answered %s", call, stm_status_name(status));
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
            history_fault(actor->log, ORACLE_RESULT, "get of key %u: %s, and %s", key, stm_status_name(status),
                          value.data == NULL ? "no value" : "a value");
        hold(actor, key, update, number_of(actor, key, value));
    }
    check_not_added(actor, &key, 1, status);
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
    check_not_added(actor, keys, count, status);
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

/* The private copy is another one now. */
static void hold_copy(actor *actor, uint32_t key, uint64_t value, uint64_t target)
{
    hold(actor, key, true, HISTORY_UNKNOWN);
    struct actor_held *held = find_held(actor, key);
    held->value = value;
    held->target = target;
}

stm_status actor_set(actor *actor, uint32_t key)
{
    char buffer[VALUE_SIZE_MAX];
    uint64_t number = value_number(actor->world->keys[key].kind, actor->number, actor->serial++);
    need_node(actor);
    stm_status status = stm_txn_set(actor->txn, name_of(actor, key), value_write(number, buffer));
    if (status == STM_OK)
        hold_copy(actor, key, number, 0);
    return answered(actor, "set", status, STM_OK);
}

stm_status actor_restore(actor *actor, uint32_t key, unsigned further)
{
    char buffer[VALUE_SIZE_MAX];
    stm_status status = STM_OK;
    if (find_held(actor, key) == NULL && (status = actor_use(actor, key)) != STM_OK)
        return status;
    uint64_t number = value_number(actor->world->keys[key].kind, actor->number, actor->serial++);
    uint64_t target = find_held(actor, key)->version + further;
    need_node(actor);
    status = stm_txn_restore(actor->txn, name_of(actor, key), value_write(number, buffer), STM_BYTES, target);
    if (status == STM_OK)
        hold_copy(actor, key, number, target);
    return answered(actor, "restore", status, STM_OK);
}

stm_status actor_delete(actor *actor, uint32_t key)
{
    need_node(actor);
    stm_status status = stm_txn_delete(actor->txn, name_of(actor, key));
    if (status == STM_OK)
        hold_copy(actor, key, 0, 0);
    return answered(actor, "delete", status, STM_OK);
}

/* A node of its own: it tells a value, and no version. */
stm_status actor_peek(actor *actor, uint32_t key, uint64_t *value)
{
    stm_bytes found = {NULL, 0};
    uint64_t begin = actor->world->clock(ACTOR_BEGIN);
    stm_status status = stm_txn_peek(actor->txn, name_of(actor, key), &found);
    *value = number_of(actor, key, found);
    const struct actor_held *held = find_held(actor, key);
    if (actor->stuck || (status != STM_OK && status != STM_NOT_FOUND))
        return answered(actor, "peek", status, STM_BUSY);
    if ((status == STM_OK) != (found.data != NULL))
        history_fault(actor->log, ORACLE_RESULT, "peek at key %u: %s, and %s", key, stm_status_name(status),
                      found.data == NULL ? "no value" : "a value");
    if (held != NULL) {
        if (!history_fits(held->value, *value))
            history_fault(actor->log, ORACLE_RESULT, "peek at key %u shows %llx, and not the private copy %llx",
                          key, (unsigned long long)*value, (unsigned long long)held->value);
        return status;
    }
    history_node_open(actor->peek_log, begin);
    history_read(actor->peek_log, key, HISTORY_UNKNOWN, *value);
    history_node_end(actor->peek_log, HISTORY_PEEK, actor->world->clock(ACTOR_END), 0);
    return status;
}

/* ------------------------------------------------------------------------------ commit -- */

static void write_down(actor *actor)
{
    for (unsigned i = 0; i < actor->held_count; i++) {
        struct actor_held *held = &actor->held[i];
        uint64_t version = 0, published = held->target != 0 ? held->target : held->version + held->update;
        if (stm_txn_version(actor->txn, name_of(actor, held->key), &version) != STM_OK || version != published)
            history_fault(actor->log, ORACLE_RESULT, "key %u: after a commit of version %llu the transaction holds %llu",
                          held->key, (unsigned long long)held->version, (unsigned long long)version);
        if (held->update)
            history_write(actor->log, held->key, published, held->value);
        actor->restored |= held->target != 0;
        held->version = published;
        held->target = 0;
    }
}

stm_status actor_commit(actor *actor)
{
    need_node(actor);
    uint64_t id = stm_txn_id(actor->txn);
    actor->revision = 0;
    stm_status status = stm_txn_commit(actor->txn);
    if (status == STM_OK) {
        if (actor->outdated)
            history_fault(actor->log, ORACLE_RESULT, "a commit of keys of which one had changed, as a wait has said");
        write_down(actor);
        end_node(actor, HISTORY_COMMITTED, id);
    }
    return answered(actor, "commit", status, STM_OK);
}

/* What still is as it was held at the end of a call was so at its begin, and all of it together. */
static void hold_still(actor *actor, uint64_t begin)
{
    history_node_open(actor->peek_log, begin);
    for (unsigned i = 0; i < actor->held_count; i++)
        history_read(actor->peek_log, actor->held[i].key, actor->held[i].version, HISTORY_UNKNOWN);
    history_node_end(actor->peek_log, HISTORY_COMMITTED, actor->world->clock(ACTOR_END), 0);
}

#define WAIT_NS 1000000

stm_status actor_wait(actor *actor)
{
    uint64_t begin = actor->world->clock(ACTOR_BEGIN);
    stm_status status = stm_txn_wait(actor->txn, WAIT_NS);
    if (!actor->stuck && status == STM_TIMEOUT && actor->held_count > 0)
        hold_still(actor, begin);
    else if (!actor->stuck && status == STM_OK && actor->held_count > 0)
        actor->outdated = true;
    else if (actor->stuck || status != STM_INVALID || actor->held_count > 0)
        return answered(actor, "wait", status, STM_BUSY);
    return status;
}

void actor_reset(actor *actor)
{
    end_node(actor, HISTORY_FAILED, 0);
    actor->held_count = 0;
    actor->stuck = actor->outdated = false;
    stm_txn_reset(actor->txn);
}

stm_status actor_begin(actor *actor)
{
    end_node(actor, HISTORY_FAILED, 0);
    actor->held_count = 0;
    actor->stuck = actor->outdated = false;
    stm_txn_end(actor->txn);
    stm_status first = stm_txn_begin(actor->world->store, actor->label, &actor->txn), status = first;
    if (lacks_memory(actor, first))
        status = stm_txn_begin(actor->world->store, actor->label, &actor->txn);
    if (status != STM_OK)
        history_fault(actor->log, ORACLE_RESULT, "begin answered %s", stm_status_name(status));
    return first;
}

size_t actor_conflicts(actor *actor)
{
    stm_conflict few[1];
    char text[512], cut[8];
    size_t all = stm_txn_conflicts(actor->txn, NULL, 0);
    size_t length = stm_txn_explain(actor->txn, text, sizeof text);
    size_t cut_length = stm_txn_explain(actor->txn, cut, sizeof cut);
    if (stm_txn_conflicts(actor->txn, few, 1) != all)
        history_fault(actor->log, ORACLE_RESULT, "the number of conflicts depends on the room for them");
    if (length == 0 || cut_length != length || strncmp(text, cut, sizeof cut - 1) != 0)
        history_fault(actor->log, ORACLE_RESULT, "the explanation depends on the room for it");
    if ((all != 0) != (strstr(text, ") lost: ") != NULL))
        history_fault(actor->log, ORACLE_RESULT, "%zu conflicts, explained as: %s", all, text);
    return all;
}

/* --------------------------------------------------------------------------- snapshots -- */

void actor_take(actor *actor)
{
    history_node_open(actor->snapshot_log, actor->world->clock(ACTOR_BEGIN));
    stm_status status = stm_snapshot_take(actor->world->store, ACTOR_SNAPSHOT_LABEL, &actor->snapshot);
    bool lacks = lacks_memory(actor, status);
    actor->looked = status;
    if (lacks)
        actor->snapshot = NULL;
    else if (status != STM_OK)
        history_fault(actor->snapshot_log, ORACLE_RESULT, "snapshot: %s", stm_status_name(status));
    history_node_end(actor->snapshot_log, lacks ? HISTORY_FAILED : HISTORY_SNAPSHOT,
                     actor->world->clock(ACTOR_END), 0);
    if (!lacks)
        history_revise(actor->snapshot_log, stm_snapshot_revision(actor->snapshot));
}

static uint64_t seen(actor *actor, uint32_t key, const stm_entry *entry)
{
    uint64_t number = value_read(entry->value);
    if (number == 0)
        history_fault(actor->snapshot_log, ORACLE_RESULT, "snapshot, key %u: a value that is not whole", key);
    if (entry->writer.revision > stm_snapshot_revision(actor->snapshot))
        history_fault(actor->snapshot_log, ORACLE_SNAPSHOT, "snapshot of revision %llu shows key %u of revision %llu",
                      (unsigned long long)stm_snapshot_revision(actor->snapshot), key,
                      (unsigned long long)entry->writer.revision);
    history_read(actor->snapshot_log, key, entry->version, number);
    claim_writer(actor, actor->snapshot_log, key, entry->version, &entry->writer);
    return number;
}

uint64_t actor_look(actor *actor, uint32_t key)
{
    stm_entry entry;
    stm_status status = actor->looked = stm_snapshot_get(actor->snapshot, name_of(actor, key), &entry);
    if (status == STM_OK)
        return seen(actor, key, &entry);
    if (status == STM_NOT_FOUND)
        history_read(actor->snapshot_log, key, HISTORY_UNKNOWN, 0);
    else if (!lacks_memory(actor, status))
        history_fault(actor->snapshot_log, ORACLE_RESULT, "snapshot, key %u: %s", key, stm_status_name(status));
    return 0;
}

struct scan {
    actor *actor;
    unsigned count;
    uint64_t shown; /* a bit a key */
};

static bool scan_entry(const stm_entry *entry, void *arg)
{
    struct scan *scan = arg;
    const actor_world *world = scan->actor->world;
    uint32_t key = 0;
    while (key < world->key_count && !same(name_of(scan->actor, key), entry->key))
        key++;
    if (key == world->key_count)
        return true; /* a key that is none of ours */
    if ((scan->shown >> key & 1) != 0)
        history_fault(scan->actor->snapshot_log, ORACLE_RESULT, "a scan shows key %u twice", key);
    scan->shown |= UINT64_C(1) << key;
    scan->count++;
    seen(scan->actor, key, entry);
    return true;
}

unsigned actor_scan(actor *actor)
{
    struct scan scan = {.actor = actor};
    stm_status status = actor->looked = stm_snapshot_scan(actor->snapshot, scan_entry, &scan);
    if (status != STM_OK && !lacks_memory(actor, status))
        history_fault(actor->snapshot_log, ORACLE_RESULT, "scan: %s", stm_status_name(status));
    for (uint32_t key = 0; status == STM_OK && key < actor->world->key_count; key++)
        if ((scan.shown >> key & 1) == 0)
            history_read(actor->snapshot_log, key, HISTORY_UNKNOWN, 0);
    return scan.count;
}

void actor_release(actor *actor)
{
    if (actor->snapshot != NULL)
        stm_snapshot_release(actor->snapshot);
    actor->snapshot = NULL;
}
