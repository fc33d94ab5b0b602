/*
 * gate.h -- stops a thread in the midst of a library call, at a place of our choice: in the store's allocator, which is
 * the caller's own code.
 *
 * The thread that is to stop arms the gate for itself. At its next request of the kind, it stops there until another
 * thread, which has awaited it, lets it go on. Only large pieces count (GATE_SIZE and up): those come from the allocator
 * each time.
 */
#ifndef STM_TESTS_SUPPORT_GATE_H
#define STM_TESTS_SUPPORT_GATE_H

#include <semaphore.h>
#include <stm/stm.h>

#define GATE_SIZE ((size_t)100 << 10)

typedef enum gate_kind { GATE_SHUT_NEVER = 0, GATE_AT_ALLOC, GATE_AT_FREE } gate_kind;

typedef struct gate {
    sem_t arrived, open;
} gate;

void gate_make(gate *g);
void gate_unmake(gate *g);
/* For stm_options; the gate outlives the store. */
stm_allocator gate_allocator(gate *g);

/* For the calling thread, from now on. GATE_AT_FREE stops it once, GATE_AT_ALLOC each time, until disarmed. */
void gate_arm(gate_kind kind);
/* Returns whether GATE_AT_FREE has stopped it. */
bool gate_disarm(void);
/* Until a thread has stopped; false: none has for 20 seconds. */
bool gate_await(gate *g);
/* The thread that was awaited goes on. */
void gate_open(gate *g);

#endif
