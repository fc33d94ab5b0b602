/*
 * vocabulary.h -- the different words of a text, numbered from 0 in the order of their appearance.
 *
 * A word knows its key in the store: prefix, word, suffix. Words are looked up in a plain hash table
 * (open addressing, at most half full), which no thread changes once the text has been read.
 */
#ifndef WORDCOUNT_VOCABULARY_H
#define WORDCOUNT_VOCABULARY_H

#include <stm/stm.h>

typedef struct vocabulary_word {
    char *key;
    uint32_t key_size;
    uint32_t hash;
} vocabulary_word;

typedef struct vocabulary {
    const char *prefix, *suffix;
    size_t prefix_size, suffix_size;
    vocabulary_word *words;
    size_t word_count, word_capacity;
    uint32_t *slots;   /* number of a word + 1; 0: free */
    size_t slot_count; /* a power of two */
} vocabulary;

void vocabulary_init(vocabulary *v, const char *prefix, const char *suffix);
void vocabulary_free(vocabulary *v);

/* The longest word that still makes a key. */
size_t vocabulary_size_max(const vocabulary *v);

/* The number of a word, which is added if it is new. */
uint32_t vocabulary_add(vocabulary *v, const char *text, size_t size);

/* The number of the word that has this key. Returns false if there is none. */
bool vocabulary_find(const vocabulary *v, stm_bytes key, uint32_t *number);

stm_bytes vocabulary_key(const vocabulary *v, uint32_t number);
stm_bytes vocabulary_text(const vocabulary *v, uint32_t number);

#endif
