/*
 * options.h -- what the user wants; see wordcount.1.
 */
#ifndef WORDCOUNT_OPTIONS_H
#define WORDCOUNT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_COUNT_MAX 100
#define BATCH_SIZE_MAX 1024

typedef enum output { OUTPUT_REPORT = 0, OUTPUT_JSON, OUTPUT_TOTALS } output;

typedef struct options {
    size_t thread_count;
    size_t batch_size;   /* words in a transaction */
    uint64_t pass_count; /* through the text; 0: until seconds are over */
    double seconds;
    const char *key_prefix; /* the key pattern, around its %s */
    const char *key_suffix;
    size_t top_count; /* rows in the lists of words and keys */
    output output;
    bool quiet;
    const char *snapshot_path; /* where to save the store; NULL: nowhere */
    char **paths; /* ends with NULL; never empty */
} options;

/* Fails on what it does not understand; answers --help and --version and exits. The options point
 * into argv and into static memory. */
options options_parse(int argc, char **argv);

#endif
