#define _GNU_SOURCE /* dladdr */
#include "contention_command.h"

#include "../../trace/contention/fail.h"
#include "sweep.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sigjmp_buf way_out;
static volatile int exit_status;
static struct sigaction action_before;

enum { BY_FAIL = 1, BY_ABORT };

/* ------------------------------------------------------------ instead of those of fail.c -- */

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

_Noreturn void fail(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    exit_status = status;
    siglongjmp(way_out, BY_FAIL);
}

void close_output(void)
{
}

/* --------------------------------------------------------------------- babeltrace2's end -- */

/* Who called abort(): the first frame below the C library's. */
static bool is_of_babeltrace(void)
{
    void *frames[32];
    int count = backtrace(frames, 32);
    bool seen_libc = false;
    for (int i = 0; i < count; i++) {
        Dl_info about;
        if (dladdr(frames[i], &about) == 0 || about.dli_fname == NULL)
            continue;
        bool is_libc = strstr(about.dli_fname, "/libc.so") != NULL;
        if (seen_libc && !is_libc)
            return strstr(about.dli_fname, "babeltrace") != NULL;
        seen_libc |= is_libc;
    }
    return false;
}

static void leave(int signal)
{
    if (is_of_babeltrace())
        siglongjmp(way_out, BY_ABORT);
    sigaction(signal, &action_before, NULL);
    raise(signal);
}

/* ------------------------------------------------------------------------------ command -- */

static int argument_count(char **argv)
{
    int count = 0;
    while (argv[count] != NULL)
        count++;
    return count;
}

/* Which way it ended. */
static int run(int (*command)(int argc, char **argv), char **argv)
{
    int way = sigsetjmp(way_out, 1);
    if (way == 0)
        exit_status = command(argument_count(argv), argv);
    return way;
}

reading contention_command_run(int (*command)(int argc, char **argv), char **argv)
{
    reading reading;
    const struct sigaction action = {.sa_handler = leave, .sa_flags = SA_NODEFER};
    optind = 0;
    capture_begin();
    sigaction(SIGABRT, &action, &action_before);
    sweep_begin();
    int way = run(command, argv);
    /* babeltrace2's parser leaks where metadata makes no sense, and GLib keeps the names that it has met, for good: what is
     * left cannot be told from that, and not be freed. That we leak nothing, trace_events and the tests of trace/ show. */
    sweep_end(SWEEP_IGNORE);
    sigaction(SIGABRT, &action_before, NULL);
    capture_end(&reading.output, &reading.messages);
    reading.status = exit_status;
    reading.failed = way == BY_FAIL;
    reading.gave_up = way == BY_ABORT;
    return reading;
}
