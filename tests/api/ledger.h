/*
 * ledger.h -- an allocator that writes down what it gave, and can be told to refuse.
 *
 * Every piece must come back, once, with the size it was asked for. What it gives is filled with
 * rubbish, and what comes back is spoiled, so that nobody relies on zeros or on what is gone.
 */
#ifndef STM_TESTS_API_LEDGER_H
#define STM_TESTS_API_LEDGER_H

#include <pthread.h>
#include <stm/stm.h>

struct ledger {
    pthread_mutex_t lock;
    uint64_t calls;                  /* allocations asked for, but for those while paused */
    uint64_t refuse_from, refuse_to; /* refuses the calls numbered so, from 1; to is left out */
    bool paused;                     /* refuses nothing and counts no calls */
    uint64_t refused;
    uint64_t pieces, bytes;      /* out now */
    uint64_t mistakes;           /* wrong sizes, pieces never given, alignments that are none */
    void (*hook)(void *context); /* called by each allocation, if not NULL */
    void *hook_context;
};

void ledger_open(struct ledger *ledger);
stm_allocator ledger_allocator(struct ledger *ledger);
/* Refuse count calls, beginning with that numbered first, from 1. */
void ledger_refuse(struct ledger *ledger, uint64_t first, uint64_t count);
/* All came back, and every one right. */
bool ledger_balances(const struct ledger *ledger);

#endif
