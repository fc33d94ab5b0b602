/*
 * records.h -- all records of a store, by number, in segments that double in size: memory order is
 * nearly the order of creation, and a scan runs straight through. Only grows.
 *
 * A slot takes a batch of numbers at once, so that threads which make keys seldom meet. It publishes the records of
 * a batch in order, and the next user of the slot goes on where the last one has stopped: where the first of a batch that
 * is not published stands, those behind it are not either.
 */
#ifndef STMI_RECORDS_H
#define STMI_RECORDS_H

#include "memory.h"
#include "record.h"

#define STMI_SEGMENT_COUNT 32
#ifndef STMI_SEGMENT_FIRST
#define STMI_SEGMENT_FIRST 1024 /* records in segments 0 and 1; then twice as many each. the testing build takes less */
#endif

#ifndef STMI_RECORDS_AT_ONCE
#define STMI_RECORDS_AT_ONCE 64 /* numbers in a batch; segments are multiples of it */
#endif

struct stmi_records {
    _Alignas(STMI_LINE) stmi_word count; /* given out, in whole batches; not all need be published yet (head == 0) */
    _Atomic(struct stmi_record *) segments[STMI_SEGMENT_COUNT];
};

/* What is left of a slot's batch. */
struct stmi_numbers {
    uint64_t next, end;
};

/* A new record with head == 0, or NULL when there is no memory. Lock-free. To be published before the slot's next one. */
struct stmi_record *stmi_records_add(struct stmi_memory *memory, struct stmi_records *records,
                                     struct stmi_numbers *numbers);

STMI_INLINE struct stmi_record *stmi_records_at(struct stmi_records *records, uint64_t number)
{
    if (number < STMI_SEGMENT_FIRST)
        return stmi_load(&records->segments[0], ACQUIRE) + number;
    unsigned segment = stmi_log2(number / STMI_SEGMENT_FIRST) + 1;
    return stmi_load(&records->segments[segment], ACQUIRE) + (number - ((uint64_t)STMI_SEGMENT_FIRST << (segment - 1)));
}

void stmi_records_drain(struct stmi_memory *memory, struct stmi_records *records);

#endif
