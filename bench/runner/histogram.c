#include "histogram.h"

#include <inttypes.h>

void histogram_merge(histogram *into, const histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_CLASSES; i++)
        into->counts[i] += from->counts[i];
}

void histogram_print(const histogram *h, FILE *stream)
{
    const char *comma = "";
    (void)fputc('[', stream);
    for (unsigned i = 0; i < HISTOGRAM_CLASSES; i++) {
        if (h->counts[i] == 0)
            continue;
        (void)fprintf(stream, "%s[%" PRIu64 ",%" PRIu64 "]", comma, histogram_floor(i), h->counts[i]);
        comma = ",";
    }
    (void)fputc(']', stream);
}
