#include "fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "progress.h"

_Noreturn void fail(int exit_status, const char *format, ...)
{
    va_list arguments;
    progress_end();
    fflush(stdout); /* what is right so far comes before what went wrong */
    fputs("stm-snapshot: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(exit_status);
}
