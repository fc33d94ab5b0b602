/*
 * footprint.h -- which words of memory the threads of a program have in common: touched by two of
 * them in one run, and written by one. Only there does the order of the threads matter, so only
 * there need a scheduler think about changing threads.
 *
 * The set is learnt by running, and only grows: a word found in common in any run stays so.
 */
#ifndef TESTS_FOOTPRINT_H
#define TESTS_FOOTPRINT_H

#include "arena.h"

/* What is known of one word of eight bytes. */
typedef struct footprint_word {
    uint32_t life;   /* between two resets; of another one: nothing is known */
    uint32_t run;    /* in which the two masks below were gathered */
    uint8_t readers; /* a bit a thread */
    uint8_t writers;
    bool common;
} footprint_word;

/* Forgets which thread touched what; the words in common stay. */
void footprint_begin_run(void);
/* Forgets everything. */
void footprint_reset(void);
/* Thread (below 8) makes this access. True if it brought to light a new word in common. */
bool footprint_touch(unsigned thread, const stmi_access *access);
/* Of a run that is kept (kept.h): what was noted since is undone. */
char *footprint_save(char *to);
uint64_t footprint_digest(void); /* the same for the same notes, however they were come by */
const char *footprint_load(const char *from);
/* How many words are in common. */
size_t footprint_common_count(void);

/* For the functions below: asked before every access. */
extern footprint_word *footprint_shadow; /* of the arena: a word's place is as far from the beginning */
extern uint32_t footprint_life, footprint_run;
void footprint_note(footprint_word *word, uint8_t readers, uint8_t writers);
footprint_word *footprint_find_elsewhere(uintptr_t number);

/* The word with this address / 8. */
static inline footprint_word *footprint_find(uintptr_t number)
{
    size_t offset = arena_offset((const void *)(number * 8)); /* the arena begins at a page */
    footprint_word *word = offset != 0 ? &footprint_shadow[offset / 8] : footprint_find_elsewhere(number);
    if (word->life != footprint_life)
        *word = (footprint_word){.life = footprint_life};
    return word;
}

static inline uintptr_t footprint_first(const stmi_access *access)
{
    return (uintptr_t)access->address / 8;
}

static inline uintptr_t footprint_last(const stmi_access *access)
{
    return ((uintptr_t)access->address + access->size - 1) / 8;
}

/* The access' word, if it is one that is not in common and the access reaches no other; else NULL. */
static inline footprint_word *footprint_own(const stmi_access *access)
{
    if (footprint_first(access) != footprint_last(access))
        return NULL;
    footprint_word *word = footprint_find(footprint_first(access));
    return word->common ? NULL : word;
}

/* What footprint_touch does, for one word. */
static inline bool footprint_touch_word(unsigned thread, bool writes, footprint_word *word)
{
    if (word->common)
        return false;
    bool known = word->run == footprint_run;
    uint8_t readers = (uint8_t)((known ? word->readers : 0) | 1u << thread);
    uint8_t writers = (uint8_t)((known ? word->writers : 0) | (unsigned)writes << thread);
    if (known && readers == word->readers && writers == word->writers)
        return false;
    footprint_note(word, readers, writers);
    return word->common;
}

/* Whether the access reaches a word in common. */
static inline bool footprint_is_common(const stmi_access *access)
{
    bool common = false;
    for (uintptr_t number = footprint_first(access); number <= footprint_last(access); number++)
        common |= footprint_find(number)->common;
    return common && access->kind != STMI_SPIN;
}

/* Whether swapping the two accesses, of different threads, could change what either of them sees. */
static inline bool footprint_conflict(const stmi_access *a, const stmi_access *b)
{
    if (a->kind == STMI_SPIN || b->kind == STMI_SPIN || (a->kind == STMI_LOAD && b->kind == STMI_LOAD))
        return false;
    return footprint_first(a) <= footprint_last(b) && footprint_first(b) <= footprint_last(a);
}

#endif
