/*
 * reader.h -- the events of a trace, one after the other: the only door to babeltrace2, but for the plugin beside it.
 *
 * A recording is a folder with one or more CTF traces somewhere in it; all of them are read as one, in the order of their
 * clock. Time only gives the order in which a thread did things. What belongs together is joined by transaction and
 * version, never by time, since the winner of a conflict may well be traced after the loser.
 *
 * Bytes of a trace are not trusted: what cannot be read is left out and told, and what could be read is used.
 */
#ifndef CONTENTION_READER_H
#define CONTENTION_READER_H

#include "../event.h"

#include <stddef.h>

/* What is known of a trace besides its events. */
typedef struct trace_facts {
    size_t trace_count;       /* CTF traces read, of all that were found */
    size_t trace_count_found;
    uint64_t event_count;     /* of ours */
    uint64_t foreign_count;   /* events of others, and malformed ones of ours */
    uint64_t lost_events, lost_packets; /* as the tracer counted them */
    unsigned declared;        /* 1 << kind: the trace has a class for it, so its level was recorded */
    bool truncated;           /* a part could not be read to its end */
    bool has_clock_offset;
    int64_t clock_offset_ns;  /* to be added to a time to get Unix time */
    bool has_context;         /* events tell their process and thread */
    bool tells_modes;         /* conflicts tell whether the loser held the key for update or only read it */
    bool tells_sets;          /* conflicts tell whether the loser had set the key */
    char *trouble;            /* the first thing that could not be read, a sentence; NULL: nothing */
} trace_facts;

typedef struct reader_options {
    bool every_field;         /* also those that only the story of a transaction needs */
    bool progress;            /* tell on stderr how far it is */
    /* False ends the reading. */
    bool (*event)(void *context, const event *event);
    void *context;
} reader_options;

typedef enum reader_status {
    READER_OK = 0,
    READER_UNREADABLE, /* not a single trace could be opened; facts->trouble says why */
    READER_NO_TRACE    /* there is none */
} reader_status;

reader_status reader_run(const char *path, const reader_options *options, trace_facts *facts);
void trace_facts_free(trace_facts *facts);

#endif
