#include "moves.h"

static bool has(unsigned set, unsigned thread)
{
    return (set >> thread & 1) != 0;
}

/* Who may be chosen: a frozen thread only if all the others have ended. */
static unsigned awake(const moves *moves, const scheduler_view *view)
{
    unsigned free = view->runnable & ~moves->frozen;
    return free != 0 ? free : view->runnable;
}

/* True: *choice is what the present move says. False: it is done, or cannot be made now. */
static bool follow(moves *moves, const scheduler_view *view, const fuzz_move *move, unsigned *choice)
{
    switch ((fuzz_move_kind)move->kind) {
    case FUZZ_GO:
        *choice = move->thread;
        return moves->made < move->count && has(awake(moves, view), move->thread);
    case FUZZ_UNTIL:
        *choice = move->thread;
        return view->calls[move->thread] <= move->count && has(awake(moves, view), move->thread);
    case FUZZ_ARRIVE:
        *choice = SCHEDULER_ARRIVE(move->thread);
        return moves->made < move->count && has(view->waiting, move->thread);
    case FUZZ_OVERTAKE:
        *choice = SCHEDULER_OVERTAKE(move->thread);
        return moves->made < move->count && has(view->overtaking, move->thread);
    default:
        moves->frozen |= 1u << move->thread;
        return false;
    }
}

unsigned moves_choose(void *strategy, const scheduler_view *view)
{
    moves *moves = strategy;
    unsigned choice;
    for (; moves->at < moves->program->move_count; moves->at++, moves->made = 0)
        if (follow(moves, view, &moves->program->moves[moves->at], &choice)) {
            moves->made++;
            return choice;
        }
    unsigned choices = awake(moves, view);
    bool goes_on = view->last != SCHEDULER_NOBODY && has(choices, view->last);
    return goes_on ? view->last : (unsigned)__builtin_ctz(choices);
}

static fuzz_move move_of(unsigned choice)
{
    fuzz_move move = {.kind = FUZZ_GO, .thread = (uint8_t)(choice & 15u), .count = 1};
    if (choice == SCHEDULER_ARRIVE(choice & 15u))
        move.kind = FUZZ_ARRIVE;
    else if (choice == SCHEDULER_OVERTAKE(choice & 15u))
        move.kind = FUZZ_OVERTAKE;
    return move;
}

static void add(fuzz_program *program, fuzz_move move)
{
    if (program->move_count < FUZZ_MOVE_COUNT_MAX)
        program->moves[program->move_count++] = move;
}

void moves_of_last_run(fuzz_program *program, unsigned victim, uint64_t at)
{
    uint64_t own_steps = 0;
    bool frozen = victim == SCHEDULER_NOBODY;
    program->move_count = 0;
    for (uint64_t i = 0; i < scheduler_step_count(); i++) {
        fuzz_move move = move_of(scheduler_step_choice(i));
        if (!frozen && own_steps == at) {
            add(program, (fuzz_move){.kind = FUZZ_FREEZE, .thread = (uint8_t)victim, .count = 1});
            frozen = true;
        }
        own_steps += move.thread == victim && move.kind == FUZZ_GO;
        fuzz_move *last = program->move_count == 0 ? NULL : &program->moves[program->move_count - 1];
        bool joins = last != NULL && last->kind == move.kind && last->thread == move.thread &&
                     (move.kind == FUZZ_GO || move.kind == FUZZ_ARRIVE) && last->count < UINT16_MAX;
        if (joins)
            last->count++;
        else
            add(program, move);
    }
}
