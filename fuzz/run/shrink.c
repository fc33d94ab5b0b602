/*
 * Making a finding small. A programme is cut in one place after the other; the cut stays if the same oracle still
 * objects, by the schedule left, or by one of a few hundred others: what is cut away takes its steps with it,
 * and the old schedule rarely fits any more. At the end the schedule alone is cut, without trying others.
 */
#include "trial.h"

#include <string.h>

#define SEEDS 400u
#define SECONDS_MAX 20u

/* Takes the cut over if it still fails. */
static bool keeps_failing(trial_finding *finding, const fuzz_program *cut, uint64_t seeds)
{
    trial_finding tried;
    if (trial_run(cut, 1, seeds, SECONDS_MAX, &tried) != finding->by)
        return false;
    *finding = tried;
    return true;
}

/* ----------------------------------------------------------------------------- the calls -- */

static void drop_moves_of(fuzz_program *program, unsigned thread)
{
    unsigned count = 0;
    for (unsigned i = 0; i < program->move_count; i++) {
        fuzz_move move = program->moves[i];
        if (move.thread == thread)
            continue;
        move.thread = (uint8_t)(move.thread - (move.thread > thread));
        program->moves[count++] = move;
    }
    program->move_count = count;
}

static bool drop_thread(trial_finding *finding, unsigned thread)
{
    fuzz_program cut = finding->program;
    if (cut.thread_count == 2)
        return false;
    cut.thread_count--;
    memmove(&cut.threads[thread], &cut.threads[thread + 1], (cut.thread_count - thread) * sizeof cut.threads[0]);
    memset(&cut.threads[cut.thread_count], 0, sizeof cut.threads[0]);
    drop_moves_of(&cut, thread);
    fuzz_program_settle(&cut);
    return keeps_failing(finding, &cut, SEEDS);
}

static bool drop_call(trial_finding *finding, unsigned thread, unsigned call)
{
    fuzz_program cut = finding->program;
    fuzz_thread *calls = &cut.threads[thread];
    calls->call_count--;
    memmove(&calls->calls[call], &calls->calls[call + 1], (calls->call_count - call) * sizeof calls->calls[0]);
    return keeps_failing(finding, &cut, SEEDS);
}

static bool cut_calls(trial_finding *finding)
{
    bool any = false;
    for (unsigned i = finding->program.thread_count; i-- > 0;)
        any |= drop_thread(finding, i);
    for (unsigned i = 0; i < finding->program.thread_count; i++)
        for (unsigned j = finding->program.threads[i].call_count; j-- > 0;)
            any |= drop_call(finding, i, j);
    return any;
}

/* ------------------------------------------------------------------------------ the keys -- */

/* Keys that no call names. */
static bool drop_last_keys(trial_finding *finding)
{
    fuzz_program cut = finding->program;
    unsigned named = 1;
    for (unsigned i = 0; i < cut.thread_count; i++)
        for (unsigned j = 0; j < cut.threads[i].call_count; j++)
            named |= cut.threads[i].calls[j].keys;
    cut.key_count = 32u - (unsigned)__builtin_clz(named);
    for (unsigned i = cut.key_count; i < FUZZ_KEY_COUNT_MAX; i++)
        cut.sizes[i] = 0;
    cut.absent &= (uint8_t)((1u << cut.key_count) - 1);
    return cut.key_count < finding->program.key_count && keeps_failing(finding, &cut, SEEDS);
}

static bool simplify_keys(trial_finding *finding)
{
    bool any = drop_last_keys(finding);
    for (unsigned i = 0; i < finding->program.key_count; i++) {
        fuzz_program cut = finding->program;
        cut.sizes[i] = FUZZ_WORD;
        if (finding->program.sizes[i] != FUZZ_WORD)
            any |= keeps_failing(finding, &cut, SEEDS);
        cut = finding->program;
        cut.absent &= (uint8_t)~(1u << i);
        if (cut.absent != finding->program.absent)
            any |= keeps_failing(finding, &cut, SEEDS);
    }
    fuzz_program cut = finding->program;
    cut.delayed = false;
    fuzz_program_settle(&cut);
    if (finding->program.delayed)
        any |= keeps_failing(finding, &cut, SEEDS);
    return any;
}

/* -------------------------------------------------------------------------- the schedule -- */

static void remove_move(fuzz_program *program, unsigned at)
{
    program->move_count--;
    memmove(&program->moves[at], &program->moves[at + 1], (program->move_count - at) * sizeof program->moves[0]);
}

/* Takes over a cut of the schedule only if it leaves fewer moves, or shorter ones: else it could go on for ever. */
static bool schedule_improves(trial_finding *finding, fuzz_program *cut)
{
    fuzz_program_settle(cut);
    trial_finding tried;
    if (trial_run(cut, 1, 0, SECONDS_MAX, &tried) != finding->by)
        return false;
    tried.program = *cut; /* as short as it is written, not as it ran */
    *finding = tried;
    return true;
}

static bool cut_tail(trial_finding *finding)
{
    bool any = false;
    for (unsigned step = finding->program.move_count / 2; step > 0; step /= 2)
        while (finding->program.move_count >= step) {
            fuzz_program cut = finding->program;
            cut.move_count -= step;
            if (!schedule_improves(finding, &cut))
                break;
            any = true;
        }
    return any;
}

static bool cut_moves(trial_finding *finding)
{
    bool any = false;
    for (unsigned i = finding->program.move_count; i-- > 0;) {
        if (i >= finding->program.move_count)
            continue;
        fuzz_program cut = finding->program;
        remove_move(&cut, i);
        any |= schedule_improves(finding, &cut);
    }
    return any;
}

/* Exchanges neighbours, each of which then may join its own thread's next. */
static bool exchange_moves(trial_finding *finding)
{
    bool any = false;
    for (unsigned i = 0; i + 1 < finding->program.move_count; i++) {
        fuzz_program cut = finding->program;
        fuzz_move kept = cut.moves[i];
        cut.moves[i] = cut.moves[i + 1];
        cut.moves[i + 1] = kept;
        fuzz_program_settle(&cut);
        if (cut.move_count < finding->program.move_count)
            any |= schedule_improves(finding, &cut);
    }
    return any;
}

static bool shorten_moves(trial_finding *finding)
{
    bool any = false;
    for (unsigned i = 0; i < finding->program.move_count; i++)
        for (unsigned less = finding->program.moves[i].count / 2u; less > 0; less /= 2) {
            fuzz_program cut = finding->program;
            if (i >= cut.move_count || cut.moves[i].count <= less)
                continue;
            cut.moves[i].count = (uint16_t)(cut.moves[i].count - less);
            any |= schedule_improves(finding, &cut);
        }
    return any;
}

/* --------------------------------------------------------------------------------- all -- */

void trial_shrink(trial_finding *finding)
{
    bool any;
    do {
        any = cut_calls(finding);
        any |= simplify_keys(finding);
    } while (any);
    do {
        any = cut_tail(finding);
        any |= cut_moves(finding);
        any |= exchange_moves(finding);
    } while (any);
    shorten_moves(finding);
}
