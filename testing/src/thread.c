/* thread.c -- what setup, threads and check may call. */
#include "scheduler.h"
#include "story.h"

#include <stm/testing.h>

#include <stdio.h>

void stm_testing_fail(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    if (!scheduler_is_running())
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    scheduler_fail("%s", text);
}

void stm_testing_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    story_note(format, arguments);
    va_end(arguments);
}

unsigned stm_testing_thread(void)
{
    return scheduler_thread();
}

void stm_testing_point(stm_testing_access access, const volatile void *address, size_t size)
{
    static const stmi_access_kind kinds[] = {STMI_LOAD, STMI_STORE, STMI_RMW};
    if ((unsigned)access <= STM_TESTING_UPDATE && size > 0)
        stmi_access_tell(kinds[access], SEQ_CST, address, size, __func__, __LINE__);
}

void stm_testing_spin(void)
{
    if (scheduler_thread() != SCHEDULER_NOBODY)
        scheduler_yield();
}

void stm_testing_print(FILE *stream)
{
    story_print(stream);
    fprintf(stream, "%s%s\n", scheduler_objector() == ORACLE_NONE ? "passed" : "FAILED: ", scheduler_failure());
}
