/*
 * The byte form:
 *
 *     byte 0     bits 0-1 threads - 2 (3: like 0) | 2-3 keys - 1 | 4 stores are delayed
 *     byte 1     two bits a key: the size of its values
 *     byte 2     a bit a key: absent at first
 *     then       each thread's calls, a byte a call, ended by END, by FUZZ_CALL_COUNT_MAX, or with the input
 *                    bits 0-3 kind, or END | 4-7 the key's number, or a bit a key
 *                    CONFLICTS with bits 6-7 set is FAIL: 4-5 its number - 1
 *                    SCAN with bit 7 set is WAIT
 *                    RELEASE with bit 7 set is RESTORE: 4-5 the key, 6 its number - 2
 *     the rest   the schedule, a byte a move
 *                    bits 0-1 thread | 2-7 what: GO that many accesses + 1; UNTIL a call, from CODE_UNTIL on;
 *                                      or one of the last three codes
 *
 * A call and a move are a byte each, so that a fuzzer that drops, doubles or moves a few bytes does
 * the same to calls and moves.
 */
#include "program.h"

#include <string.h>

#define END 15u

enum { CODE_GO_MAX = 48, CODE_UNTIL, CODE_ARRIVE = CODE_UNTIL + FUZZ_CALL_COUNT_MAX, CODE_OVERTAKE, CODE_FREEZE };
#define GO_MAX (CODE_GO_MAX + 1u) /* accesses that one byte can say */

#define FAIL_CODE (FUZZ_CONFLICTS | 0xc0u)
#define WAIT_CODE (FUZZ_SCAN | 0x80u)
#define RESTORE_CODE (FUZZ_RELEASE | 0x80u)

_Static_assert(FUZZ_FAIL <= END, "kinds of calls and END share four bits");
_Static_assert(CODE_FREEZE == 63, "what a move does has six bits");

static const struct {
    const char *name;
    fuzz_arity arity;
    uint8_t number_min, number_max;
} calls[FUZZ_CALL_KIND_COUNT] = {
    [FUZZ_BEGIN] = {"begin", FUZZ_NO_KEY, 0, 0},
    [FUZZ_USE] = {"use", FUZZ_ONE_KEY, 0, 0},
    [FUZZ_USING] = {"using", FUZZ_SEVERAL_KEYS, 0, 0},
    [FUZZ_GET] = {"get", FUZZ_ONE_KEY, 0, 0},
    [FUZZ_GETTING] = {"getting", FUZZ_SEVERAL_KEYS, 0, 0},
    [FUZZ_PEEK] = {"peek", FUZZ_ONE_KEY, 0, 0},
    [FUZZ_SET] = {"set", FUZZ_ONE_KEY, 0, 0},
    [FUZZ_DELETE] = {"delete", FUZZ_ONE_KEY, 0, 0},
    [FUZZ_COMMIT] = {"commit", FUZZ_NO_KEY, 0, 0},
    [FUZZ_RESET] = {"reset", FUZZ_NO_KEY, 0, 0},
    [FUZZ_CONFLICTS] = {"conflicts", FUZZ_NO_KEY, 0, 0},
    [FUZZ_TAKE] = {"take", FUZZ_NO_KEY, 0, 0},
    [FUZZ_READ] = {"read", FUZZ_ONE_KEY, 0, 0},
    [FUZZ_SCAN] = {"scan", FUZZ_NO_KEY, 0, 0},
    [FUZZ_RELEASE] = {"release", FUZZ_NO_KEY, 0, 0},
    [FUZZ_FAIL] = {"fail", FUZZ_NO_KEY, 1, 4},
    [FUZZ_RESTORE] = {"restore", FUZZ_ONE_KEY, 2, 3},
    [FUZZ_WAIT] = {"wait", FUZZ_NO_KEY, 0, 0},
};

const char *fuzz_call_name(fuzz_call_kind kind)
{
    return calls[kind].name;
}

fuzz_arity fuzz_call_arity(fuzz_call_kind kind)
{
    return calls[kind].arity;
}

unsigned fuzz_call_number_min(fuzz_call_kind kind)
{
    return calls[kind].number_min;
}

unsigned fuzz_call_number_max(fuzz_call_kind kind)
{
    return calls[kind].number_max;
}

/* ---------------------------------------------------------------------------- settling -- */

static bool joins(const fuzz_move *a, const fuzz_move *b)
{
    return a->kind == b->kind && a->thread == b->thread && (a->kind == FUZZ_GO || a->kind == FUZZ_ARRIVE) &&
           a->count + b->count <= UINT16_MAX;
}

static bool has_effect(const fuzz_program *program, const fuzz_move *move)
{
    bool of_stores = move->kind == FUZZ_ARRIVE || move->kind == FUZZ_OVERTAKE;
    return move->thread < program->thread_count && move->count > 0 && (program->delayed || !of_stores);
}

void fuzz_program_settle(fuzz_program *program)
{
    unsigned count = 0;
    for (unsigned i = 0; i < program->move_count; i++) {
        fuzz_move move = program->moves[i];
        if (!has_effect(program, &move))
            continue;
        if (count > 0 && joins(&program->moves[count - 1], &move))
            program->moves[count - 1].count = (uint16_t)(program->moves[count - 1].count + move.count);
        else
            program->moves[count++] = move;
    }
    program->move_count = count;
}

static bool same_calls(const fuzz_thread *a, const fuzz_thread *b)
{
    if (a->call_count != b->call_count)
        return false;
    for (unsigned i = 0; i < a->call_count; i++)
        if (a->calls[i].kind != b->calls[i].kind || a->calls[i].keys != b->calls[i].keys ||
            a->calls[i].number != b->calls[i].number)
            return false;
    return true;
}

static bool same_moves(const fuzz_program *a, const fuzz_program *b)
{
    if (a->move_count != b->move_count)
        return false;
    for (unsigned i = 0; i < a->move_count; i++)
        if (a->moves[i].kind != b->moves[i].kind || a->moves[i].thread != b->moves[i].thread ||
            a->moves[i].count != b->moves[i].count)
            return false;
    return true;
}

bool fuzz_program_equal(const fuzz_program *a, const fuzz_program *b)
{
    bool same = a->thread_count == b->thread_count && a->key_count == b->key_count &&
                a->absent == b->absent && a->delayed == b->delayed && same_moves(a, b);
    for (unsigned i = 0; same && i < a->key_count; i++)
        same = a->sizes[i] == b->sizes[i];
    for (unsigned i = 0; same && i < a->thread_count; i++)
        same = same_calls(&a->threads[i], &b->threads[i]);
    return same;
}

/* -------------------------------------------------------------------------- from bytes -- */

struct input {
    const uint8_t *bytes;
    size_t left;
};

/* What is missing reads as `otherwise`. */
static uint8_t next_byte(struct input *input, uint8_t otherwise)
{
    if (input->left == 0)
        return otherwise;
    input->left--;
    return *input->bytes++;
}

static uint8_t keys_of(const fuzz_program *program, fuzz_arity arity, unsigned bits)
{
    unsigned all = (1u << program->key_count) - 1;
    if (arity == FUZZ_NO_KEY)
        return 0;
    if (arity == FUZZ_ONE_KEY)
        return (uint8_t)(1u << bits % program->key_count);
    return (uint8_t)((bits & all) != 0 ? bits & all : all);
}

static fuzz_call call_of(const fuzz_program *program, uint8_t byte)
{
    fuzz_call call = {.kind = byte & 15};
    unsigned bits = byte >> 4;
    if ((byte & (FAIL_CODE | 15u)) == FAIL_CODE) {
        call.kind = FUZZ_FAIL;
        call.number = (uint8_t)(1 + (bits & 3));
    } else if ((byte & (WAIT_CODE | 15u)) == WAIT_CODE) {
        call.kind = FUZZ_WAIT;
    } else if ((byte & (RESTORE_CODE | 15u)) == RESTORE_CODE) {
        call.kind = FUZZ_RESTORE;
        call.number = (uint8_t)(2 + (bits >> 2 & 1));
        bits &= 3;
    }
    call.keys = keys_of(program, fuzz_call_arity((fuzz_call_kind)call.kind), bits);
    return call;
}

static void read_calls(struct input *input, const fuzz_program *program, fuzz_thread *thread)
{
    while (thread->call_count < FUZZ_CALL_COUNT_MAX) {
        uint8_t byte = next_byte(input, END);
        if ((byte & 15) == END)
            return;
        thread->calls[thread->call_count++] = call_of(program, byte);
    }
}

static fuzz_move move_of(const fuzz_program *program, uint8_t byte)
{
    unsigned code = byte >> 2;
    fuzz_move move = {.thread = (uint8_t)((byte & 3) % program->thread_count), .count = 1};
    if (code <= CODE_GO_MAX) {
        move.kind = FUZZ_GO;
        move.count = (uint16_t)(code + 1);
    } else if (code < CODE_ARRIVE) {
        move.kind = FUZZ_UNTIL;
        move.count = (uint16_t)(code - CODE_UNTIL + 1);
    } else {
        static const uint8_t kinds[] = {FUZZ_ARRIVE, FUZZ_OVERTAKE, FUZZ_FREEZE};
        move.kind = kinds[code - CODE_ARRIVE];
    }
    return move;
}

void fuzz_program_from_bytes(const uint8_t *bytes, size_t size, fuzz_program *program)
{
    struct input input = {bytes, size < FUZZ_BYTES_MAX ? size : FUZZ_BYTES_MAX};
    memset(program, 0, sizeof *program);
    uint8_t shape = next_byte(&input, 0), sizes = next_byte(&input, 0), absent = next_byte(&input, 0);
    program->thread_count = 2 + (shape & 3u) % 3;
    program->key_count = 1 + (shape >> 2 & 3u);
    program->delayed = (shape >> 4 & 1) != 0;
    for (unsigned i = 0; i < program->key_count; i++)
        program->sizes[i] = sizes >> 2 * i & 3;
    program->absent = (uint8_t)(absent & ((1u << program->key_count) - 1));
    for (unsigned i = 0; i < program->thread_count; i++)
        read_calls(&input, program, &program->threads[i]);
    while (input.left > 0)
        program->moves[program->move_count++] = move_of(program, next_byte(&input, 0));
    fuzz_program_settle(program);
}

/* ---------------------------------------------------------------------------- to bytes -- */

struct output {
    uint8_t *bytes;
    size_t size; /* may go past FUZZ_BYTES_MAX: what is there is not written */
};

static void put(struct output *output, unsigned byte)
{
    if (output->size < FUZZ_BYTES_MAX)
        output->bytes[output->size] = (uint8_t)byte;
    output->size++;
}

static void put_call(struct output *output, const fuzz_call *call)
{
    unsigned bits = call->keys;
    if (fuzz_call_arity((fuzz_call_kind)call->kind) == FUZZ_ONE_KEY)
        bits = (unsigned)__builtin_ctz(call->keys);
    if (call->kind == FUZZ_FAIL)
        put(output, FAIL_CODE | (call->number - 1u) << 4);
    else if (call->kind == FUZZ_WAIT)
        put(output, WAIT_CODE);
    else if (call->kind == FUZZ_RESTORE)
        put(output, RESTORE_CODE | bits << 4 | (call->number - 2u) << 6);
    else
        put(output, call->kind | bits << 4);
}

static void put_move(struct output *output, const fuzz_move *move)
{
    unsigned count = move->count;
    if (move->kind == FUZZ_GO) {
        for (; count > GO_MAX; count -= GO_MAX)
            put(output, move->thread | CODE_GO_MAX << 2);
        put(output, move->thread | (count - 1) << 2);
        return;
    }
    if (move->kind == FUZZ_UNTIL) {
        put(output, move->thread | (CODE_UNTIL + count - 1) << 2);
        return;
    }
    static const unsigned codes[FUZZ_MOVE_KIND_COUNT] = {
        [FUZZ_FREEZE] = CODE_FREEZE, [FUZZ_ARRIVE] = CODE_ARRIVE, [FUZZ_OVERTAKE] = CODE_OVERTAKE};
    for (; count > 0; count--)
        put(output, move->thread | codes[move->kind] << 2);
}

size_t fuzz_program_to_bytes(const fuzz_program *program, uint8_t bytes[FUZZ_BYTES_MAX])
{
    struct output output = {bytes, 0};
    unsigned sizes = 0;
    for (unsigned i = 0; i < program->key_count; i++)
        sizes |= (unsigned)program->sizes[i] << 2 * i;
    put(&output, (program->thread_count - 2) | (program->key_count - 1) << 2 | (unsigned)program->delayed << 4);
    put(&output, sizes);
    put(&output, program->absent);
    for (unsigned i = 0; i < program->thread_count; i++) {
        const fuzz_thread *thread = &program->threads[i];
        for (unsigned j = 0; j < thread->call_count; j++)
            put_call(&output, &thread->calls[j]);
        if (thread->call_count < FUZZ_CALL_COUNT_MAX)
            put(&output, END);
    }
    for (unsigned i = 0; i < program->move_count; i++)
        put_move(&output, &program->moves[i]);
    return output.size <= FUZZ_BYTES_MAX ? output.size : 0;
}
