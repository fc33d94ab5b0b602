/*
 * survey.h -- a snapshot in figures: how much there is, of what, under which prefixes, by whom.
 *
 * One pass over the keys, in their order, in bounded memory, however many there are: keys with a common
 * prefix come one after the other, so that each prefix is added up while it lasts, and only the largest are
 * kept.
 */
#ifndef SNAPSHOT_COMMAND_SURVEY_H
#define SNAPSHOT_COMMAND_SURVEY_H

#include "rows.h"

struct amount {
    int64_t keys, key_bytes, value_bytes;
};
int64_t amount_bytes(const struct amount *amount); /* keys and values */

/* The largest of very many; what was not kept is added up. */
struct entry {
    GByteArray *name;
    struct amount amount;
    int64_t rank;    /* larger comes first */
    int64_t version; /* of a key */
    int64_t type;
    bool direct; /* a prefix: only keys without any further separator */
};
struct top {
    GArray *entries; /* struct entry, the first ones first */
    guint limit;
    int64_t count;        /* of all, kept or not */
    struct amount others; /* those not kept */
};

#define SURVEY_DEPTH_MAX 4
#define SURVEY_BUCKETS 64
#define SURVEY_TYPES 9 /* 0 to STM_TYPE_MAX, and all that are none */

struct survey {
    struct amount all;
    struct amount types[SURVEY_TYPES];
    struct amount values[SURVEY_BUCKETS]; /* by size: bucket 0 is 0, bucket n from 2^(n-1) up to 2^n - 1 */
    struct top prefixes[SURVEY_DEPTH_MAX + 1]; /* by how many parts; [0]: by the first character in which they differ */
    unsigned depth;                            /* which of them tells most */
    struct top largest, published;             /* keys: by size, by version */
    struct top writers;                        /* labels, by how many keys they wrote last */
    bool has_writers;
};

/* keys and prefixes: how many to keep. options: --key, --separators, --depth. */
void survey_make(struct survey *survey, struct file *file, const struct snapshot *snapshot,
                 const struct options *options, guint limit);
void survey_free(struct survey *survey);

/* "account:*", to be freed. */
GString *prefix_text(const struct entry *entry, size_t columns_max);
/* "4 to 7"; valid until the next call. */
const char *bucket_text(unsigned bucket);

#endif
