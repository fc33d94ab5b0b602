#define _POSIX_C_SOURCE 200809L
#include "style.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 96, WIDTH_MIN = 80, WIDTH_MAX = 110 };

static size_t width_of(FILE *file)
{
    struct winsize size;
    if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return CLAMP(size.ws_col, WIDTH_MIN, WIDTH_MAX);
}

page page_open(FILE *file)
{
    page page = {file, false, WIDTH_DEFAULT};
    if (isatty(fileno(file)) == 1) {
        const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
        page.coloured = terminal != NULL && strcmp(terminal, "dumb") != 0 && (no_color == NULL || no_color[0] == '\0');
        page.width = width_of(file);
    }
    return page;
}

const char *page_tone(const page *page, tone tone)
{
    static const char *const codes[] = {
        [TONE_PLAIN] = "",           [TONE_HEADING] = "\033[1;36m", [TONE_STRONG] = "\033[1m",
        [TONE_QUIET] = "\033[2m",    [TONE_OK] = "\033[32m",        [TONE_CONFLICT] = "\033[31m",
        [TONE_BUSY] = "\033[33m",    [TONE_WARNING] = "\033[1;33m"};
    return page->coloured ? codes[tone] : "";
}

const char *page_plain(const page *page)
{
    return page->coloured ? "\033[0m" : "";
}

void page_heading(const page *page, const char *title)
{
    fprintf(page->file, "\n%s%s%s\n", page_tone(page, TONE_HEADING), title, page_plain(page));
}

static size_t columns_of(const char *text, size_t size)
{
    size_t columns = 0;
    for (const char *at = text; at < text + size; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        columns += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return columns;
}

void page_paragraph(const page *page, tone tone, const char *first, size_t indent, const char *text)
{
    size_t column = columns_of(first, strlen(first));
    bool fresh = true;
    fprintf(page->file, "%s%s", first, page_tone(page, tone));
    while (*text != '\0') {
        size_t size = strcspn(text, " "), columns = columns_of(text, size);
        if (!fresh && column + 1 + columns > page->width) {
            fprintf(page->file, "\n%*s", (int)indent, "");
            column = indent;
            fresh = true;
        }
        fprintf(page->file, "%s%.*s", fresh ? "" : " ", (int)size, text);
        column += columns + !fresh;
        fresh = false;
        text += size;
        text += strspn(text, " ");
    }
    fprintf(page->file, "%s\n", page_plain(page));
}

void page_missing(const page *page, const char *text)
{
    page_paragraph(page, TONE_QUIET, "  ", 2, text);
}

/* The byte after so many columns of text. */
static const char *skip(const char *text, size_t columns)
{
    size_t used = 0;
    while (*text != '\0') {
        const char *next = g_utf8_next_char(text);
        used += columns_of(text, (size_t)(next - text));
        if (used > columns)
            break;
        text = next;
    }
    return text;
}

void page_name(const page *page, const char *name, size_t columns)
{
    size_t whole = columns_of(name, strlen(name));
    if (whole <= columns) {
        fprintf(page->file, "%s%*s", name, (int)(columns - whole), "");
        return;
    }
    size_t head = (columns - 3) / 2, tail = columns - 3 - head;
    const char *head_end = skip(name, head), *tail_begin = skip(name, whole - tail);
    size_t used = columns_of(name, (size_t)(head_end - name)) + 3 + columns_of(tail_begin, strlen(tail_begin));
    fprintf(page->file, "%.*s...%s%*s", (int)(head_end - name), name, tail_begin,
            used < columns ? (int)(columns - used) : 0, "");
}

void page_bar(const page *page, tone tone, double share, size_t columns)
{
    size_t filled = share > 0 ? (size_t)(share * (double)columns + 0.5) : 0;
    filled = share > 0 && filled == 0 ? 1 : MIN(filled, columns);
    fputs(page_tone(page, tone), page->file);
    for (size_t i = 0; i < filled; i++)
        fputc('#', page->file);
    fputs(page_plain(page), page->file);
}
