#define _GNU_SOURCE /* dladdr, REG_RIP */
#include "contention_command.h"

#include "../../trace/contention/fail.h"
#include "leftover.h"
#include "sweep.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <getopt.h>
#include <glib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

static sigjmp_buf way_out;
static volatile int exit_status;
static struct sigaction action_before;
static const char *mapped_folder; /* NULL: not settled yet */

/* Of <babeltrace2/error-reporting.h>. */
void bt_current_thread_clear_error(void);

enum { BY_FAIL = 1, BY_ABORT, BY_LOOP };

/* Of the processor's time: half a second; hardly any input takes a tenth of it, under AddressSanitizer, too. */
enum { TICK_US = 4000, TICKS_MAX = 125 };
static volatile int ticks_left;

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

static bool is_babeltraces(const void *code)
{
    Dl_info about;
    return dladdr(code, &about) != 0 && about.dli_fname != NULL && strstr(about.dli_fname, "babeltrace") != NULL;
}

/* Left is only babeltrace2's own code: what it calls may hold a lock. Where we do not meet it there, the signal comes again; and if we
 * never do, the loop is ours, and the engine will say so. */
static void leave_loop(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    if (--ticks_left > 0 && !sweep_is_full())
        return;
#ifdef __x86_64__
    const ucontext_t *interrupted = context;
    if (is_babeltraces((const void *)(uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP]))
        siglongjmp(way_out, BY_LOOP);
#else
    (void)context;
#endif
}

static void tick(suseconds_t us)
{
    const struct itimerval timer = {.it_value = {.tv_usec = us}, .it_interval = {.tv_usec = us}};
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
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
    if (way == 0) {
        ticks_left = TICKS_MAX;
        tick(TICK_US);
        exit_status = command(argument_count(argv), argv);
    }
    tick(0);
    return way;
}

/* An error that babeltrace2 has not handed out yet is among what is swept away. */
static void clean_up(const FILE *newest, int way)
{
    bt_current_thread_clear_error();
    leftover_close(newest);
    if (way >= BY_ABORT && mapped_folder != NULL)
        leftover_unmap(mapped_folder);
    /* babeltrace2's parser leaks where metadata makes no sense. That we leak nothing, trace_events and the tests of trace/ show. */
    sweep_end(mapped_folder == NULL ? SWEEP_IGNORE : SWEEP_FREE);
}

/* What libraries make once, where they first need it, and keep. */
static void warm_up(void)
{
    void *frame;
    GError *error = NULL;
    backtrace(&frame, 1); /* a library is loaded */
    GDateTime *now = g_date_time_new_now_local();
    g_free(g_date_time_format(now, "%F %T"));
    g_date_time_unref(now);
    g_get_tmp_dir();
    g_mapped_file_new("/dev/null/none", FALSE, &error); /* a message, translated */
    g_clear_error(&error);
    tzset();
    localtime(&(time_t){0});
}

void contention_command_settle(const char *folder)
{
    warm_up();
    mapped_folder = folder;
}

reading contention_command_run(int (*command)(int argc, char **argv), char **argv)
{
    reading reading;
    const struct sigaction action = {.sa_handler = leave, .sa_flags = SA_NODEFER};
    const struct sigaction in_time = {.sa_sigaction = leave_loop, .sa_flags = SA_NODEFER | SA_SIGINFO | SA_RESTART};
    optind = 0;
    capture_begin();
    const FILE *newest = leftover_newest();
    sigaction(SIGABRT, &action, &action_before);
    sigaction(SIGVTALRM, &in_time, NULL);
    sweep_begin();
    int way = run(command, argv);
    sigaction(SIGABRT, &action_before, NULL);
    clean_up(newest, way);
    capture_end(&reading.output, &reading.messages);
    reading.status = exit_status;
    reading.failed = way == BY_FAIL;
    reading.gave_up = way == BY_ABORT || way == BY_LOOP;
    return reading;
}
