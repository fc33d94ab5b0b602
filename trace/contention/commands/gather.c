#include "gather.h"

#include "../analysis/text.h"
#include "../fail.h"
#include "load.h"

#include <inttypes.h>

enum { PLACE_COUNT_MAX = 8, WINNER_COUNT_MAX = 4096 };

bool gather_is_outcome(const event *event)
{
    return event->kind == EVENT_COMMIT || event->kind == EVENT_CONFLICT || event->kind == EVENT_BUSY ||
           event->kind == EVENT_ABANDON;
}

/* -------------------------------------------------------------------------- first reading -- */

/* Where a transaction of that id was seen. */
typedef struct place {
    uint64_t pid, store, op;
} place;

typedef struct search {
    transaction wanted;
    size_t place_count;
    place places[PLACE_COUNT_MAX];
    GHashTable *winners; /* ids of transactions that it lost to */
    int64_t begin_ns;    /* of the trace */
} search;

static place *place_of(search *search, const event *event)
{
    for (size_t i = 0; i < search->place_count; i++)
        if (search->places[i].pid == event->pid && search->places[i].store == event->store)
            return &search->places[i];
    if (search->place_count == PLACE_COUNT_MAX)
        return &search->places[PLACE_COUNT_MAX - 1];
    search->places[search->place_count] = (place){event->pid, event->store, 0};
    return &search->places[search->place_count++];
}

static bool look(void *context, const event *event)
{
    search *search = context;
    if (search->begin_ns == 0)
        search->begin_ns = event->time_ns;
    if (event->txn != search->wanted.txn || !transaction_is_in(&search->wanted, event))
        return true;
    place *place = place_of(search, event);
    if (event->op != 0)
        place->op = event->op;
    if (event->winner_txn != 0 && g_hash_table_size(search->winners) < WINNER_COUNT_MAX)
        g_hash_table_add(search->winners, g_memdup2(&event->winner_txn, sizeof event->winner_txn));
    return true;
}

static void check_places(const search *search, const char *path, const char *name)
{
    if (search->place_count == 0)
        fail(EXIT_NOTHING, "%s: there is no transaction %s in it. Ids are told by stm-contention report, in its stories", path,
             name);
    if (search->place_count == 1)
        return;
    GString *places = g_string_new(NULL);
    for (size_t i = 0; i < search->place_count; i++)
        g_string_append_printf(places, "%s%" PRIu64 ":%" PRIu64 ":%" PRIu64, i == 0 ? "" : ", ", search->places[i].pid,
                               search->places[i].store, search->wanted.txn);
    fail(EXIT_USAGE, "several stores have a transaction %s; name one as PROCESS:STORE:ID: %s", name, places->str);
}

/* ------------------------------------------------------------------------- second reading -- */

/* A copy of an event that outlives it. */
static event *keep(const event *from)
{
    event *kept = g_memdup2(from, sizeof *from);
    kept->label = text_clean(from->label);
    kept->winner_label = text_clean(from->winner_label);
    kept->procname = text_clean(from->procname);
    kept->key = text_of_key(from);
    return kept;
}

static void drop(gpointer data)
{
    event *kept = data;
    g_free((char *)(uintptr_t)kept->label);
    g_free((char *)(uintptr_t)kept->winner_label);
    g_free((char *)(uintptr_t)kept->procname);
    g_free((char *)(uintptr_t)kept->key);
    g_free(kept);
}

typedef struct gathering {
    const search *search;
    gathered *found;
} gathering;

static void gather_one(gathering *gathering, GPtrArray *list, const event *event)
{
    if (list->len < GATHER_EVENT_COUNT_MAX)
        g_ptr_array_add(list, keep(event));
    else
        gathering->found->cut = true;
}

static bool gather_event(void *context, const event *event)
{
    gathering *gathering = context;
    const place *place = &gathering->search->places[0];
    gathered *found = gathering->found;
    if (event->pid != place->pid || event->store != place->store)
        return true;
    if (event->txn == found->txn)
        gather_one(gathering, found->own, event);
    if (place->op != 0 && event->op == place->op && gather_is_outcome(event))
        gather_one(gathering, found->attempts, event);
    if ((event->kind == EVENT_COMMIT || event->kind == EVENT_PUBLISH || event->kind == EVENT_CHECKOUT) &&
        g_hash_table_contains(gathering->search->winners, &event->txn))
        gather_one(gathering, found->winners, event);
    if (event->winner_txn == found->txn && (event->kind == EVENT_CONFLICT || event->kind == EVENT_BUSY))
        gather_one(gathering, found->victims, event);
    return true;
}

/* -------------------------------------------------------------------------------- both -- */

static void read_with(const char *path, bool (*listener)(void *, const event *), void *context, trace_facts *facts)
{
    reader_options options = {.every_field = true, .progress = true, .event = listener, .context = context};
    load_events(path, &options, facts);
}

static GPtrArray *new_list(void)
{
    return g_ptr_array_new_with_free_func(drop);
}

void gather(const char *path, const char *name, const transaction *wanted, gathered *found, trace_facts *facts)
{
    search search = {.wanted = *wanted, .winners = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL)};
    read_with(path, look, &search, facts);
    check_places(&search, path, name);
    trace_facts_free(facts);

    *found = (gathered){wanted->txn, search.begin_ns, new_list(), new_list(), new_list(), new_list(), false};
    gathering gathering = {&search, found};
    read_with(path, gather_event, &gathering, facts);
    g_hash_table_unref(search.winners);
}

void gathered_free(gathered *found)
{
    g_ptr_array_unref(found->own);
    g_ptr_array_unref(found->attempts);
    g_ptr_array_unref(found->winners);
    g_ptr_array_unref(found->victims);
}

int gather_status(const trace_facts *facts)
{
    return facts->truncated || facts->lost_events > 0 || facts->lost_packets > 0 ? EXIT_PARTLY : EXIT_WHOLE;
}

const event *gathered_best(const gathered *found)
{
    for (guint i = found->own->len; i > 0; i--)
        if (gather_is_outcome(g_ptr_array_index(found->own, i - 1)))
            return g_ptr_array_index(found->own, i - 1);
    return g_ptr_array_index(found->own, 0);
}
