#include "histogram.h"

/* Above 2^6, each power of two is cut into 32 bars of the same width. */
static unsigned bar_of(uint64_t n)
{
    if (n < 64)
        return (unsigned)n;
    unsigned log = 63 - (unsigned)__builtin_clzll(n);
    return (log - 4) * 32 + (unsigned)(n >> (log - 5) & 31);
}

static uint64_t highest_of(unsigned bar)
{
    if (bar < 64)
        return bar;
    unsigned log = bar / 32 + 4;
    uint64_t width = UINT64_C(1) << (log - 5);
    return (UINT64_C(1) << log) + (bar % 32) * width + (width - 1);
}

void histogram_add(histogram *histogram, uint64_t n)
{
    histogram->bars[bar_of(n)]++;
    histogram->count++;
    if (n > histogram->max)
        histogram->max = n;
}

uint64_t histogram_quantile(const histogram *histogram, double share)
{
    double wanted = share * (double)histogram->count;
    uint64_t seen = 0;
    for (unsigned bar = 0; bar < HISTOGRAM_BAR_COUNT; bar++) {
        seen += histogram->bars[bar];
        if (seen > 0 && (double)seen >= wanted)
            return highest_of(bar) < histogram->max ? highest_of(bar) : histogram->max;
    }
    return histogram->max;
}

quantiles histogram_quantiles(const histogram *histogram)
{
    return (quantiles){histogram->count, histogram_quantile(histogram, 0.5), histogram_quantile(histogram, 0.9),
                       histogram_quantile(histogram, 0.99), histogram->max};
}

uint64_t histogram_count_between(const histogram *histogram, uint64_t low, uint64_t high)
{
    uint64_t count = 0;
    for (unsigned bar = bar_of(low); bar <= bar_of(high); bar++)
        count += histogram->bars[bar];
    return count;
}
