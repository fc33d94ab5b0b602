/*
 * label.h -- the names of kinds of transactions, as small numbers that fit into a record's stamp. A
 * label once met stays; there are at most 65,535.
 */
#ifndef STMI_LABEL_H
#define STMI_LABEL_H

#include "atomic.h"
#include "memory.h"

#define STMI_LABEL_BUCKETS 256
#define STMI_LABEL_PAGE 256

struct stmi_label {
    struct stmi_label *next; /* in its bucket; fixed when published */
    uint32_t id;             /* from 1 */
    char text[STM_LABEL_SIZE_MAX + 1];
};

struct stmi_labels {
    _Atomic(struct stmi_label *) buckets[STMI_LABEL_BUCKETS];
    _Atomic(_Atomic(struct stmi_label *) *) pages[STMI_LABEL_PAGE]; /* by id: page, place */
    _Atomic(uint32_t) count;
};

/* OK, NO_MEMORY, LIMIT; INVALID and TOO_LARGE for the text. Lock-free. */
stm_status stmi_label_intern(struct stmi_memory *memory, struct stmi_labels *labels, const char *text,
                             const struct stmi_label **label);
/* "" for an unknown id. */
const char *stmi_label_text(struct stmi_labels *labels, unsigned id);
void stmi_label_drain(struct stmi_memory *memory, struct stmi_labels *labels);

#endif
