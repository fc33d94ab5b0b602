#include "history_log.h"

#include "kept.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *demand(void *memory)
{
    if (memory == NULL) {
        perror("history: allocation");
        exit(2);
    }
    return memory;
}

void *history_make(size_t count, size_t size)
{
    return demand(calloc(count == 0 ? 1 : count, size));
}

/* ----------------------------------------------------------------------------- writing -- */

void history_open(history *history, unsigned thread_count, uint32_t key_count, uint64_t slack)
{
    history->thread_count = thread_count;
    history->key_count = key_count;
    history->slack = slack;
    history->logs = history_make(thread_count, sizeof *history->logs);
    history->initial = history_make(key_count, sizeof *history->initial);
    for (uint32_t i = 0; i < thread_count; i++)
        history->logs[i].thread = i;
    for (uint32_t i = 0; i < key_count; i++)
        history->initial[i].key = i;
}

void history_close(history *history)
{
    for (unsigned i = 0; i < history->thread_count; i++) {
        free(history->logs[i].nodes);
        free(history->logs[i].cells);
        free(history->logs[i].claims);
    }
    free(history->logs);
    free(history->initial);
}

void history_clear(history *history)
{
    for (unsigned i = 0; i < history->thread_count; i++) {
        history->logs[i].node_count = history->logs[i].cell_count = history->logs[i].claim_count = 0;
        history->logs[i].fault_by = ORACLE_NONE;
    }
}

/* Room for one more. */
static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity * 2 + 64;
    return demand(realloc(array, *capacity * size));
}

static history_node *last_node(history_log *log)
{
    return &log->nodes[log->node_count - 1];
}

void history_node_open(history_log *log, uint64_t begin)
{
    log->nodes = grow(log->nodes, log->node_count, &log->node_capacity, sizeof *log->nodes);
    log->nodes[log->node_count++] = (history_node){
        .thread = log->thread, .read_first = log->cell_count, .write_first = log->cell_count, .begin = begin};
}

static void add_cell(history_log *log, uint32_t key, uint64_t version, uint64_t value)
{
    log->cells = grow(log->cells, log->cell_count, &log->cell_capacity, sizeof *log->cells);
    log->cells[log->cell_count++] = (history_cell){key, version, value};
}

void history_read(history_log *log, uint32_t key, uint64_t version, uint64_t value)
{
    add_cell(log, key, version, value);
    last_node(log)->read_count++;
    last_node(log)->write_first = log->cell_count;
}

void history_write(history_log *log, uint32_t key, uint64_t version, uint64_t value)
{
    add_cell(log, key, version, value);
    last_node(log)->write_count++;
}

void history_node_end(history_log *log, history_outcome outcome, uint64_t end, uint64_t id)
{
    last_node(log)->outcome = outcome;
    last_node(log)->end = end;
    last_node(log)->id = id;
}

void history_revise(history_log *log, uint64_t revision)
{
    last_node(log)->revision = revision;
}

void history_claim_writer(history_log *log, const history_claim *claim)
{
    log->claims = grow(log->claims, log->claim_count, &log->claim_capacity, sizeof *log->claims);
    log->claims[log->claim_count++] = *claim;
}

void history_fault(history_log *log, oracle by, const char *format, ...)
{
    if (log->fault_by != ORACLE_NONE || oracle_is_silent(by))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(log->fault, sizeof log->fault, format, arguments);
    va_end(arguments);
    log->fault_by = by;
}

void history_continue(history *history)
{
    for (unsigned i = 0; i < history->thread_count; i++) {
        const history_log *log = &history->logs[i];
        for (size_t j = 0; j < log->node_count; j++) {
            const history_node *node = &log->nodes[j];
            for (size_t k = 0; node->outcome == HISTORY_COMMITTED && k < node->write_count; k++) {
                const history_cell *cell = &log->cells[node->write_first + k];
                if (cell->version > history->initial[cell->key].version)
                    history->initial[cell->key] = *cell;
            }
        }
    }
    history_clear(history);
}

/* The arrays only grow, so that there is room for what was in them. */
char *history_save(const history *history, char *to)
{
    for (unsigned i = 0; i < history->thread_count; i++) {
        const history_log *log = &history->logs[i];
        size_t counts[] = {log->node_count, log->cell_count, log->claim_count, log->fault_by};
        to = kept_write(to, counts, sizeof counts);
        if (log->node_count > 0)
            to = kept_write(to, log->nodes, log->node_count * sizeof *log->nodes);
        if (log->cell_count > 0)
            to = kept_write(to, log->cells, log->cell_count * sizeof *log->cells);
        if (log->claim_count > 0)
            to = kept_write(to, log->claims, log->claim_count * sizeof *log->claims);
        if (log->fault_by != ORACLE_NONE)
            to = kept_write(to, log->fault, sizeof log->fault);
    }
    return to;
}

const char *history_load(history *history, const char *from)
{
    for (unsigned i = 0; i < history->thread_count; i++) {
        history_log *log = &history->logs[i];
        size_t counts[4];
        from = kept_read(from, counts, sizeof counts);
        log->node_count = counts[0];
        log->cell_count = counts[1];
        log->claim_count = counts[2];
        log->fault_by = (oracle)counts[3];
        if (log->node_count > 0)
            from = kept_read(from, log->nodes, log->node_count * sizeof *log->nodes);
        if (log->cell_count > 0)
            from = kept_read(from, log->cells, log->cell_count * sizeof *log->cells);
        if (log->claim_count > 0)
            from = kept_read(from, log->claims, log->claim_count * sizeof *log->claims);
        if (log->fault_by != ORACLE_NONE)
            from = kept_read(from, log->fault, sizeof log->fault);
    }
    return from;
}

oracle history_faults(const history *history, char *text, size_t size)
{
    for (unsigned i = 0; i < history->thread_count; i++)
        if (history->logs[i].fault_by != ORACLE_NONE) {
            snprintf(text, size, "thread %u: %s", i, history->logs[i].fault);
            return history->logs[i].fault_by;
        }
    return ORACLE_NONE;
}

/* ------------------------------------------------------------------------- renumbering -- */

/* Where the version stands among those that the key had; one that it never had stands behind all of them. */
static uint64_t place_of(const history *history, uint32_t key, uint64_t version)
{
    uint64_t initial = history->initial[key].version, before = 0, all = 0;
    bool known = version == initial;
    for (unsigned i = 0; i < history->thread_count; i++)
        for (size_t j = 0; j < history->logs[i].node_count; j++) {
            const history_node *node = &history->logs[i].nodes[j];
            const history_cell *writes = history_cells(&history->logs[i]) + node->write_first;
            for (size_t k = 0; node->outcome == HISTORY_COMMITTED && k < node->write_count; k++) {
                known |= writes[k].key == key && writes[k].version == version;
                before += writes[k].key == key && writes[k].version < version;
                all += writes[k].key == key;
            }
        }
    return known ? initial + before + (version != initial) : initial + all + 1;
}

static uint64_t renumbered(const history *history, uint32_t key, uint64_t version)
{
    return version == HISTORY_UNKNOWN ? version : place_of(history, key, version);
}

/* The numbers are all found before the first one is changed. */
void history_renumber(history *history)
{
    uint64_t **places = history_make(history->thread_count, sizeof *places);
    for (unsigned i = 0; i < history->thread_count; i++) {
        const history_log *log = &history->logs[i];
        places[i] = history_make(log->cell_count + log->claim_count + 1, sizeof *places[i]);
        for (size_t j = 0; j < log->cell_count; j++)
            places[i][j] = renumbered(history, log->cells[j].key, log->cells[j].version);
        for (size_t j = 0; j < log->claim_count; j++)
            places[i][log->cell_count + j] = renumbered(history, log->claims[j].key, log->claims[j].version);
    }
    for (unsigned i = 0; i < history->thread_count; i++) {
        history_log *log = &history->logs[i];
        for (size_t j = 0; j < log->cell_count; j++)
            log->cells[j].version = places[i][j];
        for (size_t j = 0; j < log->claim_count; j++)
            log->claims[j].version = places[i][log->cell_count + j];
        free(places[i]);
    }
    free(places);
}
