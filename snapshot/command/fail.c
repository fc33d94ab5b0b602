#include "fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int finish_output(int exit_status)
{
    progress_end();
    bool failed = ferror(stdout) != 0;
    if (fflush(stdout) != 0 || failed)
        fail(EXIT_TROUBLE, "cannot write the output: %s", strerror(errno));
    return exit_status;
}
