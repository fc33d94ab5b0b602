#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS 700 /* what takes no longer needs no progress */
#define BETWEEN_MS 100
#define STEP 1024 /* looks at the clock every so many keys */

static struct {
    const char *doing; /* NULL: not shown */
    uint64_t total, next;
    int64_t shown_ms;
    bool drawn;
} line;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(const char *doing, uint64_t total)
{
    progress_end();
    line.doing = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) ? doing : NULL;
    line.total = total;
    line.next = STEP;
    line.shown_ms = now_ms() + QUIET_MS - BETWEEN_MS;
}

static void draw(uint64_t done)
{
    fprintf(stderr, "\r\033[K%s: %" PRIu64 " keys", line.doing, done);
    if (line.total > 0)
        fprintf(stderr, " of %" PRIu64 " (%.0f %%)", line.total, 100.0 * (double)done / (double)line.total);
    fflush(stderr);
    line.drawn = true;
}

void progress_step(uint64_t done)
{
    if (line.doing == NULL || done < line.next)
        return;
    line.next = done + STEP;
    int64_t now = now_ms();
    if (now - line.shown_ms < BETWEEN_MS)
        return;
    line.shown_ms = now;
    draw(done);
}

void progress_end(void)
{
    if (line.drawn)
        fputs("\r\033[K", stderr);
    line.doing = NULL;
    line.drawn = false;
}

bool progress_callback(uint64_t done, uint64_t total, void *arg)
{
    (void)arg;
    line.total = total;
    line.next = done; /* the library asks seldom enough */
    progress_step(done);
    return true;
}
