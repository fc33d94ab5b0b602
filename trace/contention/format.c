#include "format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BUFFER_COUNT = 16, BUFFER_SIZE = 48 };

static char *buffer(void)
{
    static _Thread_local char buffers[BUFFER_COUNT][BUFFER_SIZE];
    static _Thread_local unsigned next;
    return buffers[next++ % BUFFER_COUNT];
}

const char *format_count(uint64_t n)
{
    char digits[24];
    char *text = buffer(), *to = text;
    int count = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

const char *format_percent(double share)
{
    char *text = buffer();
    double percent = share * 100;
    if (percent > 0 && percent < 0.1)
        return "< 0.1 %";
    snprintf(text, BUFFER_SIZE, percent < 10 && percent > 0 ? "%.1f %%" : "%.0f %%", percent);
    return text;
}

const char *format_part(uint64_t part, uint64_t whole)
{
    return whole == 0 ? "-" : format_percent((double)part / (double)whole);
}

static const char *in_unit(double n, const char *unit, int digits)
{
    char *text = buffer();
    snprintf(text, BUFFER_SIZE, "%.*f %s", digits, n, unit);
    return text;
}

/* Three digits, about. */
static int digits_of(double n)
{
    return fabs(n) < 9.995 ? 2 : fabs(n) < 99.95 ? 1 : 0;
}

const char *format_duration(int64_t ns)
{
    double n = (double)ns, size = fabs(n);
    if (size < 1e3)
        return in_unit(n, "ns", 0);
    if (size < 1e6)
        return in_unit(n / 1e3, "us", digits_of(n / 1e3));
    if (size < 1e9)
        return in_unit(n / 1e6, "ms", digits_of(n / 1e6));
    return in_unit(n / 1e9, "s", digits_of(n / 1e9));
}

const char *format_moment(int64_t ns)
{
    double n = (double)ns;
    return fabs(n) < 1e9 ? in_unit(n / 1e6, "ms", 3) : in_unit(n / 1e9, "s", 6);
}

const char *format_rate(double per_second)
{
    if (per_second < 1e4)
        return format_count((uint64_t)(per_second + 0.5));
    return per_second < 1e6 ? in_unit(per_second / 1e3, "thousand", digits_of(per_second / 1e3))
                            : in_unit(per_second / 1e6, "million", digits_of(per_second / 1e6));
}

const char *format_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}
