#define _GNU_SOURCE
#include "machine.h"

#include "kept.h"
#include "scheduler.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS 2000000

static int64_t looks[SCHEDULER_THREAD_COUNT_MAX + 1];

void machine_reset(void)
{
    memset(looks, 0, sizeof looks);
}

char *machine_save(char *to)
{
    return kept_write(to, looks, sizeof looks);
}

const char *machine_load(const char *from)
{
    return kept_read(from, looks, sizeof looks);
}

double machine_seconds_now(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC); /* the one door to the time that we do not stand in for */
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* setup, the threads, finish: each is later than the one before. */
static int64_t phase_seconds(void)
{
    if (scheduler_thread() != SCHEDULER_NOBODY)
        return 1000;
    return scheduler_step_count() == 0 ? 1 : 2000;
}

static int real_clock_gettime(clockid_t clock, struct timespec *time)
{
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    return real(clock, time);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    /* A fuzzing engine has the real one; also in its signal handler, which may come in the midst of a run. */
    if (!scheduler_is_running() || clock != CLOCK_MONOTONIC)
        return real_clock_gettime(clock, time);
    int64_t ns = LOOK_NS * ++looks[scheduler_thread()];
    time->tv_sec = (time_t)(phase_seconds() + ns / 1000000000);
    time->tv_nsec = (long)(ns % 1000000000);
    return 0;
}

/* Sleeping a while, or giving way, is to let others go first: a step that leads nowhere. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
    static int (*real)(const struct timespec *, struct timespec *);
    if (scheduler_thread() != SCHEDULER_NOBODY) {
        scheduler_yield();
        return 0;
    }
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "nanosleep");
    return real(time, left);
}

int sched_yield(void)
{
    if (scheduler_thread() != SCHEDULER_NOBODY)
        scheduler_yield();
    return 0; /* elsewhere it is only manners */
}

static long futex(const volatile uint32_t *address, int operation, long value, const void *timeout)
{
    int command = operation & FUTEX_CMD_MASK;
    if (command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET)
        return scheduler_wake(address, (int)value);
    if (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) {
        errno = scheduler_sleep(address, (uint32_t)value, timeout != NULL);
        return errno == 0 ? 0 : -1;
    }
    errno = ENOSYS;
    return -1;
}

typedef long system_call(long number, ...);

static system_call *real_syscall(void)
{
    static system_call *real;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    return real;
}

void machine_futex(uint32_t *address, int operation, uint32_t value)
{
    real_syscall()(SYS_futex, address, operation, value, NULL, NULL, 0);
}

/* Six arguments are passed on, whatever the call takes: the kernel looks at those it knows. */
long syscall(long number, ...)
{
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_futex && scheduler_thread() != SCHEDULER_NOBODY)
        return futex((const volatile uint32_t *)arguments[0], (int)arguments[1], arguments[2],
                     (const void *)arguments[3]);
    if (number == SYS_membarrier && scheduler_thread() != SCHEDULER_NOBODY) {
        scheduler_settle_everybody();
        return 0;
    }
    return real_syscall()(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                          arguments[5]);
}
