#include "grammar.h"

#include <string.h>

#define K0 1u
#define K1 2u
#define CALLS_MAX 4u

struct transaction {
    unsigned swapped; /* the one with the keys exchanged */
    fuzz_call calls[CALLS_MAX]; /* up to one without a key, or all */
};

static const struct transaction transactions[] = {
    {1, {{FUZZ_GET, K0, 0}, {FUZZ_COMMIT, 0, 0}}},
    {0, {{FUZZ_GET, K1, 0}, {FUZZ_COMMIT, 0, 0}}},
    {3, {{FUZZ_SET, K0, 0}, {FUZZ_COMMIT, 0, 0}}},
    {2, {{FUZZ_SET, K1, 0}, {FUZZ_COMMIT, 0, 0}}},
    {5, {{FUZZ_PEEK, K0, 0}}},
    {4, {{FUZZ_PEEK, K1, 0}}},
    {7, {{FUZZ_GET, K0, 0}, {FUZZ_SET, K1, 0}, {FUZZ_COMMIT, 0, 0}}},
    {6, {{FUZZ_SET, K0, 0}, {FUZZ_GET, K1, 0}, {FUZZ_COMMIT, 0, 0}}},
    {8, {{FUZZ_GET, K0, 0}, {FUZZ_GET, K1, 0}, {FUZZ_COMMIT, 0, 0}}},
    {9, {{FUZZ_SET, K0, 0}, {FUZZ_SET, K1, 0}, {FUZZ_COMMIT, 0, 0}}},
    {10, {{FUZZ_TAKE, 0, 0}, {FUZZ_READ, K0, 0}, {FUZZ_READ, K1, 0}, {FUZZ_RELEASE, 0, 0}}},
    {12, {{FUZZ_DELETE, K0, 0}, {FUZZ_COMMIT, 0, 0}}},
    {11, {{FUZZ_DELETE, K1, 0}, {FUZZ_COMMIT, 0, 0}}},
};

/* Threads of several transactions do without the last two: there would be twice as many programmes. */
static unsigned kinds_of(const grammar_shape *shape)
{
    unsigned all = sizeof transactions / sizeof transactions[0];
    return shape->transaction_count == 1 ? all : all - 2;
}

/* A thread's transactions are the digits of a number, and the programme's threads' numbers those of another. */
static uint64_t thread_size(const grammar_shape *shape)
{
    uint64_t size = 1;
    for (unsigned i = 0; i < shape->transaction_count; i++)
        size *= kinds_of(shape);
    return size;
}

uint64_t grammar_size(const grammar_shape *shape)
{
    bool fits = shape->thread_count >= 2 && shape->thread_count <= FUZZ_THREAD_COUNT_MAX &&
                shape->transaction_count >= 1 && shape->transaction_count * CALLS_MAX <= FUZZ_CALL_COUNT_MAX;
    uint64_t size = fits;
    for (unsigned i = 0; i < shape->thread_count && fits; i++)
        size *= thread_size(shape);
    return size;
}

static uint64_t swap_keys(const grammar_shape *shape, uint64_t thread)
{
    uint64_t swapped = 0, place = 1;
    unsigned kinds = kinds_of(shape);
    for (unsigned i = 0; i < shape->transaction_count; i++, thread /= kinds, place *= kinds)
        swapped += place * transactions[thread % kinds].swapped;
    return swapped;
}

static void sort(uint64_t *numbers, unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        for (unsigned j = i; j > 0 && numbers[j - 1] > numbers[j]; j--) {
            uint64_t kept = numbers[j];
            numbers[j] = numbers[j - 1];
            numbers[j - 1] = kept;
        }
}

/* Threads stand in order of their numbers; and exchanging the keys does not give what comes first. */
static bool is_first_of_its_kind(const grammar_shape *shape, const uint64_t *threads)
{
    uint64_t swapped[FUZZ_THREAD_COUNT_MAX];
    for (unsigned i = 0; i < shape->thread_count; i++) {
        if (i > 0 && threads[i - 1] > threads[i])
            return false;
        swapped[i] = swap_keys(shape, threads[i]);
    }
    sort(swapped, shape->thread_count);
    for (unsigned i = 0; i < shape->thread_count; i++)
        if (threads[i] != swapped[i])
            return threads[i] < swapped[i];
    return true;
}

static void add_calls(fuzz_thread *thread, const struct transaction *transaction, bool last)
{
    bool commits = false;
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        const fuzz_call *call = &transaction->calls[i];
        if (call->kind == FUZZ_BEGIN) /* 0: there are no more */
            break;
        thread->calls[thread->call_count++] = *call;
        commits |= call->kind == FUZZ_COMMIT;
    }
    if (commits && !last)
        thread->calls[thread->call_count++] = (fuzz_call){FUZZ_RESET, 0, 0};
}

bool grammar_program(const grammar_shape *shape, uint64_t number, fuzz_program *program)
{
    uint64_t threads[FUZZ_THREAD_COUNT_MAX], size = thread_size(shape);
    for (unsigned i = shape->thread_count; i-- > 0; number /= size)
        threads[i] = number % size;
    if (!is_first_of_its_kind(shape, threads))
        return false;
    unsigned kinds = kinds_of(shape);
    memset(program, 0, sizeof *program);
    program->thread_count = shape->thread_count;
    program->key_count = GRAMMAR_KEY_COUNT;
    for (unsigned i = 0; i < shape->thread_count; i++)
        for (unsigned j = 0; j < shape->transaction_count; j++, threads[i] /= kinds)
            add_calls(&program->threads[i], &transactions[threads[i] % kinds],
                      j + 1 == shape->transaction_count);
    return true;
}
