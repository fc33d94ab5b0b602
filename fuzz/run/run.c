#include "run.h"

#include "arena.h"
#include "footprint.h"
#include "kept.h"
#include "moments.h"
#include "moves.h"
#include "mutants.h"
#include "random.h"
#include "stage.h"
#include "strategy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const fuzz_program *present;
static fuzz_listener *listen_to;
static char answer_text[256];
static strategy_freeze freeze; /* of the last run, if its strategy was that */
static bool froze;

/* ----------------------------------------------------------------------------- overlap -- */

/* BUSY is true only where another thread was committing one of the keys at the same time. Kept for the end of the
 * run: that one's call may not have ended yet. */
struct commit {
    unsigned thread;
    unsigned keys;
    uint64_t begin, end;
    bool busy;
};

static struct commit commits[FUZZ_THREAD_COUNT_MAX * FUZZ_CALL_COUNT_MAX];
static unsigned commit_count;
static moments clock_of_commits;

static bool overlaps(const struct commit *a, const struct commit *b)
{
    return a->thread != b->thread && (a->keys & b->keys) != 0 && a->begin <= b->end && b->begin <= a->end;
}

static unsigned number_of_own(unsigned commit)
{
    unsigned count = 0;
    for (unsigned i = 0; i <= commit; i++)
        count += commits[i].thread == commits[commit].thread;
    return count;
}

static void judge_busy(void)
{
    for (unsigned i = 0; i < commit_count; i++) {
        bool good = !commits[i].busy;
        for (unsigned j = 0; j < commit_count && !good; j++)
            good = overlaps(&commits[i], &commits[j]);
        if (!good)
            scheduler_object(ORACLE_OVERLAP, "thread %u: its commit number %u is BUSY, and nobody else was committing",
                             commits[i].thread, number_of_own(i));
    }
}

static stm_status commit(actor *me)
{
    unsigned number = commit_count++;
    struct commit *it = &commits[number];
    *it = (struct commit){.thread = me->number, .begin = moments_begin(&clock_of_commits), .end = UINT64_MAX};
    for (unsigned i = 0; i < me->held_count; i++)
        it->keys |= 1u << me->held[i].key;
    stm_status status = actor_commit(me);
    if (!present->delayed) /* else its last stores, which free the keys, may arrive at any later time */
        it->end = moments_end(&clock_of_commits);
    it->busy = status == STM_BUSY;
    return status;
}

/* ------------------------------------------------------------------------------- calls -- */

static unsigned list_keys(unsigned keys, uint32_t list[FUZZ_KEY_COUNT_MAX])
{
    unsigned count = 0;
    for (; keys != 0; keys &= keys - 1)
        list[count++] = (uint32_t)__builtin_ctz(keys);
    return count;
}

/* "T2's third", "the first", "no value" */
static int say_value(char *text, size_t size, uint64_t number)
{
    unsigned thread = number >> 48 & 0xff;
    if (number == 0)
        return snprintf(text, size, " no value");
    if (thread >= FUZZ_THREAD_COUNT_MAX)
        return snprintf(text, size, " initial");
    return snprintf(text, size, " T%u's #%llu", thread, (unsigned long long)(number & 0xffffffffffff));
}

static bool is_same(stm_bytes a, stm_bytes b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static unsigned key_number(stm_bytes name)
{
    unsigned key = 0;
    while (key + 1 < present->key_count && !is_same(stage_key(key), name))
        key++;
    return key;
}

static char digit_of_thread(const char *label)
{
    for (unsigned i = 0; i < present->thread_count; i++)
        if (strcmp(stage_actors[i].label, label) == 0)
            return (char)('0' + i);
    return '?'; /* none of them: some mutants say so */
}

/* After a CONFLICT, each key that has changed: "; k0 v1, now v2 by T1". As the actor was told: asking again would be
 * steps of the run. */
static void say_winners(const actor *me)
{
    for (size_t i = 0; i < me->conflict_count; i++) {
        const stm_conflict *conflict = &me->conflicts[i];
        size_t length = strlen(answer_text);
        snprintf(answer_text + length, sizeof answer_text - length, "; k%u v%llu, now v%llu by T%c",
                 key_number(conflict->key), (unsigned long long)conflict->expected,
                 (unsigned long long)conflict->found, digit_of_thread(conflict->winner.label));
    }
}

static void say_keys(const actor *me, unsigned keys, stm_status status)
{
    char *at = answer_text, *end = answer_text + sizeof answer_text;
    at += snprintf(at, (size_t)(end - at), "%s", stm_status_name(status));
    if (status == STM_CONFLICT)
        say_winners(me);
    for (; (status == STM_OK || status == STM_NOT_FOUND) && keys != 0; keys &= keys - 1) {
        uint32_t key = (uint32_t)__builtin_ctz(keys);
        uint64_t version = 0, value = actor_value(me, key);
        if (stm_txn_version(me->txn, stage_key(key), &version) != STM_OK)
            return;
        at += snprintf(at, (size_t)(end - at), ", k%u v%llu:", key, (unsigned long long)version);
        if (value == HISTORY_UNKNOWN)
            at += snprintf(at, (size_t)(end - at), " not looked at");
        else
            at += say_value(at, (size_t)(end - at), value);
    }
}

/* Its arguments are made in any case: they may be calls of the library. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    if (listen_to == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(answer_text, sizeof answer_text, format, arguments);
    va_end(arguments);
}

static void say_status(stm_status status)
{
    say("%s", stm_status_name(status));
}

static stm_status check_out(actor *me, const fuzz_call *call)
{
    uint32_t keys[FUZZ_KEY_COUNT_MAX];
    unsigned count = list_keys(call->keys, keys);
    switch ((fuzz_call_kind)call->kind) {
    case FUZZ_USE:
        return actor_use(me, keys[0]);
    case FUZZ_GET:
        return actor_get(me, keys[0]);
    case FUZZ_USING:
        return actor_using(me, keys, count);
    case FUZZ_GETTING:
        return actor_getting(me, keys, count);
    case FUZZ_SET:
        return actor_set(me, keys[0]);
    case FUZZ_RESTORE:
        return actor_restore(me, keys[0], call->number);
    default:
        return actor_delete(me, keys[0]);
    }
}

/* Only if all 64 snapshots were held could a checkout be BUSY: writers do not stop it. */
static void call_checkout(actor *me, const fuzz_call *call)
{
    stm_status status = check_out(me, call);
    if (status == STM_BUSY)
        scheduler_object(ORACLE_OVERLAP, "thread %u: a checkout is BUSY", me->number);
    if (listen_to != NULL)
        say_keys(me, call->keys, status);
}

static void call_commit(actor *me)
{
    stm_status status = commit(me);
    say_status(status);
    if (listen_to != NULL && status == STM_CONFLICT)
        say_winners(me);
}

static void call_peek(actor *me, uint32_t key)
{
    uint64_t value;
    stm_status status = actor_peek(me, key, &value);
    if (listen_to == NULL)
        return;
    int length = snprintf(answer_text, sizeof answer_text, "%s,", stm_status_name(status));
    if (length > 0)
        say_value(answer_text + length, sizeof answer_text - (size_t)length, value);
}

static void call_snapshot(actor *me, const fuzz_call *call)
{
    say("OK");
    me->looked = STM_OK;
    if (call->kind == FUZZ_TAKE) {
        if (me->snapshot == NULL)
            actor_take(me);
        if (me->snapshot != NULL)
            say("revision %llu", (unsigned long long)stm_snapshot_revision(me->snapshot));
    } else if (me->snapshot == NULL) {
        say("no snapshot");
    } else if (call->kind == FUZZ_SCAN) {
        say("%u keys", actor_scan(me));
    } else if (call->kind == FUZZ_RELEASE) {
        actor_release(me);
    } else {
        uint64_t value = actor_look(me, (uint32_t)__builtin_ctz(call->keys));
        if (listen_to != NULL)
            say_value(answer_text, sizeof answer_text, value);
    }
    if (me->looked == STM_NO_MEMORY)
        say_status(me->looked);
}

/* Who sleeps until nobody else is left was not woken: then nothing that is held has changed since. */
static void call_wait(actor *me)
{
    stm_status status = actor_wait(me);
    if (status == STM_OK && scheduler_slept_out())
        scheduler_object(ORACLE_RESULT, "thread %u: a key has changed, and its sleeper was not woken", me->number);
    say_status(status);
}

static void make_call(actor *me, const fuzz_call *call)
{
    switch ((fuzz_call_kind)call->kind) {
    case FUZZ_BEGIN:
        say_status(actor_begin(me));
        break;
    case FUZZ_PEEK:
        call_peek(me, (uint32_t)__builtin_ctz(call->keys));
        break;
    case FUZZ_COMMIT:
        call_commit(me);
        break;
    case FUZZ_RESET:
        actor_reset(me);
        say_status(STM_OK);
        break;
    case FUZZ_WAIT:
        call_wait(me);
        break;
    case FUZZ_CONFLICTS:
        say("%zu", actor_conflicts(me));
        break;
    case FUZZ_TAKE:
    case FUZZ_READ:
    case FUZZ_SCAN:
    case FUZZ_RELEASE:
        call_snapshot(me, call);
        break;
    case FUZZ_FAIL:
        say("the next call's");
        arena_fail(me->number, call->number);
        return;
    default:
        call_checkout(me, call);
    }
    arena_fail(me->number, 0);
}

static void thread(unsigned number)
{
    const fuzz_thread *it = &present->threads[number];
    for (unsigned i = 0; i < it->call_count; i++) {
        fuzz_answer answer = {.thread = number, .call = it->calls[i]};
        if (listen_to != NULL)
            answer.begin = scheduler_step_count();
        scheduler_call();
        make_call(&stage_actors[number], &it->calls[i]);
        if (listen_to == NULL)
            continue;
        answer.end = scheduler_step_count();
        answer.text = answer_text; /* nobody else has run since it was written */
        listen_to(&answer);
    }
}

/* -------------------------------------------------------------------------------- runs -- */

static void setup(void)
{
    static const char letters[FUZZ_SIZE_COUNT] = {
        [FUZZ_WORD] = 'w', [FUZZ_SMALL] = 's', [FUZZ_MIDDLE] = 'm', [FUZZ_LARGE] = 'l'};
    char kinds[FUZZ_KEY_COUNT_MAX + 1] = "";
    for (unsigned i = 0; i < present->key_count; i++) {
        bool absent = (present->absent >> i & 1) != 0;
        kinds[i] = (char)(absent ? letters[present->sizes[i]] - 'a' + 'A' : letters[present->sizes[i]]);
    }
    commit_count = 0;
    clock_of_commits = (moments){0};
    unsigned mutant = mutant_chosen();
    stage_free_soon();
    mutant_choose(0); /* what is there at first is right */
    stage_open(present->thread_count, kinds);
    mutant_choose(mutant);
    if (present->delayed)
        scheduler_delay_stores();
}

static void finish(void)
{
    judge_busy();
    stage_close();
}

static char *save(char *to)
{
    to = kept_write(to, &clock_of_commits, sizeof clock_of_commits);
    to = kept_write(to, &commit_count, sizeof commit_count);
    to = kept_write(to, commits, commit_count * sizeof commits[0]);
    return stage_save(to);
}

static const char *load(const char *from)
{
    from = kept_read(from, &clock_of_commits, sizeof clock_of_commits);
    from = kept_read(from, &commit_count, sizeof commit_count);
    from = kept_read(from, commits, commit_count * sizeof commits[0]);
    return stage_load(from);
}

bool fuzz_run_next(const fuzz_program *program, strategy_search *search)
{
    static const scheduler_keeper keeper = {save, load};
    scheduler_keep_by(&keeper);
    present = program;
    return search->kept_count > 0 ? scheduler_run_on(search->kept_count)
                                  : fuzz_run_by(program, strategy_search_choose, search);
}

bool fuzz_run_by(const fuzz_program *program, scheduler_choose *choose, void *strategy)
{
    static scheduler_program it;
    it = (scheduler_program){"programme", program->thread_count, setup, thread, finish};
    present = program;
    froze = choose == strategy_freeze_choose;
    if (froze)
        freeze = *(strategy_freeze *)strategy;
    return scheduler_run(&it, choose, strategy);
}

bool fuzz_run(const fuzz_program *program)
{
    moves moves = {.program = program};
    return fuzz_run_by(program, moves_choose, &moves);
}

bool fuzz_run_again(const fuzz_program *program)
{
    uint64_t hash = scheduler_trace_hash();
    if (!fuzz_run(program))
        return false;
    if (scheduler_trace_hash() != hash)
        scheduler_object(ORACLE_TRACE, "the same input gave another trace");
    return scheduler_objector() == ORACLE_NONE;
}

static unsigned count_calls(const fuzz_program *program)
{
    unsigned calls = 0;
    for (unsigned i = 0; i < program->thread_count; i++)
        calls += program->threads[i].call_count;
    return calls;
}

/* About so many steps has a call on the average; and so many that matter. */
#define CALL_STEPS 20
#define CALL_STEPS_COMMON 8

/* A thread stops somewhere, most often in the middle of a call, and the others end, in order or not. */
static bool run_frozen(const fuzz_program *program, uint64_t *state)
{
    strategy_freeze frozen = {.victim = (unsigned)random_below(state, program->thread_count)};
    frozen.at = random_below(state, program->threads[frozen.victim].call_count * CALL_STEPS + 1);
    frozen.state = random_below(state, 2) == 0 ? 0 : random_next(state) | 1;
    return fuzz_run_by(program, strategy_freeze_choose, &frozen);
}

/* Of seven numbers two are at random, four by priorities of depth 2 to 5, and one stops a thread. */
bool fuzz_run_seeded(const fuzz_program *program, uint64_t seed)
{
    uint64_t state = random_mix(seed);
    unsigned kind = (unsigned)random_below(&state, 7);
    if (kind < 2) {
        strategy_random random = strategy_random_open(state, kind == 0);
        return fuzz_run_by(program, strategy_random_choose, &random);
    }
    if (kind == 6)
        return run_frozen(program, &state);
    strategy_pct pct =
        strategy_pct_open(state, program->thread_count, kind, count_calls(program) * CALL_STEPS_COMMON);
    return fuzz_run_by(program, strategy_pct_choose, &pct);
}

uint64_t fuzz_batch_seed(const fuzz_program *program)
{
    uint8_t bytes[FUZZ_BYTES_MAX];
    size_t size = fuzz_program_to_bytes(program, bytes);
    uint64_t seed = size;
    for (size_t i = 0; i < size; i++)
        seed = random_mix(seed ^ bytes[i]);
    return seed;
}

#define AGAIN_EVERY 16u /* input: decided by the input, so that its path is */

bool fuzz_run_batch(const fuzz_program *program, unsigned more)
{
    uint64_t seed = fuzz_batch_seed(program);
    footprint_reset(); /* of another programme: what is common is learnt anew, so that a run depends on its input only */
    bool good = fuzz_run(program) && (seed % AGAIN_EVERY != 0 || fuzz_run_again(program));
    for (uint64_t i = 0; i < more && good; i++)
        good = fuzz_run_seeded(program, seed + i);
    return good;
}

void fuzz_adopt_last_run(fuzz_program *program)
{
    moves_of_last_run(program, froze ? freeze.victim : SCHEDULER_NOBODY, freeze.at);
}

void fuzz_listen(fuzz_listener *listener)
{
    listen_to = listener;
}
