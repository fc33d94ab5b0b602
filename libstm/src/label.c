#include "label.h"

#include <string.h>

static unsigned bucket_of(const char *text, size_t size)
{
    uint32_t hash = 2166136261u; /* FNV-1a: short texts, met once a slot */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return (hash ^ hash >> 16) % STMI_LABEL_BUCKETS;
}

static struct stmi_label *find(struct stmi_label *label, const struct stmi_label *end, const char *text)
{
    for (; label != end; label = label->next)
        if (strcmp(label->text, text) == 0)
            return label;
    return NULL;
}

/* Makes the label readable by its number. False: no memory. */
static bool enter_page(struct stmi_memory *memory, struct stmi_labels *labels, struct stmi_label *label)
{
    _Atomic(_Atomic(struct stmi_label *) *) *slot = &labels->pages[label->id / STMI_LABEL_PAGE];
    _Atomic(struct stmi_label *) *page = stmi_load(slot, ACQUIRE);
    if (page == NULL) {
        size_t bytes = STMI_LABEL_PAGE * sizeof *page;
        _Atomic(struct stmi_label *) *fresh = stmi_memory_get(memory, bytes, _Alignof(max_align_t));
        if (fresh == NULL)
            return false;
        for (unsigned i = 0; i < STMI_LABEL_PAGE; i++)
            atomic_init(&fresh[i], NULL);
        if (stmi_cas(slot, &page, fresh, SEQ_CST))
            page = fresh;
        else
            stmi_memory_put(memory, (void *)fresh, bytes);
    }
    stmi_store(&page[label->id % STMI_LABEL_PAGE], label, RELEASE);
    return true;
}

/* Memory first, so that a failure uses up no number. */
static stm_status make(struct stmi_memory *memory, struct stmi_labels *labels, const char *text,
                       size_t size, struct stmi_label **out)
{
    struct stmi_label *label = stmi_memory_get(memory, sizeof *label, _Alignof(max_align_t));
    if (label == NULL)
        return STM_NO_MEMORY;
    uint32_t id = stmi_load(&labels->count, RELAXED); /* only a number to claim: no order needed */
    do {
        if (id >= STM_LABEL_COUNT_MAX) {
            stmi_memory_put(memory, label, sizeof *label);
            return STM_LIMIT;
        }
    } while (!stmi_cas(&labels->count, &id, id + 1, SEQ_CST));
    label->next = NULL;
    label->id = id + 1;
    memcpy(label->text, text, size + 1);
    if (!enter_page(memory, labels, label)) {
        stmi_memory_put(memory, label, sizeof *label);
        return STM_NO_MEMORY;
    }
    *out = label;
    return STM_OK;
}

stm_status stmi_label_intern(struct stmi_memory *memory, struct stmi_labels *labels, const char *text,
                             const struct stmi_label **out)
{
    if (text == NULL || text[0] == '\0')
        return STM_INVALID;
    size_t size = strnlen(text, STM_LABEL_SIZE_MAX + 1);
    if (size > STM_LABEL_SIZE_MAX)
        return STM_TOO_LARGE;
    _Atomic(struct stmi_label *) *bucket = &labels->buckets[bucket_of(text, size)];
    /* Acquire pair:label -- its text and number. */
    struct stmi_label *first = stmi_load(bucket, ACQUIRE);
    struct stmi_label *label = find(first, NULL, text);
    if (label != NULL) {
        *out = label;
        return STM_OK;
    }
    struct stmi_label *fresh;
    stm_status status = make(memory, labels, text, size, &fresh);
    if (status != STM_OK)
        return status;
    for (;;) {
        fresh->next = first;
        if (stmi_cas(bucket, &first, fresh, SEQ_CST)) /* Release pair:label */
            break;
        label = find(first, fresh->next, text);
        if (label != NULL) { /* another thread was first: our number stays unused, but readable */
            *out = label;
            return STM_OK;
        }
    }
    *out = fresh;
    return STM_OK;
}

const char *stmi_label_text(struct stmi_labels *labels, unsigned id)
{
    _Atomic(struct stmi_label *) *page = stmi_load(&labels->pages[id / STMI_LABEL_PAGE % STMI_LABEL_PAGE], ACQUIRE);
    struct stmi_label *label = page == NULL ? NULL : stmi_load(&page[id % STMI_LABEL_PAGE], ACQUIRE);
    return label == NULL ? "" : label->text;
}

void stmi_label_drain(struct stmi_memory *memory, struct stmi_labels *labels)
{
    uint32_t last = stmi_load(&labels->count, RELAXED); /* number given out, if not in use */
    for (uint32_t first = 0; first <= last; first += STMI_LABEL_PAGE) {
        _Atomic(struct stmi_label *) *page = stmi_load(&labels->pages[first / STMI_LABEL_PAGE], RELAXED);
        for (uint32_t i = 0; page != NULL && i < STMI_LABEL_PAGE && first + i <= last; i++)
            stmi_memory_put(memory, stmi_load(&page[i], RELAXED), sizeof(struct stmi_label));
        stmi_memory_put(memory, (void *)page, STMI_LABEL_PAGE * sizeof *page);
    }
}
