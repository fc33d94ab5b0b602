#include "generate.h"

#include "random.h"

#include <string.h>

struct generator {
    uint64_t state;
    fuzz_program *program;
    fuzz_thread *thread;
};

static unsigned below(struct generator *generator, unsigned limit)
{
    return (unsigned)random_below(&generator->state, limit);
}

static bool one_in(struct generator *generator, unsigned count)
{
    return below(generator, count) == 0;
}

static void add_call(struct generator *generator, fuzz_call call)
{
    fuzz_thread *thread = generator->thread;
    if (thread->call_count < FUZZ_CALL_COUNT_MAX)
        thread->calls[thread->call_count++] = call;
}

static void add(struct generator *generator, fuzz_call_kind kind, unsigned keys)
{
    add_call(generator, (fuzz_call){(uint8_t)kind, (uint8_t)keys, 0});
}

/* Most often the first allocation: most calls make none or one. */
static void fail_next(struct generator *generator)
{
    unsigned number = one_in(generator, 2) ? 1 : 1 + below(generator, fuzz_call_number_max(FUZZ_FAIL));
    add_call(generator, (fuzz_call){FUZZ_FAIL, 0, (uint8_t)number});
}

/* Most often the first: where all meet. */
static unsigned some_key(struct generator *generator)
{
    return one_in(generator, 2) ? 1u : 1u << below(generator, generator->program->key_count);
}

static unsigned some_keys(struct generator *generator)
{
    return 1 + below(generator, (1u << generator->program->key_count) - 1);
}

/* ---- threads of different habits */

static void checkout(struct generator *generator)
{
    switch (below(generator, 8)) {
    case 0:
        add(generator, FUZZ_USING, some_keys(generator));
        break;
    case 1:
        add(generator, FUZZ_GETTING, some_keys(generator));
        break;
    case 2:
        add(generator, FUZZ_USE, some_key(generator));
        break;
    case 3:
        add(generator, FUZZ_DELETE, some_key(generator));
        break;
    case 4:
    case 5:
        add(generator, FUZZ_GET, some_key(generator));
        break;
    default:
        if (one_in(generator, 16))
            add_call(generator, (fuzz_call){FUZZ_RESTORE, (uint8_t)some_key(generator),
                                            (uint8_t)(2 + below(generator, 2))});
        else
            add(generator, FUZZ_SET, some_key(generator));
    }
}

static void transaction(struct generator *generator)
{
    for (unsigned count = 1 + below(generator, 3); count > 0; count--)
        checkout(generator);
    if (one_in(generator, 4))
        add(generator, FUZZ_PEEK, some_key(generator));
    if (one_in(generator, 24))
        add(generator, FUZZ_WAIT, 0);
    if (one_in(generator, 16))
        fail_next(generator);
    add(generator, FUZZ_COMMIT, 0);
    if (one_in(generator, 8))
        add(generator, FUZZ_CONFLICTS, 0);
    if (one_in(generator, 3))
        add(generator, one_in(generator, 4) ? FUZZ_BEGIN : FUZZ_RESET, 0);
}

static void snapshot(struct generator *generator)
{
    add(generator, FUZZ_TAKE, 0);
    for (unsigned count = 1 + below(generator, 2); count > 0; count--)
        if (one_in(generator, 3))
            add(generator, FUZZ_SCAN, 0);
        else
            add(generator, FUZZ_READ, some_key(generator));
    if (!one_in(generator, 3))
        add(generator, FUZZ_RELEASE, 0);
}

/* One key, again and again: versions, sequence numbers and freed memory come round. */
static void repeat(struct generator *generator)
{
    unsigned key = some_key(generator);
    bool deletes = one_in(generator, 3);
    for (unsigned count = 2 + below(generator, 5); count > 0; count--) {
        if (!one_in(generator, 3))
            add(generator, deletes && count % 2 == 0 ? FUZZ_DELETE : FUZZ_SET, key);
        add(generator, FUZZ_COMMIT, 0);
    }
}

static void peek_often(struct generator *generator)
{
    for (unsigned count = 1 + below(generator, 4); count > 0; count--)
        add(generator, FUZZ_PEEK, some_key(generator));
}

static void make_part(struct generator *generator)
{
    if (one_in(generator, 32))
        fail_next(generator);
    switch (below(generator, 8)) {
    case 0:
    case 1:
        repeat(generator);
        break;
    case 2:
        snapshot(generator);
        break;
    case 3:
        peek_often(generator);
        break;
    default:
        transaction(generator);
    }
}

static void make_thread(struct generator *generator)
{
    for (unsigned parts = 1 + below(generator, 2); parts > 0; parts--)
        make_part(generator);
}

/* One thread writes large values to one key until memory comes round; the others linger there. */
static void make_recycling(struct generator *generator)
{
    fuzz_program *program = generator->program;
    program->sizes[0] = (uint8_t)(one_in(generator, 2) ? FUZZ_MIDDLE : FUZZ_LARGE);
    program->absent &= 0xfe;
    generator->thread = &program->threads[0];
    while (generator->thread->call_count < FUZZ_CALL_COUNT_MAX) {
        if (!one_in(generator, 3))
            add(generator, FUZZ_SET, 1);
        add(generator, FUZZ_COMMIT, 0);
    }
    for (unsigned i = 1; i < program->thread_count; i++) {
        static const fuzz_call_kind lingers[] = {FUZZ_PEEK, FUZZ_GET, FUZZ_USE, FUZZ_TAKE};
        generator->thread = &program->threads[i];
        for (unsigned count = 1 + below(generator, 2); count > 0; count--) {
            fuzz_call_kind kind = lingers[below(generator, 4)];
            add(generator, kind, fuzz_call_arity(kind) == FUZZ_NO_KEY ? 0 : 1);
            if (kind == FUZZ_TAKE)
                add(generator, FUZZ_READ, 1);
        }
    }
}

void fuzz_generate(uint64_t seed, fuzz_program *program)
{
    struct generator generator = {.state = random_mix(seed), .program = program};
    memset(program, 0, sizeof *program);
    static const unsigned thread_counts[] = {2, 2, 2, 2, 3, 3, 3, 4};
    program->thread_count = thread_counts[below(&generator, 8)];
    program->key_count = 1 + below(&generator, 3);
    program->delayed = one_in(&generator, 2);
    for (unsigned i = 0; i < program->key_count; i++) {
        if (one_in(&generator, 2))
            program->sizes[i] = (uint8_t)below(&generator, FUZZ_SIZE_COUNT);
        if (one_in(&generator, 6))
            program->absent |= (uint8_t)(1u << i);
    }
    if (one_in(&generator, 8)) {
        make_recycling(&generator);
        return;
    }
    for (unsigned i = 0; i < program->thread_count; i++) {
        generator.thread = &program->threads[i];
        make_thread(&generator);
    }
}

void fuzz_generate_calls(uint64_t seed, fuzz_program *program, unsigned thread)
{
    struct generator generator = {.state = random_mix(seed), .program = program, .thread = &program->threads[thread]};
    make_part(&generator);
}

/* ---- schedules */

#define CALL_STEPS 20u /* has a call on the average */
#define MOVES_MAX 8u

/* Now and then a whole number of calls, most often something in the middle of one. */
static unsigned segment(struct generator *generator, unsigned thread)
{
    unsigned steps = generator->program->threads[thread].call_count * CALL_STEPS;
    unsigned whole = 1 + below(generator, steps + 1);
    return one_in(generator, 3) ? 1 + below(generator, 4) : whole;
}

void fuzz_generate_moves(uint64_t seed, fuzz_program *program)
{
    struct generator generator = {.state = random_mix(seed), .program = program};
    unsigned count = 1 + below(&generator, MOVES_MAX);
    program->move_count = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned thread = below(&generator, program->thread_count);
        fuzz_move move = {FUZZ_GO, (uint8_t)thread, (uint16_t)segment(&generator, thread)};
        if (one_in(&generator, 4))
            move = (fuzz_move){FUZZ_UNTIL, (uint8_t)thread, (uint16_t)(1 + below(&generator, FUZZ_CALL_COUNT_MAX))};
        else if (one_in(&generator, 16))
            move = (fuzz_move){FUZZ_FREEZE, (uint8_t)thread, 1};
        else if (program->delayed && one_in(&generator, 3))
            move = (fuzz_move){one_in(&generator, 2) ? FUZZ_ARRIVE : FUZZ_OVERTAKE, (uint8_t)thread, 1};
        program->moves[program->move_count++] = move;
    }
    fuzz_program_settle(program);
}
