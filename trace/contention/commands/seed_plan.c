#include "seed_plan.h"

/* ------------------------------------------------------------------------------- keys -- */

static bool same_key(const event *a, const event *b)
{
    return a->key_hash == b->key_hash && a->key_size == b->key_size && a->k0 == b->k0 && a->k1 == b->k1;
}

static seed_key *find_key(seed_plan *plan, const event *event)
{
    for (unsigned i = 0; i < plan->key_count; i++)
        if (plan->keys[i].event != NULL && same_key(plan->keys[i].event, event))
            return &plan->keys[i];
    return NULL;
}

static unsigned number_of(const seed_plan *plan, const seed_key *key)
{
    return (unsigned)(key - plan->keys);
}

/* The key of the event, as a new one if there is room and it is none yet; else NULL, and it is counted. Its version at first
 * is that of the first event that names it. */
static seed_key *take_key(seed_plan *plan, const event *event, unsigned limit, unsigned *left_out)
{
    seed_key *key = find_key(plan, event);
    if (key != NULL)
        return key;
    if (plan->key_count >= limit) {
        ++*left_out;
        return NULL;
    }
    key = &plan->keys[plan->key_count++];
    *key = (seed_key){.event = event, .absent = event->expected == 0};
    return key;
}

/* ------------------------------------------------------------------------------- calls -- */

static bool has_call(const seed_thread *thread, seed_call_kind kind, unsigned key)
{
    for (unsigned i = 0; i < thread->call_count; i++)
        if (thread->calls[i].kind == kind && thread->calls[i].key == key)
            return true;
    return false;
}

/* Once: each kind of call on each key is as good as many. */
static void add_call(seed_thread *thread, seed_call_kind kind, unsigned key)
{
    if (thread->call_count < SEED_CALL_COUNT_MAX && !has_call(thread, kind, key))
        thread->calls[thread->call_count++] = (seed_call){kind, key};
}

static bool updates(const seed_thread *thread, unsigned key)
{
    return has_call(thread, SEED_USE, key) || has_call(thread, SEED_SET, key);
}

static void add_checkout(seed_plan *plan, seed_thread *thread, const event *event, unsigned limit, unsigned *left_out)
{
    thread->has_checkouts = true;
    const seed_key *key = take_key(plan, event, limit, left_out);
    if (key != NULL)
        add_call(thread, event->update ? SEED_USE : SEED_GET, number_of(plan, key));
}

/* ------------------------------------------------------------------------------- loser -- */

static const event *last_conflict(const gathered *found)
{
    for (guint i = found->own->len; i > 0; i--) {
        const event *event = g_ptr_array_index(found->own, i - 1);
        if (event->kind == EVENT_CONFLICT)
            return event;
    }
    return NULL;
}

/* The thread of that winner, as a new one if there is room; 0: there is none. */
static unsigned thread_of(seed_plan *plan, uint64_t txn)
{
    for (unsigned i = 1; i < plan->thread_count; i++)
        if (plan->threads[i].txn == txn)
            return i;
    if (plan->thread_count == SEED_THREAD_COUNT_MAX)
        return 0;
    plan->threads[plan->thread_count] = (seed_thread){.txn = txn};
    return plan->thread_count++;
}

/* A checkout that is told CONFLICT takes in a key that the loser does not hold: one place is kept for it. */
static unsigned key_limit(const seed_plan *plan)
{
    return plan->conflict->at_commit ? SEED_KEY_COUNT_MAX : SEED_KEY_COUNT_MAX - 1;
}

static void take_loss(seed_plan *plan, const event *loss)
{
    if (find_key(plan, loss) != NULL)
        return;
    unsigned winner = plan->key_count < key_limit(plan) ? thread_of(plan, loss->winner_txn) : 0;
    if (winner == 0) {
        plan->changed_left_out++;
        return;
    }
    seed_key *key = take_key(plan, loss, key_limit(plan), &plan->changed_left_out);
    key->loss = loss;
    key->winner = winner;
}

/* The further keys come after the conflict itself. */
static void take_losses(seed_plan *plan, const gathered *found)
{
    uint64_t told = 1;
    take_loss(plan, plan->conflict);
    for (guint i = 0; i < found->own->len; i++) {
        const event *event = g_ptr_array_index(found->own, i);
        if (event->kind == EVENT_CONFLICT_KEY) {
            take_loss(plan, event);
            told++;
        }
    }
    plan->unknown_changed = plan->conflict->changed_count > told ? plan->conflict->changed_count - told : 0;
}

/* It is one of the keys that had changed, whether there is room for it or not. */
static bool is_lost(const gathered *found, const event *checkout)
{
    for (guint i = 0; i < found->own->len; i++) {
        const event *event = g_ptr_array_index(found->own, i);
        if ((event->kind == EVENT_CONFLICT || event->kind == EVENT_CONFLICT_KEY) && same_key(event, checkout))
            return true;
    }
    return false;
}

static void plan_loser(seed_plan *plan, const gathered *found)
{
    seed_thread *loser = &plan->threads[0];
    for (guint i = 0; i < found->own->len; i++) {
        const event *event = g_ptr_array_index(found->own, i);
        if (event->kind == EVENT_CHECKOUT && (find_key(plan, event) != NULL || !is_lost(found, event)))
            add_checkout(plan, loser, event, key_limit(plan), &plan->held_left_out);
    }
    for (unsigned i = 0; i < plan->key_count; i++) {
        const event *loss = plan->keys[i].loss;
        if (loss != NULL && !has_call(loser, SEED_GET, i) && !updates(loser, i))
            add_call(loser, loss->update ? SEED_USE : SEED_GET, i);
        if (loss != NULL && loss->was_set)
            add_call(loser, SEED_SET, i);
        else if (loss != NULL && loss->update && !updates(loser, i))
            add_call(loser, SEED_USE, i);
    }
    for (unsigned i = 0; i < plan->key_count; i++)
        plan->keys[i].held = has_call(loser, SEED_GET, i) || updates(loser, i);
    plan->before = loser->call_count;
}

static void count_unknown(seed_plan *plan)
{
    uint64_t held = plan->conflict->read_count + plan->conflict->write_count;
    uint64_t known = plan->held_left_out + plan->changed_left_out + plan->unknown_changed;
    for (unsigned i = 0; i < plan->key_count; i++)
        known += plan->keys[i].held;
    plan->unknown_held = held > known ? held - known : 0;
}

/* ----------------------------------------------------------------------------- winners -- */

static void take_publication(seed_plan *plan, seed_thread *winner, const event *event)
{
    const seed_key *key = take_key(plan, event, SEED_KEY_COUNT_MAX, &plan->others_left_out);
    if (key != NULL)
        add_call(winner, SEED_SET, number_of(plan, key));
}

static void plan_winner(seed_plan *plan, unsigned number, const gathered *found)
{
    seed_thread *winner = &plan->threads[number];
    for (guint i = 0; i < found->winners->len; i++) {
        const event *event = g_ptr_array_index(found->winners, i);
        if (event->txn == winner->txn && event->kind == EVENT_CHECKOUT)
            add_checkout(plan, winner, event, SEED_KEY_COUNT_MAX, &plan->others_left_out);
        else if (event->txn == winner->txn && event->kind == EVENT_COMMIT)
            winner->commit = event;
    }
    for (guint i = 0; i < found->winners->len; i++) {
        const event *event = g_ptr_array_index(found->winners, i);
        if (event->txn == winner->txn && event->kind == EVENT_PUBLISH && find_key(plan, event) != NULL)
            take_publication(plan, winner, event);
    }
    for (unsigned i = 0; i < plan->key_count; i++)
        if (plan->keys[i].loss != NULL && plan->keys[i].winner == number)
            add_call(winner, SEED_SET, i);
    add_call(winner, SEED_COMMIT, 0);
}

static void measure_values(seed_plan *plan, const gathered *found)
{
    for (guint i = 0; i < found->winners->len; i++) {
        const event *event = g_ptr_array_index(found->winners, i);
        seed_key *key = event->kind == EVENT_PUBLISH ? find_key(plan, event) : NULL;
        if (key != NULL)
            key->value_size = MAX(key->value_size, event->value_size);
    }
    for (unsigned i = 0; i < plan->key_count; i++)
        for (unsigned j = 1; j < plan->thread_count; j++)
            plan->keys[i].publications += updates(&plan->threads[j], i);
}

/* Another one's publication of a key that number has won must come before it. */
static bool must_wait(const seed_plan *plan, unsigned number, const bool *done)
{
    for (unsigned i = 0; i < plan->key_count; i++)
        for (unsigned j = 1; j < plan->thread_count; j++)
            if (plan->keys[i].loss != NULL && plan->keys[i].winner == number && j != number && !done[j] &&
                updates(&plan->threads[j], i))
                return true;
    return false;
}

static bool is_earlier(const seed_thread *a, const seed_thread *b)
{
    if (a->commit == NULL || b->commit == NULL)
        return a->commit != NULL;
    if (a->commit->revision != b->commit->revision)
        return a->commit->revision < b->commit->revision;
    return a->commit->time_ns < b->commit->time_ns;
}

/* Of those that need not wait, the earliest. Damaged recordings may have them wait for each other. */
static unsigned next_winner(const seed_plan *plan, const bool *done)
{
    unsigned best = 0, any = 0;
    for (unsigned i = 1; i < plan->thread_count; i++) {
        if (done[i])
            continue;
        any = i;
        if (!must_wait(plan, i, done) && (best == 0 || is_earlier(&plan->threads[i], &plan->threads[best])))
            best = i;
    }
    return best != 0 ? best : any;
}

static void order_winners(seed_plan *plan)
{
    bool done[SEED_THREAD_COUNT_MAX] = {false};
    for (unsigned i = 0; i + 1 < plan->thread_count; i++) {
        plan->winners[i] = next_winner(plan, done);
        done[plan->winners[i]] = true;
    }
}

/* -------------------------------------------------------------------------------- all -- */

/* The call that was told CONFLICT: a commit, or a checkout. Of which key is not recorded, as it was not taken: one that a winner
 * published is as good as any. */
static void plan_end(seed_plan *plan)
{
    seed_thread *loser = &plan->threads[0];
    if (plan->conflict->at_commit) {
        add_call(loser, SEED_COMMIT, 0);
        return;
    }
    unsigned key = 0;
    while (key < plan->key_count && plan->keys[key].held)
        key++;
    if (key == plan->key_count)
        plan->keys[plan->key_count++] = (seed_key){.event = NULL};
    add_call(loser, SEED_GET, key);
}

bool seed_plan_make(const gathered *found, seed_plan *plan)
{
    *plan = (seed_plan){.conflict = last_conflict(found), .thread_count = 1};
    if (plan->conflict == NULL)
        return false;
    plan->threads[0].txn = found->txn;
    take_losses(plan, found);
    plan_loser(plan, found);
    count_unknown(plan);
    for (unsigned i = 1; i < plan->thread_count; i++)
        plan_winner(plan, i, found);
    measure_values(plan, found);
    order_winners(plan);
    plan_end(plan);
    return true;
}
