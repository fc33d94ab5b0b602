#define _POSIX_C_SOURCE 200809L
#include "gate.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define PATIENCE_S 20

static _Thread_local gate_kind armed;

void gate_make(gate *g)
{
    sem_init(&g->arrived, 0, 0);
    sem_init(&g->open, 0, 0);
}

void gate_unmake(gate *g)
{
    sem_destroy(&g->arrived);
    sem_destroy(&g->open);
}

static bool await(sem_t *semaphore)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    while (sem_timedwait(semaphore, &until) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

static void stop(gate *g, gate_kind kind, size_t size)
{
    if (armed != kind || size < GATE_SIZE)
        return;
    if (kind == GATE_AT_FREE)
        armed = GATE_SHUT_NEVER;
    sem_post(&g->arrived);
    await(&g->open); /* if nobody comes, the test finds out that nothing was as planned */
}

static void *get(void *context, size_t size, size_t alignment)
{
    stop(context, GATE_AT_ALLOC, size);
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void put(void *context, void *memory, size_t size)
{
    stop(context, GATE_AT_FREE, size);
    free(memory);
}

stm_allocator gate_allocator(gate *g)
{
    return (stm_allocator){.alloc = get, .free = put, .context = g};
}

void gate_arm(gate_kind kind)
{
    armed = kind;
}

bool gate_disarm(void)
{
    bool stopped = armed == GATE_SHUT_NEVER;
    armed = GATE_SHUT_NEVER;
    return stopped;
}

bool gate_await(gate *g)
{
    return await(&g->arrived);
}

void gate_open(gate *g)
{
    sem_post(&g->open);
}
