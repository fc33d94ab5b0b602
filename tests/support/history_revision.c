/*
 * What revisions promise: who saw or overwrote another's value has a revision that is not smaller (libstm's
 * claim 2), and a snapshot is the state after all commits up to its own (claim 3). Commits that no
 * snapshot can tell apart have the same one.
 */
#include "history_check.h"

#include <stdio.h>
#include <stdlib.h>

/* Every version of every key, in order: a key's first one is the initial one. */
struct table {
    const history *history;
    size_t *first; /* of a key; one more at the end */
    uint64_t *revisions; /* 0: not known, or initial */
    uint64_t *values;
    char *text;
    size_t size;
};

static bool is_commit(const history_node *node)
{
    return node->outcome == HISTORY_COMMITTED;
}

/* SIZE_MAX: there is no such version. */
static size_t place_of(const struct table *table, uint32_t key, uint64_t version)
{
    uint64_t initial = table->history->initial[key].version;
    size_t count = table->first[key + 1] - table->first[key];
    return version < initial || version - initial >= count ? SIZE_MAX : table->first[key] + (version - initial);
}

typedef bool visit_node(struct table *table, const history_log *log, const history_node *node);

static bool for_each_node(struct table *table, visit_node *visit)
{
    const history *history = table->history;
    bool good = true;
    for (unsigned i = 0; i < history->thread_count && good; i++)
        for (size_t j = 0; j < history->logs[i].node_count && good; j++)
            good = visit(table, &history->logs[i], &history->logs[i].nodes[j]);
    return good;
}

static bool count_writes(struct table *table, const history_log *log, const history_node *node)
{
    for (size_t i = 0; is_commit(node) && i < node->write_count; i++)
        table->first[log->cells[node->write_first + i].key + 1]++;
    return true;
}

static bool enter_writes(struct table *table, const history_log *log, const history_node *node)
{
    for (size_t i = 0; is_commit(node) && i < node->write_count; i++) {
        const history_cell *cell = &log->cells[node->write_first + i];
        size_t place = place_of(table, cell->key, cell->version);
        if (place == SIZE_MAX)
            continue; /* history_check objects to it */
        table->revisions[place] = node->revision;
        table->values[place] = cell->value;
    }
    return true;
}

static void open_table(struct table *table)
{
    uint32_t key_count = table->history->key_count;
    table->first = history_make(key_count + 1, sizeof *table->first);
    for (uint32_t key = 0; key < key_count; key++)
        table->first[key + 1] = 1;
    for_each_node(table, count_writes);
    for (uint32_t key = 0; key < key_count; key++)
        table->first[key + 1] += table->first[key];
    table->revisions = history_make(table->first[key_count], sizeof *table->revisions);
    table->values = history_make(table->first[key_count], sizeof *table->values);
    for (uint32_t key = 0; key < key_count; key++)
        table->values[table->first[key]] = table->history->initial[key].value;
    for_each_node(table, enter_writes);
}

static void close_table(struct table *table)
{
    free(table->first);
    free(table->revisions);
    free(table->values);
}

static bool wrong(struct table *table, const history_node *node, const history_cell *cell, const char *verb,
                  uint64_t version, uint64_t revision)
{
    snprintf(table->text, table->size, "thread %u, revision %llu, %s key %u at version %llu, which is of revision %llu",
             node->thread, (unsigned long long)node->revision, verb, cell->key, (unsigned long long)version,
             (unsigned long long)revision);
    return false;
}

/* ------------------------------------------------------------------------------ commits -- */

static uint64_t revision_at(const struct table *table, uint32_t key, uint64_t version)
{
    size_t place = place_of(table, key, version);
    return place == SIZE_MAX ? 0 : table->revisions[place];
}

static bool check_commit(struct table *table, const history_log *log, const history_node *node)
{
    if (!is_commit(node) || node->revision == 0)
        return true;
    for (size_t i = 0; i < node->read_count; i++) {
        const history_cell *cell = &log->cells[node->read_first + i];
        uint64_t seen = revision_at(table, cell->key, cell->version);
        if (seen > node->revision)
            return wrong(table, node, cell, "read", cell->version, seen);
        /* A commit that wrote nothing is told the clock's value after it has checked its reads. */
        uint64_t next = node->write_count == 0 ? 0 : revision_at(table, cell->key, cell->version + 1);
        if (next != 0 && next < node->revision)
            return wrong(table, node, cell, "read what was overwritten by", cell->version + 1, next);
    }
    for (size_t i = 0; i < node->write_count; i++) {
        const history_cell *cell = &log->cells[node->write_first + i];
        uint64_t before = revision_at(table, cell->key, cell->version - 1);
        if (before > node->revision)
            return wrong(table, node, cell, "overwrote", cell->version - 1, before);
    }
    return true;
}

/* ---------------------------------------------------------------------------- snapshots -- */

/* The last version of a key up to a revision; SIZE_MAX: not all revisions are known. */
static size_t place_as_of(const struct table *table, uint32_t key, uint64_t revision)
{
    size_t place = table->first[key];
    for (size_t i = place + 1; i < table->first[key + 1]; i++) {
        if (table->revisions[i] == 0)
            return SIZE_MAX;
        if (table->revisions[i] <= revision)
            place = i;
    }
    return place;
}

static bool check_snapshot(struct table *table, const history_log *log, const history_node *node)
{
    if (node->outcome != HISTORY_SNAPSHOT || node->revision == 0)
        return true;
    for (size_t i = 0; i < node->read_count; i++) {
        const history_cell *cell = &log->cells[node->read_first + i];
        size_t place = place_as_of(table, cell->key, node->revision);
        if (place == SIZE_MAX)
            continue;
        uint64_t version = table->history->initial[cell->key].version + (place - table->first[cell->key]);
        bool same_version = cell->version == HISTORY_UNKNOWN || cell->version == version;
        if (same_version && history_fits(table->values[place], cell->value))
            continue;
        snprintf(table->text, table->size,
                 "snapshot of thread %u, revision %llu, shows key %u at version %lld with value %llx; it should be "
                 "version %llu with %llx", node->thread, (unsigned long long)node->revision, cell->key,
                 (long long)cell->version, (unsigned long long)cell->value, (unsigned long long)version,
                 (unsigned long long)table->values[place]);
        return false;
    }
    return true;
}

oracle history_check_revisions(const history *history, char *text, size_t size)
{
    struct table table = {.history = history, .text = text, .size = size};
    oracle objector = ORACLE_NONE;
    open_table(&table);
    if (!oracle_is_silent(ORACLE_REVISION) && !for_each_node(&table, check_commit))
        objector = ORACLE_REVISION;
    else if (!oracle_is_silent(ORACLE_SNAPSHOT) && !for_each_node(&table, check_snapshot))
        objector = ORACLE_SNAPSHOT;
    close_table(&table);
    return objector;
}
