#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <glib.h>

static bool is_quiet;

void record_say_quietly(bool quiet)
{
    is_quiet = quiet;
}

/* One write, so that the program's own lines on stderr do not come in between. */
static void write_line(const char *format, va_list arguments)
{
    char *text = g_strdup_vprintf(format, arguments);
    char *line = g_strdup_printf("stm-contention: %s\n", text);
    fputs(line, stderr);
    g_free(line);
    g_free(text);
}

void record_say(const char *format, ...)
{
    va_list arguments;
    if (is_quiet)
        return;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

void record_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

char *record_size_text(uint64_t bytes, char text[SIZE_TEXT_MAX])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 1024.0 && unit + 1 < G_N_ELEMENTS(units)) {
        size /= 1024.0;
        unit++;
    }
    snprintf(text, SIZE_TEXT_MAX, size < 10.0 && unit > 0 ? "%.1f %s" : "%.0f %s", size, units[unit]);
    return text;
}
