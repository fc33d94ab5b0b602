#define _GNU_SOURCE
#include "baton.h"

#include "machine.h"

#include <linux/futex.h>

void baton_pass(baton *to)
{
    __atomic_store_n(&to->turn, 1, __ATOMIC_RELEASE);
    machine_futex(&to->turn, FUTEX_WAKE_PRIVATE, 1);
}

void baton_wait(baton *mine)
{
    while (__atomic_load_n(&mine->turn, __ATOMIC_ACQUIRE) == 0)
        machine_futex(&mine->turn, FUTEX_WAIT_PRIVATE, 0);
    __atomic_store_n(&mine->turn, 0, __ATOMIC_RELAXED); /* only its own thread takes it back */
}
