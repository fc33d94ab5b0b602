#include "json.h"

#include <inttypes.h>
#include <math.h>

#include "text.h"

struct json json_on(FILE *out)
{
    return (struct json){.out = out};
}

static void put_name(FILE *out, const char *name)
{
    fprintf(out, "\"%s\": ", name); /* our own words: nothing to escape */
}

/* What goes before a member: comma, new line, name. */
static void begin(struct json *json, const char *name)
{
    if (json->depth > 0) {
        bool lines = json->levels[json->depth - 1].layout == JSON_LINES;
        if (!json->levels[json->depth - 1].empty)
            fputs(lines ? "," : ", ", json->out);
        json->levels[json->depth - 1].empty = false;
        if (lines)
            fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
    }
    if (name != NULL)
        put_name(json->out, name);
}

void json_open(struct json *json, const char *name, char bracket, enum json_layout layout)
{
    begin(json, name);
    fputc(bracket, json->out);
    json->levels[json->depth].close = bracket == '{' ? '}' : ']';
    json->levels[json->depth].layout = layout;
    json->levels[json->depth].empty = true;
    json->depth++;
}

void json_close(struct json *json)
{
    json->depth--;
    if (json->levels[json->depth].layout == JSON_LINES && !json->levels[json->depth].empty)
        fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
    fputc(json->levels[json->depth].close, json->out);
    if (json->depth == 0)
        fputc('\n', json->out);
}

void json_null(struct json *json, const char *name)
{
    begin(json, name);
    fputs("null", json->out);
}

void json_bool(struct json *json, const char *name, bool value)
{
    begin(json, name);
    fputs(value ? "true" : "false", json->out);
}

void json_integer(struct json *json, const char *name, int64_t value)
{
    begin(json, name);
    fprintf(json->out, "%" PRId64, value);
}

void json_real(struct json *json, const char *name, double value)
{
    begin(json, name);
    if (isfinite(value))
        fputs(text_real(value), json->out);
    else
        fputs(isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"", json->out);
}

/* A character within a JSON string; what does not print, as \uNNNN, so that a terminal is safe here, too. */
static void put_character(FILE *out, gunichar c, const char *utf8, size_t size, bool printable)
{
    if (c == '"' || c == '\\')
        fprintf(out, "\\%c", (char)c);
    else if (printable)
        fwrite(utf8, 1, size, out);
    else if (c < 0x10000)
        fprintf(out, "\\u%04x", c);
    else
        fprintf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
}

void json_string(struct json *json, const char *name, stm_bytes utf8)
{
    const char *at = utf8.data, *end = at + utf8.size;
    begin(json, name);
    fputc('"', json->out);
    while (at < end) {
        size_t plain = text_plain((const unsigned char *)at, (size_t)(end - at));
        fwrite(at, 1, plain, json->out);
        at += plain;
        if (at == end)
            break;
        gunichar shown, c = g_utf8_get_char(at);
        size_t size = (size_t)g_unichar_to_utf8(c, NULL);
        text_character((const unsigned char *)at, (size_t)(end - at), &shown);
        put_character(json->out, c, at, size, shown != TEXT_BYTE);
        at += size;
    }
    fputc('"', json->out);
}

void json_escaped(struct json *json, const char *name, stm_bytes bytes)
{
    const unsigned char *data = bytes.data;
    begin(json, name);
    fputc('"', json->out);
    for (size_t i = 0; i < bytes.size;) {
        gunichar c;
        size_t plain = text_plain(data + i, bytes.size - i);
        fwrite(data + i, 1, plain, json->out);
        i += plain;
        if (i == bytes.size)
            break;
        size_t size = text_character(data + i, bytes.size - i, &c);
        if (c == TEXT_BYTE)
            fprintf(json->out, "\\\\x%02x", data[i]);
        else if (c == '\\')
            fputs("\\\\\\\\", json->out);
        else if (c == '"')
            fputs("\\\"", json->out);
        else
            fwrite(data + i, 1, size, json->out);
        i += size;
    }
    fputc('"', json->out);
}

void json_hex(struct json *json, const char *name, stm_bytes bytes)
{
    begin(json, name);
    fputc('"', json->out);
    text_put_hex(json->out, bytes);
    fputc('"', json->out);
}
