/*
 * trace_reader -- the input is the folder of a trace, packed into one file: it is read by babeltrace2 and given to the
 * commands of stm-contention. The folder is made under TMPDIR, or in /dev/shm.
 *
 * The first byte says which command; the second how many streams there are (bits 0-1, and one more), whether their folder is there
 * twice (bit 2), and whether what follows the streams is the metadata (bit 3; else it is what LTTng's would be). Then
 * the size of each stream in two bytes, the streams, and the metadata.
 */
#define _XOPEN_SOURCE 700
#include "target.h"

#include "../../tests/trace/support/ctf_writer.h"
#include "../../trace/contention/commands/commands.h"
#include "../hostile/contention_command.h"
#include "../hostile/own_folder.h"
#include "../hostile/sweep.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STREAM_COUNT_MAX = 4, METADATA_SIZE_MAX = 1 << 16, PATH_SIZE = 256 };

static char traces[PATH_SIZE], first_folder[PATH_SIZE], second_folder[PATH_SIZE];
static char metadata[METADATA_SIZE_MAX];
static size_t metadata_size;

static void expect(bool good, const char *what, int line, const reading *reading)
{
    if (good)
        return;
    fprintf(stderr, "trace_reader.c:%d: not so: %s\nstatus %d, \"%s\"\n%s\n", line, what, reading->status,
            reading->messages.text, reading->output.text);
    abort();
}

#define EXPECT(condition) expect((condition), #condition, __LINE__, reading)

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

/* -------------------------------------------------------------------------------- files -- */

static void write_file(const char *in, const char *name, const void *data, size_t size)
{
    char path[PATH_SIZE * 2];
    snprintf(path, sizeof path, "%s/%s", in, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        die(path);
}

static void write_folder(const char *path, const uint8_t *data, size_t size, unsigned count, const size_t *sizes, bool has_metadata)
{
    char name[32];
    if (mkdir(path, 0700) != 0)
        die(path);
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "channel0_%u", i);
        write_file(path, name, data, sizes[i]);
        data += sizes[i];
        size -= sizes[i];
    }
    if (has_metadata)
        write_file(path, "metadata", data, size);
    else
        write_file(path, "metadata", metadata, metadata_size);
}

static void unpack(const uint8_t *data, size_t size)
{
    unsigned flags = size > 1 ? data[1] : 0, count = 1 + flags % STREAM_COUNT_MAX;
    size_t at = 2 + 2 * (size_t)count, sizes[STREAM_COUNT_MAX] = {0};
    if (at > size) {
        write_folder(first_folder, data, 0, 0, sizes, false);
        return;
    }
    size_t left = size - at;
    for (unsigned i = 0; i < count; i++) {
        size_t wanted = (size_t)data[2 + 2 * i] | (size_t)data[3 + 2 * i] << 8;
        sizes[i] = wanted < left ? wanted : left;
        left -= sizes[i];
    }
    write_folder(first_folder, data + at, size - at, count, sizes, (flags & 8) != 0);
    if ((flags & 4) != 0)
        write_folder(second_folder, data + at, size - at, count, sizes, (flags & 8) != 0);
}

/* ----------------------------------------------------------------------------- commands -- */

static char report_name[] = "report", explain_name[] = "explain", diff_name[] = "diff", json[] = "--json", html[] = "--html",
            out[] = "-", transaction[] = "2";

static const struct use {
    int (*command)(int argc, char **argv);
    char *argv[6];
    bool is_json;
} uses[] = {
    {report_main, {report_name, traces}, false},
    {report_main, {report_name, json, out, traces}, true},
    {report_main, {report_name, html, out, traces}, false},
    {explain_main, {explain_name, traces, transaction}, false},
    {diff_main, {diff_name, traces, traces}, false},
    {diff_main, {diff_name, json, traces, traces}, true},
};
enum { USE_COUNT = sizeof uses / sizeof uses[0] };

static void use_command(const struct use *use)
{
    char *argv[6];
    memcpy(argv, use->argv, sizeof argv);
    reading found = contention_command_run(use->command, argv), *reading = &found;
    if (found.gave_up) {
        fputs("babeltrace2 has ended the reading, or would not\n", stderr);
        return;
    }
    EXPECT(found.status >= 0 && found.status <= 3);
    EXPECT(found.status != 2 || use->command == explain_main); /* several have that number */
    EXPECT(found.failed == (found.messages.size > 0));
    EXPECT(found.failed || found.output.size > 0);
    EXPECT(captured_is_safe(&found.output));
    EXPECT(!use->is_json || found.failed || captured_is_json(&found.output));
}

/* -------------------------------------------------------------------------------- doors -- */

static void name_folders(const char *own)
{
    snprintf(traces, sizeof traces, "%.200s/traces", own);
    snprintf(first_folder, sizeof first_folder, "%.220s/one", traces);
    snprintf(second_folder, sizeof second_folder, "%.220s/two", traces);
}

/* What the input before has left goes, also that of a process that was killed. */
static void make_folder(void)
{
    own_folder_clear();
    if (mkdir(traces, 0700) != 0)
        die(traces);
}

static void take_metadata(void)
{
    char path[PATH_SIZE * 2];
    snprintf(path, sizeof path, "%s/metadata", first_folder);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        die(path);
    metadata_size = fread(metadata, 1, sizeof metadata, file);
    fclose(file);
}

/* A sound one: what is made once is made now. */
static void read_first_trace(void)
{
    const ctf_options options = {.cpu_count = 1};
    const event conflict = {.kind = EVENT_CONFLICT, .label = "w", .txn = 2, .winner_txn = 1, .winner_label = "x"};
    make_folder();
    ctf_writer *writer = ctf_writer_open(first_folder, &options);
    ctf_writer_event(writer, 0, &conflict);
    ctf_writer_close(writer);
    take_metadata();
    for (size_t i = 0; i < USE_COUNT; i++)
        use_command(&uses[i]);
}

/* As build.sh lays it out, for machines that have no babeltrace2. */
static void find_plugins(void)
{
    char path[PATH_SIZE];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - sizeof "lib/plugins");
    while (size > 0 && path[size - 1] != '/')
        size--;
    if (size <= 0)
        return;
    strcpy(path + size, "lib/plugins");
    if (access(path, F_OK) == 0)
        setenv("BABELTRACE_PLUGIN_PATH", path, 1);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    sweep_prepare(*argv);
    find_plugins();
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    name_folders(own_folder_make());
    read_first_trace();
    for (uint8_t i = 0; i < USE_COUNT; i++)
        LLVMFuzzerTestOneInput(&i, 1); /* and of nothing */
    contention_command_settle(traces);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_folder();
    unpack(data, size);
    use_command(&uses[size > 0 ? data[0] % USE_COUNT : 0]);
    return 0;
}
