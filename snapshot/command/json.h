/*
 * json.h -- JSON written as it comes, so that ten million rows need no memory.
 *
 *     json_open(&json, NULL, '{', JSON_LINES);   what is directly inside, a line each
 *     json_integer(&json, "version", 3);         in an array, the name is NULL
 *     json_close(&json);
 */
#ifndef SNAPSHOT_COMMAND_JSON_H
#define SNAPSHOT_COMMAND_JSON_H

#include <stdint.h>
#include <stdio.h>
#include <stm/stm.h>

#define JSON_DEPTH_MAX 8

enum json_layout { JSON_INLINE, JSON_LINES };

struct json {
    FILE *out;
    unsigned depth;
    struct {
        char close;
        enum json_layout layout;
        bool empty;
    } levels[JSON_DEPTH_MAX];
};

struct json json_on(FILE *out);
void json_open(struct json *json, const char *name, char bracket, enum json_layout layout); /* '{' or '[' */
void json_close(struct json *json); /* the outermost one ends the line */

void json_null(struct json *json, const char *name);
void json_bool(struct json *json, const char *name, bool value);
void json_integer(struct json *json, const char *name, int64_t value);
void json_real(struct json *json, const char *name, double value); /* "Infinity" as a string: JSON has none */
/* Bytes as text.h shows them: what any bytes become, keys above all. */
void json_escaped(struct json *json, const char *name, stm_bytes bytes);
/* UTF-8 as it is. */
void json_string(struct json *json, const char *name, stm_bytes utf8);
void json_hex(struct json *json, const char *name, stm_bytes bytes);

#endif
