/*
 * seed: a conflict of a recording as a programme for stm-replay, where it happens again, step by step, as often as one likes.
 */
#include "../fail.h"
#include "commands.h"
#include "seed_text.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: stm-contention seed [-o FILE] DIR TRANSACTION\n"
    "Writes the conflict that a transaction was told as a programme for stm-replay: the transaction, who won against it, and\n"
    "what they did to which keys, in an order in which the same happens again. TRANSACTION is an id, as for explain.\n"
    "\n"
    "  -o, --output FILE  instead of the standard output\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit status: 0 done, 1 done, but the recording is incomplete, 2 wrong usage, 3 no result.\n";

/* Says what may be seeded instead. */
static _Noreturn void refuse(const gathered *found, const char *name)
{
    const event *best = gathered_best(found);
    const event *victim = NULL;
    for (guint i = 0; i < found->victims->len && victim == NULL; i++) {
        const event *event = g_ptr_array_index(found->victims, i);
        victim = event->kind == EVENT_CONFLICT ? event : NULL;
    }
    const char *what = best->kind == EVENT_BUSY     ? "it was told BUSY, for which another thread must stand still in a commit"
                       : best->kind == EVENT_COMMIT ? "it committed"
                                                    : "no such event is in the recording";
    if (victim != NULL)
        fail(EXIT_NOTHING, "transaction %s was not told CONFLICT: %s; but transaction %" PRIu64 " lost to it", name, what,
             victim->txn);
    fail(EXIT_NOTHING, "transaction %s was not told CONFLICT: %s. stm-contention report names some that were, in its stories",
         name, what);
}

static FILE *open_output(const char *path)
{
    if (path == NULL)
        return stdout;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        fail(EXIT_NOTHING, "cannot create %s: %s", path, strerror(errno));
    return file;
}

static int seed(const char *path, const char *name, const transaction *wanted, const char *output)
{
    gathered found;
    trace_facts facts;
    seed_plan plan;
    gather(path, name, wanted, &found, &facts);
    if (!seed_plan_make(&found, &plan))
        refuse(&found, name);
    FILE *file = open_output(output);
    seed_text_write(path, &found, &facts, &plan, file);
    int failed = ferror(file);
    if (file != stdout && (fclose(file) != 0 || failed))
        fail(EXIT_NOTHING, "cannot write %s: %s", output, strerror(errno));
    int status = gather_status(&facts);
    gathered_free(&found);
    trace_facts_free(&facts);
    return status;
}

int seed_main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    transaction wanted;
    const char *output = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_WHOLE;
        }
        if (option != 'o')
            fail(EXIT_USAGE, "see stm-contention seed --help");
        output = optarg;
    }
    if (argc - optind != 2)
        fail(EXIT_USAGE, "seed wants a folder and a transaction; see stm-contention seed --help");
    if (!transaction_parse(argv[optind + 1], &wanted))
        fail(EXIT_USAGE, "%s: not a transaction; it is a number, STORE:NUMBER, or PROCESS:STORE:NUMBER", argv[optind + 1]);
    int status = seed(argv[optind], argv[optind + 1], &wanted, output);
    close_output();
    return status;
}
