/*
 * corpus.h -- the text to be counted: its words, in order, as numbers of a vocabulary.
 *
 * A word is a maximal run of ASCII letters, in lower case, as
 *     tr -cs A-Za-z '\n' | tr A-Z a-z
 * cuts it. Files are read one after the other, folders in the order of their names; in folders
 * symbolic links are left out, so that no text is counted twice.
 */
#ifndef WORDCOUNT_CORPUS_H
#define WORDCOUNT_CORPUS_H

#include "vocabulary.h"

typedef struct corpus {
    vocabulary vocabulary;
    uint32_t *words;
    size_t word_count, word_capacity;
    size_t file_count;
} corpus;

/* Reads all paths, up to the NULL; fails if one cannot be read, or if there is no word in them. */
void corpus_read(corpus *t, char *const *paths, const char *key_prefix, const char *key_suffix);
void corpus_free(corpus *t);

#endif
