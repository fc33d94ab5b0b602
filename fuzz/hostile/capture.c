#define _GNU_SOURCE /* fopencookie */
#include "capture.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_KEPT = 1 << 22, BUFFER_SIZE = 1 << 16 };

/* All in static memory: what is allocated while a command runs may be swept away (sweep.h). */
struct sink {
    FILE *file;
    char buffer[BUFFER_SIZE], text[SIZE_MAX_KEPT + 1];
    size_t size;
    bool cut;
};

static struct sink output_sink, message_sink;
static FILE *real_output, *real_messages;

static ssize_t keep(void *cookie, const char *bytes, size_t size)
{
    struct sink *sink = cookie;
    size_t kept = size < SIZE_MAX_KEPT - sink->size ? size : SIZE_MAX_KEPT - sink->size;
    memcpy(sink->text + sink->size, bytes, kept);
    sink->size += kept;
    sink->cut |= kept < size;
    return (ssize_t)size;
}

static void open_sink(struct sink *sink)
{
    const cookie_io_functions_t functions = {.write = keep};
    if (sink->file == NULL) {
        sink->file = fopencookie(sink, "w", functions);
        if (sink->file == NULL)
            abort();
        setvbuf(sink->file, sink->buffer, _IOFBF, sizeof sink->buffer);
    }
    sink->size = 0;
    sink->cut = false;
}

static captured close_sink(struct sink *sink)
{
    fflush(sink->file);
    clearerr(sink->file);
    sink->text[sink->size] = '\0';
    return (captured){sink->text, sink->size, sink->cut};
}

void capture_begin(void)
{
    open_sink(&output_sink);
    open_sink(&message_sink);
    real_output = stdout;
    real_messages = stderr;
    stdout = output_sink.file;
    stderr = message_sink.file;
}

void capture_end(captured *output, captured *messages)
{
    stdout = real_output;
    stderr = real_messages;
    *output = close_sink(&output_sink);
    *messages = close_sink(&message_sink);
}

/* ----------------------------------------------------------------------------- judgement -- */

static size_t sequence_size(const unsigned char *at, size_t left)
{
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    if (size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

static bool is_control(const unsigned char *at)
{
    bool is_break = at[0] == '\n' || at[0] == '\r' || at[0] == '\t';
    return (at[0] < 0x20 && !is_break) || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

bool captured_is_safe(const captured *captured)
{
    const unsigned char *text = (const unsigned char *)captured->text;
    for (size_t i = 0, size; i < captured->size; i += size) {
        size = sequence_size(text + i, captured->size - i);
        if (size == 0 && captured->cut && captured->size - i < 4)
            return true;
        if (size == 0 || is_control(text + i))
            return false;
    }
    return true;
}

bool captured_is_json(const captured *captured)
{
    if (captured->cut)
        return true;
    json_t *json = json_loadb(captured->text, captured->size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    json_decref(json);
    return json != NULL;
}
