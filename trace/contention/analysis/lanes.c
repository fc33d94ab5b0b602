#include "lanes.h"

#include "mix.h"

#include <stdlib.h>

enum { SCALE_COUNT = 4, MARK_COUNT_MAX = 2000, MARKS_WANTED = 8, LOSSES_WANTED = 3 };

static const int64_t widths_ns[SCALE_COUNT] = {1000000, 10000000, 100000000, 1000000000};

typedef struct mark {
    int64_t begin_ns, end_ns;
    uint64_t txn, winner_txn;
    event_kind outcome;
    uint32_t scope, label, thread;
    const hot *key;
} mark;

/* Attempts that were running in [number * width, (number + 1) * width). */
typedef struct window {
    int64_t number;
    uint64_t losses;
    size_t count;
    bool cut;
    mark marks[MARK_COUNT_MAX];
} window;

/* An attempt may begin in one window and end in the next, so the one before stays open; longer ones are left out of
 * windows further back. */
typedef struct scale {
    int64_t width_ns;
    window *now, *before, *worst;
} scale;

struct lane_search {
    scale scales[SCALE_COUNT];
};

lane_search *lane_search_create(void)
{
    lane_search *search = g_new0(struct lane_search, 1);
    for (size_t i = 0; i < SCALE_COUNT; i++) {
        scale *scale = &search->scales[i];
        *scale = (struct scale){widths_ns[i], g_new0(window, 1), g_new0(window, 1), g_new0(window, 1)};
        scale->before->number = -1;
    }
    return search;
}

void lane_search_free(lane_search *search)
{
    for (size_t i = 0; i < SCALE_COUNT; i++) {
        g_free(search->scales[i].now);
        g_free(search->scales[i].before);
        g_free(search->scales[i].worst);
    }
    g_free(search);
}

static void clear(window *window, int64_t number)
{
    window->number = number;
    window->losses = window->count = 0;
    window->cut = false;
}

/* The window before is complete now: is it the worst? Then the other two move one place on. */
static void close_before(scale *scale, int64_t next)
{
    window *closed = scale->before;
    if (closed->losses > scale->worst->losses) {
        window *freed = scale->worst;
        scale->worst = closed;
        closed = freed;
    }
    scale->before = scale->now;
    scale->now = closed;
    clear(closed, next);
}

static void move_on(scale *scale, int64_t number)
{
    if (number <= scale->now->number)
        return;
    close_before(scale, number);
    if (scale->before->number + 1 < number) {
        close_before(scale, number);
        clear(scale->before, number - 1);
    }
}

static void add(window *window, const outcome *outcome, bool ends_here)
{
    bool is_loss = outcome->event->kind == EVENT_CONFLICT || outcome->event->kind == EVENT_BUSY;
    window->losses += ends_here && is_loss;
    if (window->count == MARK_COUNT_MAX) {
        window->cut = true;
        return;
    }
    const event *event = outcome->event;
    window->marks[window->count++] =
        (mark){outcome->begin_ns, outcome->end_ns,      event->txn,           is_loss ? event->winner_txn : 0,
               event->kind,       outcome->scope,       outcome->loss.label,  outcome->loss.thread,
               outcome->loss.key};
}

void lane_search_add(lane_search *search, const outcome *outcome)
{
    if (outcome->end_ns < 0)
        return;
    for (size_t i = 0; i < SCALE_COUNT; i++) {
        scale *scale = &search->scales[i];
        int64_t number = outcome->end_ns / scale->width_ns;
        move_on(scale, number);
        if (number == scale->now->number)
            add(scale->now, outcome, true);
        if (scale->before->number >= 0 && outcome->begin_ns < (scale->before->number + 1) * scale->width_ns &&
            outcome->end_ns >= scale->before->number * scale->width_ns)
            add(scale->before, outcome, number == scale->before->number);
    }
}

/* ------------------------------------------------------------------------------- report -- */

static const window *worst_of(const scale *scale)
{
    const window *worst = scale->worst;
    if (scale->before->losses > worst->losses)
        worst = scale->before;
    if (scale->now->losses > worst->losses)
        worst = scale->now;
    return worst;
}

static const window *choose(const lane_search *search, int64_t *width_ns)
{
    const window *chosen = NULL;
    for (size_t i = 0; i < SCALE_COUNT; i++) {
        const window *worst = worst_of(&search->scales[i]);
        if (worst->losses == 0 || (chosen != NULL && worst->count <= chosen->count))
            continue;
        chosen = worst;
        *width_ns = search->scales[i].width_ns;
        if (worst->losses >= LOSSES_WANTED && worst->count >= MARKS_WANTED)
            break;
    }
    return chosen;
}

static gint by_end(gconstpointer a, gconstpointer b)
{
    const mark *one = a, *other = b;
    return one->end_ns < other->end_ns ? -1 : one->end_ns > other->end_ns;
}

static guint transaction_hash(gconstpointer key)
{
    const mark *mark = key;
    return mix_hash(mark->txn, mark->scope);
}

static gboolean transaction_equal(gconstpointer a, gconstpointer b)
{
    const mark *one = a, *other = b;
    return one->txn == other->txn && one->scope == other->scope;
}

static size_t lane_of(lanes *lanes, uint64_t tid)
{
    for (size_t i = 0; i < lanes->lane_count; i++)
        if (lanes->tids[i] == tid)
            return i;
    lanes->tids = g_renew(uint64_t, lanes->tids, lanes->lane_count + 1);
    lanes->tids[lanes->lane_count] = tid;
    return lanes->lane_count++;
}

static gint by_number(gconstpointer a, gconstpointer b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

/* Lanes are in the order of thread numbers, not of who came first. */
static void sort_lanes(lanes *lanes, const GArray *marks, const pairs *threads)
{
    for (guint i = 0; i < marks->len; i++)
        lane_of(lanes, pairs_get(threads, g_array_index(marks, mark, i).thread).second);
    qsort(lanes->tids, lanes->lane_count, sizeof *lanes->tids, by_number);
}

static ptrdiff_t winner_of(GHashTable *commits, const mark *loser, const GArray *marks)
{
    if (loser->winner_txn == 0)
        return -1;
    mark wanted = {.txn = loser->winner_txn, .scope = loser->scope};
    const mark *winner = g_hash_table_lookup(commits, &wanted);
    return winner != NULL ? winner - (const mark *)(const void *)marks->data : -1;
}

static void fill_marks(lanes *lanes, const GArray *marks, const names *labels, const pairs *threads)
{
    GHashTable *commits = g_hash_table_new(transaction_hash, transaction_equal);
    lanes->mark_count = marks->len;
    lanes->marks = g_new0(lane_mark, marks->len);
    for (guint i = 0; i < marks->len; i++)
        if (g_array_index(marks, mark, i).outcome == EVENT_COMMIT)
            g_hash_table_add(commits, &g_array_index(marks, mark, i));
    for (guint i = 0; i < marks->len; i++) {
        const mark *from = &g_array_index(marks, mark, i);
        lanes->marks[i] = (lane_mark){.lane = lane_of(lanes, pairs_get(threads, from->thread).second),
                                      .begin_ns = from->begin_ns, .end_ns = from->end_ns, .outcome = from->outcome,
                                      .txn = from->txn, .label = g_strdup(names_text(labels, from->label)),
                                      .key = g_strdup(from->key != NULL ? from->key->name : ""),
                                      .winner = winner_of(commits, from, marks)};
    }
    g_hash_table_unref(commits);
}

void lane_search_fill(const lane_search *search, const names *labels, const pairs *threads, report *report)
{
    int64_t width_ns = 0;
    const window *worst = choose(search, &width_ns);
    lanes *lanes = &report->lanes;
    if (worst == NULL)
        return;
    lanes->from_ns = worst->number * width_ns;
    lanes->to_ns = lanes->from_ns + width_ns;
    lanes->cut = worst->cut;
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(mark));
    g_array_append_vals(marks, worst->marks, (guint)worst->count);
    g_array_sort(marks, by_end);
    sort_lanes(lanes, marks, threads);
    fill_marks(lanes, marks, labels, threads);
    g_array_unref(marks);
}
