/*
 * stage.h -- what most schedule tests begin and end with: a store with a few keys and an actor for each
 * thread; and at the end, a look at everything, the history checked both ways, the store closed, and
 * nothing leaked.
 */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "actor.h"
#include "arena.h"
#include "explorer.h"
#include "history_check.h"

#define STAGE_KEY_COUNT_MAX 16

extern actor stage_actors[SCHEDULER_THREAD_COUNT_MAX];
extern actor_world stage_world;

/* From now on memory is freed as soon as it may be, and not when there is much of it: more steps, and more to find. */
void stage_free_soon(void);

/* Opens the store, and an actor for each thread. kinds: a letter a key, for its values: w(ord),
 * s(mall), m(iddle), l(arge), x (mixed); a capital: the key has no value at first. */
void stage_open(unsigned actor_count, const char *kinds);
/* A store that has been opened is copied for the next run of the same programme: from now on, not for it. What the library does
 * then does not depend on what was run before. */
void stage_forget(void);
/* Adds keys of no interest, until the next key but `below` makes the index grow. */
void stage_fill_index(unsigned below);
/* All of the above; fails the run if anything is wrong. */
void stage_close(void);

/* Of a run that is kept (kept.h): all that is here, and not in the arena. */
char *stage_save(char *to);
const char *stage_load(const char *from);

/* Notes how a thread came out; stage_close tells the explorer of all together: "OK, CONFLICT". */
void stage_outcome(unsigned thread, const char *outcome);
void stage_status(unsigned thread, stm_status status);

stm_bytes stage_key(uint32_t key); /* its name */
bool stage_is_initial(uint64_t value);
stm_stats stage_stats(void);

#endif
