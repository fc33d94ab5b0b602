#include "bound.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

#define NS_A_SECOND INT64_C(1000000000)
#define SECONDS_MAX 1e9

static bool parse_seconds(const char *text, bound *bound)
{
    char *end;
    double seconds = g_ascii_strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(seconds) || seconds < 0 || seconds > SECONDS_MAX)
        return false;
    *bound = (struct bound){BOUND_AFTER_BEGIN, (int64_t)llround(seconds * 1e9)};
    return true;
}

static bool parse_two_digits(const char **text, int limit, int *n)
{
    const char *at = *text;
    if (!g_ascii_isdigit(at[0]) || !g_ascii_isdigit(at[1]))
        return false;
    *n = (at[0] - '0') * 10 + (at[1] - '0');
    *text = at + 2;
    return *n < limit;
}

static bool parse_time_of_day(const char *text, bound *bound)
{
    int hours, minutes;
    double seconds = 0;
    if (!parse_two_digits(&text, 24, &hours) || *text++ != ':' || !parse_two_digits(&text, 60, &minutes))
        return false;
    if (*text == ':') {
        char *end;
        if (!g_ascii_isdigit(text[1]))
            return false;
        seconds = g_ascii_strtod(text + 1, &end);
        text = end;
    }
    if (*text != '\0' || !(seconds < 60))
        return false;
    *bound = (struct bound){BOUND_TIME_OF_DAY, (hours * 60 + minutes) * 60 * NS_A_SECOND + (int64_t)llround(seconds * 1e9)};
    return true;
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? INT64_MIN : INT64_MAX) : sum;
}

/* Of a date that may be centuries away. */
static int64_t ns_of_seconds(int64_t seconds)
{
    int64_t ns;
    return __builtin_mul_overflow(seconds, NS_A_SECOND, &ns) ? (seconds < 0 ? INT64_MIN : INT64_MAX) : ns;
}

static bool parse_date(const char *text, bound *bound)
{
    GTimeZone *zone = g_time_zone_new_local();
    GDateTime *date = g_date_time_new_from_iso8601(text, zone);
    g_time_zone_unref(zone);
    if (date == NULL)
        return false;
    int64_t ns = add(ns_of_seconds(g_date_time_to_unix(date)), g_date_time_get_microsecond(date) * 1000);
    *bound = (struct bound){BOUND_DATE, ns};
    g_date_time_unref(date);
    return true;
}

bool bound_parse(const char *text, bound *bound)
{
    return parse_seconds(text, bound) || parse_time_of_day(text, bound) || parse_date(text, bound);
}

/* Of that day, in local time, on which the trace began. */
static int64_t midnight_before(int64_t unix_ns)
{
    GDateTime *begin = g_date_time_new_from_unix_local(unix_ns / NS_A_SECOND);
    if (begin == NULL)
        return 0;
    GDateTime *midnight = g_date_time_new_local(g_date_time_get_year(begin), g_date_time_get_month(begin),
                                                g_date_time_get_day_of_month(begin), 0, 0, 0);
    int64_t ns = midnight != NULL ? ns_of_seconds(g_date_time_to_unix(midnight)) : 0;
    g_date_time_unref(begin);
    g_clear_pointer(&midnight, g_date_time_unref);
    return ns;
}

int64_t bound_resolve(const bound *bound, int64_t begin_ns, int64_t offset_ns)
{
    int64_t minus_offset = offset_ns == INT64_MIN ? INT64_MAX : -offset_ns;
    switch (bound->kind) {
    case BOUND_TIME_OF_DAY:
        return add(add(midnight_before(add(begin_ns, offset_ns)), bound->ns), minus_offset);
    case BOUND_DATE:
        return add(bound->ns, minus_offset);
    default:
        return add(begin_ns, bound->ns);
    }
}
