#include "fail.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fputs("wordcount: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    _Exit(EXIT_TROUBLE); /* threads may still run: take nothing down under their feet */
}

void must(stm_status status, const char *doing)
{
    if (status != STM_OK)
        fail("cannot %s: %s: %s", doing, stm_status_name(status), stm_status_text(status));
}

void *resized(void *memory, size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    void *larger = count > SIZE_MAX / size ? NULL : realloc(memory, count * size);
    if (larger == NULL)
        fail("out of memory");
    return larger;
}
