/*
 * fuzz_rate -- how many schedules a second the explorer runs, of its processor time: so it can be compared where others
 * use the machine, too. A schedule is all of it: a store with its keys, the threads, all oracles.
 */
#define _GNU_SOURCE
#include "footprint.h"
#include "generate.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char help[] =
    "usage: fuzz_rate [SCHEDULES] [FILE ...]\n"
    "Runs so many schedules (100000) of each programme, or, without any, of programmes that are made up, fifty of each,\n"
    "and prints how many there are in a second of processor time, and how long a step takes.\n";

#define SCHEDULES_OF_EACH 50u

static double processor_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

static bool load(const char *path, fuzz_program *program)
{
    static char text[FUZZ_TEXT_SIZE_MAX];
    char error[256];
    FILE *file = fopen(path, "r");
    size_t size = file == NULL ? 0 : fread(text, 1, sizeof text, file);
    bool good = file != NULL && fuzz_program_from_text(text, size, program, error, sizeof error);
    if (!good)
        fprintf(stderr, "fuzz_rate: %s: %s\n", path, file == NULL ? "cannot be read" : error);
    if (file != NULL)
        fclose(file);
    return good;
}

/* NULL: programmes that are made up. */
static bool measure(const char *name, const fuzz_program *given, uint64_t count)
{
    static fuzz_program program;
    uint64_t steps = 0;
    double begin = processor_seconds();
    footprint_reset();
    for (uint64_t i = 0; i < count; i++) {
        if (given == NULL && i % SCHEDULES_OF_EACH == 0) {
            fuzz_generate(i / SCHEDULES_OF_EACH, &program);
            footprint_reset();
        }
        if (!fuzz_run_seeded(given == NULL ? &program : given, i)) {
            fprintf(stderr, "fuzz_rate: %s: %s\n", name, scheduler_failure());
            return false;
        }
        steps += scheduler_step_count();
    }
    double seconds = processor_seconds() - begin;
    printf("%s: %llu schedules of %.0f steps: %.0f a second, %.1f ns a step\n", name, (unsigned long long)count,
           (double)steps / (double)count, (double)count / seconds, seconds * 1e9 / (double)steps);
    return true;
}

int main(int argc, char **argv)
{
    static fuzz_program program;
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    if (count == 0) {
        bool asked = argc > 1 && strcmp(argv[1], "--help") == 0;
        fputs(help, asked ? stdout : stderr);
        return asked ? 0 : 2;
    }
    bool good = argc > 2 || measure("made up", NULL, count);
    for (int i = 2; i < argc && good; i++)
        good = load(argv[i], &program) && measure(argv[i], &program, count);
    return good ? 0 : 1;
}
