/* colour.h -- colours on stdout: only if it is a terminal that can, and nobody has said NO_COLOR
 * (no-color.org). */
#ifndef SNAPSHOT_COMMAND_COLOUR_H
#define SNAPSHOT_COMMAND_COLOUR_H

enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_GREY, COLOUR_BOLD };

/* What to print to begin it, NONE: to end it; "" where there are no colours. */
const char *colour(enum colour colour);

#endif
