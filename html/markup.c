#include "markup.h"

/* Not seen, or changing how their neighbours are seen: a key must not be able to look like another one. */
static gboolean is_unseen(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return TRUE;
    default:
        return FALSE;
    }
}

/* Valid UTF-8 that can be seen; to be freed. */
static GString *printable(const char *text)
{
    GString *seen = g_string_new(NULL);
    char *valid = g_utf8_make_valid(text, -1);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (is_unseen(c))
            g_string_append_printf(seen, "[U+%04X]", c);
        else
            g_string_append_unichar(seen, c);
    }
    g_free(valid);
    return seen;
}

static void append_escaped(GString *html, const char *text, gssize size)
{
    char *escaped = g_markup_escape_text(text, size);
    g_string_append(html, escaped);
    g_free(escaped);
}

void markup_text(GString *html, const char *text)
{
    GString *seen = printable(text);
    append_escaped(html, seen->str, -1);
    g_string_free(seen, TRUE);
}

static size_t columns_of(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

static size_t columns_of_text(const char *text)
{
    size_t columns = 0;
    for (; *text; text = g_utf8_next_char(text))
        columns += columns_of(g_utf8_get_char(text));
    return columns;
}

/* Where the first so many columns end. Zero-width marks are bounded too: a pile of them is as bad as a long text. */
static const char *after_columns(const char *text, size_t columns)
{
    size_t marks = columns * 2;
    while (*text && marks > 0) {
        size_t width = columns_of(g_utf8_get_char(text));
        if (width > columns)
            break;
        columns -= width;
        marks -= width == 0;
        text = g_utf8_next_char(text);
    }
    return text;
}

static const char *before_columns(const char *begin, const char *end, size_t columns)
{
    size_t marks = columns * 2;
    while (end > begin && columns > 0 && marks > 0) {
        const char *previous = g_utf8_prev_char(end);
        size_t width = columns_of(g_utf8_get_char(previous));
        if (width > columns)
            break;
        columns -= width;
        marks -= width == 0;
        end = previous;
    }
    return end;
}

void markup_text_short(GString *html, const char *text, size_t columns)
{
    GString *seen = printable(text);
    const char *end = seen->str + seen->len;
    if (columns_of_text(seen->str) <= columns) {
        append_escaped(html, seen->str, after_columns(seen->str, columns) - seen->str);
    } else {
        size_t tail_columns = (columns - 1) / 3;
        const char *head_end = after_columns(seen->str, columns - 1 - tail_columns);
        const char *tail = before_columns(head_end, end, tail_columns);
        append_escaped(html, seen->str, head_end - seen->str);
        g_string_append(html, "…");
        append_escaped(html, tail, end - tail);
    }
    g_string_free(seen, TRUE);
}

void markup_printf(GString *html, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    markup_text(html, text);
    g_free(text);
}
