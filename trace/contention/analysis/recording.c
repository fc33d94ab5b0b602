#include "recording.h"

#include "text.h"

#include <jansson.h>
#include <string.h>

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

static json_t *load(const char *path, const char *above)
{
    char *name = g_build_filename(path, above, "recording.json", NULL);
    json_t *json = json_load_file(name, JSON_REJECT_DUPLICATES, NULL);
    g_free(name);
    return json;
}

recording recording_load(const char *path)
{
    json_t *json = load(path, ".");
    if (json == NULL)
        json = load(path, "..");
    const char *state = json_string_value(json_object_get(json, "state"));
    const char *reason = json_string_value(json_object_get(json, "reason"));
    bool is_complete = state == NULL || strcmp(state, "complete") == 0;
    recording recording = {command_of(json), text_clean(is_complete ? "" : reason != NULL ? reason : state),
                           json_is_true(json_object_get(json, "flight"))};
    json_decref(json);
    return recording;
}

void recording_free(recording *recording)
{
    g_free(recording->program);
    g_free(recording->trouble);
}
