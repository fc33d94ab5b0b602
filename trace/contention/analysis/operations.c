#include "operations.h"

#include "mix.h"
#include "span.h"

#include <glib.h>

typedef struct entry {
    operation operation; /* first: it is the key of the table */
    GList link;
} entry;

struct operations {
    operations_listener listener;
    GHashTable *open;
    GQueue by_age; /* the one silent for longest first */
};

static guint hash(gconstpointer key)
{
    const operation *operation = key;
    return mix_hash(operation->number, operation->scope);
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    const operation *one = a, *other = b;
    return one->number == other->number && one->scope == other->scope;
}

operations *operations_create(const operations_listener *listener)
{
    operations *operations = g_new0(struct operations, 1);
    operations->listener = *listener;
    operations->open = g_hash_table_new_full(hash, equal, NULL, g_free);
    g_queue_init(&operations->by_age);
    return operations;
}

void operations_free(operations *operations)
{
    g_hash_table_unref(operations->open);
    g_free(operations);
}

/* -------------------------------------------------------------------------------- steps -- */

static step *step_add(operation *operation)
{
    size_t half = STEP_COUNT_MAX / 2;
    if (operation->step_count < STEP_COUNT_MAX)
        return &operation->steps[operation->step_count++];
    for (size_t i = half; i + 1 < STEP_COUNT_MAX; i++)
        operation->steps[i] = operation->steps[i + 1];
    return &operation->steps[STEP_COUNT_MAX - 1];
}

/* Who is told BUSY makes the same call again, perhaps a hundred times: that is one step. */
static bool goes_on(const operation *operation, const outcome *outcome)
{
    const event *event = outcome->event;
    if (operation->step_count == 0 || event->kind != EVENT_BUSY)
        return false;
    const step *last = &operation->steps[operation->step_count - 1];
    return last->outcome == EVENT_BUSY && last->txn == event->txn && last->key == outcome->loss.key &&
           last->winner_txn == event->winner_txn;
}

static void note_step(operation *operation, const outcome *outcome)
{
    const event *event = outcome->event;
    if (goes_on(operation, outcome)) {
        step *last = &operation->steps[operation->step_count - 1];
        last->end_ns = outcome->end_ns;
        last->times++;
        return;
    }
    *step_add(operation) = (step){event->txn, event->attempt, outcome->begin_ns, outcome->end_ns, event->kind,
                                  outcome->loss.key, event->expected, event->found, event->winner_txn,
                                  event->winner_tid, outcome->loss.winner_label, 1};
}

/* ------------------------------------------------------------------------------ account -- */

static void waste(operations *operations, operation *operation, const loss *loss, int64_t wasted_ns)
{
    if (operation != NULL)
        span_add(&operation->wasted_ns, wasted_ns);
    operations->listener.wasted(operations->listener.context, loss, wasted_ns);
}

static void spend(operations *operations, uint32_t label, int64_t spent_ns)
{
    operations->listener.spent(operations->listener.context, label, spent_ns);
}

/* The attempt that was told BUSY has come to nothing. */
static void give_up_standing(operations *operations, operation *operation)
{
    if (!operation->standing)
        return;
    operation->standing = false;
    int64_t spent_ns = span_between(operation->attempt_begin_ns, operation->end_ns);
    waste(operations, operation, &operation->loss, spent_ns);
    spend(operations, operation->label, spent_ns);
}

static void end(operations *operations, operation *operation)
{
    entry *entry = (struct entry *)operation;
    give_up_standing(operations, operation);
    operations->listener.ended(operations->listener.context, operation);
    g_queue_unlink(&operations->by_age, &entry->link);
    g_hash_table_remove(operations->open, operation);
}

/* ------------------------------------------------------------------------------- events -- */

static operation *find(operations *operations, const outcome *outcome)
{
    if (operations->by_age.length == 0)
        return NULL;
    operation wanted;
    wanted.number = outcome->event->op;
    wanted.scope = outcome->scope;
    return g_hash_table_lookup(operations->open, &wanted);
}

static operation *open_new(operations *operations, const outcome *outcome)
{
    if (operations->by_age.length >= OPERATIONS_OPEN_MAX)
        end(operations, operations->by_age.head->data);
    entry *entry = g_new0(struct entry, 1);
    entry->link.data = entry;
    operation *operation = &entry->operation;
    operation->number = outcome->event->op;
    operation->scope = outcome->scope;
    operation->label = outcome->loss.label;
    operation->begin_ns = operation->end_ns = outcome->begin_ns;
    operation->seen_from_start = outcome->event->attempt <= 1;
    g_hash_table_add(operations->open, entry);
    g_queue_push_tail_link(&operations->by_age, &entry->link);
    return operation;
}

/* A sign of life. What stood still in another attempt has come to nothing, and of this one, only what was not told
 * before is new. */
static void touch(operations *operations, operation *operation, outcome *outcome)
{
    entry *entry = (struct entry *)operation;
    bool is_new = operation->attempts == 0 || operation->txn != outcome->event->txn;
    g_queue_unlink(&operations->by_age, &entry->link);
    g_queue_push_tail_link(&operations->by_age, &entry->link);
    if (is_new) {
        give_up_standing(operations, operation);
        operation->attempts++;
        operation->txn = outcome->event->txn;
        operation->attempt_begin_ns = outcome->begin_ns;
    } else if (outcome->begin_ns < operation->end_ns) {
        outcome->begin_ns = MIN(operation->end_ns, outcome->end_ns);
    }
    operation->thread = outcome->loss.thread;
    operation->end_ns = MAX(outcome->end_ns, operation->end_ns);
}

void operations_lost(operations *operations, outcome *outcome)
{
    operation *operation = find(operations, outcome);
    if (operation == NULL)
        operation = open_new(operations, outcome);
    touch(operations, operation, outcome);
    note_step(operation, outcome);
    if (outcome->event->kind == EVENT_BUSY) {
        if (!operation->standing)
            operation->busy_ns = outcome->end_ns;
        operation->standing = true;
        operation->loss = outcome->loss;
        return;
    }
    int64_t spent_ns = span_between(operation->attempt_begin_ns, outcome->end_ns);
    operation->standing = false;
    waste(operations, operation, &outcome->loss, spent_ns);
    spend(operations, operation->label, spent_ns);
}

bool operations_committed(operations *operations, outcome *outcome)
{
    operation *operation = find(operations, outcome);
    if (operation == NULL) {
        spend(operations, outcome->loss.label, span_between(outcome->begin_ns, outcome->end_ns));
        return false;
    }
    touch(operations, operation, outcome);
    note_step(operation, outcome);
    int64_t spent_ns = span_between(operation->attempt_begin_ns, outcome->end_ns);
    if (operation->standing)
        waste(operations, operation, &operation->loss, MIN(span_between(operation->busy_ns, outcome->end_ns), spent_ns));
    operation->standing = false;
    spend(operations, operation->label, spent_ns);
    operation->finished = true;
    end(operations, operation);
    return true;
}

bool operations_abandoned(operations *operations, outcome *outcome)
{
    operation *operation = find(operations, outcome);
    if (operation != NULL && operation->txn == outcome->event->txn && operation->attempts > 0) {
        give_up_standing(operations, operation);
        return false;
    }
    int64_t spent_ns = span_between(outcome->begin_ns, outcome->end_ns);
    waste(operations, operation, &outcome->loss, spent_ns);
    spend(operations, outcome->loss.label, spent_ns);
    if (operation != NULL) {
        touch(operations, operation, outcome);
        note_step(operation, outcome);
        end(operations, operation);
    }
    return true;
}

void operations_finish(operations *operations)
{
    while (operations->by_age.length > 0)
        end(operations, operations->by_age.head->data);
}
