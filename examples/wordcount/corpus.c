#define _DEFAULT_SOURCE /* fts */
#include "corpus.h"

#include "fail.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>

static void add_word(corpus *t, const char *letters, size_t size)
{
    if (size == 0)
        return;
    if (t->word_count == t->word_capacity) {
        t->word_capacity = t->word_capacity == 0 ? 65536 : 2 * t->word_capacity;
        t->words = resized(t->words, t->word_capacity, sizeof(*t->words));
    }
    t->words[t->word_count++] = vocabulary_add(&t->vocabulary, letters, size);
}

/* The letter in lower case; 0 if c is none. Not isalpha(), which asks the locale. */
static char letter_of(int c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c >= 'a' && c <= 'z' ? (char)c : '\0';
}

static void read_stream(corpus *t, FILE *stream, const char *path)
{
    const size_t size_max = vocabulary_size_max(&t->vocabulary);
    char letters[STM_KEY_SIZE_MAX];
    size_t size = 0;
    int c;

    while ((c = getc_unlocked(stream)) != EOF) {
        const char letter = letter_of(c);
        if (letter == '\0') {
            add_word(t, letters, size);
            size = 0;
        } else if (size < size_max) {
            letters[size++] = letter;
        } else {
            fail("%s: a word of more than %zu letters is too long for a key", path, size_max);
        }
    }
    add_word(t, letters, size);
    if (ferror(stream))
        fail("%s: %s", path, strerror(errno));
    t->file_count++;
}

static void read_file(corpus *t, const char *access_path, const char *path)
{
    FILE *stream = fopen(access_path, "r");
    if (stream == NULL)
        fail("%s: %s", path, strerror(errno));
    read_stream(t, stream, path);
    fclose(stream);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void read_tree(corpus *t, char *path)
{
    char *const roots[] = {path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (tree == NULL)
        fail("%s: %s", path, strerror(errno));

    const FTSENT *entry;
    while (errno = 0, (entry = fts_read(tree)) != NULL) {
        switch (entry->fts_info) {
        case FTS_F:
            read_file(t, entry->fts_accpath, entry->fts_path);
            break;
        case FTS_DEFAULT: /* a pipe or device: only where it was named */
            if (entry->fts_level == FTS_ROOTLEVEL)
                read_file(t, entry->fts_accpath, entry->fts_path);
            break;
        case FTS_DNR:
        case FTS_ERR:
        case FTS_NS:
            fail("%s: %s", entry->fts_path, strerror(entry->fts_errno));
        case FTS_SLNONE:
            if (entry->fts_level == FTS_ROOTLEVEL)
                fail("%s: %s", entry->fts_path, strerror(ENOENT));
            break;
        default:
            break; /* folders before and after, symbolic links */
        }
    }
    if (errno != 0)
        fail("%s: %s", path, strerror(errno));
    fts_close(tree);
}

void corpus_read(corpus *t, char *const *paths, const char *key_prefix, const char *key_suffix)
{
    *t = (corpus){0};
    vocabulary_init(&t->vocabulary, key_prefix, key_suffix);
    for (size_t i = 0; paths[i] != NULL; i++) {
        if (strcmp(paths[i], "-") == 0)
            read_stream(t, stdin, "standard input");
        else
            read_tree(t, paths[i]);
    }
    if (t->word_count == 0)
        fail("there are no words in %s%s", strcmp(paths[0], "-") == 0 ? "the standard input" : paths[0],
             paths[1] == NULL ? "" : " and the other files");
}

void corpus_free(corpus *t)
{
    vocabulary_free(&t->vocabulary);
    free(t->words);
}
