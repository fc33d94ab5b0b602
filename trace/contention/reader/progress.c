#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <glib.h>
#include <stdio.h>
#include <unistd.h>

/* Short traces are read before anybody could read the line. */
enum { FIRST_US = 500000, EVERY_US = 200000 };

progress progress_begin(bool wanted)
{
    progress progress = {.wanted = wanted && isatty(STDERR_FILENO) == 1, .begin_us = g_get_monotonic_time()};
    progress.next_us = progress.begin_us + FIRST_US;
    return progress;
}

void progress_tell(progress *progress, uint64_t event_count)
{
    if (!progress->wanted)
        return;
    int64_t now_us = g_get_monotonic_time();
    if (now_us < progress->next_us)
        return;
    double seconds = (double)(now_us - progress->begin_us) / 1e6;
    fprintf(stderr, "\r\033[Kreading: %.1f million events, %.2f million a second", (double)event_count / 1e6,
            (double)event_count / 1e6 / seconds);
    fflush(stderr);
    progress->shown = true;
    progress->next_us = now_us + EVERY_US;
}

void progress_end(progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = progress->wanted = false;
}
