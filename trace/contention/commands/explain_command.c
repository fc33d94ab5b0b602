/*
 * explain: the story of one transaction. The trace is read twice: first to find whose it is, its operation and who won
 * against it; then to gather what it did, how the other attempts of its operation ended, what the winners did to the keys in
 * question, and who lost to it. Winners may come before or after their losers, so one reading would not do.
 */
#include "../analysis/text.h"
#include "../fail.h"
#include "commands.h"
#include "load.h"
#include "story.h"
#include "transaction.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: stm-contention explain DIR TRANSACTION\n"
    "Tells what one transaction did, who won against it, what became of its operation, and who lost to it.\n"
    "TRANSACTION is an id, as reports, stm_txn_id() and stm_txn_explain() tell it; where a recording has several stores\n"
    "or processes, STORE:ID or PROCESS:STORE:ID.\n"
    "\n"
    "  -h, --help  this text\n"
    "\n"
    "Exit status: 0 done, 1 done, but the recording is incomplete, 2 wrong usage, 3 no result.\n";

enum { PLACE_COUNT_MAX = 8, WINNER_COUNT_MAX = 4096, LINE_COUNT_MAX = 20000 };

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
    place place;
    gathered found;
} gathering;

static void gather_one(gathering *gathering, GPtrArray *list, const event *event)
{
    if (list->len < LINE_COUNT_MAX)
        g_ptr_array_add(list, keep(event));
    else
        gathering->found.cut = true;
}

static bool gather(void *context, const event *event)
{
    gathering *gathering = context;
    const place *place = &gathering->place;
    uint64_t txn = gathering->search->wanted.txn;
    if (event->pid != place->pid || event->store != place->store)
        return true;
    if (event->txn == txn)
        gather_one(gathering, gathering->found.own, event);
    if (place->op != 0 && event->op == place->op && story_is_outcome(event))
        gather_one(gathering, gathering->found.attempts, event);
    if ((event->kind == EVENT_COMMIT || event->kind == EVENT_PUBLISH) &&
        g_hash_table_contains(gathering->search->winners, &event->txn))
        gather_one(gathering, gathering->found.winners, event);
    if (event->winner_txn == txn && (event->kind == EVENT_CONFLICT || event->kind == EVENT_BUSY))
        gather_one(gathering, gathering->found.victims, event);
    return true;
}

/* -------------------------------------------------------------------------------- command -- */

static void read_with(const char *path, bool (*listener)(void *, const event *), void *context, trace_facts *facts)
{
    reader_options options = {.every_field = true, .progress = true, .event = listener, .context = context};
    load_events(path, &options, facts);
}

static GPtrArray *new_list(void)
{
    return g_ptr_array_new_with_free_func(drop);
}

static int explain(const char *path, const char *name, const transaction *wanted)
{
    trace_facts facts = {0};
    search search = {.wanted = *wanted, .winners = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL)};
    read_with(path, look, &search, &facts);
    check_places(&search, path, name);
    trace_facts_free(&facts);

    gathering gathering = {&search, search.places[0],
                           {wanted->txn, search.begin_ns, new_list(), new_list(), new_list(), new_list(), false}};
    read_with(path, gather, &gathering, &facts);
    story_tell(&gathering.found, &facts);
    int status = facts.truncated || facts.lost_events > 0 || facts.lost_packets > 0 ? EXIT_PARTLY : EXIT_WHOLE;
    g_ptr_array_unref(gathering.found.own);
    g_ptr_array_unref(gathering.found.attempts);
    g_ptr_array_unref(gathering.found.winners);
    g_ptr_array_unref(gathering.found.victims);
    g_hash_table_unref(search.winners);
    trace_facts_free(&facts);
    return status;
}

int explain_main(int argc, char **argv)
{
    static const struct option long_options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    transaction wanted;
    int option;
    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (option != 'h')
            fail(EXIT_USAGE, "see stm-contention explain --help");
        fputs(help, stdout);
        return EXIT_WHOLE;
    }
    if (argc - optind != 2)
        fail(EXIT_USAGE, "explain wants a folder and a transaction; see stm-contention explain --help");
    if (!transaction_parse(argv[optind + 1], &wanted))
        fail(EXIT_USAGE, "%s: not a transaction; it is a number, STORE:NUMBER, or PROCESS:STORE:NUMBER", argv[optind + 1]);
    int status = explain(argv[optind], argv[optind + 1], &wanted);
    close_output();
    return status;
}
