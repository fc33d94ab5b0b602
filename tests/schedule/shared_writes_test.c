/*
 * What an operation writes is what it costs the other cores: a line that one core writes, every other
 * must fetch again. So, by count and not by time:
 *
 *     a read-only transaction writes nothing that another one, or a commit, reads or writes: it has
 *         its slot to itself (promise: readers are free)
 *     a look into a snapshot writes one line: of the slot that it claims for the call, which serves
 *         no transaction
 *     two commits without a common key write no common line, and neither writes a line that the other
 *         reads (promise: disjoint commits do not meet)
 *
 * Two actors do the same thing, one after the other, and the lines that each touched are compared. The table
 * printed tells what every operation costs in accesses. In the testing build entering an epoch is an
 * exchange (an "rmw"); else it is a plain store, where the kernel has membarrier(2).
 */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_COUNT_MAX 4096

struct footprint {
    unsigned loads, stores, rmws;
    uintptr_t read[LINE_COUNT_MAX], written[LINE_COUNT_MAX];
    unsigned read_count, written_count;
};

static struct footprint footprints[2];
static struct footprint *present; /* NULL: nothing is counted */
static int failures;

/* ---------------------------------------------------------------------------- counting -- */

static bool contains(const uintptr_t *lines, unsigned count, uintptr_t line)
{
    for (unsigned i = 0; i < count; i++)
        if (lines[i] == line)
            return true;
    return false;
}

static void add(uintptr_t *lines, unsigned *count, uintptr_t line)
{
    if (contains(lines, *count, line))
        return;
    if (*count == LINE_COUNT_MAX) {
        fprintf(stderr, "shared_writes: too many lines\n");
        exit(2);
    }
    lines[(*count)++] = line;
}

static void count_access(const stmi_access *access)
{
    uintptr_t line = (uintptr_t)access->address / STMI_LINE;
    if (present == NULL || access->kind == STMI_SPIN)
        return;
    present->loads += access->kind == STMI_LOAD;
    present->stores += access->kind == STMI_STORE;
    present->rmws += access->kind == STMI_RMW;
    if (access->kind == STMI_LOAD)
        add(present->read, &present->read_count, line);
    else
        add(present->written, &present->written_count, line);
}

typedef void operation(actor *me);

/* The cheapest of some runs: the first one makes what is made once, and now and then one keeps house
 * (moves the epoch, takes fresh memory before sequence numbers come back; so often only in the testing
 * build). */
static void measure(operation *operation, actor *me, struct footprint *cheapest)
{
    static struct footprint fresh;
    for (unsigned i = 0; i < 12; i++) {
        fresh = (struct footprint){0};
        present = &fresh;
        operation(me);
        present = NULL;
        if (i == 0 ||
            fresh.loads + fresh.stores + fresh.rmws < cheapest->loads + cheapest->stores + cheapest->rmws)
            *cheapest = fresh;
    }
}

/* --------------------------------------------------------------------------- operations -- */

static uint32_t first_key(const actor *me)
{
    return me->number * 4;
}

static void must(stm_status status, const char *what)
{
    if (status != STM_OK) {
        fprintf(stderr, "shared_writes: %s: %s\n", what, stm_status_name(status));
        exit(1);
    }
}

static void read_keys(actor *me, uint32_t first)
{
    for (uint32_t i = 0; i < 4; i++)
        must(stm_txn_get(me->txn, stage_key(first + i), NULL), "get");
    must(stm_txn_commit(me->txn), "commit");
    stm_txn_reset(me->txn);
}

static void read_four(actor *me)
{
    (void)me;
    read_keys(me, 0);
}

static void read_four_own(actor *me)
{
    read_keys(me, first_key(me));
}

static void read_at_once(actor *me)
{
    stm_bytes keys[4] = {stage_key(0), stage_key(1), stage_key(2), stage_key(3)};
    must(stm_txn_getting(me->txn, keys, 4, NULL), "getting");
    must(stm_txn_commit(me->txn), "commit");
    stm_txn_reset(me->txn);
}

static void abandon(actor *me)
{
    must(stm_txn_use(me->txn, stage_key(0), NULL), "use");
    must(stm_txn_set(me->txn, stage_key(1), stm_text("never")), "set");
    stm_txn_reset(me->txn);
}

static void write_some(actor *me, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        must(stm_txn_set(me->txn, stage_key(first_key(me) + i), stm_text("some text")), "set");
    must(stm_txn_commit(me->txn), "commit");
    stm_txn_reset(me->txn);
}

static void write_one(actor *me)
{
    write_some(me, 1);
}

static void write_two(actor *me)
{
    write_some(me, 2);
}

static void read_two_write_one(actor *me)
{
    must(stm_txn_get(me->txn, stage_key(first_key(me) + 1), NULL), "get");
    must(stm_txn_get(me->txn, stage_key(first_key(me) + 2), NULL), "get");
    write_some(me, 1);
}

static void look_at_four(actor *me)
{
    stm_entry entry;
    for (uint32_t i = 0; i < 4; i++)
        must(stm_snapshot_get(me->snapshot, stage_key(i), &entry), "snapshot get");
}

/* --------------------------------------------------------------------------- verdicts -- */

static void expect_apart(const char *name, const uintptr_t *lines, unsigned count, const uintptr_t *others,
                         unsigned other_count, const char *how)
{
    for (unsigned i = 0; i < count; i++)
        if (contains(others, other_count, lines[i])) {
            fprintf(stderr, "%s: FAILED: the line at %zx, which one writes, the other %s\n", name,
                    arena_offset((const void *)(lines[i] * STMI_LINE)), how);
            failures++;
        }
}

static void expect_no_common_write(const char *name, const struct footprint *a, const struct footprint *b)
{
    expect_apart(name, a->written, a->written_count, b->written, b->written_count, "writes too");
    expect_apart(name, a->written, a->written_count, b->read, b->read_count, "reads");
    expect_apart(name, b->written, b->written_count, a->read, a->read_count, "reads");
}

static void print(const char *name, const struct footprint *it)
{
    printf("%-36s %4u loads %4u stores %3u rmw; lines: %2u read, %2u written\n", name, it->loads, it->stores,
           it->rmws, it->read_count, it->written_count);
}

/* A commit of a third, elsewhere, meets it nowhere. */
static void compare_with_commit(const char *name, const struct footprint *it)
{
    static struct footprint commit;
    measure(write_two, &stage_actors[2], &commit);
    expect_no_common_write(name, it, &commit);
}

static void compare(const char *name, operation *operation)
{
    for (unsigned i = 0; i < 2; i++)
        measure(operation, &stage_actors[i], &footprints[i]);
    print(name, &footprints[0]);
    expect_no_common_write(name, &footprints[0], &footprints[1]);
    compare_with_commit(name, &footprints[0]);
}

static void compare_snapshot(const char *name)
{
    measure(look_at_four, &stage_actors[0], &footprints[0]);
    print(name, &footprints[0]);
    compare_with_commit(name, &footprints[0]);
    if (footprints[0].written_count > 1) {
        fprintf(stderr, "%s: FAILED: %u lines are written\n", name, footprints[0].written_count);
        failures++;
    }
}

int main(void)
{
    arena_reset();
    stage_open(3, "ssssssssssss");
    stmi_access_hook = count_access;
    actor_take(&stage_actors[0]);
    compare_snapshot("snapshot, 4 keys");
    actor_release(&stage_actors[0]);
    compare("read 4 common keys, commit", read_four);
    compare("read 4 common keys at once, commit", read_at_once);
    compare("read 4 own keys, commit", read_four_own);
    compare("check out 2 common keys, abandon", abandon);
    compare("write 1 own key, commit", write_one);
    compare("write 2 own keys, commit", write_two);
    compare("read 2 own keys, write 1, commit", read_two_write_one);
    stmi_access_hook = NULL;
    return failures == 0 ? 0 : 1;
}
