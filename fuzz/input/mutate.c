#include "mutate.h"

#include "generate.h"
#include "random.h"

#include <string.h>

struct mutation {
    uint64_t state;
    fuzz_program *program;
};

static unsigned below(struct mutation *mutation, unsigned limit)
{
    return (unsigned)random_below(&mutation->state, limit);
}

static bool one_in(struct mutation *mutation, unsigned count)
{
    return below(mutation, count) == 0;
}

/* ------------------------------------------------------------------------------- calls -- */

static fuzz_thread *some_thread(struct mutation *mutation)
{
    return &mutation->program->threads[below(mutation, mutation->program->thread_count)];
}

static uint8_t some_keys(struct mutation *mutation, fuzz_arity arity)
{
    unsigned count = mutation->program->key_count;
    if (arity == FUZZ_NO_KEY)
        return 0;
    if (arity == FUZZ_ONE_KEY)
        return (uint8_t)(1u << below(mutation, count));
    return (uint8_t)(1 + below(mutation, (1u << count) - 1));
}

static fuzz_call some_call(struct mutation *mutation)
{
    fuzz_call_kind kind = (fuzz_call_kind)below(mutation, FUZZ_CALL_KIND_COUNT);
    unsigned choices = fuzz_call_number_max(kind) - fuzz_call_number_min(kind) + 1;
    unsigned number = fuzz_call_number_min(kind) + below(mutation, choices);
    return (fuzz_call){(uint8_t)kind, some_keys(mutation, fuzz_call_arity(kind)), (uint8_t)number};
}

static void insert_call(fuzz_thread *thread, unsigned at, fuzz_call call)
{
    if (thread->call_count == FUZZ_CALL_COUNT_MAX)
        thread->call_count--;
    at = at < thread->call_count ? at : thread->call_count;
    memmove(&thread->calls[at + 1], &thread->calls[at], (thread->call_count - at) * sizeof thread->calls[0]);
    thread->calls[at] = call;
    thread->call_count++;
}

static void drop_calls(fuzz_thread *thread, unsigned from, unsigned count)
{
    unsigned after = thread->call_count - from - count;
    memmove(&thread->calls[from], &thread->calls[from + count], after * sizeof thread->calls[0]);
    thread->call_count -= count;
}

static void change_one_call(struct mutation *mutation, fuzz_thread *thread)
{
    unsigned at = below(mutation, thread->call_count), with = below(mutation, thread->call_count);
    fuzz_call *call = &thread->calls[at], old = *call;
    switch (below(mutation, 6)) {
    case 0:
        *call = some_call(mutation);
        break;
    case 1:
        call->keys = some_keys(mutation, fuzz_call_arity((fuzz_call_kind)call->kind));
        break;
    case 2:
        drop_calls(thread, at, 1);
        break;
    case 3:
        *call = thread->calls[with];
        thread->calls[with] = old;
        break;
    case 4:
        insert_call(thread, with, old);
        break;
    default:
        insert_call(some_thread(mutation), below(mutation, FUZZ_CALL_COUNT_MAX), old);
    }
}

static void change_calls(struct mutation *mutation)
{
    fuzz_thread *thread = some_thread(mutation);
    unsigned number = (unsigned)(thread - mutation->program->threads);
    if (thread->call_count == 0 || one_in(mutation, 4)) {
        if (one_in(mutation, 3))
            thread->call_count = 0;
        fuzz_generate_calls(random_next(&mutation->state), mutation->program, number);
    } else if (one_in(mutation, 4)) {
        insert_call(thread, below(mutation, thread->call_count + 1), some_call(mutation));
    } else {
        change_one_call(mutation, thread);
    }
}

/* ------------------------------------------------------------------------------- shape -- */

static void clear_thread(fuzz_thread *thread)
{
    memset(thread, 0, sizeof *thread);
}

static void change_thread_count(struct mutation *mutation)
{
    fuzz_program *program = mutation->program;
    unsigned count = 2 + below(mutation, FUZZ_THREAD_COUNT_MAX - 1);
    for (unsigned i = program->thread_count; i < count; i++) {
        clear_thread(&program->threads[i]);
        fuzz_generate_calls(random_next(&mutation->state), program, i);
    }
    for (unsigned i = count; i < FUZZ_THREAD_COUNT_MAX; i++)
        clear_thread(&program->threads[i]);
    program->thread_count = count;
}

/* Keys that calls name stay: so the count only grows, or shrinks where none is named. */
static void add_key(struct mutation *mutation)
{
    fuzz_program *program = mutation->program;
    if (program->key_count == FUZZ_KEY_COUNT_MAX)
        return;
    program->sizes[program->key_count] = (uint8_t)below(mutation, FUZZ_SIZE_COUNT);
    program->key_count++;
}

static void change_shape(struct mutation *mutation)
{
    fuzz_program *program = mutation->program;
    unsigned key = below(mutation, program->key_count);
    switch (below(mutation, 8)) {
    case 0:
        change_thread_count(mutation);
        break;
    case 1:
        add_key(mutation);
        break;
    case 2:
    case 3:
        program->absent ^= (uint8_t)(1u << key);
        break;
    case 4:
        program->delayed = !program->delayed;
        break;
    default:
        program->sizes[key] = (uint8_t)below(mutation, FUZZ_SIZE_COUNT);
    }
}

/* ---------------------------------------------------------------------------- schedule -- */

static void insert_move(fuzz_program *program, unsigned at, fuzz_move move)
{
    if (program->move_count == FUZZ_MOVE_COUNT_MAX)
        program->move_count--;
    at = at < program->move_count ? at : program->move_count;
    memmove(&program->moves[at + 1], &program->moves[at], (program->move_count - at) * sizeof program->moves[0]);
    program->moves[at] = move;
    program->move_count++;
}

static void drop_move(fuzz_program *program, unsigned at)
{
    program->move_count--;
    memmove(&program->moves[at], &program->moves[at + 1], (program->move_count - at) * sizeof program->moves[0]);
}

static fuzz_move some_move(struct mutation *mutation)
{
    const fuzz_program *program = mutation->program;
    unsigned reach = one_in(mutation, 2) ? 4 : 40;
    fuzz_move move = {FUZZ_GO, (uint8_t)below(mutation, program->thread_count), (uint16_t)(1 + below(mutation, reach))};
    if (program->delayed && one_in(mutation, 3))
        move.kind = one_in(mutation, 2) ? FUZZ_ARRIVE : FUZZ_OVERTAKE;
    else if (one_in(mutation, 12))
        move.kind = FUZZ_FREEZE;
    else if (one_in(mutation, 3))
        move.kind = FUZZ_UNTIL;
    if (move.kind == FUZZ_UNTIL)
        move.count = (uint16_t)(1 + below(mutation, FUZZ_CALL_COUNT_MAX));
    else if (move.kind != FUZZ_GO)
        move.count = 1;
    return move;
}

/* In the midst of a segment another thread goes for a while, and then it goes on. */
static void preempt(struct mutation *mutation, unsigned at)
{
    fuzz_program *program = mutation->program;
    fuzz_move *move = &program->moves[at], rest = *move;
    fuzz_move other = some_move(mutation);
    if (move->count < 2) {
        insert_move(program, at, other);
        return;
    }
    move->count = (uint16_t)(1 + below(mutation, move->count - 1u));
    rest.count = (uint16_t)(rest.count - move->count);
    insert_move(program, at + 1, rest);
    insert_move(program, at + 1, other);
}

static void change_count(struct mutation *mutation, fuzz_move *move)
{
    unsigned count = move->count;
    switch (below(mutation, 4)) {
    case 0:
        count++;
        break;
    case 1:
        count--;
        break;
    case 2:
        count += 1 + below(mutation, 20);
        break;
    default:
        count = 1 + below(mutation, count);
    }
    move->count = (uint16_t)(count == 0 ? 1 : count > 400 ? 400 : count);
}

static void change_one_move(struct mutation *mutation)
{
    fuzz_program *program = mutation->program;
    unsigned at = below(mutation, program->move_count), with = below(mutation, program->move_count);
    fuzz_move *move = &program->moves[at], old = *move;
    bool counts = move->kind == FUZZ_GO || move->kind == FUZZ_ARRIVE;
    switch (below(mutation, 8)) {
    case 0:
    case 1:
        preempt(mutation, at);
        break;
    case 2:
        move->thread = (uint8_t)below(mutation, program->thread_count);
        break;
    case 3:
        drop_move(program, at);
        break;
    case 4: /* a segment moves */
        drop_move(program, at);
        insert_move(program, with, old);
        break;
    case 5:
        program->move_count = at + 1;
        break;
    default:
        if (counts)
            change_count(mutation, move);
        else
            *move = some_move(mutation);
    }
}

static void change_schedule(struct mutation *mutation)
{
    fuzz_program *program = mutation->program;
    if (program->move_count == 0 || one_in(mutation, 6))
        fuzz_generate_moves(random_next(&mutation->state), program);
    else if (one_in(mutation, 5))
        insert_move(program, below(mutation, program->move_count + 1), some_move(mutation));
    else
        change_one_move(mutation);
}

/* --------------------------------------------------------------------------------- all -- */

/* What cannot be told in bytes any more loses the end of its schedule. */
static void fit(fuzz_program *program)
{
    uint8_t bytes[FUZZ_BYTES_MAX];
    fuzz_program_settle(program);
    while (fuzz_program_to_bytes(program, bytes) == 0)
        program->move_count--;
}

void fuzz_mutate(uint64_t seed, fuzz_program *program)
{
    struct mutation mutation = {random_mix(seed), program};
    if (one_in(&mutation, 8)) {
        fuzz_generate(random_next(&mutation.state), program);
        fuzz_generate_moves(random_next(&mutation.state), program);
        return;
    }
    do {
        unsigned what = below(&mutation, 16);
        if (what == 0)
            change_shape(&mutation);
        else if (what < 6)
            change_calls(&mutation);
        else
            change_schedule(&mutation);
    } while (one_in(&mutation, 2));
    fit(program);
}

/* Threads of a programme with more keys name keys that there are not here. */
static void bend_keys(fuzz_program *program)
{
    unsigned all = (1u << program->key_count) - 1;
    for (unsigned i = 0; i < program->thread_count; i++)
        for (unsigned j = 0; j < program->threads[i].call_count; j++) {
            fuzz_call *call = &program->threads[i].calls[j];
            if (fuzz_call_arity((fuzz_call_kind)call->kind) != FUZZ_NO_KEY && (call->keys & all) == 0)
                call->keys = 1;
            call->keys &= (uint8_t)all;
        }
}

void fuzz_splice(uint64_t seed, fuzz_program *program, const fuzz_program *other)
{
    struct mutation mutation = {random_mix(seed), program};
    unsigned what = below(&mutation, 3);
    unsigned shared = program->thread_count < other->thread_count ? program->thread_count : other->thread_count;
    for (unsigned i = 0; i < shared && what != 0; i++)
        if (one_in(&mutation, 2))
            program->threads[i] = other->threads[i];
    if (what != 1) {
        program->move_count = other->move_count;
        memcpy(program->moves, other->moves, sizeof program->moves);
    }
    bend_keys(program);
    fit(program);
}

static size_t put(const fuzz_program *program, uint8_t *bytes, size_t size_max)
{
    uint8_t whole[FUZZ_BYTES_MAX];
    size_t size = fuzz_program_to_bytes(program, whole);
    if (size == 0 || size > size_max)
        return 0;
    memcpy(bytes, whole, size);
    return size;
}

size_t fuzz_mutate_bytes(uint64_t seed, uint8_t *bytes, size_t size, size_t size_max)
{
    static fuzz_program program;
    fuzz_program_from_bytes(bytes, size, &program);
    fuzz_mutate(seed, &program);
    size_t changed = put(&program, bytes, size_max);
    return changed != 0 ? changed : size;
}

size_t fuzz_splice_bytes(uint64_t seed, const uint8_t *bytes, size_t size, const uint8_t *other, size_t other_size,
                         uint8_t *out, size_t size_max)
{
    static fuzz_program program, from;
    fuzz_program_from_bytes(bytes, size, &program);
    fuzz_program_from_bytes(other, other_size, &from);
    fuzz_splice(seed, &program, &from);
    return put(&program, out, size_max);
}
