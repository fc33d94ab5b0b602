/*
 * record.h -- one key of the store: 64 bytes, one cache line.
 *
 * `head` says what is current. Clean (version << 1 | 1): the value in this line is. Otherwise it
 * points to a node: the entry of a transaction that is committing this key, whose owner's status word
 * says whether the node's value is current (COMMITTED) or still the one in this line (all else).
 *
 *     clean(v) --install--> node --finish--> clean(v + 1)        (commit.c)
 *                            |--undo-------> clean(v)            by its owner, or by whoever takes
 *                                                                the key over from an aborted owner
 *
 * What may be written when: the line below `head` only by the owner of a COMMITTED node that is
 * installed here; so whoever reads it and then finds `head` still at, or below, the same version
 * has read one version whole. A version never comes back (it only rises), so there is no ABA.
 *
 * Records are made once, never moved, and freed with the store.
 */
#ifndef STMI_RECORD_H
#define STMI_RECORD_H

#include "atomic.h"
#include "base.h"

#include <stm/stm.h>

#include <string.h>

struct stmi_version;
struct stmi_block;

struct stmi_record {
    _Alignas(STMI_LINE) stmi_word head;        /* 0: not published yet; written as drawn above */
    _Atomic(struct stmi_version *) history;    /* old versions that snapshots see, newest first (history.h) */
    stmi_word revision;                        /* of the commit that published the value below */
    stmi_word txn;                             /* the one that published it */
    stmi_word info;                            /* stmi_info_*: kind and type of the value, writer, key size */
    stmi_word payload[3];                      /* value and key, see below */
};
_Static_assert(sizeof(struct stmi_record) == STMI_LINE, "a record is one cache line");

/* payload, by key size:  up to 8    value value key
 *                        up to 16   value key   key
 *                        over 16    value value pointer to the key's bytes
 * A value too large for its words is a block (block.h) to which payload[0] points. */
#define STMI_KEY_INLINE_MAX 16

/* A record's address, spread over all bits (Fibonacci hashing, Knuth): the high ones are the best. */
STMI_INLINE uint64_t stmi_record_spread(const struct stmi_record *record)
{
    return (uint64_t)(uintptr_t)record / sizeof *record * UINT64_C(0x9e3779b97f4a7c15);
}

/* ------------------------------------------------------------------------------- head -- */

#define STMI_CLEAN UINT64_C(1)

STMI_INLINE uint64_t stmi_head_clean(uint64_t version)
{
    return version << 1 | STMI_CLEAN;
}

STMI_INLINE bool stmi_head_is_clean(uint64_t head)
{
    return (head & STMI_CLEAN) != 0;
}

STMI_INLINE uint64_t stmi_head_version(uint64_t head)
{
    return head >> 1;
}

/* ------------------------------------------------------------------------------- info -- */

/* bits 0-7 kind | 8-10 type | 11-22 key size | 23-44 tid | 45-60 label */
#define STMI_KIND_ABSENT 255u /* no value */
#define STMI_KIND_BLOCK 254u  /* payload[0] points to a block; else kind is the value's size */

STMI_INLINE unsigned stmi_info_kind(uint64_t info) { return info & 255; }
STMI_INLINE stm_type stmi_info_type(uint64_t info) { return (stm_type)(info >> 8 & 7); }
STMI_INLINE size_t stmi_info_key_size(uint64_t info) { return info >> 11 & 4095; }
STMI_INLINE uint32_t stmi_info_tid(uint64_t info) { return info >> 23 & 0x3fffff; }
STMI_INLINE unsigned stmi_info_label(uint64_t info) { return info >> 45 & 65535; }

STMI_INLINE uint64_t stmi_info_of_value(unsigned kind, stm_type type) { return kind | (uint64_t)type << 8; }
STMI_INLINE uint64_t stmi_info_of_key(size_t key_size) { return (uint64_t)key_size << 11; }
STMI_INLINE uint64_t stmi_info_of_writer(unsigned label, uint32_t tid)
{
    return (uint64_t)(tid & 0x3fffff) << 23 | (uint64_t)label << 45;
}

#define STMI_INFO_VALUE_MASK UINT64_C(0x7ff)
#define STMI_INFO_KEY_MASK (UINT64_C(0xfff) << 11)
#define STMI_INFO_WRITER_MASK (~UINT64_C(0) << 23)

/* How many bytes of value the record of such a key holds itself. */
STMI_INLINE size_t stmi_value_inline_max(size_t key_size)
{
    return key_size > 8 && key_size <= STMI_KEY_INLINE_MAX ? 8 : 16;
}

/* -------------------------------------------------------------------------------- key -- */

/* A key on its way through a call: its bytes, its hash and, if short, itself in two words. */
struct stmi_name {
    stm_bytes bytes;
    uint64_t hash;
    uint64_t words[2];
};

STMI_INLINE uint64_t stmi_word_read(const void *address)
{
    uint64_t word;
    memcpy(&word, address, sizeof word);
    return word;
}

/* Up to eight bytes, padded with zeros. */
STMI_INLINE uint64_t stmi_word_pack(const unsigned char *data, size_t size)
{
    uint64_t word = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint32_t low, high;
    if (size == 8)
        return stmi_word_read(data);
    if (size >= 4) { /* the two meet or overlap, and agree where they do */
        memcpy(&low, data, sizeof low);
        memcpy(&high, data + size - 4, sizeof high);
        return low | (uint64_t)high << 8 * (size - 4);
    }
    for (size_t i = 0; i < size; i++)
        word |= (uint64_t)data[i] << 8 * i;
#else
    memcpy(&word, data, size);
#endif
    return word;
}

/* The bytes of a short key, padded with zeros. */
STMI_INLINE void stmi_name_pack(struct stmi_name *name)
{
    const unsigned char *data = name->bytes.data;
    size_t size = name->bytes.size;
    name->words[0] = name->words[1] = 0;
    if (size > STMI_KEY_INLINE_MAX)
        return;
    if (size <= 8) {
        name->words[0] = stmi_word_pack(data, size);
        return;
    }
    name->words[0] = stmi_word_read(data);
    name->words[1] = stmi_likely(size == 16) ? stmi_word_read(data + 8) : stmi_word_pack(data + 8, size - 8);
}

/* The key's words and pointer never change after the record is published: plain reads would do,
 * but value and key share the array. */
STMI_INLINE const void *stmi_record_key_data(struct stmi_record *record, size_t size)
{
    if (size > STMI_KEY_INLINE_MAX)
        return (const void *)(uintptr_t)stmi_peek(&record->payload[2]);
    return (const void *)&record->payload[size <= 8 ? 2 : 1];
}

STMI_INLINE stm_bytes stmi_record_key(struct stmi_record *record)
{
    size_t size = stmi_info_key_size(stmi_peek(&record->info));
    return stm_bytes_of(stmi_record_key_data(record, size), size);
}

STMI_INLINE bool stmi_record_is(struct stmi_record *record, const struct stmi_name *name)
{
    size_t size = name->bytes.size;
    if (stmi_info_key_size(stmi_peek(&record->info)) != size)
        return false;
    if (stmi_likely(size > 8 && size <= STMI_KEY_INLINE_MAX))
        return stmi_peek(&record->payload[1]) == name->words[0] &&
               stmi_peek(&record->payload[2]) == name->words[1];
    if (size <= 8)
        return stmi_peek(&record->payload[2]) == name->words[0];
    return memcmp(stmi_record_key_data(record, size), name->bytes.data, size) == 0;
}

/* The order of cursors: memcmp, and then the shorter first. */
STMI_INLINE int stmi_bytes_compare(stm_bytes a, stm_bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

#endif
