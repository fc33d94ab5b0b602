/*
 * A thousand replays, a thousand equal hashes: fifty programmes, those named on the command line and then some that are
 * made up, each with one schedule of its own, are run twenty times in turn. So each run comes after another programme's,
 * of whatever size, and must not find any trace of it.
 */
#include "footprint.h"
#include "generate.h"
#include "run.h"

#include <stdio.h>

#define PROGRAMS 50u
#define ROUNDS 20u

static fuzz_program programs[PROGRAMS];
static uint64_t hashes[PROGRAMS];
static unsigned failures;

static bool load(const char *path, fuzz_program *program)
{
    static char text[FUZZ_TEXT_SIZE_MAX];
    char error[256] = "cannot be read";
    FILE *file = fopen(path, "r");
    size_t size = file == NULL ? 0 : fread(text, 1, sizeof text, file);
    bool good = file != NULL && fuzz_program_from_text(text, size, program, error, sizeof error);
    if (file != NULL)
        fclose(file);
    if (!good)
        fprintf(stderr, "%s: %s\n", path, error);
    return good;
}

/* By a schedule at random, which becomes its own. */
static void make_up(unsigned number)
{
    fuzz_generate(number, &programs[number]);
    footprint_reset();
    fuzz_run_seeded(&programs[number], number);
    fuzz_adopt_last_run(&programs[number]);
}

static void run(unsigned number, unsigned round)
{
    if (!fuzz_run(&programs[number])) {
        fprintf(stderr, "programme %u: %s\n", number, scheduler_failure());
        failures++;
    }
    if (round == 0)
        hashes[number] = scheduler_trace_hash();
    if (scheduler_trace_hash() != hashes[number]) {
        fprintf(stderr, "programme %u: hash %016llx in round %u, and at first %016llx\n", number,
                (unsigned long long)scheduler_trace_hash(), round, (unsigned long long)hashes[number]);
        failures++;
    }
}

static unsigned count_different(void)
{
    unsigned different = 0;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        bool same = false;
        for (unsigned j = 0; j < i; j++)
            same |= hashes[i] == hashes[j];
        different += !same;
    }
    return different;
}

int main(int argc, char **argv)
{
    for (unsigned i = 0; i < PROGRAMS; i++)
        if ((int)i + 1 >= argc)
            make_up(i);
        else if (!load(argv[i + 1], &programs[i]))
            return 2;
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < PROGRAMS; i++)
            run(i, round);
    if (count_different() < PROGRAMS * 9 / 10) { /* else the hash tells nothing */
        fprintf(stderr, "only %u of %u programmes differ in their hashes\n", count_different(), PROGRAMS);
        failures++;
    }
    return failures == 0 ? 0 : 1;
}
