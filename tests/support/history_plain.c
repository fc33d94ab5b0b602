/*
 * The cheap look: most histories are explained by the first order that comes to mind. Nodes are put one after the other,
 * each as soon as all that ended before it began is placed, its reads are what is there, and its writes are the next
 * versions. If that uses them all up, it is an order such as history_check and history_search look for, found without
 * taking anything back; then peeks, claims and revisions are compared with it. If not, nothing is said: they will tell.
 */
#include "history_check.h"

#define NODES_MAX 32
#define KEYS_MAX 16
#define VERSIONS_MAX 32 /* of a key */

struct version {
    const history_node *writer; /* NULL: it was there at first */
    uint64_t value;
};

struct order {
    const history *history;
    unsigned count;
    const history_node *nodes[NODES_MAX];
    const history_cell *cells[NODES_MAX];
    uint32_t earlier[NODES_MAX]; /* those that ended before it began, a bit a node */
    unsigned last[KEYS_MAX]; /* version, counted from the initial one */
    struct version versions[KEYS_MAX][VERSIONS_MAX];
};

/* It need not fit into the order. */
static bool is_peek(const history_node *node)
{
    return node->outcome == HISTORY_PEEK;
}

static bool number_nodes(struct order *order)
{
    const history *history = order->history;
    if (history->key_count > KEYS_MAX)
        return false;
    for (unsigned i = 0; i < history->thread_count; i++)
        for (size_t j = 0; j < history->logs[i].node_count; j++) {
            if (order->count == NODES_MAX)
                return false;
            order->nodes[order->count] = &history->logs[i].nodes[j];
            order->cells[order->count++] = history_cells(&history->logs[i]);
        }
    for (unsigned i = 0; i < order->count; i++) {
        order->earlier[i] = 0;
        for (unsigned j = 0; j < order->count; j++)
            order->earlier[i] |= (uint32_t)(!is_peek(order->nodes[j]) && order->nodes[j]->end + history->slack < order->nodes[i]->begin) << j;
    }
    for (uint32_t key = 0; key < history->key_count; key++) {
        order->last[key] = 0;
        order->versions[key][0] = (struct version){NULL, history->initial[key].value};
    }
    return true;
}

static bool publishes(const history_node *node)
{
    return node->outcome == HISTORY_COMMITTED && node->write_count > 0;
}

/* NULL: not there. */
static const struct version *version_at(const struct order *order, uint32_t key, uint64_t version)
{
    uint64_t place = version - order->history->initial[key].version;
    return place <= order->last[key] ? &order->versions[key][place] : NULL;
}

static bool comes_next(const struct order *order, unsigned number)
{
    const history_node *node = order->nodes[number];
    const history_cell *cell = order->cells[number] + node->read_first;
    for (size_t i = 0; i < node->read_count; i++, cell++) {
        unsigned last = order->last[cell->key];
        bool current = cell->version == HISTORY_UNKNOWN ||
                       cell->version == order->history->initial[cell->key].version + last;
        if (!current || !history_fits(order->versions[cell->key][last].value, cell->value))
            return false;
    }
    cell = order->cells[number] + node->write_first;
    for (size_t i = 0; publishes(node) && i < node->write_count; i++, cell++) {
        unsigned next = order->last[cell->key] + 1;
        if (next == VERSIONS_MAX || cell->version != order->history->initial[cell->key].version + next)
            return false;
    }
    return true;
}

static void place(struct order *order, unsigned number)
{
    const history_node *node = order->nodes[number];
    const history_cell *cell = order->cells[number] + node->write_first;
    for (size_t i = 0; publishes(node) && i < node->write_count; i++, cell++)
        order->versions[cell->key][++order->last[cell->key]] = (struct version){node, cell->value};
}

/* Those that write nothing first: they stand in nobody's way. */
static bool place_some(struct order *order, uint32_t *done, bool writers)
{
    for (unsigned i = 0; i < order->count; i++)
        if ((*done >> i & 1) == 0 && publishes(order->nodes[i]) == writers && (order->earlier[i] & ~*done) == 0 &&
            comes_next(order, i)) {
            place(order, i);
            *done |= UINT32_C(1) << i;
            return true;
        }
    return false;
}

static bool place_all(struct order *order)
{
    uint32_t done = 0;
    unsigned left = 0;
    for (unsigned i = 0; i < order->count; i++)
        if (is_peek(order->nodes[i]))
            done |= UINT32_C(1) << i;
        else
            left++;
    while (left > 0 && (place_some(order, &done, false) || place_some(order, &done, true)))
        left--;
    return left == 0;
}

/* ----------------------------------------------------------- peeks, claims and revisions -- */

/* The value was the key's at some time during the peek. */
static bool peek_fits(const struct order *order, const history_node *peek, const history_cell *cell)
{
    for (unsigned i = 0; i <= order->last[cell->key]; i++) {
        const struct version *version = &order->versions[cell->key][i];
        bool begun = version->writer == NULL || version->writer->begin <= peek->end;
        bool over = i < order->last[cell->key] && version[1].writer->end < peek->begin;
        if (begun && !over && history_fits(version->value, cell->value))
            return true;
    }
    return false;
}

static bool peeks_fit(const struct order *order)
{
    for (unsigned i = 0; i < order->count; i++)
        for (size_t j = 0; is_peek(order->nodes[i]) && j < order->nodes[i]->read_count; j++)
            if (!peek_fits(order, order->nodes[i], order->cells[i] + order->nodes[i]->read_first + j))
                return false;
    return true;
}

static bool claims_fit(const struct order *order)
{
    for (unsigned i = 0; i < order->history->thread_count; i++)
        for (size_t j = 0; j < order->history->logs[i].claim_count; j++) {
            const history_claim *claim = &order->history->logs[i].claims[j];
            const struct version *version = version_at(order, claim->key, claim->version);
            if (version == NULL)
                return false;
            const history_node *writer = version->writer;
            if (writer != NULL &&
                (writer->id != claim->id ||
                 (claim->thread != HISTORY_NO_THREAD && claim->thread != writer->thread) ||
                 (claim->revision != 0 && writer->revision != 0 && claim->revision != writer->revision)))
                return false;
        }
    return true;
}

/* 0: not known, or there is none. */
static uint64_t revision_at(const struct order *order, uint32_t key, uint64_t version)
{
    const struct version *it = version_at(order, key, version);
    return it == NULL || it->writer == NULL ? 0 : it->writer->revision;
}

static bool commit_fits(const struct order *order, unsigned number)
{
    const history_node *node = order->nodes[number];
    const history_cell *cell = order->cells[number] + node->read_first;
    for (size_t i = 0; i < node->read_count; i++, cell++) {
        uint64_t next = publishes(node) ? revision_at(order, cell->key, cell->version + 1) : 0;
        if (revision_at(order, cell->key, cell->version) > node->revision || (next != 0 && next < node->revision))
            return false;
    }
    cell = order->cells[number] + node->write_first;
    for (size_t i = 0; i < node->write_count; i++, cell++)
        if (revision_at(order, cell->key, cell->version - 1) > node->revision)
            return false;
    return true;
}

static bool snapshot_fits(const struct order *order, unsigned number)
{
    const history_node *node = order->nodes[number];
    const history_cell *cell = order->cells[number] + node->read_first;
    for (size_t i = 0; i < node->read_count; i++, cell++) {
        unsigned at = 0;
        for (unsigned j = 1; j <= order->last[cell->key]; j++) {
            uint64_t revision = order->versions[cell->key][j].writer->revision;
            if (revision == 0)
                return false;
            if (revision <= node->revision)
                at = j;
        }
        bool same = cell->version == HISTORY_UNKNOWN ||
                    cell->version == order->history->initial[cell->key].version + at;
        if (!same || !history_fits(order->versions[cell->key][at].value, cell->value))
            return false;
    }
    return true;
}

static bool revisions_fit(const struct order *order)
{
    for (unsigned i = 0; i < order->count; i++) {
        const history_node *node = order->nodes[i];
        if (node->revision == 0)
            continue;
        if ((node->outcome == HISTORY_COMMITTED && !commit_fits(order, i)) ||
            (node->outcome == HISTORY_SNAPSHOT && !snapshot_fits(order, i)))
            return false;
    }
    return true;
}

bool history_is_plain(const history *history)
{
    struct order order; /* most of it is never looked at */
    order.history = history;
    order.count = 0;
    for (unsigned i = 0; i < history->thread_count; i++)
        if (history->logs[i].fault_by != ORACLE_NONE)
            return false;
    return number_nodes(&order) && place_all(&order) && peeks_fit(&order) && claims_fit(&order) && revisions_fit(&order);
}
