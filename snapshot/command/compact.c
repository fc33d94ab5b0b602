/* compact -- writes a file anew, without the space that nothing uses. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <sys/stat.h>

#include "commands.h"
#include "fail.h"
#include "json.h"
#include "text.h"

#include <stm/snapshot.h>

static int64_t size_of(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 ? (int64_t)found.st_size : 0;
}

static int run(const struct options *options)
{
    const char *path = options->operands[0];
    stm_file_error error;
    int64_t before = size_of(path);
    if (stm_file_compact(path, &error) != STM_FILE_OK)
        fail(EXIT_TROUBLE, "%s", error.message);
    int64_t after = size_of(path);
    if (options->json) {
        struct json json = json_on(stdout);
        json_open(&json, NULL, '{', JSON_LINES);
        json_escaped(&json, "file", stm_text(path));
        json_integer(&json, "bytes_before", before);
        json_integer(&json, "bytes_after", after);
        json_close(&json);
    } else {
        printf("%s before, %s now\n", text_size(before), text_size(after));
    }
    return EXIT_FINE;
}

const struct command command_compact = {
    .name = "compact",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "give back the space that removed snapshots have left",
    .accepts = "j",
    .text = "A new file is written beside the old one and takes its place by renaming: there has to be room "
            "for both.\n",
    .run = run,
};
