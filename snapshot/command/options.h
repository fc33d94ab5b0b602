/*
 * options.h -- the command line: one list of options for all commands, of which each takes some; so that an
 * option means the same everywhere, and --help cannot forget one.
 */
#ifndef SNAPSHOT_COMMAND_OPTIONS_H
#define SNAPSHOT_COMMAND_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stm/stm.h>

struct options {
    char **operands;
    int operand_count;
    int64_t at;      /* 0: the newest */
    GByteArray *key; /* of --key, without its star; NULL: all keys */
    bool key_is_prefix;
    bool json, csv, full, raw, history, quiet, check, dry_run, republished;
    const char *html; /* NULL: not given */
    int64_t keep;     /* 0: not given */
    int64_t top;
    int64_t depth; /* -1: chosen by what is there */
    const char *separators;
    int64_t key_size_max, value_size_max, txn_key_count_max; /* 0: the library's defaults */
};

struct command {
    const char *name;
    const char *operands; /* "FILE[:ID] KEY" */
    int operands_min, operands_max;
    const char *summary;
    const char *accepts; /* letters of the list in options.c */
    const char *text;    /* the rest of its help; NULL: none */
    int (*run)(const struct options *options);
};

/* Parses what follows the command's name. Exits after --help, and after a mistake. */
struct options options_parse(const struct command *command, int argc, char **argv);

/* Takes back what they hold. */
void options_free(struct options *options);

/* A key as text.h shows it, from the command line; exits if it is none. */
GByteArray *options_key(const char *text);
/* A whole number from the command line; what names it in the message. */
int64_t options_number(const char *what, const char *text, int64_t min, int64_t max);

#endif
