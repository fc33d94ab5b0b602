#include "stage.h"

#include "kept.h"
#include "moments.h"
#include "mutants.h"

#include "../../libstm/src/store.h"

#include <stm/probe.h>

#include <stdio.h>
#include <stdlib.h>

#define STAGE_WRITER 255 /* in the place of a thread: the values at the beginning */

actor stage_actors[SCHEDULER_THREAD_COUNT_MAX];
actor_world stage_world;

static actor_key keys[STAGE_KEY_COUNT_MAX];
static uint32_t key_count;
static history log_of_run;
static moments clock_of_run;
static char outcomes[SCHEDULER_THREAD_COUNT_MAX][32];
static char text[4096];

static uint64_t stage_clock(actor_edge edge)
{
    scheduler_mark(edge == ACTOR_BEGIN ? SCHEDULER_BEGIN : SCHEDULER_END);
    return edge == ACTOR_BEGIN ? moments_begin(&clock_of_run) : moments_end(&clock_of_run);
}

stm_bytes stage_key(uint32_t key)
{
    return stm_text(keys[key].name);
}

bool stage_is_initial(uint64_t value)
{
    return value == 0 || (value >> 48 & 0xff) == STAGE_WRITER;
}

stm_stats stage_stats(void)
{
    stm_stats stats;
    if (stm_store_stats(stage_world.store, &stats) != STM_OK)
        scheduler_fail("no statistics");
    return stats;
}

/* ------------------------------------------------------------------------------- begin -- */

static value_kind kind_of(char letter)
{
    static const char letters[] = "wsmlx";
    return (value_kind)(strchr(letters, letter | 32) - letters);
}

static void must(stm_status status, const char *what)
{
    if (status == STM_OK)
        return;
    fprintf(stderr, "stage: %s: %s\n", what, stm_status_name(status));
    abort();
}

static void fill(const char *kinds)
{
    char buffer[VALUE_SIZE_MAX];
    stm_txn *txn;
    must(stm_txn_begin(stage_world.store, "stage", &txn), "begin");
    for (uint32_t key = 0; key < key_count; key++) {
        uint64_t number = value_number(keys[key].kind, STAGE_WRITER, key);
        bool present = kinds[key] >= 'a';
        if (present)
            must(stm_txn_set(txn, stage_key(key), value_write(number, buffer)), "set");
        log_of_run.initial[key] = (history_cell){key, present, present ? number : 0};
    }
    must(stm_txn_commit(txn), "commit");
    stm_txn_end(txn);
}

/* Makes now what is made once: the label of snapshots, and as many slots as may be in use together. Only
 * create_race_test explores the making. */
static void warm_up(unsigned actor_count)
{
    stm_snapshot *snapshots[2 * SCHEDULER_THREAD_COUNT_MAX];
    for (unsigned i = 0; i < 2 * actor_count; i++)
        must(stm_snapshot_take(stage_world.store, ACTOR_SNAPSHOT_LABEL, &snapshots[i]), "take");
    for (unsigned i = 0; i < 2 * actor_count; i++)
        stm_snapshot_release(snapshots[i]);
}

static const char *const labels[] = {"zero", "one", "two", "three"};
static actor last; /* who looks at everything in the end */

/* The revision of a commit is told to observers only. */
static void on_commit(void *context, const stm_event *event)
{
    (void)context;
    last.revision = event->revision;
    for (unsigned i = 0; i < SCHEDULER_THREAD_COUNT_MAX; i++)
        if (strcmp(event->label, labels[i]) == 0)
            stage_actors[i].revision = event->revision;
}

static const stm_observer observer = {
    .size = sizeof observer, .events = STM_EVENT_BIT(STM_EVENT_COMMIT), .event = on_commit};

static void open_history(unsigned actor_count)
{
    if (log_of_run.logs == NULL) /* kept for all runs, with room for any of them */
        history_open(&log_of_run, 3 * (SCHEDULER_THREAD_COUNT_MAX + 1), STAGE_KEY_COUNT_MAX, 0);
    history_clear(&log_of_run);
    for (uint32_t key = 0; key < STAGE_KEY_COUNT_MAX; key++)
        log_of_run.initial[key] = (history_cell){key, 0, 0};
    stage_world.history = &log_of_run;
    stage_world.actor_count = actor_count + 1; /* and the one who looks at the end */
    stage_world.clock = stage_clock;
    stage_world.keys = keys;
    stage_world.key_count = key_count;
    stage_world.settle = scheduler_settle;
    stage_world.starved = arena_has_failed;
}

void stage_free_soon(void)
{
    stmi_collect_bytes = 1;
}

/* What a store is like when it has been opened, and its keys and actors made, is the same for every run of a programme. It
 * is made once, by the library's own calls, and then copied back: that takes a tenth of the time. */
static struct image {
    bool kept;
    unsigned actor_count;
    char kinds[STAGE_KEY_COUNT_MAX + 1];
    size_t collect_bytes;
    unsigned mutant;
    uint64_t fork_count; /* the store belongs to the process that opened it */
    actor actors[SCHEDULER_THREAD_COUNT_MAX];
    history_cell initial[STAGE_KEY_COUNT_MAX];
    char local[STMI_LOGICAL_LOCAL_MAX];
} image;

static bool image_fits(unsigned actor_count, const char *kinds)
{
    return image.kept && image.actor_count == actor_count && strcmp(image.kinds, kinds) == 0 &&
           image.collect_bytes == stmi_collect_bytes && image.mutant == mutant_chosen() && image.fork_count == stmi_peek(&stmi_fork_count);
}

static void image_take(unsigned actor_count, const char *kinds)
{
    image = (struct image){.kept = arena_keep(), .actor_count = actor_count, .collect_bytes = stmi_collect_bytes,
                           .mutant = mutant_chosen(), .fork_count = stmi_peek(&stmi_fork_count)};
    snprintf(image.kinds, sizeof image.kinds, "%s", kinds);
    memcpy(image.actors, stage_actors, sizeof image.actors);
    memcpy(image.initial, log_of_run.initial, sizeof image.initial);
    memcpy(image.local, stmi_logical_local, stmi_logical_local_size);
}

void stage_forget(void)
{
    image.kept = false;
}

static void image_bring_back(void)
{
    arena_bring_back();
    history_clear(&log_of_run);
    memcpy(stage_actors, image.actors, sizeof image.actors);
    memcpy(log_of_run.initial, image.initial, sizeof image.initial);
    memcpy(stmi_logical_local, image.local, stmi_logical_local_size);
}

static void make_all(unsigned actor_count, const char *kinds)
{
    stm_options options = {.size = sizeof options, .allocator = arena_allocator(), .key_count_hint = 1,
                           .observer = &observer};
    key_count = (uint32_t)strlen(kinds);
    for (uint32_t key = 0; key < key_count; key++)
        keys[key] = actor_key_make(key, kind_of(kinds[key]));
    must(stm_store_open(&options, &stage_world.store), "open");
    open_history(actor_count);
    fill(kinds);
    warm_up(actor_count);
    for (unsigned i = 0; i < actor_count; i++)
        actor_open(&stage_actors[i], &stage_world, i, labels[i]);
}

/* No two runs' stores have the same number: the slot that was used last in another run, or when the store was filled, which
 * the library keeps in a thread-local variable, is not taken for one of this. */
static void renumber(void)
{
    static uint64_t number = UINT64_C(1) << 32;
    stage_world.store->number = ++number;
}

void stage_open(unsigned actor_count, const char *kinds)
{
    if (image_fits(actor_count, kinds)) {
        image_bring_back();
        if (!scheduler_can_keep()) /* else runs are compared, and the number would tell them apart */
            renumber();
    } else {
        arena_forget();
        make_all(actor_count, kinds);
        renumber();
        image_take(actor_count, kinds);
    }
    clock_of_run = (moments){0};
    for (unsigned i = 0; i < actor_count; i++)
        outcomes[i][0] = '\0';
}

char *stage_save(char *to)
{
    to = kept_write(to, &clock_of_run, sizeof clock_of_run);
    to = kept_write(to, outcomes, sizeof outcomes);
    to = kept_write(to, stmi_logical_local, stmi_logical_local_size);
    for (unsigned i = 0; i + 1 < stage_world.actor_count; i++)
        to = actor_save(&stage_actors[i], to);
    return history_save(&log_of_run, to);
}

const char *stage_load(const char *from)
{
    from = kept_read(from, &clock_of_run, sizeof clock_of_run);
    from = kept_read(from, outcomes, sizeof outcomes);
    from = kept_read(from, stmi_logical_local, stmi_logical_local_size);
    for (unsigned i = 0; i + 1 < stage_world.actor_count; i++)
        from = actor_load(&stage_actors[i], from);
    return history_load(&log_of_run, from);
}

#define INDEX_WORDS 128u /* of the smallest index, as index.c makes it */
#define INDEX_GROWS_AT (INDEX_WORDS / 8 * 5)

void stage_fill_index(unsigned below)
{
    stm_txn *txn;
    must(stm_txn_begin(stage_world.store, "fill", &txn), "begin");
    for (unsigned i = (unsigned)stage_stats().keys_known; i < INDEX_GROWS_AT - below; i++) {
        char name[16];
        snprintf(name, sizeof name, "fill-%u", i);
        must(stm_txn_set(txn, stm_text(name), stm_text("full")), "set");
    }
    must(stm_txn_commit(txn), "commit");
    stm_txn_end(txn);
}

/* The library keeps the slot that a thread used last in a thread-local variable. All logical threads
 * have the same: only a hint, and any will do, but to ThreadSanitizer it is shared. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    return "race:^stmi_slot_claim$\nrace:^thread_id$\n";
}

/* --------------------------------------------------------------------------------- end -- */

void stage_outcome(unsigned thread, const char *outcome)
{
    size_t used = strlen(outcomes[thread]);
    snprintf(outcomes[thread] + used, sizeof outcomes[thread] - used, "%s%s", used == 0 ? "" : "+", outcome);
}

void stage_status(unsigned thread, stm_status status)
{
    stage_outcome(thread, stm_status_name(status));
}

static void note_outcomes(unsigned actor_count)
{
    bool any = false;
    for (unsigned i = 0; i < actor_count; i++)
        any |= outcomes[i][0] != '\0';
    if (!any)
        return;
    text[0] = '\0';
    for (unsigned i = 0; i < actor_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i == 0 ? "" : ", ", outcomes[i]);
    explorer_note(text);
}

/* Reads all keys, in one transaction and in a snapshot: what is there now is part of the history. */
static void look_at_everything(unsigned number)
{
    actor_open(&last, &stage_world, number, "last");
    actor_take(&last);
    for (uint32_t key = 0; key < key_count; key++) {
        uint64_t seen = actor_look(&last, key);
        stm_status status = actor_get(&last, key);
        if (status != STM_OK && status != STM_NOT_FOUND)
            scheduler_object(ORACLE_REST, "in the end, key %u is %s", key, stm_status_name(status));
        else if (seen != actor_value(&last, key))
            scheduler_object(ORACLE_REST, "in the end, a snapshot and a transaction disagree on key %u", key);
    }
    if (actor_commit(&last) != STM_OK)
        scheduler_object(ORACLE_REST, "in the end, a reader does not commit");
    for (uint32_t key = 0; key < key_count; key++)
        actor_set(&last, key);
    if (actor_commit(&last) != STM_OK)
        scheduler_object(ORACLE_REST, "in the end, a transaction alone does not commit");
    actor_close(&last);
}

/* Every head is clean: whoever committed, or tried to, has left. */
static void check_heads(void)
{
    struct stmi_records *records = &stage_world.store->records;
    for (uint64_t i = 0; i < stmi_load(&records->count, ACQUIRE); i++) {
        uint64_t head = stmi_load(&stmi_records_at(records, i)->head, ACQUIRE);
        if (head != 0 && !stmi_head_is_clean(head))
            scheduler_object(ORACLE_REST, "in the end, record %llu is held", (unsigned long long)i);
    }
}

static void check_statistics(void)
{
    stm_stats stats = stage_stats();
    if (stats.transactions != 0 || stats.snapshots != 0 || stats.versions_old != 0)
        scheduler_object(ORACLE_MEMORY, "left over: %llu transactions, %llu snapshots, %llu old versions",
                       (unsigned long long)stats.transactions, (unsigned long long)stats.snapshots,
                       (unsigned long long)stats.versions_old);
}

#define SEARCH_COMMITS_MAX 8 /* all their orders may have to be tried */

static unsigned count_commits(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < log_of_run.thread_count; i++)
        for (size_t j = 0; j < log_of_run.logs[i].node_count; j++)
            count += log_of_run.logs[i].nodes[j].outcome == HISTORY_COMMITTED &&
                     log_of_run.logs[i].nodes[j].write_count > 0;
    return count;
}

static bool was_restored(void)
{
    for (unsigned i = 0; i + 1 < stage_world.actor_count; i++)
        if (stage_actors[i].restored)
            return true;
    return false;
}

static void judge_history(void)
{
    if (was_restored())
        history_renumber(&log_of_run);
    if (history_is_plain(&log_of_run))
        return;
    oracle objector = history_judge(&log_of_run, text, sizeof text);
    if (objector == ORACLE_NONE && !oracle_is_silent(ORACLE_HISTORY) && count_commits() <= SEARCH_COMMITS_MAX &&
        !history_search(&log_of_run, text, sizeof text))
        objector = ORACLE_HISTORY;
    if (objector != ORACLE_NONE)
        scheduler_object(objector, "%s", text);
}

void stage_close(void)
{
    unsigned actor_count = stage_world.actor_count - 1;
    for (unsigned i = 0; i < actor_count; i++)
        actor_close(&stage_actors[i]);
    check_heads();
    look_at_everything(actor_count);
    check_statistics();
    judge_history();
    stm_status status = stm_store_close(stage_world.store);
    if (status != STM_OK)
        scheduler_object(ORACLE_RESULT, "close answered %s", stm_status_name(status));
    else if (arena_live_bytes() != 0)
        scheduler_object(ORACLE_MEMORY, "%zu bytes leaked", arena_live_bytes());
    note_outcomes(actor_count);
}
