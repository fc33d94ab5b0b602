#include "footprint.h"

#include <stdio.h>
#include <stdlib.h>

struct word {
    uintptr_t number; /* address / 8 */
    uint64_t life;    /* between two resets; of another one: the place is empty */
    uint64_t run;     /* in which the two masks below were gathered */
    uint8_t readers;  /* a bit a thread */
    uint8_t writers;
    bool common;
};

#define CAPACITY ((size_t)1 << 16) /* far more words than a program touches */

static struct word table[CAPACITY]; /* open addressing */
static size_t used;
static size_t common_count;
static uint64_t run = 1, life = 1;

/* Its place: there, or where it would be. */
static struct word *find(uintptr_t number)
{
    size_t i = (size_t)((uint64_t)number * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (CAPACITY - 1);
    while (table[i].life == life && table[i].number != number)
        i = (i + 1) & (CAPACITY - 1);
    return &table[i];
}

static struct word *obtain(uintptr_t number)
{
    struct word *word = find(number);
    if (word->life != life) {
        *word = (struct word){.number = number, .life = life};
        if (++used > CAPACITY / 2) {
            fprintf(stderr, "footprint: more words than there is room for\n");
            abort();
        }
    }
    return word;
}

static uintptr_t first_word(const stmi_access *access)
{
    return (uintptr_t)access->address / 8;
}

static uintptr_t last_word(const stmi_access *access)
{
    return ((uintptr_t)access->address + access->size - 1) / 8;
}

void footprint_begin_run(void)
{
    run++;
}

void footprint_reset(void)
{
    life++; /* clearing the table would take longer than a run */
    used = common_count = 0;
}

static bool touch_word(unsigned thread, bool writes, uintptr_t number)
{
    struct word *word = obtain(number);
    if (word->run != run) {
        word->run = run;
        word->readers = word->writers = 0;
    }
    uint8_t bit = (uint8_t)(1u << thread);
    word->readers |= bit;
    if (writes)
        word->writers |= bit;
    bool several = (word->readers & (word->readers - 1)) != 0;
    if (word->common || word->writers == 0 || !several)
        return false;
    word->common = true;
    common_count++;
    return true;
}

bool footprint_touch(unsigned thread, const stmi_access *access)
{
    if (access->kind == STMI_SPIN)
        return false;
    bool news = false;
    for (uintptr_t number = first_word(access); number <= last_word(access); number++)
        news |= touch_word(thread, access->kind != STMI_LOAD, number);
    return news;
}

bool footprint_is_common(const stmi_access *access)
{
    if (access->kind == STMI_SPIN)
        return false;
    for (uintptr_t number = first_word(access); number <= last_word(access); number++) {
        const struct word *word = find(number);
        if (word->life == life && word->common)
            return true;
    }
    return false;
}

size_t footprint_common_count(void)
{
    return common_count;
}

bool footprint_conflict(const stmi_access *a, const stmi_access *b)
{
    if (a->kind == STMI_SPIN || b->kind == STMI_SPIN)
        return false;
    if (a->kind == STMI_LOAD && b->kind == STMI_LOAD)
        return false;
    return first_word(a) <= last_word(b) && first_word(b) <= last_word(a);
}
