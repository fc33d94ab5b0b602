/*
 * options.h -- the command line of stm-contention record.
 */
#ifndef CONTENTION_RECORD_OPTIONS_H
#define CONTENTION_RECORD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Record's own exit statuses, those of env(1), timeout(1) and the like. All others are the program's. */
enum { EXIT_RECORD_FAILED = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL_BASE = 128 };

/* Each level has what those before it have. */
typedef enum record_level { LEVEL_CONFLICTS = 0, LEVEL_CONTENTION, LEVEL_COMMITS, LEVEL_ALL, LEVEL_COUNT } record_level;

const char *record_level_name(record_level level);

typedef struct record_options {
    record_level level;
    bool flight;           /* keep the last moments in memory, save them when something happens */
    bool save_at_end;      /* flight: and at the end of the program */
    unsigned save_interval_s; /* flight: least time between two saves for starving threads */
    const char *output;    /* NULL: a name of our own */
    const char *provider;  /* NULL: the one that belongs to this command */
    uint64_t buffer_bytes; /* of all processors together; 0: our choice */
    bool block;            /* threads wait for room in a buffer rather than lose an event */
    bool strict;           /* an incomplete recording is a failure */
    bool report;
    bool quiet;
    char **program;        /* and its arguments, ending with NULL */
} record_options;

/* Returns -1 if there is a program to record, else the exit status. */
int record_options_parse(int argc, char **argv, record_options *options);

#endif
