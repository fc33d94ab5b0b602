#include "strategy.h"

#include "footprint.h"
#include "kept.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

static bool has(unsigned set, unsigned thread)
{
    return (set >> thread & 1) != 0;
}

static unsigned first_of(unsigned set)
{
    return (unsigned)__builtin_ctz(set);
}

static void *demand(void *memory)
{
    if (memory == NULL) {
        perror("strategy: allocation");
        exit(2);
    }
    return memory;
}

static unsigned random_member(uint64_t *state, unsigned set)
{
    uint64_t skip = random_below(state, (uint64_t)__builtin_popcount(set));
    for (; skip > 0; skip--)
        set &= set - 1;
    return first_of(set);
}

/* Whether the scheduler would take this choice now. */
static bool can_be(const scheduler_view *view, unsigned choice)
{
    unsigned thread = choice & 15u;
    if (choice == thread)
        return has(view->runnable, thread);
    return has(choice == SCHEDULER_ARRIVE(thread) ? view->waiting : view->overtaking, thread);
}

/* A store of the thread that arrives now: most often the oldest. */
static unsigned some_store(uint64_t *state, const scheduler_view *view, unsigned thread)
{
    bool overtakes = has(view->overtaking, thread) && random_below(state, 2) == 0;
    return overtakes ? SCHEDULER_OVERTAKE(thread) : SCHEDULER_ARRIVE(thread);
}

/* The one that ran last can go on, and does not ask for another to run. */
static bool can_go_on(const scheduler_view *view)
{
    return view->last != SCHEDULER_NOBODY && has(view->runnable, view->last);
}

static bool spins(const scheduler_view *view)
{
    return view->next[view->last].kind == STMI_SPIN;
}

/* Goes on with the one that ran last, and need not be asked until that could make a difference: for strategies that
 * do not count steps. */
static unsigned go_on(const scheduler_view *view)
{
    return view->last | SCHEDULER_UNTIL_COMMON;
}

/* It waits for another one. */
static bool yields(const scheduler_view *view)
{
    return scheduler_is_yield(&view->next[view->last]);
}

/* The next in order of numbers that can go. */
static unsigned next_after(unsigned set, unsigned thread)
{
    unsigned above = thread + 1 < 32 ? set & ~0u << (thread + 1) : 0;
    return first_of(above != 0 ? above : set);
}

/* To change threads here could make a difference. */
static bool matters(const scheduler_view *view)
{
    return !has(view->quiet, view->last) && (spins(view) || footprint_is_common(&view->next[view->last]));
}

/* ------------------------------------------------------------------------- as written -- */

static void add_segment(strategy_script *script, unsigned choice, uint64_t steps)
{
    script->segments = demand(realloc(script->segments, (script->count + 1) * sizeof *script->segments));
    script->segments[script->count++] = (strategy_segment){choice, steps};
}

bool strategy_script_parse(strategy_script *script, const char *text)
{
    *script = (strategy_script){0};
    while (*text != '\0') {
        char *end;
        unsigned long thread = strtoul(text, &end, 10);
        if (end == text || thread >= SCHEDULER_THREAD_COUNT_MAX)
            return false;
        unsigned choice = (unsigned)thread;
        text = end;
        if (*text == '~')
            choice = text[1] == '~' ? SCHEDULER_OVERTAKE(choice) : SCHEDULER_ARRIVE(choice);
        while (*text == '~')
            text++;
        uint64_t count = choice == thread ? UINT64_MAX : 1;
        if (*text == '*') {
            count = strtoull(text + 1, &end, 10);
            if (end == text + 1)
                return false;
            text = end;
        }
        add_segment(script, choice, count);
        while (*text == ' ')
            text++;
    }
    return true;
}

void strategy_script_of_last_run(strategy_script *script)
{
    *script = (strategy_script){0};
    for (uint64_t i = 0; i < scheduler_step_count(); i++) {
        unsigned choice = scheduler_step_choice(i);
        if (script->count > 0 && script->segments[script->count - 1].choice == choice)
            script->segments[script->count - 1].steps++;
        else
            add_segment(script, choice, 1);
    }
}

void strategy_script_copy(strategy_script *script, const strategy_script *from)
{
    *script = (strategy_script){0};
    for (size_t i = 0; i < from->count; i++)
        add_segment(script, from->segments[i].choice, from->segments[i].steps);
}

void strategy_script_join(strategy_script *script)
{
    size_t count = 0;
    for (size_t i = 0; i < script->count; i++) {
        if (count > 0 && script->segments[count - 1].choice == script->segments[i].choice)
            script->segments[count - 1].steps += script->segments[i].steps;
        else
            script->segments[count++] = script->segments[i];
    }
    script->count = count;
    strategy_script_rewind(script);
}

void strategy_script_rewind(strategy_script *script)
{
    script->at = 0;
    script->made = 0;
}

void strategy_script_close(strategy_script *script)
{
    free(script->segments);
    *script = (strategy_script){0};
}

unsigned strategy_script_choose(void *strategy, const scheduler_view *view)
{
    strategy_script *script = strategy;
    for (; script->at < script->count; script->at++, script->made = 0) {
        const strategy_segment *segment = &script->segments[script->at];
        bool waits = segment->steps == UINT64_MAX && script->made > 0 && can_go_on(view) && yields(view);
        if (script->made < segment->steps && can_be(view, segment->choice) && !waits) {
            script->made++;
            return segment->choice;
        }
    }
    if (can_go_on(view))
        return yields(view) ? next_after(view->runnable, view->last) : view->last;
    return first_of(view->runnable);
}

/* --------------------------------------------------------------------------- at random -- */

strategy_random strategy_random_open(uint64_t seed, bool everywhere)
{
    strategy_random random = {.state = seed, .everywhere = everywhere};
    random.one_in = 1u << random_below(&random.state, 6);
    random.arrives_one_in = 1u << random_below(&random.state, 7);
    return random;
}

unsigned strategy_random_choose(void *strategy, const scheduler_view *view)
{
    strategy_random *random = strategy;
    if (view->waiting != 0 && random_below(&random->state, random->arrives_one_in) == 0)
        return some_store(&random->state, view, random_member(&random->state, view->waiting));
    if (can_go_on(view)) {
        bool chance = matters(view) || (random->everywhere && !has(view->quiet, view->last));
        unsigned one_in = spins(view) ? 2 : random->one_in;
        if (!chance || random_below(&random->state, one_in) != 0)
            return random->everywhere || view->waiting != 0 ? view->last : go_on(view);
    }
    return random_member(&random->state, view->runnable);
}

/* ------------------------------------------------------------------- one thread stopped -- */

unsigned strategy_freeze_choose(void *strategy, const scheduler_view *view)
{
    strategy_freeze *freeze = strategy;
    if (view->waiting != 0)
        return SCHEDULER_ARRIVE(first_of(view->waiting));
    unsigned victim = 1u << freeze->victim, others = view->runnable & ~victim;
    if (can_go_on(view) && yields(view))
        freeze->waiting = (uint8_t)(freeze->waiting | 1u << view->last);
    freeze->thawed |= (others & ~freeze->waiting) == 0 && view->own_steps[freeze->victim] >= freeze->at;
    bool stopped = view->own_steps[freeze->victim] >= freeze->at && others != 0 && !freeze->thawed;
    unsigned choices = stopped ? others : view->runnable;
    bool go_on = view->last != SCHEDULER_NOBODY && has(choices, view->last);
    if (go_on && yields(view))
        return next_after(choices, view->last);
    if (go_on && (freeze->state == 0 || random_below(&freeze->state, 4) != 0))
        return view->last;
    return freeze->state == 0 ? first_of(choices) : random_member(&freeze->state, choices);
}

/* ----------------------------------------------------------------------- by priorities -- */

strategy_pct strategy_pct_open(uint64_t seed, unsigned thread_count, unsigned depth, uint64_t steps)
{
    strategy_pct pct = {.state = seed, .thread_count = thread_count};
    for (unsigned i = 0; i < 2 * thread_count; i++) { /* a random order: each is put in at a random place */
        unsigned place = (unsigned)random_below(&pct.state, i + 1);
        for (unsigned j = 0; j < i; j++)
            if (pct.priority[j] >= place)
                pct.priority[j]++;
        pct.priority[i] = place;
    }
    bool lazy = random_below(&pct.state, 2) == 0; /* no store arrives before it must */
    for (unsigned i = thread_count; lazy && i < 2 * thread_count; i++)
        pct.priority[i] = --pct.lowest;
    pct.fall_count = depth - 1 < STRATEGY_PCT_DEPTH_MAX ? depth - 1 : STRATEGY_PCT_DEPTH_MAX;
    for (unsigned i = 0; i < pct.fall_count; i++)
        pct.fall_at[i] = random_below(&pct.state, steps + 1);
    return pct;
}

static void fall(strategy_pct *pct, unsigned thread)
{
    pct->priority[thread] = --pct->lowest;
}

/* Of threads, a bit each, and of buffers from bit thread_count on. */
static unsigned highest(const strategy_pct *pct, unsigned choices)
{
    unsigned best = first_of(choices);
    for (unsigned i = best; i < 2 * pct->thread_count; i++)
        if (has(choices, i) && pct->priority[i] > pct->priority[best])
            best = i;
    return best;
}

unsigned strategy_pct_choose(void *strategy, const scheduler_view *view)
{
    strategy_pct *pct = strategy;
    if (can_go_on(view)) {
        if (!matters(view))
            return go_on(view);
        if (spins(view) && random_below(&pct->state, 2) == 0)
            fall(pct, view->last);
        pct->steps++;
        for (unsigned i = 0; i < pct->fall_count; i++)
            if (pct->fall_at[i] == pct->steps)
                fall(pct, view->last);
    }
    unsigned best = highest(pct, view->runnable | view->waiting << pct->thread_count);
    return best < pct->thread_count ? best | SCHEDULER_UNTIL_COMMON : some_store(&pct->state, view, best - pct->thread_count);
}

/* ----------------------------------------------------------------- one after the other -- */

#define SPIN_STEPS_MAX 16 /* between two spins of the same waiting */
#define KEEP_STEPS 16 /* from where a run was kept last to where it is kept again: to make fewer steps anew is as cheap */

strategy_search strategy_search_open(unsigned bound)
{
    strategy_search search = {.bound = bound};
    search.forks = demand(malloc(SCHEDULER_STEP_COUNT_MAX * sizeof *search.forks));
    search.kept = demand(malloc(SCHEDULER_STEP_COUNT_MAX / KEEP_STEPS * sizeof *search.kept));
    return search;
}

void strategy_search_close(strategy_search *search)
{
    free(search->forks);
    free(search->kept);
    search->forks = NULL;
    search->kept = NULL;
}

void strategy_search_restart(strategy_search *search)
{
    search->fork_count = search->kept_count = 0;
    search->run = (strategy_search_run){0};
}

static bool take_next_way(strategy_search *search)
{
    while (search->fork_count > 0) {
        strategy_fork *fork = &search->forks[search->fork_count - 1];
        if (++fork->taken < fork->count)
            return true;
        search->fork_count--;
    }
    return false;
}

bool strategy_search_next(strategy_search *search)
{
    bool more = take_next_way(search);
    while (search->kept_count > 0 && search->kept[search->kept_count - 1].run.at >= search->fork_count)
        search->kept_count--;
    search->run = search->kept_count > 0 ? search->kept[search->kept_count - 1].run : (strategy_search_run){0};
    return more;
}

/* Takes the way that the present schedule says, or the first of a new fork. */
static unsigned take_fork(strategy_search *search, const scheduler_view *view, unsigned count)
{
    if (count == 1)
        return 0;
    if (search->run.at == search->fork_count)
        search->forks[search->fork_count++] = (strategy_fork){view->steps, 0, count};
    const strategy_fork *fork = &search->forks[search->run.at++];
    if (fork->step != view->steps || fork->count != count) {
        fprintf(stderr, "strategy: the same schedule ran differently at step %llu: the program is not "
                        "deterministic\n", (unsigned long long)view->steps);
        abort();
    }
    return fork->taken;
}

/* ---- who goes next */

/* The others go before it, and before those that have given way since all had a turn: so nobody waits for ever for one
 * that is never chosen (Musuvathi and Qadeer, "Fair stateless model checking", 2008). */
static unsigned choices_of_yield(strategy_search *search, const scheduler_view *view, unsigned *first)
{
    search->run.yielded |= 1u << view->last;
    unsigned choices = view->runnable & ~search->run.yielded;
    if (choices == 0) {
        search->run.yielded = 1u << view->last;
        choices = view->runnable & ~search->run.yielded;
    }
    if (choices == 0)
        choices = view->runnable;
    *first = next_after(choices, view->last);
    return search->run.redundant || search->fair ? 1u << *first : choices;
}

/* Who may go next; *first is the choice to begin with. A run that is redundant has no choices. */
static unsigned choices_of(strategy_search *search, const scheduler_view *view, unsigned *first)
{
    unsigned awake = view->runnable & ~search->run.dozing;
    if (!can_go_on(view)) {
        search->run.redundant |= awake == 0;
        *first = first_of(awake != 0 ? awake : view->runnable);
        return search->run.redundant ? 1u << *first : awake;
    }
    unsigned last = 1u << view->last;
    *first = view->last;
    if (yields(view) || (search->fair && spins(view)))
        return choices_of_yield(search, view, first);
    if (search->run.redundant)
        return last;
    if (has(view->ending, view->last)) /* it has nothing more to do: no preemption; but only to hold a store back */
        return search->run.delayed < search->delays ? awake | last : last;
    if (!matters(view))
        return last;
    if (spins(view)) {
        unsigned others = awake & ~last;
        bool spins_on = has(search->run.stubborn, view->last) &&
                        view->own_steps[view->last] - search->run.spun_at[view->last] <= SPIN_STEPS_MAX;
        if (others == 0 || spins_on)
            return last;
        *first = first_of(others);
        return others | last;
    }
    return search->run.preemptions == search->bound ? last : awake | last;
}

/* ---- which store is held back meanwhile */

static bool is_common_store(const store_buffer_entry *entry)
{
    stmi_access access = {STMI_STORE, entry->order, entry->address, entry->size, NULL, 0};
    return footprint_is_common(&access);
}

/* Only if the thread has read something since, or one of its later stores overtakes this one, can anybody see that it is
 * late. */
static bool shows_when_late(const strategy_search *search, const scheduler_view *view, unsigned at)
{
    const store_buffer *buffer = &view->buffers[view->last];
    if (!is_common_store(&buffer->entries[at]))
        return false;
    bool shows = search->run.loaded_at[view->last] > buffer->entries[at].made_at;
    uint64_t behind = store_buffer_behind(buffer, at);
    for (unsigned i = at + 1; i < buffer->count && !shows; i++)
        shows = (behind >> i & 1) == 0 && is_common_store(&buffer->entries[i]);
    return shows;
}

#define WAYS_MAX (SCHEDULER_THREAD_COUNT_MAX * (STORE_BUFFER_COUNT_MAX + 1))

/* The ways on from here; the first is the one to begin with. */
static unsigned list_ways(strategy_search *search, const scheduler_view *view, strategy_way ways[WAYS_MAX])
{
    unsigned first, count = 0;
    unsigned choices = choices_of(search, view, &first);
    bool may_hold = can_go_on(view) && search->run.delayed < search->delays && has(view->waiting, view->last);
    const store_buffer *buffer = may_hold ? &view->buffers[view->last] : NULL;
    uint64_t late = 0;
    for (unsigned i = 0; may_hold && (choices & (choices - 1)) != 0 && i < buffer->count; i++)
        late |= (uint64_t)shows_when_late(search, view, i) << i;
    ways[count++] = (strategy_way){.next = first};
    for (unsigned next = 0; next < view->thread_count; next++) {
        if (!has(choices, next))
            continue;
        bool leaves = can_go_on(view) && next != view->last;
        if (next != first && !(leaves && has(view->ending, view->last)))
            ways[count++] = (strategy_way){.next = next};
        for (unsigned i = 0; leaves && late >> i != 0; i++)
            if ((late >> i & 1) != 0)
                ways[count++] = (strategy_way){next, true, buffer->entries[i].made_at};
    }
    return count;
}

static void note_way(strategy_search *search, const scheduler_view *view)
{
    unsigned next = search->run.way.next;
    search->run.from = view->last;
    search->run.delayed += search->run.way.holds;
    if (!can_go_on(view))
        return;
    unsigned last = 1u << view->last;
    if (next == view->last) {
        if (spins(view)) {
            search->run.stubborn |= last;
            search->run.spun_at[next] = view->own_steps[next];
        }
        return;
    }
    search->run.stubborn &= ~last;
    if (spins(view) || has(view->ending, view->last))
        return;
    search->run.preemptions++;
    if (!search->run.way.holds) /* else it is not the same as to make the access first, which may force the store out */
        search->run.dozing |= last;
}

/* ---- what arrives before */

/* A store that arrives now, of the thread left; 0: no more. */
static unsigned arrival_of_left(const strategy_search *search, const scheduler_view *view)
{
    unsigned from = search->run.from;
    if (from == SCHEDULER_NOBODY || from == search->run.way.next || !has(view->waiting, from))
        return 0;
    if (!search->run.way.holds || view->buffers[from].entries[0].made_at != search->run.way.held)
        return SCHEDULER_ARRIVE(from);
    return has(view->overtaking, from) ? SCHEDULER_OVERTAKE(from) : 0;
}

/* A store that was held back, of the thread that goes on. */
static unsigned arrival_of_next(strategy_search *search, const scheduler_view *view)
{
    unsigned next = search->run.way.next;
    if (next == search->run.from || !has(view->waiting, next))
        return 0;
    search->run.dozing = 0;
    return SCHEDULER_ARRIVE(next);
}

static bool holds_word_of(const store_buffer *buffer, const stmi_access *access)
{
    for (unsigned i = 0; i < buffer->count; i++) {
        stmi_access store = {STMI_STORE, RELAXED, buffer->entries[i].address, buffer->entries[i].size, NULL, 0};
        if (footprint_conflict(&store, access))
            return true;
    }
    return false;
}

/* One that was held back and may arrive now, for what the next access is to see. */
static unsigned arrival_of_others(strategy_search *search, const scheduler_view *view)
{
    for (unsigned i = 0; i < view->thread_count; i++) {
        bool meets = i != search->run.way.next && has(view->waiting, i) &&
                     holds_word_of(&view->buffers[i], &view->next[search->run.way.next]);
        if (meets && !search->run.redundant && take_fork(search, view, 2) == 1) {
            search->run.dozing = 0;
            return SCHEDULER_ARRIVE(i);
        }
    }
    return 0;
}

static unsigned go(strategy_search *search, const scheduler_view *view)
{
    unsigned next = search->run.way.next;
    const stmi_access *access = &view->next[next];
    search->run.decided = false;
    search->run.dozing &= ~(1u << next);
    for (unsigned i = 0; i < view->thread_count; i++)
        if (has(search->run.dozing, i) && footprint_conflict(access, &view->next[i]))
            search->run.dozing &= ~(1u << i);
    if (access->kind == STMI_LOAD && search->delays > 0 && footprint_is_common(access))
        search->run.loaded_at[next] = view->own_steps[next];
    return next | SCHEDULER_UNTIL_COMMON;
}

static unsigned choose(strategy_search *search, const scheduler_view *view)
{
    if (!search->run.decided) {
        strategy_way ways[WAYS_MAX];
        unsigned count = list_ways(search, view, ways);
        search->run.way = ways[take_fork(search, view, count)];
        search->run.decided = true;
        note_way(search, view);
    }
    unsigned arrival = 0;
    if (view->waiting != 0) {
        arrival = arrival_of_left(search, view);
        if (arrival == 0)
            arrival = arrival_of_next(search, view);
        if (arrival == 0)
            arrival = arrival_of_others(search, view);
    }
    return arrival != 0 ? arrival : go(search, view);
}

/* All forks of the schedule so far have been passed; the next one is new. */
static bool would_keep(const strategy_search *search, const scheduler_view *view)
{
    uint64_t last = search->kept_count > 0 ? search->kept[search->kept_count - 1].step : 0;
    return search->keeps && search->run.at == search->fork_count && view->steps >= last + KEEP_STEPS &&
           scheduler_can_keep();
}

unsigned strategy_search_choose(void *strategy, const scheduler_view *view)
{
    strategy_search *search = strategy;
    if (!would_keep(search, view)) {
        unsigned choice = choose(search, view);
        return search->run.redundant && search->keeps && scheduler_can_keep() ? SCHEDULER_LEAVE : choice;
    }
    strategy_search_kept kept = {search->run, view->steps};
    unsigned choice = choose(search, view);
    if (search->run.at == kept.run.at)
        return search->run.redundant ? SCHEDULER_LEAVE : choice;
    search->kept[search->kept_count++] = kept; /* before the fork */
    search->run = kept.run;
    return SCHEDULER_KEEP;
}

char *strategy_search_describe(const strategy_search *search, char *to)
{
    const strategy_search_run *run = &search->run;
    uint64_t facts[] = {run->preemptions, run->delayed, run->dozing, run->yielded, run->stubborn, run->redundant,
                        run->decided,     run->way.next, run->way.holds, run->way.held, run->from};
    size_t count = run->decided ? sizeof facts / sizeof facts[0] : 7; /* else the way is still to be chosen */
    to = kept_write(to, facts, count * sizeof facts[0]);
    for (unsigned i = 0; i < SCHEDULER_THREAD_COUNT_MAX; i++) {
        uint64_t since[] = {has(run->stubborn, i) ? run->spun_at[i] : 0, search->delays > 0 ? run->loaded_at[i] : 0};
        to = kept_write(to, since, sizeof since);
    }
    return to;
}
