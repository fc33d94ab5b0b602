/*
 * The text form. One statement a line, # begins a comment:
 *
 *     keys 3                        before the lines that name keys; 1 to 4
 *     k1 large absent               size of its values: word, small, middle, large; no value at first
 *     stores delayed                weak memory
 *     T0: get k0; set k1; commit    may be repeated: the calls are added
 *     T1: fail 2; restore k0 +3     the next call's second allocation finds no memory; a set, published three versions further
 *     T2: get k0; wait              sleeps until a key that it holds has changed
 *     schedule: T0*7 T1 T0:2 T1!    may be repeated; T0*7: seven accesses; T0:2: until its second call has ended;
 *                                   T1~*2: two delayed stores arrive; T1~~: the newest of them, before the
 *                                   older ones; T1!: freeze
 */
#include "program.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sizes[FUZZ_SIZE_COUNT] = {"word", "small", "middle", "large"};

/* ----------------------------------------------------------------------------- reading -- */

struct parser {
    const char *at, *end; /* of the present line, without its comment */
    unsigned line;
    fuzz_program *program;
    uint8_t touched[FUZZ_THREAD_COUNT_MAX]; /* keys that the transaction holds by now, as far as the text tells */
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct parser *parser, const char *format, ...)
{
    int length = parser->line == 0 ? 0 : snprintf(parser->error, parser->error_size, "line %u: ", parser->line);
    va_list arguments;
    va_start(arguments, format);
    if (length >= 0 && (size_t)length < parser->error_size)
        vsnprintf(parser->error + length, parser->error_size - (size_t)length, format, arguments);
    va_end(arguments);
    return false;
}

/* What follows, cut short, for "%.*s". */
#define REST(parser) \
    ((parser)->end - (parser)->at < 12 ? (int)((parser)->end - (parser)->at) : 12), (parser)->at

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->end && isspace((unsigned char)*parser->at))
        parser->at++;
}

static bool at_end(struct parser *parser)
{
    skip_blanks(parser);
    return parser->at == parser->end;
}

static bool accept(struct parser *parser, const char *token)
{
    size_t length = strlen(token);
    skip_blanks(parser);
    if ((size_t)(parser->end - parser->at) < length || memcmp(parser->at, token, length) != 0)
        return false;
    parser->at += length;
    return true;
}

/* The next word: letters only. "" if there is none. */
static void read_word(struct parser *parser, char word[16])
{
    size_t length = 0;
    skip_blanks(parser);
    while (parser->at < parser->end && isalpha((unsigned char)*parser->at) && length < 15)
        word[length++] = *parser->at++;
    word[length] = '\0';
}

static bool read_number(struct parser *parser, const char *what, unsigned low, unsigned high, unsigned *number)
{
    unsigned long value = 0;
    const char *begin = parser->at;
    while (parser->at < parser->end && isdigit((unsigned char)*parser->at) && value <= UINT16_MAX)
        value = value * 10 + (unsigned long)(*parser->at++ - '0');
    if (parser->at == begin || value < low || value > high)
        return wrong(parser, "%s must be a number from %u to %u", what, low, high);
    *number = (unsigned)value;
    return true;
}

/* k0 .. */
static bool read_key(struct parser *parser, unsigned *key)
{
    if (!accept(parser, "k"))
        return wrong(parser, "here a key must be named: k0 to k%u", parser->program->key_count - 1);
    return read_number(parser, "the number after k", 0, parser->program->key_count - 1, key);
}

/* ---- calls */

static bool add_call(struct parser *parser, unsigned thread, fuzz_call_kind kind, unsigned keys, unsigned number)
{
    fuzz_thread *calls = &parser->program->threads[thread];
    if (calls->call_count == FUZZ_CALL_COUNT_MAX)
        return wrong(parser, "T%u makes more than %u calls; leave some out", thread, FUZZ_CALL_COUNT_MAX);
    calls->calls[calls->call_count++] = (fuzz_call){(uint8_t)kind, (uint8_t)keys, (uint8_t)number};
    if (kind == FUZZ_BEGIN || kind == FUZZ_RESET)
        parser->touched[thread] = 0;
    else if (kind == FUZZ_USE || kind == FUZZ_USING || kind == FUZZ_GET || kind == FUZZ_GETTING ||
             kind == FUZZ_SET || kind == FUZZ_DELETE || kind == FUZZ_RESTORE)
        parser->touched[thread] |= (uint8_t)keys;
    return true;
}

static bool find_kind(struct parser *parser, const char *word, fuzz_call_kind *kind)
{
    char known[256] = "";
    for (unsigned i = 0; i < FUZZ_CALL_KIND_COUNT; i++) {
        const char *name = fuzz_call_name((fuzz_call_kind)i);
        if (strcmp(word, name) == 0) {
            *kind = (fuzz_call_kind)i;
            return true;
        }
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i == 0 ? "" : ", ", name);
    }
    return wrong(parser, "no call is named \"%s\"; there are %s", word, known);
}

/* "= k0+1", after a set. */
static bool read_dependency(struct parser *parser, unsigned thread)
{
    unsigned key = 0;
    if (!accept(parser, "="))
        return true;
    if (!read_key(parser, &key))
        return false;
    if (!accept(parser, "+1"))
        return wrong(parser, "what a set depends on is written \"= k%u+1\"", key);
    if ((parser->touched[thread] >> key & 1) != 0)
        return true;
    return add_call(parser, thread, FUZZ_GET, 1u << key, 0);
}

/* "2" after fail, "+2" after restore. */
static bool read_call_number(struct parser *parser, fuzz_call_kind kind, unsigned *number)
{
    unsigned high = fuzz_call_number_max(kind);
    if (high == 0)
        return true;
    if (kind == FUZZ_RESTORE && !accept(parser, "+"))
        return wrong(parser, "how many versions further is written \"restore k0 +2\"");
    skip_blanks(parser);
    return read_number(parser, kind == FUZZ_FAIL ? "which allocation fails" : "how many versions further",
                       fuzz_call_number_min(kind), high, number);
}

static bool read_call(struct parser *parser, unsigned thread)
{
    char word[16];
    fuzz_call_kind kind = FUZZ_BEGIN;
    read_word(parser, word);
    if (!find_kind(parser, word, &kind))
        return false;
    unsigned keys = 0, key = 0, number = 0;
    fuzz_arity arity = fuzz_call_arity(kind);
    while (arity != FUZZ_NO_KEY && (keys == 0 || arity == FUZZ_SEVERAL_KEYS)) {
        if (keys != 0 && !(skip_blanks(parser), parser->at < parser->end && *parser->at == 'k'))
            break;
        if (!read_key(parser, &key))
            return false;
        keys |= 1u << key;
    }
    if (!read_call_number(parser, kind, &number) || (kind == FUZZ_SET && !read_dependency(parser, thread)))
        return false;
    return add_call(parser, thread, kind, keys, number);
}

static bool read_calls(struct parser *parser)
{
    unsigned thread = 0;
    if (!read_number(parser, "the number after T", 0, FUZZ_THREAD_COUNT_MAX - 1, &thread))
        return false;
    if (!accept(parser, ":"))
        return wrong(parser, "after T%u comes a colon, and then its calls", thread);
    if (parser->program->thread_count < thread + 1)
        parser->program->thread_count = thread + 1;
    while (!at_end(parser)) {
        if (!read_call(parser, thread))
            return false;
        if (!at_end(parser) && !accept(parser, ";"))
            return wrong(parser, "calls are separated by \";\": what is \"%.*s\"?", REST(parser));
    }
    return true;
}

/* ---- schedule */

static bool read_move(struct parser *parser)
{
    fuzz_program *program = parser->program;
    unsigned thread = 0, count = 1;
    if (!accept(parser, "T"))
        return wrong(parser, "a schedule is made of T0*7, T0:2, T0~, T0~~ and T0!: what is \"%.*s\"?", REST(parser));
    if (!read_number(parser, "the number after T", 0, FUZZ_THREAD_COUNT_MAX - 1, &thread))
        return false;
    fuzz_move_kind kind = FUZZ_GO;
    if (accept(parser, "~~"))
        kind = FUZZ_OVERTAKE;
    else if (accept(parser, "~"))
        kind = FUZZ_ARRIVE;
    else if (accept(parser, "!"))
        kind = FUZZ_FREEZE;
    bool counts = kind == FUZZ_GO || kind == FUZZ_ARRIVE;
    if (kind == FUZZ_GO && accept(parser, ":")) {
        kind = FUZZ_UNTIL;
        if (!read_number(parser, "the number of the call, after the colon,", 1, FUZZ_CALL_COUNT_MAX, &count))
            return false;
    } else if (counts && accept(parser, "*") && !read_number(parser, "the number after *", 1, UINT16_MAX, &count))
        return false;
    if (program->move_count == FUZZ_MOVE_COUNT_MAX)
        return wrong(parser, "a schedule of more than %u moves", FUZZ_MOVE_COUNT_MAX);
    program->moves[program->move_count++] = (fuzz_move){(uint8_t)kind, (uint8_t)thread, (uint16_t)count};
    return true;
}

static bool read_schedule(struct parser *parser)
{
    if (!accept(parser, ":"))
        return wrong(parser, "after \"schedule\" comes a colon");
    while (!at_end(parser))
        if (!read_move(parser))
            return false;
    return true;
}

/* ---- the rest */

static bool read_about_key(struct parser *parser)
{
    unsigned key = 0;
    if (!read_key(parser, &key))
        return false;
    while (!at_end(parser)) {
        char word[16];
        unsigned size = 0;
        read_word(parser, word);
        while (size < FUZZ_SIZE_COUNT && strcmp(word, sizes[size]) != 0)
            size++;
        if (size < FUZZ_SIZE_COUNT)
            parser->program->sizes[key] = (uint8_t)size;
        else if (strcmp(word, "absent") == 0)
            parser->program->absent |= (uint8_t)(1u << key);
        else
            return wrong(parser, "of a key can be said: word, small, middle, large, absent");
    }
    return true;
}

static bool read_statement(struct parser *parser)
{
    if (at_end(parser))
        return true;
    if (accept(parser, "T"))
        return read_calls(parser);
    if (*parser->at == 'k' && parser->end - parser->at > 1 && isdigit((unsigned char)parser->at[1]))
        return read_about_key(parser);
    char word[16];
    read_word(parser, word);
    bool good = false;
    if (strcmp(word, "keys") == 0) {
        skip_blanks(parser);
        good = read_number(parser, "the number of keys", 1, FUZZ_KEY_COUNT_MAX, &parser->program->key_count);
        if (!good)
            return false;
    } else if (strcmp(word, "schedule") == 0) {
        return read_schedule(parser);
    } else if (strcmp(word, "stores") == 0) {
        good = accept(parser, "delayed");
        parser->program->delayed = true;
    }
    if (!good || !at_end(parser))
        return wrong(parser, "a line is one of: keys 2; k1 large absent; stores delayed; T0: calls; "
                             "schedule: moves; # comment");
    return true;
}

/* A program may have been read whose keys were counted after they were named, or that is too long. */
static bool check_whole(struct parser *parser)
{
    fuzz_program *program = parser->program;
    uint8_t bytes[FUZZ_BYTES_MAX], all = (uint8_t)((1u << program->key_count) - 1);
    parser->line = 0;
    for (unsigned i = 0; i < program->thread_count; i++)
        for (unsigned j = 0; j < program->threads[i].call_count; j++)
            if ((program->threads[i].calls[j].keys & ~all) != 0)
                return wrong(parser, "T%u names a key that there is not; \"keys %u\" comes first", i,
                             program->key_count);
    for (unsigned i = program->key_count; i < FUZZ_KEY_COUNT_MAX; i++)
        if (program->sizes[i] != 0 || (program->absent >> i & 1) != 0)
            return wrong(parser, "k%u is described, and \"keys %u\" leaves it out", i, program->key_count);
    for (unsigned i = 0; i < program->move_count; i++)
        if (program->moves[i].thread >= program->thread_count)
            return wrong(parser, "the schedule names T%u, which makes no calls; give it a line \"T%u:\"",
                         program->moves[i].thread, program->moves[i].thread);
    fuzz_program_settle(program);
    if (fuzz_program_to_bytes(program, bytes) == 0)
        return wrong(parser, "the programme takes more than %u bytes; make its schedule shorter", FUZZ_BYTES_MAX);
    return true;
}

bool fuzz_program_from_text(const char *text, size_t size, fuzz_program *program, char *error, size_t error_size)
{
    struct parser parser = {.program = program, .error = error, .error_size = error_size};
    memset(program, 0, sizeof *program);
    program->thread_count = 2;
    program->key_count = 1;
    const char *end = memchr(text, '\0', size);
    end = end == NULL ? text + size : end;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *next = newline == NULL ? end : newline + 1;
        const char *stop = newline == NULL ? end : newline;
        const char *comment = memchr(text, '#', (size_t)(stop - text));
        parser.line++;
        parser.at = text;
        parser.end = comment == NULL ? stop : comment;
        if (!read_statement(&parser))
            return false;
        text = next;
    }
    return check_whole(&parser);
}

/* ----------------------------------------------------------------------------- writing -- */

struct writer {
    char *text;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct writer *writer, const char *format, ...)
{
    va_list arguments;
    size_t left = FUZZ_TEXT_SIZE_MAX - writer->length;
    va_start(arguments, format);
    int length = vsnprintf(writer->text + writer->length, left, format, arguments);
    va_end(arguments);
    writer->length += length > 0 && (size_t)length < left ? (size_t)length : 0;
}

static void say_keys(struct writer *writer, const fuzz_program *program)
{
    say(writer, "keys %u\n", program->key_count);
    for (unsigned i = 0; i < program->key_count; i++) {
        bool absent = (program->absent >> i & 1) != 0;
        if (program->sizes[i] != FUZZ_WORD || absent)
            say(writer, "k%u%s%s%s\n", i, program->sizes[i] == FUZZ_WORD ? "" : " ",
                program->sizes[i] == FUZZ_WORD ? "" : sizes[program->sizes[i]], absent ? " absent" : "");
    }
    if (program->delayed)
        say(writer, "stores delayed\n");
}

void fuzz_call_to_text(const fuzz_call *call, char text[FUZZ_CALL_TEXT_SIZE_MAX])
{
    size_t length = (size_t)snprintf(text, FUZZ_CALL_TEXT_SIZE_MAX, "%s", fuzz_call_name((fuzz_call_kind)call->kind));
    for (unsigned key = 0; key < FUZZ_KEY_COUNT_MAX; key++)
        if ((call->keys >> key & 1) != 0)
            length += (size_t)snprintf(text + length, FUZZ_CALL_TEXT_SIZE_MAX - length, " k%u", key);
    if (call->number != 0)
        snprintf(text + length, FUZZ_CALL_TEXT_SIZE_MAX - length, " %s%u", call->kind == FUZZ_RESTORE ? "+" : "",
                 call->number);
}

static void say_calls(struct writer *writer, unsigned number, const fuzz_thread *thread)
{
    say(writer, "T%u:", number);
    for (unsigned i = 0; i < thread->call_count; i++) {
        char text[FUZZ_CALL_TEXT_SIZE_MAX];
        fuzz_call_to_text(&thread->calls[i], text);
        say(writer, "%s %s", i == 0 ? "" : ";", text);
    }
    say(writer, "\n");
}

#define SCHEDULE_COLUMNS 100

static void say_move(struct writer *writer, const fuzz_move *move)
{
    static const char *const marks[FUZZ_MOVE_KIND_COUNT] = {
        [FUZZ_GO] = "", [FUZZ_UNTIL] = ":", [FUZZ_FREEZE] = "!", [FUZZ_ARRIVE] = "~", [FUZZ_OVERTAKE] = "~~"};
    say(writer, " T%u%s", move->thread, marks[move->kind]);
    if (move->kind == FUZZ_UNTIL)
        say(writer, "%u", move->count);
    if (move->kind == FUZZ_GO || (move->kind == FUZZ_ARRIVE && move->count > 1))
        say(writer, "*%u", move->count);
}

static void say_schedule(struct writer *writer, const fuzz_program *program)
{
    size_t line = writer->length;
    for (unsigned i = 0; i < program->move_count; i++) {
        if (i == 0 || writer->length - line > SCHEDULE_COLUMNS) {
            say(writer, "%sschedule:", i == 0 ? "" : "\n");
            line = writer->length;
        }
        say_move(writer, &program->moves[i]);
    }
    if (program->move_count > 0)
        say(writer, "\n");
}

void fuzz_program_to_text(const fuzz_program *program, char text[FUZZ_TEXT_SIZE_MAX])
{
    struct writer writer = {text, 0};
    say_keys(&writer, program);
    for (unsigned i = 0; i < program->thread_count; i++)
        say_calls(&writer, i, &program->threads[i]);
    say_schedule(&writer, program);
}
