/*
 * ctf_writer.h -- traces made by hand, byte by byte: CTF 1.8, as a session of LTTng would have left it.
 *
 * With it, tests know every figure of a trace by construction, and need neither LTTng nor luck. Which events exist and
 * what fields they have is written here once more, and not shared with the reader: a mistake in one is seen by the other.
 * All calls end the program with a message when the file system fails; a test cannot go on then.
 */
#ifndef CTF_WRITER_H
#define CTF_WRITER_H

#include "../../../trace/contention/event.h"

#include <stddef.h>

#define CTF_KIND_BIT(kind) (1u << (kind))
#define CTF_KINDS_CONFLICTS (CTF_KIND_BIT(EVENT_STARVING) | CTF_KIND_BIT(EVENT_CONFLICT))
#define CTF_KINDS_CONTENTION (CTF_KINDS_CONFLICTS | CTF_KIND_BIT(EVENT_BUSY))
#define CTF_KINDS_COMMITS                                                                                             \
    (CTF_KINDS_CONTENTION | CTF_KIND_BIT(EVENT_COMMIT) | CTF_KIND_BIT(EVENT_ABANDON) | CTF_KIND_BIT(EVENT_STORE) |     \
     CTF_KIND_BIT(EVENT_SNAPSHOT))
#define CTF_KINDS_ALL (CTF_KIND_BIT(EVENT_KIND_COUNT) - 1)

typedef struct ctf_options {
    unsigned kinds;         /* whose classes the metadata declares; 0: all */
    size_t cpu_count;       /* one stream each; 0: 1 */
    size_t packet_size;     /* bytes, whole packets; 0: 4,096 */
    int64_t clock_offset_s; /* Unix time at which the clock was 0 */
    const char *provider;   /* NULL: stm */
    bool without_context;   /* no vpid, vtid, procname */
    bool other_uuid;        /* another trace than those without it: babeltrace2 takes those of one UUID for one trace */
} ctf_options;

typedef struct ctf_writer ctf_writer;

/* Makes the folder, if need be. */
ctf_writer *ctf_writer_open(const char *folder, const ctf_options *options);

/* Into the stream of that CPU. Strings may be NULL for "". */
void ctf_writer_event(ctf_writer *writer, size_t cpu, const event *event);

/* What follows begins a new packet. */
void ctf_writer_end_packet(ctf_writer *writer, size_t cpu);

/* So many events, or packets, were lost here. */
void ctf_writer_lose_events(ctf_writer *writer, size_t cpu, uint64_t count);
void ctf_writer_lose_packets(ctf_writer *writer, size_t cpu, uint64_t count);

void ctf_writer_close(ctf_writer *writer);

#endif
