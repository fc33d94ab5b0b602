#include "recording.h"

#include "text.h"

#include <jansson.h>

static char *joined(const json_t *words)
{
    GString *line = g_string_new(NULL);
    size_t i;
    json_t *word;
    json_array_foreach(words, i, word) {
        if (json_is_string(word))
            g_string_append_printf(line, "%s%s", line->len > 0 ? " " : "", json_string_value(word));
    }
    return g_string_free(line, FALSE);
}

static char *command_of(const json_t *recording)
{
    const json_t *command = json_object_get(recording, "command");
    char *line = json_is_array(command) ? joined(command) : g_strdup(json_is_string(command) ? json_string_value(command) : "");
    char *clean = text_clean(line);
    g_free(line);
    return clean;
}

char *recording_program(const char *path)
{
    char *name = g_build_filename(path, "recording.json", NULL);
    json_t *recording = json_load_file(name, JSON_REJECT_DUPLICATES, NULL);
    char *program = command_of(recording);
    json_decref(recording);
    g_free(name);
    return program;
}
