#include "records.h"

_Static_assert(STMI_SEGMENT_FIRST % STMI_RECORDS_AT_ONCE == 0, "a batch lies in one segment");

static uint64_t segment_size(unsigned segment)
{
    return (uint64_t)STMI_SEGMENT_FIRST << (segment == 0 ? 0 : segment - 1);
}

static bool segment_ensure(struct stmi_memory *memory, struct stmi_records *records, unsigned segment)
{
    if (segment >= STMI_SEGMENT_COUNT)
        return false;
    if (stmi_load(&records->segments[segment], ACQUIRE) != NULL)
        return true;
    size_t bytes = segment_size(segment) * sizeof(struct stmi_record);
    struct stmi_record *fresh = stmi_pages_get(memory, bytes);
    if (fresh == NULL)
        return false;
    struct stmi_record *none = NULL;
    /* Release pair:segment -- its zeros are in place before anybody numbers records in it. */
    if (!stmi_cas(&records->segments[segment], &none, fresh, SEQ_CST))
        stmi_pages_put(memory, fresh, bytes); /* another thread was first */
    return true;
}

/* Takes a batch. False: no memory. */
static bool numbers_take(struct stmi_memory *memory, struct stmi_records *records, struct stmi_numbers *numbers)
{
    uint64_t first = stmi_load(&records->count, ACQUIRE);
    do {
        unsigned segment = first < STMI_SEGMENT_FIRST ? 0 : stmi_log2(first / STMI_SEGMENT_FIRST) + 1;
        if (!segment_ensure(memory, records, segment))
            return false;
        /* Release pair:segment -- who reads a count finds the segments below it. */
    } while (!stmi_cas(&records->count, &first, first + STMI_RECORDS_AT_ONCE, SEQ_CST));
    *numbers = (struct stmi_numbers){first, first + STMI_RECORDS_AT_ONCE};
    return true;
}

struct stmi_record *stmi_records_add(struct stmi_memory *memory, struct stmi_records *records,
                                     struct stmi_numbers *numbers)
{
    if (numbers->next == numbers->end && !numbers_take(memory, records, numbers))
        return NULL;
    return stmi_records_at(records, numbers->next++);
}

void stmi_records_drain(struct stmi_memory *memory, struct stmi_records *records)
{
    for (unsigned segment = 0; segment < STMI_SEGMENT_COUNT; segment++)
        stmi_pages_put(memory, stmi_load(&records->segments[segment], RELAXED),
                       segment_size(segment) * sizeof(struct stmi_record));
}
