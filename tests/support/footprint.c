#define _GNU_SOURCE
#include "footprint.h"

#include "kept.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* The few words that are not in the arena, but in static memory: a table with open addressing. */
#define ELSEWHERE_MAX ((size_t)1 << 12)
#define NOTES_MAX ((size_t)1 << 14)

static struct {
    uintptr_t number; /* address / 8 */
    footprint_word word; /* of another life: the place is empty */
} elsewhere[ELSEWHERE_MAX];
static size_t elsewhere_used;

/* What a note of this run has replaced, in order. */
static struct note {
    footprint_word *word;
    footprint_word before;
} notes[NOTES_MAX];
static size_t note_count; /* may be greater: those are not undone */
static uint64_t notes_digest;

footprint_word *footprint_shadow;
/* Should they come round, a word may be taken for common that is not: no harm. */
uint32_t footprint_life = 1, footprint_run = 1;
static size_t common_count;

footprint_word *footprint_find_elsewhere(uintptr_t number)
{
    size_t i = (size_t)((uint64_t)number * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (ELSEWHERE_MAX - 1);
    while (elsewhere[i].word.life == footprint_life && elsewhere[i].number != number)
        i = (i + 1) & (ELSEWHERE_MAX - 1);
    if (elsewhere[i].word.life != footprint_life && ++elsewhere_used > ELSEWHERE_MAX / 2) {
        fprintf(stderr, "footprint: more words outside of the arena than there is room for\n");
        abort();
    }
    elsewhere[i].number = number;
    return &elsewhere[i].word;
}

static void map_shadow(void)
{
    /* Zeros, and memory is taken only where the arena is used. */
    footprint_shadow = mmap(NULL, ARENA_SIZE / 8 * sizeof *footprint_shadow, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (footprint_shadow == MAP_FAILED) {
        perror("footprint: mmap");
        exit(2);
    }
}

void footprint_begin_run(void)
{
    if (footprint_shadow == NULL)
        map_shadow();
    footprint_run++;
    note_count = notes_digest = 0;
}

void footprint_reset(void)
{
    footprint_life++; /* clearing all words would take longer than a run */
    elsewhere_used = common_count = 0;
}

static uint64_t digest_of(const footprint_word *word)
{
    if (word->run != footprint_run)
        return 0;
    return random_mix((uint64_t)(uintptr_t)word << 16 ^ (uint64_t)word->readers << 8 ^ word->writers);
}

void footprint_note(footprint_word *word, uint8_t readers, uint8_t writers)
{
    if (note_count < NOTES_MAX)
        notes[note_count] = (struct note){word, *word};
    note_count++;
    notes_digest ^= digest_of(word);
    word->run = footprint_run;
    word->readers = readers;
    word->writers = writers;
    notes_digest ^= digest_of(word);
    if (writers != 0 && (readers & (readers - 1)) != 0) {
        word->common = true;
        common_count++;
    }
}

char *footprint_save(char *to)
{
    if (note_count > NOTES_MAX) {
        fprintf(stderr, "footprint: a run that is kept touches more words than there is room for\n");
        abort();
    }
    to = kept_write(to, &note_count, sizeof note_count);
    return kept_write(to, &notes_digest, sizeof notes_digest);
}

const char *footprint_load(const char *from)
{
    size_t count;
    from = kept_read(from, &count, sizeof count);
    while (note_count > count) {
        const struct note *note = &notes[--note_count];
        note->word->run = note->before.run;
        note->word->readers = note->before.readers;
        note->word->writers = note->before.writers;
    }
    return kept_read(from, &notes_digest, sizeof notes_digest);
}

uint64_t footprint_digest(void)
{
    return notes_digest;
}

bool footprint_touch(unsigned thread, const stmi_access *access)
{
    if (access->kind == STMI_SPIN)
        return false;
    bool news = false;
    for (uintptr_t number = footprint_first(access); number <= footprint_last(access); number++)
        news |= footprint_touch_word(thread, access->kind != STMI_LOAD, footprint_find(number));
    return news;
}

size_t footprint_common_count(void)
{
    return common_count;
}
