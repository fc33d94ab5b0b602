#define _POSIX_C_SOURCE 200809L
#include "colour.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wanted(void)
{
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

const char *colour(enum colour colour)
{
    static const char *const codes[] = {"\033[0m", "\033[31m", "\033[32m", "\033[33m", "\033[90m", "\033[1m"};
    static int known = -1;
    if (known < 0)
        known = wanted();
    return known ? codes[colour] : "";
}
