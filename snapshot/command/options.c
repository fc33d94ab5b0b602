#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "text.h"

#define SEPARATORS ":/." /* between the parts of a key */
#define TOP 20

/* How an option is set: a bool, a number within bounds, or by apply_other. */
enum kind { FLAG, NUMBER, OTHER };
#define TO(member) offsetof(struct options, member)

/* The letter is the short option. */
static const struct known {
    char letter;
    const char *name, *argument, *help;
    enum kind kind;
    size_t member;
    int64_t min, max;
} known[] = {
    {'a', "at", "ID", "the snapshot with this id, as FILE:ID; default: the newest", NUMBER, TO(at), 1,
     INT64_MAX},
    {'k', "key", "PREFIX*", "only keys that begin so; without the star, only this key", OTHER, 0, 0, 0},
    {'f', "full", NULL, "whole values, however long", FLAG, TO(full), 0, 0},
    {'r', "raw", NULL, "the value's bytes as they are, and nothing else", FLAG, TO(raw), 0, 0},
    {'H', "history", NULL, "the key in every snapshot in which it changed", FLAG, TO(history), 0, 0},
    {'p', "republished", NULL, "also keys that were published again with the same value", FLAG,
     TO(republished), 0, 0},
    {'q', "quiet", NULL, "no output: the exit status tells", FLAG, TO(quiet), 0, 0},
    {'t', "top", "N", "rows in each list (20)", NUMBER, TO(top), 0, 10000},
    {'d', "depth", "N", "parts of a key that make a prefix; default: where keys begin to differ", NUMBER,
     TO(depth), 0, 4},
    {'s', "separators", "CHARS", "what parts of a key end with (:/.)", OTHER, 0, 0, 0},
    {'c', "check", NULL, "try it: into a store that is thrown away", FLAG, TO(check), 0, 0},
    {'K', "key-size", "BYTES", "the store's limit of a key, as in stm_options (1024)", NUMBER,
     TO(key_size_max), 1, STM_KEY_SIZE_MAX},
    {'V', "value-size", "BYTES", "the store's limit of a value (16777216)", NUMBER, TO(value_size_max), 1,
     STM_VALUE_SIZE_MAX},
    {'T', "txn-keys", "N", "the store's limit of keys in a transaction (65536)", NUMBER,
     TO(txn_key_count_max), 1, UINT32_MAX},
    {'n', "keep", "N", "keep the newest N snapshots, and remove the others", NUMBER, TO(keep), 1, INT64_MAX},
    {'D', "dry-run", NULL, "say what would be removed, and remove nothing", FLAG, TO(dry_run), 0, 0},
    {'o', "html", "FILE", "where to write it; - is the standard output", OTHER, 0, 0, 0},
    {'C', "csv", NULL, "as CSV (RFC 4180), with a line of names", FLAG, TO(csv), 0, 0},
    {'j', "json", NULL, "as JSON", FLAG, TO(json), 0, 0},
    {'h', "help", NULL, "this text", OTHER, 0, 0, 0},
};
#define KNOWN_COUNT (sizeof known / sizeof *known)

static bool accepted(const struct command *command, char letter)
{
    return letter == 'h' || strchr(command->accepts, letter) != NULL;
}

static void print_help(const struct command *command)
{
    printf("usage: stm-snapshot %s [options] %s\n%s\n\n", command->name, command->operands, command->summary);
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        const struct known *each = &known[i];
        char name[40];
        if (!accepted(command, each->letter))
            continue;
        snprintf(name, sizeof name, "%s%s%s", each->name, each->argument ? " " : "",
                 each->argument ? each->argument : "");
        printf("  -%c, --%-18s %s\n", each->letter, name, each->help);
    }
    if (command->text != NULL)
        printf("\n%s", command->text);
}

int64_t options_number(const char *what, const char *text, int64_t min, int64_t max)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < min || number > max)
        fail(EXIT_USAGE, "%s %s: must be a whole number from %" PRId64 " to %" PRId64, what, text, min, max);
    return number;
}

GByteArray *options_key(const char *text)
{
    GByteArray *key = text_unescaped(text);
    if (key == NULL)
        fail(EXIT_USAGE, "key %s: a backslash begins \\\\ (itself) or \\xNN (a byte)", text);
    if (key->len == 0)
        fail(EXIT_USAGE, "a key has at least one byte");
    return key;
}

static void set_key(struct options *options, const char *text)
{
    size_t size = strlen(text);
    options->key_is_prefix = size > 0 && text[size - 1] == '*';
    char *plain = g_strndup(text, size - options->key_is_prefix);
    if (strchr(plain, '*') != NULL)
        fail(EXIT_USAGE, "--key %s: a star may stand at the end only; \\x2a is one that is part of the key",
             text);
    if (plain[0] != '\0')
        options->key = options_key(plain);
    else if (!options->key_is_prefix)
        fail(EXIT_USAGE, "--key: a key has at least one byte");
    g_free(plain);
}

static void apply_other(struct options *options, const struct command *command, int letter)
{
    switch (letter) {
    case 'k':
        set_key(options, optarg);
        break;
    case 's':
        options->separators = optarg;
        break;
    case 'o':
        options->html = optarg;
        break;
    case 'h':
        print_help(command);
        exit(finish_output(EXIT_FINE));
    default: /* getopt_long has said what is wrong */
        fail(EXIT_USAGE, "see stm-snapshot %s --help", command->name);
    }
}

static void apply(struct options *options, const struct command *command, int letter)
{
    char *members = (char *)options, name[32];
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        if (known[i].letter != letter || known[i].kind == OTHER)
            continue;
        snprintf(name, sizeof name, "--%s", known[i].name);
        if (known[i].kind == FLAG)
            *(bool *)(void *)(members + known[i].member) = true;
        else
            *(int64_t *)(void *)(members + known[i].member) =
                options_number(name, optarg, known[i].min, known[i].max);
        return;
    }
    apply_other(options, command, letter);
}

/* What getopt_long wants, of the options that this command takes. */
static void make_lists(const struct command *command, struct option *longs, char *shorts)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        const struct known *each = &known[i];
        if (!accepted(command, each->letter))
            continue;
        *longs++ =
            (struct option){each->name, each->argument ? required_argument : no_argument, NULL, each->letter};
        *shorts++ = each->letter;
        if (each->argument)
            *shorts++ = ':';
    }
    *longs = (struct option){0};
    *shorts = '\0';
}

struct options options_parse(const struct command *command, int argc, char **argv)
{
    struct options options = {.depth = -1, .separators = SEPARATORS, .top = TOP};
    struct option longs[KNOWN_COUNT + 1];
    char shorts[2 * KNOWN_COUNT + 1], self[] = "stm-snapshot";
    int letter;
    make_lists(command, longs, shorts);
    argv[0] = self; /* getopt_long's messages begin with it */
    while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
        apply(&options, command, letter);
    options.operands = argv + optind;
    options.operand_count = argc - optind;
    if (options.operand_count < command->operands_min || options.operand_count > command->operands_max)
        fail(EXIT_USAGE, "%s wants %s; see stm-snapshot %s --help", command->name, command->operands,
             command->name);
    return options;
}

void options_free(struct options *options)
{
    if (options->key != NULL)
        g_byte_array_unref(options->key);
    options->key = NULL;
}
