#include "history_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY UINT32_MAX

/* One version of one key: who wrote it, and what. */
struct version {
    uint32_t writer; /* NOBODY: initial, or not found yet */
    uint64_t value;  /* HISTORY_UNKNOWN: it fits all */
};

/* Nodes are numbered through all logs. Behind them, as many moments, in order of the nodes' ends: node ->
 * the moment of its end -> the next moment; the last moment before a node's begin -> the node. */
struct graph {
    const history *history;
    uint32_t node_count;
    const history_node **nodes;
    const history_cell **cells; /* a node's log's cells */
    size_t *version_first;      /* a key's first version in versions: the initial one */
    struct version *versions;
    uint32_t *by_end;           /* nodes in order of end */
    size_t *edge_first;         /* of node or moment; one more at the end */
    uint32_t *edges;
    char *text;
    size_t text_size;
};

static void explain(struct graph *graph, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void explain(struct graph *graph, const char *format, ...)
{
    size_t used = strlen(graph->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(graph->text + used, graph->text_size - used, format, arguments);
    va_end(arguments);
}

static const history_cell *reads_of(const struct graph *graph, uint32_t node)
{
    return graph->cells[node] + graph->nodes[node]->read_first;
}

static const history_cell *writes_of(const struct graph *graph, uint32_t node)
{
    return graph->cells[node] + graph->nodes[node]->write_first;
}

static bool publishes(const struct graph *graph, uint32_t node)
{
    return graph->nodes[node]->outcome == HISTORY_COMMITTED;
}

static uint64_t last_version(const struct graph *graph, uint32_t key)
{
    return graph->history->initial[key].version +
           (graph->version_first[key + 1] - graph->version_first[key]) - 1;
}

/* NULL: the key never had that version. */
static struct version *version_at(const struct graph *graph, uint32_t key, uint64_t version)
{
    uint64_t initial = graph->history->initial[key].version;
    if (version < initial || version > last_version(graph, key))
        return NULL;
    return &graph->versions[graph->version_first[key] + (version - initial)];
}

static void number_nodes(struct graph *graph)
{
    const history *history = graph->history;
    size_t count = 0;
    for (unsigned i = 0; i < history->thread_count; i++)
        count += history->logs[i].node_count;
    graph->node_count = (uint32_t)count;
    graph->nodes = history_make(count, sizeof *graph->nodes);
    graph->cells = history_make(count, sizeof *graph->cells);
    graph->by_end = history_make(count, sizeof *graph->by_end);
    uint32_t number = 0;
    for (unsigned i = 0; i < history->thread_count; i++)
        for (size_t j = 0; j < history->logs[i].node_count; j++, number++) {
            graph->nodes[number] = &history->logs[i].nodes[j];
            graph->cells[number] = history_cells(&history->logs[i]);
        }
}

static void make_versions(struct graph *graph)
{
    const history *history = graph->history;
    graph->version_first = history_make(history->key_count + 1, sizeof *graph->version_first);
    for (uint32_t key = 0; key < history->key_count; key++)
        graph->version_first[key + 1] = 1; /* how many, at first */
    for (uint32_t node = 0; node < graph->node_count; node++)
        for (size_t i = 0; publishes(graph, node) && i < graph->nodes[node]->write_count; i++)
            graph->version_first[writes_of(graph, node)[i].key + 1]++;
    for (uint32_t key = 0; key < history->key_count; key++)
        graph->version_first[key + 1] += graph->version_first[key];
    graph->versions = history_make(graph->version_first[history->key_count], sizeof *graph->versions);
    for (size_t i = 0; i < graph->version_first[history->key_count]; i++)
        graph->versions[i].writer = NOBODY;
    for (uint32_t key = 0; key < history->key_count; key++)
        graph->versions[graph->version_first[key]].value = history->initial[key].value;
}

/* As many versions as writes, each written once, none the initial one: so none is skipped. */
static bool enter_writes(struct graph *graph, uint32_t node)
{
    for (size_t i = 0; i < graph->nodes[node]->write_count; i++) {
        const history_cell *cell = &writes_of(graph, node)[i];
        struct version *version = version_at(graph, cell->key, cell->version);
        bool initial = version != NULL && cell->version == graph->history->initial[cell->key].version;
        if (version == NULL || initial || version->writer != NOBODY) {
            explain(graph, "key %u: version %llu published by node %u (thread %u)", cell->key,
                    (unsigned long long)cell->version, node, graph->nodes[node]->thread);
            if (version == NULL)
                explain(graph, ", but there were commits for versions up to %llu only: one was skipped",
                        (unsigned long long)last_version(graph, cell->key));
            else if (initial)
                explain(graph, ", but it was there from the beginning");
            else
                explain(graph, " and by node %u (thread %u) too: an update was lost", version->writer,
                        graph->nodes[version->writer]->thread);
            return false;
        }
        version->writer = node;
        version->value = cell->value;
    }
    return true;
}

/* A cell without a version (an absent key in a snapshot) speaks of no version in particular. */
static bool is_placed(const history_cell *cell)
{
    return cell->version != HISTORY_UNKNOWN;
}

/* The value was the key's at some time during the node. */
static bool was_current(const struct graph *graph, uint32_t node, const history_cell *cell)
{
    const history_node *it = graph->nodes[node];
    for (size_t i = graph->version_first[cell->key]; i < graph->version_first[cell->key + 1]; i++) {
        const struct version *version = &graph->versions[i];
        bool last = i + 1 == graph->version_first[cell->key + 1];
        const struct version *next = last ? NULL : version + 1;
        bool begun = version->writer == NOBODY || graph->nodes[version->writer]->begin <= it->end;
        bool over = next != NULL && graph->nodes[next->writer]->end < it->begin;
        if (begun && !over && history_fits(version->value, cell->value))
            return true;
    }
    return false;
}

static bool check_peek(struct graph *graph, uint32_t node)
{
    for (size_t i = 0; i < graph->nodes[node]->read_count; i++) {
        const history_cell *cell = &reads_of(graph, node)[i];
        if (was_current(graph, node, cell))
            continue;
        explain(graph, "thread %u peeked at key %u and saw %llx, which was not its value then",
                graph->nodes[node]->thread, cell->key, (unsigned long long)cell->value);
        return false;
    }
    return true;
}

static bool check_reads(struct graph *graph, uint32_t node)
{
    if (graph->nodes[node]->outcome == HISTORY_PEEK)
        return check_peek(graph, node);
    for (size_t i = 0; i < graph->nodes[node]->read_count; i++) {
        const history_cell *cell = &reads_of(graph, node)[i];
        const struct version *version = version_at(graph, cell->key, cell->version);
        if (!is_placed(cell) || (version != NULL && history_fits(version->value, cell->value)))
            continue;
        explain(graph, "key %u: node %u (thread %u) read version %llu with value %llx", cell->key, node,
                graph->nodes[node]->thread, (unsigned long long)cell->version,
                (unsigned long long)cell->value);
        if (version == NULL)
            explain(graph, ", a version that nobody published");
        else
            explain(graph, ", but that version's value is %llx", (unsigned long long)version->value);
        return false;
    }
    return true;
}

static bool check_claim(struct graph *graph, const history_claim *claim)
{
    const struct version *version = version_at(graph, claim->key, claim->version);
    if (version != NULL && version->writer == NOBODY) /* initial: by whom is not known here */
        return true;
    const history_node *writer = version == NULL ? NULL : graph->nodes[version->writer];
    if (writer != NULL && writer->id == claim->id &&
        (claim->thread == HISTORY_NO_THREAD || claim->thread == writer->thread) &&
        (claim->revision == 0 || writer->revision == 0 || claim->revision == writer->revision))
        return true;
    explain(graph, "key %u: version %llu is said to be of transaction %llu (thread %d, revision %llu), but ",
            claim->key, (unsigned long long)claim->version, (unsigned long long)claim->id, (int)claim->thread,
            (unsigned long long)claim->revision);
    if (writer == NULL)
        explain(graph, "nobody published it");
    else
        explain(graph, "it is of %llu (thread %u, revision %llu)", (unsigned long long)writer->id,
                writer->thread, (unsigned long long)writer->revision);
    return false;
}

static bool check_claims(struct graph *graph)
{
    for (unsigned i = 0; i < graph->history->thread_count; i++)
        for (size_t j = 0; j < graph->history->logs[i].claim_count; j++)
            if (!check_claim(graph, &graph->history->logs[i].claims[j]))
                return false;
    return true;
}

static bool enter_cells(struct graph *graph)
{
    for (uint32_t node = 0; node < graph->node_count; node++)
        if (publishes(graph, node) && !enter_writes(graph, node))
            return false;
    for (uint32_t node = 0; node < graph->node_count; node++)
        if (!check_reads(graph, node))
            return false;
    return true;
}

/* ----------------------------------------------------------------------------- edges -- */

typedef void edge_visit(void *context, uint32_t from, uint32_t to);

static void visit_version_edges(const struct graph *graph, uint32_t node, edge_visit *visit, void *context)
{
    for (size_t i = 0; i < graph->nodes[node]->read_count; i++) {
        const history_cell *cell = &reads_of(graph, node)[i];
        if (!is_placed(cell))
            continue;
        uint32_t writer = version_at(graph, cell->key, cell->version)->writer;
        if (writer != NOBODY && writer != node)
            visit(context, writer, node); /* wr */
        const struct version *next = version_at(graph, cell->key, cell->version + 1);
        if (next != NULL && next->writer != node)
            visit(context, node, next->writer); /* rw */
    }
    for (size_t i = 0; publishes(graph, node) && i < graph->nodes[node]->write_count; i++) {
        const history_cell *cell = &writes_of(graph, node)[i];
        uint32_t before = version_at(graph, cell->key, cell->version - 1)->writer;
        if (before != NOBODY && before != node)
            visit(context, before, node); /* ww */
    }
}

/* How many nodes ended (with slack) before the moment. */
static uint32_t ended_before(const struct graph *graph, uint64_t moment)
{
    uint32_t low = 0, high = graph->node_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (graph->nodes[graph->by_end[middle]]->end + graph->history->slack < moment)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void visit_edges(const struct graph *graph, edge_visit *visit, void *context)
{
    uint32_t count = graph->node_count;
    for (uint32_t node = 0; node < count; node++) {
        visit_version_edges(graph, node, visit, context);
        uint32_t ended = ended_before(graph, graph->nodes[node]->begin);
        if (ended > 0)
            visit(context, count + ended - 1, node);
    }
    for (uint32_t i = 0; i < count; i++) {
        visit(context, graph->by_end[i], count + i);
        if (i + 1 < count)
            visit(context, count + i, count + i + 1);
    }
}

static void count_edge(void *context, uint32_t from, uint32_t to)
{
    struct graph *graph = context;
    (void)to;
    graph->edge_first[from + 1]++;
}

/* edge_first[from] moves to the end of from's edges, which is where the next one's begin. */
static void enter_edge(void *context, uint32_t from, uint32_t to)
{
    struct graph *graph = context;
    graph->edges[graph->edge_first[from]++] = to;
}

struct ending {
    uint64_t end;
    uint32_t node;
};

static int compare_endings(const void *a, const void *b)
{
    uint64_t x = ((const struct ending *)a)->end, y = ((const struct ending *)b)->end;
    return (x > y) - (x < y);
}

static void sort_by_end(struct graph *graph)
{
    struct ending *endings = history_make(graph->node_count, sizeof *endings);
    for (uint32_t i = 0; i < graph->node_count; i++)
        endings[i] = (struct ending){graph->nodes[i]->end, i};
    qsort(endings, graph->node_count, sizeof *endings, compare_endings);
    for (uint32_t i = 0; i < graph->node_count; i++)
        graph->by_end[i] = endings[i].node;
    free(endings);
}

static void make_edges(struct graph *graph)
{
    size_t vertices = (size_t)graph->node_count * 2;
    sort_by_end(graph);
    graph->edge_first = history_make(vertices + 1, sizeof *graph->edge_first);
    visit_edges(graph, count_edge, graph);
    for (size_t i = 0; i < vertices; i++)
        graph->edge_first[i + 1] += graph->edge_first[i];
    graph->edges = history_make(graph->edge_first[vertices], sizeof *graph->edges);
    visit_edges(graph, enter_edge, graph);
    memmove(graph->edge_first + 1, graph->edge_first, vertices * sizeof *graph->edge_first);
    graph->edge_first[0] = 0;
}

/* ----------------------------------------------------------------------------- cycles -- */

/* Takes away, again and again, what nothing comes before (Kahn, 1962). before[v]: how many edges lead
 * to v from what is left; 0 for all if there is no cycle. */
static bool take_apart(const struct graph *graph, uint32_t *before)
{
    uint32_t vertices = graph->node_count * 2, taken = 0, known = 0;
    uint32_t *queue = history_make(vertices, sizeof *queue);
    for (size_t i = 0; i < graph->edge_first[vertices]; i++)
        before[graph->edges[i]]++;
    for (uint32_t i = 0; i < vertices; i++)
        if (before[i] == 0)
            queue[known++] = i;
    for (; taken < known; taken++)
        for (size_t i = graph->edge_first[queue[taken]]; i < graph->edge_first[queue[taken] + 1]; i++)
            if (--before[graph->edges[i]] == 0)
                queue[known++] = graph->edges[i];
    free(queue);
    return known == vertices;
}

/* The shortest way from start back to it, among what is left: came_from[v]. Returns its length, 0: none. */
static uint32_t shortest_cycle(const struct graph *graph, const uint32_t *before, uint32_t start,
                               uint32_t *came_from)
{
    uint32_t vertices = graph->node_count * 2, taken = 0, known = 0;
    uint32_t *queue = history_make(vertices, sizeof *queue);
    uint32_t *distance = history_make(vertices, sizeof *distance);
    uint32_t length = 0;
    queue[known++] = start;
    while (taken < known && length == 0) {
        uint32_t from = queue[taken++];
        for (size_t i = graph->edge_first[from]; i < graph->edge_first[from + 1] && length == 0; i++) {
            uint32_t to = graph->edges[i];
            if (before[to] == 0 || distance[to] != 0)
                continue;
            came_from[to] = from;
            distance[to] = distance[from] + 1;
            if (to == start)
                length = distance[to];
            else
                queue[known++] = to;
        }
    }
    free(queue);
    free(distance);
    return length;
}

static void explain_cells(struct graph *graph, const char *verb, const history_cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        explain(graph, is_placed(&cells[i]) ? "%s key %u v%lld" : "%s key %u absent", i == 0 ? verb : ",",
                cells[i].key, (long long)cells[i].version);
}

static void explain_node(struct graph *graph, uint32_t node)
{
    static const char *const outcomes[] = {"committed", "failed", "snapshot", "peek"};
    const history_node *it = graph->nodes[node];
    explain(graph, "\n    node %u, thread %u, %s, %llu..%llu:", node, it->thread, outcomes[it->outcome],
            (unsigned long long)it->begin, (unsigned long long)it->end);
    explain_cells(graph, " read", reads_of(graph, node), it->read_count);
    if (publishes(graph, node))
        explain_cells(graph, " wrote", writes_of(graph, node), it->write_count);
}

struct edge_reason {
    uint32_t from, to;
    bool found;
};

static void match_edge(void *context, uint32_t from, uint32_t to)
{
    struct edge_reason *reason = context;
    reason->found |= from == reason->from && to == reason->to;
}

static const char *reason_of(const struct graph *graph, uint32_t from, uint32_t to)
{
    struct edge_reason reason = {from, to, false};
    visit_version_edges(graph, from, match_edge, &reason);
    visit_version_edges(graph, to, match_edge, &reason);
    return reason.found ? "comes, by its versions, before" : "ended before the begin of";
}

/* Tries some beginnings: the shortest cycle is the easiest to understand. */
static void explain_cycle(struct graph *graph, const uint32_t *before)
{
    uint32_t *came_from = history_make((size_t)graph->node_count * 2, sizeof *came_from);
    uint32_t best = 0, best_length = 0, tried = 0;
    for (uint32_t i = 0; i < graph->node_count && tried < 200; i++) {
        if (before[i] == 0)
            continue;
        tried++;
        uint32_t length = shortest_cycle(graph, before, i, came_from);
        if (length > 0 && (best_length == 0 || length < best_length)) {
            best_length = length;
            best = i;
        }
    }
    explain(graph, "no order explains these, each of which must come before the one above it:");
    shortest_cycle(graph, before, best, came_from);
    explain_node(graph, best);
    for (uint32_t to = best, at = came_from[best];; at = came_from[at]) {
        if (at >= graph->node_count)
            continue; /* a moment */
        explain(graph, "\n      ^ %s", reason_of(graph, at, to));
        explain_node(graph, at);
        if (at == best)
            break;
        to = at;
    }
    free(came_from);
}

static bool check_order(struct graph *graph)
{
    make_edges(graph);
    uint32_t *before = history_make((size_t)graph->node_count * 2, sizeof *before);
    bool good = take_apart(graph, before);
    if (!good)
        explain_cycle(graph, before);
    free(before);
    return good;
}

/* Whatever else is wrong, claims and cycles are about versions that are there: once. */
static oracle judge_versions(struct graph *graph)
{
    if (!enter_cells(graph))
        return oracle_is_silent(ORACLE_HISTORY) ? ORACLE_NONE : ORACLE_HISTORY;
    if (!oracle_is_silent(ORACLE_WINNER) && !check_claims(graph))
        return ORACLE_WINNER;
    if (!oracle_is_silent(ORACLE_HISTORY) && !check_order(graph))
        return ORACLE_HISTORY;
    return ORACLE_NONE;
}

oracle history_judge(const history *history, char *text, size_t size)
{
    text[0] = '\0';
    oracle objector = history_faults(history, text, size);
    if (objector != ORACLE_NONE)
        return objector;
    struct graph graph = {.history = history, .text = text, .text_size = size};
    number_nodes(&graph);
    make_versions(&graph);
    objector = judge_versions(&graph);
    free(graph.nodes);
    free(graph.cells);
    free(graph.by_end);
    free(graph.version_first);
    free(graph.versions);
    free(graph.edge_first);
    free(graph.edges);
    return objector != ORACLE_NONE ? objector : history_check_revisions(history, text, size);
}

bool history_check(const history *history, char *text, size_t size)
{
    return history_judge(history, text, size) == ORACLE_NONE;
}
