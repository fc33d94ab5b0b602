/*
 * buffers.h -- how much memory holds the events that are not yet written.
 *
 * Needed: that nothing is lost when two processors emit 5 million events a second (about 350 MB/s) while the disk or
 * the scheduler holds the writer up for some tenths of a second. Kept: 128 MiB a processor, 32 sub-buffers of 4 MiB,
 * at all levels alike. Price: that much memory of tmpfs, filled with zeros before the program starts. On machines with
 * many processors, or little memory, each gets less: all together never more than 2 GiB, a quarter of the memory that
 * is available, or three quarters of what the tmpfs has free. Rejected: a size by level, since even conflicts alone
 * can come by the million, and buffers by process, which a program that forks would multiply.
 */
#ifndef CONTENTION_RECORD_BUFFERS_H
#define CONTENTION_RECORD_BUFFERS_H

#include <stdbool.h>
#include <stdint.h>

enum { BUFFERS_TEXT_MAX = 512 };

typedef struct buffers {
    uint64_t subbuffer_bytes;
    uint64_t subbuffer_count; /* a processor */
    uint64_t processor_count; /* possible ones: LTTng makes buffers for all */
} buffers;

typedef struct buffers_wish {
    uint64_t bytes;    /* of all processors together; 0: choose */
    uint64_t room;     /* free bytes of the tmpfs that they will lie in */
    bool private_room; /* that tmpfs is our own, and not the machine's /dev/shm */
    bool flight;       /* one sub-buffer more each, to be read while the others are overwritten */
} buffers_wish;

uint64_t buffers_bytes(const buffers *plan, bool flight);

/* Returns false if there is not room enough: text says so. Otherwise text is empty, or a warning. */
bool buffers_plan(const buffers_wish *wish, buffers *plan, char text[BUFFERS_TEXT_MAX]);

/* MemAvailable of /proc/meminfo, or less where a control group allows less. */
uint64_t memory_available(void);

#endif
