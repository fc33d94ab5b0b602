/*
 * progress.h -- a line on the terminal while a long trace is read; nothing where stderr is none.
 */
#ifndef CONTENTION_PROGRESS_H
#define CONTENTION_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct progress {
    bool wanted, shown;
    int64_t begin_us, next_us;
} progress;

progress progress_begin(bool wanted);
void progress_tell(progress *progress, uint64_t event_count);
void progress_end(progress *progress);

#endif
