/*
 * stm-replay -- runs one programme of the fuzzers and says what happened, and which oracle says no.
 */
#define _GNU_SOURCE
#include "columns.h"
#include "mutants.h"
#include "run.h"
#include "trial.h"

#include <stm/stm.h>

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: stm-replay [options] FILE\n"
    "Runs the programme in FILE (- is the standard input): a few threads' calls of libstm, in the order that its\n"
    "schedule says. Prints a column a thread, time going down, and which oracle objects. FILE is a text; if it\n"
    "begins with bytes that are none, or with --from-bytes, it is an input of the fuzzers.\n"
    "\n"
    "      --steps          every access to shared memory as well\n"
    "      --search N       if the schedule is good, try N others\n"
    "      --shrink         make what fails as small as it gets, and print that\n"
    "      --to-text        print the programme as text, and do not run it\n"
    "      --to-bytes       the same as bytes, for a corpus\n"
    "      --from-bytes     FILE is bytes, whatever it looks like\n"
    "      --hash           print only the hash of the run: the same input, the same hash\n"
    "      --json           the verdict as JSON\n"
    "      --regress NAME   file the programme as a test that ctest runs for ever\n"
    "      --silence ORACLE its objections do not count; --oracles lists them\n"
    "      --threads        carry each thread by a real one, for a debugger; else by a stack. The same hash\n"
    "      --mutant NAME    with this bug in the library; stm-mutants --list lists them\n"
    "  -h, --help           this text\n"
    "  -V, --version        the library's version\n"
    "\n"
    "Exit status: 0 no oracle objects, 1 one does, 2 trouble.\n";

#define FILE_SIZE_MAX (64u << 10)

static struct {
    bool steps, shrink, to_text, to_bytes, from_bytes, hash, json;
    uint64_t search;
    const char *regress, *path;
} options;

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "stm-replay: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(2);
}

/* ------------------------------------------------------------------------------- input -- */

static size_t read_file(const char *path, char *data, size_t size)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (file == NULL)
        fail("%s: %s", path, strerror(errno));
    size_t length = fread(data, 1, size, file);
    if (ferror(file))
        fail("%s: %s", path, strerror(errno));
    if (length == size)
        fail("%s: larger than %u bytes: not a programme", path, FILE_SIZE_MAX);
    if (file != stdin)
        fclose(file);
    return length;
}

static bool looks_like_text(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isprint((unsigned char)data[i]) && !isspace((unsigned char)data[i]))
            return false;
    return size > 0;
}

static void read_program(fuzz_program *program)
{
    static char data[FILE_SIZE_MAX];
    char error[256];
    size_t size = read_file(options.path, data, sizeof data);
    if (options.from_bytes || !looks_like_text(data, size)) {
        fuzz_program_from_bytes((const uint8_t *)data, size, program);
        if (options.search < FUZZ_BATCH_MAX && !options.hash) /* as the fuzzer did that made them up */
            options.search = FUZZ_BATCH_MAX;
    } else if (!fuzz_program_from_text(data, size, program, error, sizeof error))
        fail("%s: %s", options.path, error);
}

/* ------------------------------------------------------------------------------ output -- */

static void print_text(FILE *stream, const fuzz_program *program)
{
    static char text[FUZZ_TEXT_SIZE_MAX];
    fuzz_program_to_text(program, text);
    fputs(text, stream);
}

static void print_bytes(const fuzz_program *program)
{
    uint8_t bytes[FUZZ_BYTES_MAX];
    size_t size = fuzz_program_to_bytes(program, bytes);
    if (size == 0)
        fail("the schedule takes more than %u bytes; --shrink first", FUZZ_BYTES_MAX);
    if (fwrite(bytes, 1, size, stdout) != size)
        fail("standard output: %s", strerror(errno));
}

static void print_json_text(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < ' ')
            printf("\\u%04x", *text);
        else
            putchar(*text);
    putchar('"');
}

static void print_json(const trial_finding *finding)
{
    static char text[FUZZ_TEXT_SIZE_MAX];
    fuzz_program_to_text(&finding->program, text);
    printf("{\"objector\": ");
    print_json_text(oracle_name(finding->by));
    printf(", \"reason\": ");
    print_json_text(finding->text);
    printf(", \"hash\": \"%016llx\", \"runs\": %llu, \"programme\": ", (unsigned long long)finding->hash,
           (unsigned long long)finding->runs);
    print_json_text(text);
    printf("}\n");
}

static const fuzz_program *shown;

static void show_verdict(void)
{
    columns_print(stdout, shown, options.steps);
    oracle by = scheduler_objector();
    if (by != ORACLE_NONE)
        printf("\n%s objects (%s):\n%s\n", oracle_name(by), oracle_meaning(by), scheduler_failure());
    else
        printf("\nno oracle objects; %llu steps, hash %016llx\n", (unsigned long long)scheduler_step_count(),
               (unsigned long long)scheduler_trace_hash());
}

/* Runs it here, and prints it; also if it crashes. */
static bool show(const fuzz_program *program)
{
    shown = program;
    scheduler_on_death(show_verdict);
    columns_listen();
    bool good = fuzz_run(program);
    show_verdict();
    return good;
}

/* ---------------------------------------------------------------------------- regress -- */

static bool is_file_name(const char *name)
{
    return name[0] != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static void file_regress(const fuzz_program *program, const trial_finding *finding)
{
    uint8_t bytes[FUZZ_BYTES_MAX];
    char path[4096];
    if (!is_file_name(options.regress))
        fail("--regress %s: a name is made of small letters, digits and _", options.regress);
    if (fuzz_program_to_bytes(program, bytes) == 0)
        fail("the schedule takes more than %u bytes; --shrink first", FUZZ_BYTES_MAX);
    snprintf(path, sizeof path, "%s/%s.txt", FUZZ_REGRESS_DIR, options.regress);
    FILE *file = fopen(path, "wx");
    if (file == NULL)
        fail("%s: %s", path, strerror(errno));
    fprintf(file, "# Say here what must not happen, and why.\n");
    if (finding->by != ORACLE_NONE)
        fprintf(file, "# %s: %.*s\n", oracle_name(finding->by), (int)strcspn(finding->text, "\n"), finding->text);
    print_text(file, program);
    if (fclose(file) != 0)
        fail("%s: %s", path, strerror(errno));
    fprintf(stderr, "stm-replay: wrote %s; ctest runs it after the next build\n", path);
}

/* -------------------------------------------------------------------------------- main -- */

static uint64_t parse_count(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long count = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0)
        fail("%s: must be a number", text);
    return count;
}

static void list_oracles(void)
{
    for (oracle i = ORACLE_ASSERTION; i < ORACLE_COUNT; i++)
        printf("%-10s %s\n", oracle_name(i), oracle_meaning(i));
}

enum { SEARCH = 256, REGRESS, SILENCE, ORACLES, STEPS, SHRINK, TO_TEXT, TO_BYTES, FROM_BYTES, HASH, JSON, MUTANT, THREADS };

static const struct option long_options[] = {
    {"steps", no_argument, NULL, STEPS},        {"search", required_argument, NULL, SEARCH},
    {"shrink", no_argument, NULL, SHRINK},      {"to-text", no_argument, NULL, TO_TEXT},
    {"to-bytes", no_argument, NULL, TO_BYTES},  {"from-bytes", no_argument, NULL, FROM_BYTES},
    {"hash", no_argument, NULL, HASH},          {"json", no_argument, NULL, JSON},
    {"regress", required_argument, NULL, REGRESS}, {"silence", required_argument, NULL, SILENCE},
    {"oracles", no_argument, NULL, ORACLES},    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},        {"mutant", required_argument, NULL, MUTANT},
    {"threads", no_argument, NULL, THREADS},    {NULL, 0, NULL, 0},
};

static void silence_named(const char *name)
{
    oracle named = oracle_named(name);
    if (named == ORACLE_NONE)
        fail("--silence %s: there is no such oracle; --oracles lists them", name);
    oracle_silence(named);
}

static void choose_mutant(const char *name)
{
    unsigned mutant = mutant_named(name);
    if (mutant == 0)
        fail("--mutant %s: there is no such mutant; stm-mutants --list lists them", name);
    mutant_choose(mutant);
}

static void take_option(int option)
{
    switch (option) {
    case STEPS: options.steps = true; break;
    case SHRINK: options.shrink = true; break;
    case TO_TEXT: options.to_text = true; break;
    case TO_BYTES: options.to_bytes = true; break;
    case FROM_BYTES: options.from_bytes = true; break;
    case HASH: options.hash = true; break;
    case JSON: options.json = true; break;
    case SEARCH: options.search = parse_count(optarg); break;
    case REGRESS: options.regress = optarg; break;
    case SILENCE: silence_named(optarg); break;
    case MUTANT: choose_mutant(optarg); break;
    case THREADS: scheduler_use_threads(true); break;
    case ORACLES: list_oracles(); exit(0);
    case 'h': fputs(help, stdout); exit(0);
    case 'V': printf("stm-replay %s\n", stm_version()); exit(0);
    default: fail("try --help");
    }
}

static void parse(int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1)
        take_option(option);
    if (optind + 1 != argc)
        fail("one FILE is needed, or - for the standard input; try --help");
    options.path = argv[optind];
}

#define SECONDS_MAX 600u

int main(int argc, char **argv)
{
    static fuzz_program program;
    static trial_finding finding;
    parse(argc, argv);
    read_program(&program);
    if ((options.to_text || options.to_bytes) && !options.shrink) {
        options.to_bytes ? print_bytes(&program) : print_text(stdout, &program);
        return 0;
    }
    oracle by = trial_run(&program, fuzz_batch_seed(&program), options.search, SECONDS_MAX, &finding);
    bool searched = by != ORACLE_NONE && finding.runs > 1;
    if (by != ORACLE_NONE && options.shrink)
        trial_shrink(&finding);
    if (by != ORACLE_NONE && (options.shrink || searched))
        program = finding.program;
    if (options.regress != NULL)
        file_regress(&program, &finding);
    if (options.hash)
        printf("%016llx\n", (unsigned long long)finding.hash);
    else if (options.json)
        finding.program = program, print_json(&finding);
    else if (options.to_bytes)
        print_bytes(&program);
    else if (options.shrink || options.to_text)
        print_text(stdout, &program);
    else
        return show(&program) ? 0 : 1;
    return by == ORACLE_NONE ? 0 : 1;
}
