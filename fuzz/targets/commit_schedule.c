/*
 * commit_schedule -- the input is a programme (input/program.h): it is run by its own schedule, and judged by all
 * oracles. What an engine finds, stm-replay --shrink makes small.
 *
 * To AFL++ an input costs two context switches and a look at the map, as much as several runs: so each input is run
 * by more schedules, which follow from it. libFuzzer has no such price, and learns more from each on its own.
 */
#include "target.h"

#include "random.h"
#include "run.h"
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__AFL_COMPILER)
#define MORE FUZZ_BATCH_MAX
#else
#define MORE 0u
#endif

/* What is made once -- stacks, logs that grow -- is made now: then an input's path depends on the input alone. */
static void warm_up(void)
{
    uint8_t bytes[FUZZ_BYTES_MAX];
    for (unsigned seed = 1; seed < 64; seed++) {
        for (unsigned i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(random_mix(seed * sizeof bytes + i));
        LLVMFuzzerTestOneInput(bytes, sizeof bytes);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    warm_up();
    target_choose_mutant();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_program program;
    static char text[FUZZ_TEXT_SIZE_MAX];
    fuzz_program_from_bytes(data, size, &program);
    if (MORE > 0)
        stage_forget(); /* AFL++ takes what an input does not do each time for chance */
    if (fuzz_run_batch(&program, MORE))
        return 0;
    fuzz_adopt_last_run(&program);
    fuzz_program_to_text(&program, text);
    fprintf(stderr, "%s objects: %s\n%s", oracle_name(scheduler_objector()), scheduler_failure(), text);
    abort();
}
