#include "vocabulary.h"

#include "fail.h"

#include <stdlib.h>

void vocabulary_init(vocabulary *v, const char *prefix, const char *suffix)
{
    *v = (vocabulary){.prefix = prefix, .suffix = suffix};
    v->prefix_size = strlen(prefix);
    v->suffix_size = strlen(suffix);
}

void vocabulary_free(vocabulary *v)
{
    for (size_t i = 0; i < v->word_count; i++)
        free(v->words[i].key);
    free(v->words);
    free(v->slots);
}

size_t vocabulary_size_max(const vocabulary *v)
{
    return STM_KEY_SIZE_MAX - v->prefix_size - v->suffix_size;
}

static uint32_t hash_of(const char *text, size_t size)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}

/* The slot of the word, or the free one where it belongs. */
static uint32_t *find_slot(const vocabulary *v, const char *text, size_t size, uint32_t hash)
{
    for (size_t i = hash & (v->slot_count - 1);; i = (i + 1) & (v->slot_count - 1)) {
        if (v->slots[i] == 0)
            return &v->slots[i];
        const stm_bytes found = vocabulary_text(v, v->slots[i] - 1);
        if (found.size == size && memcmp(found.data, text, size) == 0)
            return &v->slots[i];
    }
}

static void make_room(vocabulary *v)
{
    if (v->word_count < v->word_capacity)
        return;
    v->word_capacity = v->word_capacity == 0 ? 1024 : 2 * v->word_capacity;
    v->slot_count = 2 * v->word_capacity;
    v->words = resized(v->words, v->word_capacity, sizeof(*v->words));
    v->slots = resized(v->slots, v->slot_count, sizeof(*v->slots));
    memset(v->slots, 0, v->slot_count * sizeof(*v->slots));
    for (uint32_t i = 0; i < v->word_count; i++) {
        const stm_bytes text = vocabulary_text(v, i);
        *find_slot(v, text.data, text.size, v->words[i].hash) = i + 1;
    }
}

uint32_t vocabulary_add(vocabulary *v, const char *text, size_t size)
{
    const uint32_t hash = hash_of(text, size);
    make_room(v);
    uint32_t *slot = find_slot(v, text, size, hash);
    if (*slot == 0) {
        vocabulary_word *new_word = &v->words[v->word_count++];
        new_word->hash = hash;
        new_word->key_size = (uint32_t)(v->prefix_size + size + v->suffix_size);
        new_word->key = resized(NULL, new_word->key_size, 1);
        memcpy(new_word->key, v->prefix, v->prefix_size);
        memcpy(new_word->key + v->prefix_size, text, size);
        memcpy(new_word->key + v->prefix_size + size, v->suffix, v->suffix_size);
        *slot = (uint32_t)v->word_count;
    }
    return *slot - 1;
}

bool vocabulary_find(const vocabulary *v, stm_bytes key, uint32_t *number)
{
    if (key.size < v->prefix_size + v->suffix_size || v->slot_count == 0)
        return false;
    const char *text = (const char *)key.data + v->prefix_size;
    const size_t size = key.size - v->prefix_size - v->suffix_size;
    const uint32_t *slot = find_slot(v, text, size, hash_of(text, size));
    if (*slot == 0 || memcmp(v->words[*slot - 1].key, key.data, key.size) != 0)
        return false;
    *number = *slot - 1;
    return true;
}

stm_bytes vocabulary_key(const vocabulary *v, uint32_t number)
{
    return stm_bytes_of(v->words[number].key, v->words[number].key_size);
}

stm_bytes vocabulary_text(const vocabulary *v, uint32_t number)
{
    const vocabulary_word *w = &v->words[number];
    return stm_bytes_of(w->key + v->prefix_size, w->key_size - v->prefix_size - v->suffix_size);
}
