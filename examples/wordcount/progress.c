#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include "../number.h"

#include <stdio.h>
#include <unistd.h>

bool progress_is_wanted(const options *o)
{
    const char *terminal = getenv("TERM");
    return !o->quiet && isatty(STDERR_FILENO) && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static double percent(double part, double whole)
{
    return whole > 0.0 ? 100.0 * part / whole : 0.0;
}

void progress_show(const counting *c, double seconds_so_far, void *arg)
{
    const progress *p = arg;
    stm_stats stats;
    if (stm_store_stats(p->store, &stats) != STM_OK)
        return;

    const uint64_t attempts = stats.commits + stats.conflicts + stats.busy;
    double done = c->batch_count_goal > 0 ? percent((double)stats.commits, (double)c->batch_count_goal)
                                          : percent(seconds_so_far, p->options->seconds);
    done = done > 100.0 ? 100.0 : done;
    fprintf(stderr, "\r%3.0f %%   %s commits   %s a second   %.1f %% conflicts\033[K", done,
            GROUPED(stats.commits), GROUPED((uint64_t)((double)stats.commits / seconds_so_far)),
            percent((double)stats.conflicts, (double)attempts));
    fflush(stderr);
}

void progress_clear(void)
{
    fputs("\r\033[K", stderr);
    fflush(stderr);
}
