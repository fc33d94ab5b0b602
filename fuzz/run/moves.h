/*
 * moves.h -- the schedule of a programme as a strategy of the scheduler. When its moves are used up the
 * thread that went last goes on to its end, and then the others in their order; a frozen one comes last.
 */
#ifndef FUZZ_MOVES_H
#define FUZZ_MOVES_H

#include "program.h"
#include "scheduler.h"

typedef struct moves {
    const fuzz_program *program;
    unsigned at;
    unsigned made;   /* of the present move */
    unsigned frozen; /* a bit a thread */
} moves;

unsigned moves_choose(void *moves, const scheduler_view *view);

/* The steps of the last run, as moves; the victim, if there is one, is frozen after `at` of its own. Too many: the rest
 * is left out. */
void moves_of_last_run(fuzz_program *program, unsigned victim, uint64_t at);

#endif
