#define _POSIX_C_SOURCE 200809L
#include "text.h"

#include <string.h>

static bool can_be_shown(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT && type != G_UNICODE_SURROGATE &&
           type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

static bool is_plain(const char *text)
{
    size_t size = 0;
    for (; text[size] != '\0'; size++)
        if (!g_ascii_isprint(text[size]) || size >= TEXT_SIZE_MAX)
            return false;
    return true;
}

char *text_clean(const char *text)
{
    if (is_plain(text))
        return g_strdup(text);
    size_t size = strnlen(text, TEXT_SIZE_MAX + 1);
    char *valid = g_utf8_make_valid(text, (gssize)MIN(size, (size_t)TEXT_SIZE_MAX));
    GString *clean = g_string_new(NULL);
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(clean, can_be_shown(c) ? c : 0xfffd);
    }
    if (size > TEXT_SIZE_MAX)
        g_string_append(clean, "...");
    g_free(valid);
    return g_string_free(clean, FALSE);
}

static void append_byte(GString *name, unsigned char byte)
{
    if (g_ascii_isprint((char)byte) && byte != '\\' && byte != '"')
        g_string_append_c(name, (char)byte);
    else
        g_string_append_printf(name, "\\x%02x", byte);
}

static char *rebuilt(const event *event)
{
    GString *name = g_string_new(NULL);
    for (uint64_t i = 0; i < MIN(event->key_size, UINT64_C(16)); i++) {
        uint64_t word = i < 8 ? event->k0 : event->k1;
        append_byte(name, (unsigned char)(word >> (56 - 8 * (i % 8)) & 0xff));
    }
    if (event->key_size > 16)
        g_string_append(name, "...");
    return g_string_free(name, FALSE);
}

/* Of a text in which \xNN stands for one byte. */
static uint64_t byte_count(const char *text)
{
    uint64_t count = 0;
    for (; *text != '\0'; count++)
        text += strncmp(text, "\\x", 2) == 0 && strlen(text) >= 4 ? 4 : 1;
    return count;
}

char *text_of_key(const event *event)
{
    if (event->key_size == 0)
        return g_strdup("(unknown)");
    if (event->key[0] == '\0')
        return rebuilt(event);
    char *clean = text_clean(event->key);
    if (byte_count(event->key) >= event->key_size)
        return clean;
    char *cut = g_strconcat(clean, "...", NULL);
    g_free(clean);
    return cut;
}
