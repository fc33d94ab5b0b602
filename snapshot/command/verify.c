/* verify -- whether a file is what it says: by the library, check by check. */
#include <stdio.h>

#include "colour.h"
#include "commands.h"
#include "fail.h"
#include "file.h"
#include "json.h"
#include "text.h"

struct verify {
    const struct options *options;
    struct json json;
};

static bool told(const char *what, bool holds, const char *why, void *arg)
{
    struct verify *verify = arg;
    if (verify->options->quiet)
        return true;
    if (verify->options->json) {
        json_open(&verify->json, NULL, '{', JSON_INLINE);
        json_escaped(&verify->json, "check", stm_text(what));
        json_bool(&verify->json, "holds", holds);
        if (!holds)
            json_escaped(&verify->json, "why", stm_text(why == NULL ? "" : why));
        json_close(&verify->json);
        return true;
    }
    printf("%s%-6s%s  ", colour(holds ? COLOUR_GREEN : COLOUR_RED), holds ? "ok" : "FAILED",
           colour(COLOUR_NONE));
    text_put(stdout, stm_text(what));
    if (!holds) {
        fputs(": ", stdout);
        text_put(stdout, stm_text(why == NULL ? "" : why));
    }
    putchar('\n');
    fflush(stdout); /* the next one may take a while */
    return true;
}

static stm_file_status verify_json(struct verify *verify, const char *path, stm_file_error *error)
{
    struct json *json = &verify->json;
    *json = json_on(stdout);
    json_open(json, NULL, '{', JSON_LINES);
    json_escaped(json, "file", stm_text(path));
    json_open(json, "checks", '[', JSON_LINES);
    stm_file_status status = stm_file_verify(path, told, verify, error);
    json_close(json);
    json_string(json, "status", stm_text(stm_file_status_name(status)));
    json_bool(json, "holds", status == STM_FILE_OK);
    json_close(json);
    return status;
}

static int run(const struct options *options)
{
    struct verify verify = {.options = options};
    const char *path = options->operands[0];
    stm_file_error error;
    stm_file_status status =
        options->json ? verify_json(&verify, path, &error) : stm_file_verify(path, told, &verify, &error);
    if (status == STM_FILE_OK)
        return EXIT_FINE;
    if (status != STM_FILE_DAMAGED || !options->quiet)
        fail(status == STM_FILE_DAMAGED ? EXIT_DIFFERENT : EXIT_TROUBLE, "%s", error.message);
    return EXIT_DIFFERENT;
}

const struct command command_verify = {
    .name = "verify",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "whether all of a file is what it should be",
    .accepts = "qj",
    .text = "Checks the database, the schema, each row, and of each snapshot the number of keys, their size "
            "and the\n"
            "checksum recorded at its export. Exit status 1: something does not hold.\n",
    .run = run,
};
