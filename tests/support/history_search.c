#include "history_check.h"

#include <stdio.h>
#include <stdlib.h>

#define SEARCH_NODE_MAX 64

struct search {
    const history *history;
    unsigned count;
    const history_node *nodes[SEARCH_NODE_MAX];
    const history_cell *cells[SEARCH_NODE_MAX];
    uint64_t earlier[SEARCH_NODE_MAX]; /* those that ended before it began, a bit a node */
    uint64_t *state;                   /* a key's value */
};

static bool search_from(struct search *search, uint64_t done);

static bool reads_match(const struct search *search, unsigned node)
{
    const history_cell *reads = search->cells[node] + search->nodes[node]->read_first;
    for (size_t i = 0; i < search->nodes[node]->read_count; i++)
        if (!history_fits(search->state[reads[i].key], reads[i].value))
            return false;
    return true;
}

static bool writes_nothing(const struct search *search, unsigned node)
{
    return search->nodes[node]->outcome != HISTORY_COMMITTED || search->nodes[node]->write_count == 0;
}

/* Puts the node next, tries the rest, and takes it back if that fails. */
static bool search_with(struct search *search, uint64_t done, unsigned node)
{
    const history_node *it = search->nodes[node];
    const history_cell *writes = search->cells[node] + it->write_first;
    uint64_t *saved = history_make(it->write_count, sizeof *saved);
    for (size_t i = 0; i < it->write_count; i++) {
        saved[i] = search->state[writes[i].key];
        search->state[writes[i].key] = writes[i].value;
    }
    bool good = search_from(search, done | UINT64_C(1) << node);
    for (size_t i = it->write_count; !good && i-- > 0;)
        search->state[writes[i].key] = saved[i];
    free(saved);
    return good;
}

static bool search_from(struct search *search, uint64_t done)
{
    if (done == (search->count == 64 ? UINT64_MAX : (UINT64_C(1) << search->count) - 1))
        return true;
    uint64_t ready = 0;
    for (unsigned i = 0; i < search->count; i++)
        if ((done >> i & 1) == 0 && (search->earlier[i] & ~done) == 0 && reads_match(search, i))
            ready |= UINT64_C(1) << i;
    /* One that writes nothing may as well come now: it stands in nobody's way. */
    for (unsigned i = 0; i < search->count; i++)
        if ((ready >> i & 1) != 0 && writes_nothing(search, i))
            return search_from(search, done | UINT64_C(1) << i);
    for (unsigned i = 0; i < search->count; i++)
        if ((ready >> i & 1) != 0 && search_with(search, done, i))
            return true;
    return false;
}

bool history_search(const history *history, char *text, size_t size)
{
    struct search search = {.history = history};
    text[0] = '\0';
    if (history_faults(history, text, size) != ORACLE_NONE)
        return false;
    for (unsigned i = 0; i < history->thread_count; i++)
        for (size_t j = 0; j < history->logs[i].node_count; j++) {
            if (history->logs[i].nodes[j].outcome == HISTORY_PEEK)
                continue;
            if (search.count == SEARCH_NODE_MAX) {
                snprintf(text, size, "more than %d nodes", SEARCH_NODE_MAX);
                return false;
            }
            search.nodes[search.count] = &history->logs[i].nodes[j];
            search.cells[search.count++] = history_cells(&history->logs[i]);
        }
    for (unsigned i = 0; i < search.count; i++)
        for (unsigned j = 0; j < search.count; j++)
            if (search.nodes[j]->end + history->slack < search.nodes[i]->begin)
                search.earlier[i] |= UINT64_C(1) << j;
    search.state = history_make(history->key_count, sizeof *search.state);
    for (uint32_t i = 0; i < history->key_count; i++)
        search.state[i] = history->initial[i].value;
    bool good = search_from(&search, 0);
    free(search.state);
    if (!good)
        snprintf(text, size, "no order of the %u nodes explains the values read", search.count);
    return good;
}
