#include "snapshot_command.h"

#include "../../snapshot/command/fail.h"
#include "../../snapshot/command/progress.h"
#include "sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Instead of those of fail.c. */

static jmp_buf way_out;
static volatile int exit_status;

_Noreturn void fail(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    progress_end();
    exit_status = status;
    longjmp(way_out, 1);
}

int finish_output(int status)
{
    return status;
}

answer snapshot_command_run(const struct command *command, const struct options *options)
{
    answer answer;
    volatile bool failed = true;
    capture_begin();
    sweep_begin();
    if (setjmp(way_out) == 0) {
        exit_status = command->run(options);
        failed = false;
    }
    sweep_end(failed ? SWEEP_FREE : SWEEP_KEEP);
    capture_end(&answer.output, &answer.messages);
    answer.status = exit_status;
    answer.failed = failed;
    return answer;
}
