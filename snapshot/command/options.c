#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "text.h"

#define SEPARATORS ":/." /* between the parts of a key */
#define TOP 20

/* The letter is the short option where it is below 0x80 and printed in the help. */
static const struct known {
    char letter;
    const char *name, *argument, *help;
} known[] = {
    {'a', "at", "ID", "the snapshot with this id, as FILE:ID; default: the newest"},
    {'k', "key", "PREFIX*", "only keys that begin so; without the star, only this key"},
    {'f', "full", NULL, "whole values, however long"},
    {'r', "raw", NULL, "the value's bytes as they are, and nothing else"},
    {'H', "history", NULL, "the key in every snapshot in which it changed"},
    {'p', "republished", NULL, "also keys that were published again with the same value"},
    {'q', "quiet", NULL, "no output: the exit status tells"},
    {'t', "top", "N", "rows in each list (20)"},
    {'d', "depth", "N", "how many parts of a key make a prefix; default: where keys begin to differ"},
    {'s', "separators", "CHARS", "what parts of a key end with (:/.)"},
    {'c', "check", NULL, "try it: into a store that is thrown away"},
    {'K', "key-size", "BYTES", "the store's limit of a key, as in stm_options (1024)"},
    {'V', "value-size", "BYTES", "the store's limit of a value (16777216)"},
    {'T', "txn-keys", "N", "the store's limit of keys in a transaction (65536)"},
    {'n', "keep", "N", "keep the newest N snapshots, and remove the others"},
    {'D', "dry-run", NULL, "say what would be removed, and remove nothing"},
    {'o', "html", "FILE", "where to write it; - is the standard output"},
    {'C', "csv", NULL, "as CSV (RFC 4180), with a line of names"},
    {'j', "json", NULL, "as JSON"},
    {'h', "help", NULL, "this text"},
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
        fail(EXIT_USAGE, "--key %s: a star may stand at the end only; \\x2a is one that is part of the key", text);
    if (plain[0] != '\0')
        options->key = options_key(plain);
    else if (!options->key_is_prefix)
        fail(EXIT_USAGE, "--key: a key has at least one byte");
    g_free(plain);
}

static void apply(struct options *options, const struct command *command, int letter)
{
    switch (letter) {
    case 'a': options->at = options_number("--at", optarg, 1, INT64_MAX); break;
    case 'k': set_key(options, optarg); break;
    case 'f': options->full = true; break;
    case 'r': options->raw = true; break;
    case 'H': options->history = true; break;
    case 'p': options->republished = true; break;
    case 'q': options->quiet = true; break;
    case 't': options->top = options_number("--top", optarg, 0, 10000); break;
    case 'd': options->depth = options_number("--depth", optarg, 0, 4); break;
    case 's': options->separators = optarg; break;
    case 'c': options->check = true; break;
    case 'K': options->key_size_max = options_number("--key-size", optarg, 1, STM_KEY_SIZE_MAX); break;
    case 'V': options->value_size_max = options_number("--value-size", optarg, 1, STM_VALUE_SIZE_MAX); break;
    case 'T': options->txn_key_count_max = options_number("--txn-keys", optarg, 1, UINT32_MAX); break;
    case 'n': options->keep = options_number("--keep", optarg, 1, INT64_MAX); break;
    case 'D': options->dry_run = true; break;
    case 'o': options->html = optarg; break;
    case 'C': options->csv = true; break;
    case 'j': options->json = true; break;
    case 'h': print_help(command); exit(finish_output(EXIT_FINE));
    default: fail(EXIT_USAGE, "see stm-snapshot %s --help", command->name); /* getopt_long has said what is wrong */
    }
}

/* What getopt_long wants, of the options that this command takes. */
static void make_lists(const struct command *command, struct option *longs, char *shorts)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        const struct known *each = &known[i];
        if (!accepted(command, each->letter))
            continue;
        *longs++ = (struct option){each->name, each->argument ? required_argument : no_argument, NULL, each->letter};
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
        fail(EXIT_USAGE, "%s wants %s; see stm-snapshot %s --help", command->name, command->operands, command->name);
    return options;
}

void options_free(struct options *options)
{
    if (options->key != NULL)
        g_byte_array_unref(options->key);
    options->key = NULL;
}
