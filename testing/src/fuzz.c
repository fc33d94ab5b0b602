#include "engine.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>

#define MORE 4u /* schedules that follow from an input, beside its own */

static uint64_t seed_of(const uint8_t *data, size_t size)
{
    uint64_t seed = size;
    for (size_t i = 0; i < size; i++)
        seed = random_mix(seed ^ data[i]);
    return seed;
}

static void tell_and_die(const stm_testing_program *program, const stm_testing_result *result)
{
    fprintf(stderr, "%s:\n", program->name);
    stm_testing_print(stderr);
    fprintf(stderr, "schedule: \"%s\"\n", result->schedule);
    abort();
}

int stm_testing_fuzz(const stm_testing_program *program, const uint8_t *data, size_t size, uint8_t *counters,
                     size_t counter_count)
{
    stm_testing_result result;
    stm_testing_plan own = {.size = sizeof own, .strategy = STM_TESTING_BYTES, .bytes = {data, size}};
    stm_testing_plan more = {.size = sizeof more, .strategy = STM_TESTING_PCT, .seed = seed_of(data, size),
                             .runs_max = MORE, .delay_stores = size > 0 && (data[0] & 1) != 0};
    const stm_testing_plan *plans[] = {&own, &more};
    engine_count_meetings(counters, counter_count);
    for (unsigned i = 0; i < 2; i++) {
        if (stm_testing_run(program, plans[i], &result) != STM_OK) {
            fprintf(stderr, "stm_testing_fuzz: %s\n", result.message);
            exit(2);
        }
        if (result.failed)
            tell_and_die(program, &result);
    }
    engine_count_meetings(NULL, 0);
    return 0;
}
