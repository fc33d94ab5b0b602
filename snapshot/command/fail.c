#include "fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "text.h"

/* A message may quote a file: nothing of it may do anything to a terminal. */
static void put_safely(const char *message)
{
    const unsigned char *at = (const unsigned char *)message;
    for (size_t left = strlen(message), size; left > 0; at += size, left -= size) {
        gunichar character;
        size = text_character(at, left, &character);
        if (character == TEXT_BYTE)
            fprintf(stderr, "\\x%02x", *at);
        else
            fwrite(at, 1, size, stderr);
    }
}

_Noreturn void fail(int exit_status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    progress_end();
    fflush(stdout); /* what is right so far comes before what went wrong */
    fputs("stm-snapshot: ", stderr);
    put_safely(message);
    fputc('\n', stderr);
    g_free(message);
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
