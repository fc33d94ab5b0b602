#include "figure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define UNIT_SPACE "\u00a0"

figure figure_count(uint64_t count)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, count);
    figure f;
    size_t used = 0;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            f.text[used++] = ',';
        f.text[used++] = digits[i];
    }
    f.text[used] = '\0';
    return f;
}

/* Three digits that count, and no zeros after them that say nothing: 1.2, not 1.20. */
static void print_three_digits(char *text, size_t size, double value)
{
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(text, size, "%.*f", decimals, value);
    if (decimals == 0)
        return;
    char *end = text + strlen(text);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        end[-1] = '\0';
}

figure figure_short(double count)
{
    static const char *const units[] = {
        "", UNIT_SPACE "k", UNIT_SPACE "M", UNIT_SPACE "G", UNIT_SPACE "T", UNIT_SPACE "P", UNIT_SPACE "E"};
    size_t unit = 0;
    while (count >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        count /= 1000;
        unit++;
    }
    char digits[24];
    print_three_digits(digits, sizeof digits, count);
    figure f;
    snprintf(f.text, sizeof f.text, "%s%s", digits, units[unit]);
    return f;
}

figure figure_duration(int64_t ns)
{
    static const char *const units[] = {"ns", "µs", "ms", "s"};
    figure f;
    const char *sign = ns < 0 ? "−" : "";
    double value = fabs((double)ns);
    if (value == 0) {
        strcpy(f.text, "0");
        return f;
    }
    if (value >= 119.5e9) {
        double seconds = round(value / 1e9);
        snprintf(f.text, sizeof f.text, "%s%.0f" UNIT_SPACE "min" UNIT_SPACE "%02.0f" UNIT_SPACE "s", sign,
                 floor(seconds / 60), fmod(seconds, 60));
        return f;
    }
    size_t unit = 0;
    while (value >= 999.5 && unit < 3) {
        value /= 1000;
        unit++;
    }
    char digits[24];
    print_three_digits(digits, sizeof digits, value);
    snprintf(f.text, sizeof f.text, "%s%s" UNIT_SPACE "%s", sign, digits, units[unit]);
    return f;
}

figure figure_moment(int64_t ns)
{
    figure f;
    double ms = (double)ns / 1e6;
    if (fabs(ms) < 1000)
        snprintf(f.text, sizeof f.text, "%.3f" UNIT_SPACE "ms", ms);
    else
        snprintf(f.text, sizeof f.text, "%.6f" UNIT_SPACE "s", ms / 1e3);
    return f;
}

figure figure_span(int64_t from_ns, int64_t to_ns)
{
    return figure_duration(figure_ns((double)to_ns - (double)from_ns));
}

int64_t figure_ns(double ns)
{
    return (int64_t)fmax(fmin(ns, 9e18), -9e18);
}

figure figure_clock(int64_t ns)
{
    figure f;
    int64_t s = ns / 1000000000;
    if (s < 3600)
        snprintf(f.text, sizeof f.text, "%" PRId64 ":%02d", s / 60, (int)(s % 60));
    else
        snprintf(f.text, sizeof f.text, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
    return f;
}

figure figure_share(double share)
{
    figure f;
    double percent = share * 100;
    if (!(percent > 0))
        strcpy(f.text, "0" UNIT_SPACE "%");
    else if (percent < 0.1)
        strcpy(f.text, "<0.1" UNIT_SPACE "%");
    else if (percent < 9.95)
        snprintf(f.text, sizeof f.text, "%.1f" UNIT_SPACE "%%", percent);
    else if (percent < 100 && percent > 99.5)
        snprintf(f.text, sizeof f.text, percent > 99.9 ? ">99.9" UNIT_SPACE "%%" : "%.1f" UNIT_SPACE "%%",
                 percent);
    else
        snprintf(f.text, sizeof f.text, "%.0f" UNIT_SPACE "%%", fmin(percent, 100));
    return f;
}

figure figure_ratio(uint64_t part, uint64_t whole)
{
    if (whole == 0)
        return (figure){"–"};
    return figure_share((double)part / (double)whole);
}
