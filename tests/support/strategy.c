#include "strategy.h"

#include "footprint.h"
#include "random.h"

#include <stdlib.h>

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

strategy_search strategy_search_open(unsigned bound)
{
    strategy_search search = {.bound = bound};
    search.forks = demand(malloc(SCHEDULER_STEP_COUNT_MAX * sizeof *search.forks));
    return search;
}

void strategy_search_close(strategy_search *search)
{
    free(search->forks);
    search->forks = NULL;
}

static void rewind_run(strategy_search *search)
{
    search->at = 0;
    search->preemptions = 0;
    search->dozing = search->stubborn = search->yielded = 0;
    search->redundant = false;
}

void strategy_search_restart(strategy_search *search)
{
    search->fork_count = 0;
    rewind_run(search);
}

bool strategy_search_next(strategy_search *search)
{
    rewind_run(search);
    while (search->fork_count > 0) {
        strategy_fork *fork = &search->forks[search->fork_count - 1];
        if (fork->untried != 0) {
            fork->chosen = first_of(fork->untried);
            fork->untried &= fork->untried - 1;
            return true;
        }
        search->fork_count--;
    }
    return false;
}

/* Takes the way that the present schedule says, or the first of a new fork. */
static unsigned take_fork(strategy_search *search, const scheduler_view *view, unsigned choices,
                          unsigned first)
{
    if ((choices & (choices - 1)) == 0)
        return first;
    if (search->at < search->fork_count) {
        const strategy_fork *fork = &search->forks[search->at++];
        if (fork->step != view->steps || !has(choices, fork->chosen)) {
            fprintf(stderr, "strategy: the same schedule ran differently at step %llu: the program is not "
                            "deterministic\n", (unsigned long long)view->steps);
            abort();
        }
        return fork->chosen;
    }
    search->forks[search->fork_count++] = (strategy_fork){view->steps, first, choices & ~(1u << first)};
    search->at++;
    return first;
}

/* The others go before it, and before those that have given way since all had a turn: so nobody waits for ever for one
 * that is never chosen (Musuvathi and Qadeer, "Fair stateless model checking", 2008). */
static unsigned choices_of_yield(strategy_search *search, const scheduler_view *view, unsigned *first)
{
    search->yielded |= 1u << view->last;
    unsigned choices = view->runnable & ~search->yielded;
    if (choices == 0) {
        search->yielded = 1u << view->last;
        choices = view->runnable & ~search->yielded;
    }
    if (choices == 0)
        choices = view->runnable;
    *first = next_after(choices, view->last);
    return search->redundant || search->fair ? 1u << *first : choices;
}

/* Who may go next; *first is the choice to begin with. A run that is redundant has no choices. */
static unsigned choices_of(strategy_search *search, const scheduler_view *view, unsigned *first)
{
    unsigned awake = view->runnable & ~search->dozing;
    if (!can_go_on(view)) {
        search->redundant |= awake == 0;
        *first = first_of(awake != 0 ? awake : view->runnable);
        return search->redundant ? 1u << *first : awake;
    }
    unsigned last = 1u << view->last;
    *first = view->last;
    if (yields(view) || (search->fair && spins(view)))
        return choices_of_yield(search, view, first);
    if (search->redundant || !matters(view))
        return last;
    if (spins(view)) {
        unsigned others = awake & ~last;
        bool spins_on = has(search->stubborn, view->last) &&
                        view->own_steps[view->last] - search->spun_at[view->last] <= SPIN_STEPS_MAX;
        if (others == 0 || spins_on)
            return last;
        *first = first_of(others);
        return others | last;
    }
    return search->preemptions == search->bound ? last : awake | last;
}

unsigned strategy_search_choose(void *strategy, const scheduler_view *view)
{
    strategy_search *search = strategy;
    if (view->waiting != 0) /* interleavings only: what is stored arrives at once */
        return SCHEDULER_ARRIVE(first_of(view->waiting));
    unsigned first;
    unsigned choices = choices_of(search, view, &first);
    unsigned next = take_fork(search, view, choices, first);
    if (can_go_on(view)) {
        unsigned last = 1u << view->last;
        if (next != view->last) {
            search->stubborn &= ~last;
            if (!spins(view)) {
                search->preemptions++;
                search->dozing |= last;
            }
        } else if (spins(view)) {
            search->stubborn |= last;
            search->spun_at[view->last] = view->own_steps[view->last];
        }
    }
    search->dozing &= ~(1u << next);
    for (unsigned i = 0; i < view->thread_count; i++)
        if (has(search->dozing, i) && footprint_conflict(&view->next[next], &view->next[i]))
            search->dozing &= ~(1u << i);
    return next | SCHEDULER_UNTIL_COMMON;
}
