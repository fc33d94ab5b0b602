/*
 * check.h -- how the examples verify themselves: say what was wrong, and exit with 1.
 *
 * CHECK wants a condition to hold; CHECK_OK wants a call to answer STM_OK, and shows its status
 * otherwise. A program that can go on after NO_MEMORY or TOO_LARGE looks at the status instead.
 */
#ifndef EXAMPLES_CHECK_H
#define EXAMPLES_CHECK_H

#include <stm/stm.h>

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition, ""))
#define CHECK_OK(call) check_status(__FILE__, __LINE__, #call, (call))

static inline void check_failed(const char *file, int line, const char *what, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, why[0] == '\0' ? "does not hold" : why);
    exit(EXIT_FAILURE);
}

static inline void check_status(const char *file, int line, const char *call, stm_status status)
{
    if (status != STM_OK)
        check_failed(file, line, call, stm_status_text(status));
}

/* Whether bytes are exactly those of text; NULL asks for "no value". */
static inline bool equals(stm_bytes bytes, const char *text)
{
    if (bytes.data == NULL || text == NULL)
        return bytes.data == NULL && text == NULL;
    return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

#endif
