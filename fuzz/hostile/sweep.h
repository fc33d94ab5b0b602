/*
 * sweep.h -- what a command that ended in the middle had allocated.
 *
 * A command that fails ends its process, and need not free anything. In a fuzz target it is left by a jump, and what it
 * held would be a leak, of each input anew. So its allocations are noted, by a hook of AddressSanitizer, and those that are left are
 * freed. A command that came to its end is swept after nothing: there a leak is a leak.
 *
 * Without AddressSanitizer there are no such hooks, and what was held stays; processes that replay files end soon, and AFL++ is told
 * to begin a new one now and then (tools/fuzz).
 */
#ifndef FUZZ_SWEEP_H
#define FUZZ_SWEEP_H

#include <stdbool.h>

/* Before anything else, once; may start the program again: GLib must be told by the environment not to keep slices, which are
 * allocations that no hook sees. */
void sweep_prepare(char **argv);

void sweep_begin(void);
/* What becomes of that which was allocated since the beginning, and is not freed yet. */
typedef enum sweep_way {
    SWEEP_KEEP,   /* nothing: if nobody frees it, it is a leak */
    SWEEP_FREE,   /* it is freed */
    SWEEP_IGNORE, /* it stays, and is no leak: it was made once, for good */
} sweep_way;

void sweep_end(sweep_way way);

/* More has been allocated than is sensible, and soon more than can be noted. */
bool sweep_is_full(void);

/* What is allocated between these two stays for good, even where it happens in the midst of a command. */
void sweep_pause(void);
void sweep_resume(void);

#endif
