#define _GNU_SOURCE
#include "recording.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <glib.h>
#include <jansson.h>
#include <stm/stm.h>

#include "clock.h"
#include "say.h"

enum { FORMAT = 1 };

void recording_begin(recording *r)
{
    r->started_us = g_get_real_time();
    r->started_ns = clock_now_ns();
}

void recording_add_save(recording *r, const char *folder, save_cause cause)
{
    if (r->save_count < SAVE_COUNT_MAX)
        r->saves[r->save_count++] =
            (recording_save){.folder = g_strdup(folder), .cause = cause, .at_ns = clock_now_ns() - r->started_ns};
}

void recording_end(recording *r, int wait_status)
{
    r->ended_ns = clock_now_ns();
    r->wait_status = wait_status;
    r->has_ended = true;
}

/* What came from the command line may be no UTF-8, which JSON must be. */
static json_t *text_or_null(const char *text)
{
    char *const valid = text != NULL ? g_utf8_make_valid(text, -1) : NULL;
    json_t *const string = valid != NULL ? json_string(valid) : json_null();
    g_free(valid);
    return string;
}

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *command_json(char *const *command)
{
    json_t *const array = json_array();
    for (size_t i = 0; command[i] != NULL; i++)
        json_array_append_new(array, text_or_null(command[i]));
    return array;
}

static json_t *saves_json(const recording *r)
{
    static const char *const causes[] = {"starving", "signal", "end"};
    json_t *const array = json_array();
    for (unsigned i = 0; i < r->save_count; i++) {
        char *const name = g_path_get_basename(r->saves[i].folder);
        json_array_append_new(array,
            json_pack("{s:o, s:s, s:I}", "folder", text_or_null(name), "cause", causes[r->saves[i].cause], "at_ns",
                (json_int_t)r->saves[i].at_ns));
        g_free(name);
    }
    return array;
}

static char *iso_time(int64_t us)
{
    GDateTime *const time = g_date_time_new_from_unix_utc(us / 1000000);
    char *const text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
    g_date_time_unref(time);
    return text;
}

static json_t *buffers_json(const buffers *b)
{
    return json_pack("{s:o, s:o, s:o}", "subbuffer_bytes", number(b->subbuffer_bytes), "subbuffers",
        number(b->subbuffer_count), "processors", number(b->processor_count));
}

static json_t *to_json(const recording *r)
{
    static const char *const states[] = {"recording", "complete", "incomplete", "unusable"};
    const bool exited = r->has_ended && WIFEXITED(r->wait_status);
    const bool killed = r->has_ended && WIFSIGNALED(r->wait_status);
    char *const started = iso_time(r->started_us);
    char version[64];
    snprintf(version, sizeof version, "%d.%d.%d", STM_VERSION_MAJOR, STM_VERSION_MINOR, STM_VERSION_PATCH);
    json_t *const json = json_pack("{s:i, s:s, s:o, s:o, s:s, s:b, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", //
        "format", FORMAT,                                                                                       //
        "state", states[r->state],                                                                              //
        "reason", text_or_null(r->reason),                                                                      //
        "command", command_json(r->command),                                                                    //
        "level", record_level_name(r->options->level),                                                                 //
        "flight", r->options->flight,                                                                           //
        "started", started,                                                                                     //
        "started_ns", (json_int_t)r->started_ns,                                                                //
        "duration_ns", r->has_ended ? json_integer(r->ended_ns - r->started_ns) : json_null(),                  //
        "exit_code", exited ? json_integer(WEXITSTATUS(r->wait_status)) : json_null(),                          //
        "signal", killed ? json_integer(WTERMSIG(r->wait_status)) : json_null(),                                //
        "events_lost", r->losses.known ? number(r->losses.events) : json_null(),                                //
        "packets_lost", r->losses.known ? number(r->losses.packets) : json_null(),                              //
        "saves", saves_json(r),                                                                                 //
        "buffers", buffers_json(&r->buffers));
    g_free(started);
    if (json != NULL) {
        json_object_set_new(json, "block", json_boolean(r->options->block));
        json_object_set_new(json, "libstm", json_string(version));
    }
    return json;
}

static bool write_to(const recording *r, const char *folder)
{
    char *const path = g_build_filename(folder, "recording.json", NULL);
    json_t *const json = to_json(r);
    char *const text = json != NULL ? json_dumps(json, JSON_INDENT(2)) : NULL;
    char *const lines = g_strconcat(text != NULL ? text : "", "\n", NULL);
    GError *error = NULL;
    const bool written = text != NULL && g_file_set_contents(path, lines, -1, &error);
    if (!written)
        record_warn("cannot write %s: %s", path, error != NULL ? error->message : "out of memory");
    g_clear_error(&error);
    g_free(lines);
    free(text);
    json_decref(json);
    g_free(path);
    return written;
}

bool recording_write(const recording *r)
{
    bool written = write_to(r, r->folder);
    for (unsigned i = 0; r->has_ended && i < r->save_count; i++)
        written = write_to(r, r->saves[i].folder) && written;
    return written;
}

static bool description_seen;

/* The description is text, cut into packets: a name may be cut in two, but not all of them. */
static int look_for_description(const char *path, const struct stat *status, int type, struct FTW *place)
{
    char *text = NULL;
    gsize size = 0;
    (void)status;
    if (type != FTW_F || strcmp(path + place->base, "metadata") != 0)
        return 0;
    if (g_file_get_contents(path, &text, &size, NULL) && memmem(text, size, "\"stm:", 5) != NULL)
        description_seen = true;
    g_free(text);
    return description_seen ? 1 : 0;
}

bool recording_is_described(const char *folder)
{
    description_seen = false;
    nftw(folder, look_for_description, 16, FTW_PHYS);
    return description_seen;
}
