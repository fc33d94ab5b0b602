/*
 * mutator.c -- input/mutate.h as engines call it. libFuzzer finds the two functions in the target itself; AFL++ loads
 * three others from a shared object (AFL_CUSTOM_MUTATOR_LIBRARY; -DAFL_MUTATOR).
 *
 * One input in eight is left to the engine's own mutations of bytes: what we did not think of.
 */
#include "mutate.h"

#include "random.h"

#include <stdlib.h>
#include <string.h>

#ifndef AFL_MUTATOR

/* Only libFuzzer has it. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size, uint8_t *out,
                                 size_t out_size, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    if (random_mix(seed) % 8 == 0 && LLVMFuzzerMutate != NULL)
        return LLVMFuzzerMutate(data, size, max_size);
    return fuzz_mutate_bytes(seed, data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size, uint8_t *out,
                                 size_t out_size, unsigned seed)
{
    return fuzz_splice_bytes(seed, data, size, other, other_size, out, out_size);
}

#else

struct mutator {
    uint64_t state;
    uint8_t bytes[FUZZ_BYTES_MAX];
};

void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(struct mutator *mutator, uint8_t *bytes, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t size_max);
void afl_custom_deinit(struct mutator *mutator);

void *afl_custom_init(void *afl, unsigned seed)
{
    (void)afl;
    struct mutator *mutator = calloc(1, sizeof *mutator);
    if (mutator != NULL)
        mutator->state = seed;
    return mutator;
}

size_t afl_custom_fuzz(struct mutator *mutator, uint8_t *bytes, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t size_max)
{
    uint64_t seed = random_next(&mutator->state);
    size_t room = size_max < sizeof mutator->bytes ? size_max : sizeof mutator->bytes;
    *out = mutator->bytes;
    if (other != NULL && seed % 8 == 0)
        return fuzz_splice_bytes(seed, bytes, size, other, other_size, mutator->bytes, room);
    size = size < room ? size : room;
    memcpy(mutator->bytes, bytes, size);
    return fuzz_mutate_bytes(seed, mutator->bytes, size, room);
}

void afl_custom_deinit(struct mutator *mutator)
{
    free(mutator);
}

#endif
