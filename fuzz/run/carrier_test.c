/*
 * What carries the logical threads -- stacks in one thread, or real threads that wait for their turn -- must not
 * make a difference: else a schedule found with one could not be looked at with the other. So each programme of the
 * corpus, and some made up by chance, gives the same hash with both; also in a child process, to which fork() brings
 * no thread along. And real threads are real ones: as many as the programme has, and none of them the one that asked.
 */
#include "footprint.h"
#include "generate.h"
#include "run.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MADE_UP 400u
#define SEED 20260101u

static pthread_t carriers[FUZZ_THREAD_COUNT_MAX];
static unsigned seen; /* a bit a thread */

static void note_carrier(const fuzz_answer *answer)
{
    carriers[answer->thread] = pthread_self();
    seen |= 1u << answer->thread;
}

static void die(const char *what, const char *name)
{
    fprintf(stderr, "carrier_test: %s: %s\n", name, what);
    exit(1);
}

static void check_carriers(const char *name, bool real)
{
    for (unsigned i = 0; i < FUZZ_THREAD_COUNT_MAX; i++) {
        if ((seen >> i & 1) == 0)
            continue;
        if (!pthread_equal(carriers[i], pthread_self()) != real)
            die(real ? "a thread is carried by the one that asked" : "a thread is not on a stack", name);
        for (unsigned j = 0; real && j < i; j++)
            if ((seen >> j & 1) != 0 && pthread_equal(carriers[i], carriers[j]))
                die("two threads are carried by one", name);
    }
}

/* seed 0: by its own schedule. */
static uint64_t hash_of(const fuzz_program *program, uint64_t seed, const char *name, bool real)
{
    seen = 0;
    footprint_reset(); /* what runs before have taught is not to lead this one elsewhere */
    scheduler_use_threads(real);
    bool good = seed == 0 ? fuzz_run(program) : fuzz_run_seeded(program, seed);
    if (!good)
        die(scheduler_failure(), name);
    check_carriers(name, real);
    return scheduler_trace_hash();
}

static void compare(const fuzz_program *program, uint64_t seed, const char *name)
{
    if (hash_of(program, seed, name, false) != hash_of(program, seed, name, true))
        die("stacks and threads give different hashes", name);
}

static void compare_file(const char *path)
{
    static fuzz_program program;
    static char text[FUZZ_TEXT_SIZE_MAX];
    char error[256];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        die("cannot be opened", path);
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    if (!fuzz_program_from_text(text, size, &program, error, sizeof error))
        die(error, path);
    compare(&program, 0, path);
}

static void compare_made_up(void)
{
    static fuzz_program program;
    char name[32];
    for (unsigned i = 0; i < MADE_UP; i++) {
        snprintf(name, sizeof name, "programme %u", i);
        fuzz_generate(SEED + i, &program);
        compare(&program, SEED + i, name);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2)
        die("usage: carrier_test PROGRAMME...", "nothing to compare");
    fuzz_listen(note_carrier);
    for (int i = 1; i < argc; i++)
        compare_file(argv[i]);
    compare_made_up();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        compare_file(argv[1]);
        _exit(0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        die("differs in a child process, or does not end there", argv[1]);
    printf("%d programmes of the corpus and %u made up: the same with stacks and threads\n", argc - 1, MADE_UP);
    return 0;
}
