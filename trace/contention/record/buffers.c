#define _GNU_SOURCE
#include "buffers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "say.h"

#define MIB (UINT64_C(1) << 20)

enum { SUBBUFFER_COUNT_MAX = 32, SUBBUFFER_COUNT_MIN = 4 };

static const uint64_t processor_bytes_wanted = 128 * MIB;
static const uint64_t processor_bytes_worrying = 16 * MIB; /* below, a burst of some tenths of a second is too much */
static const uint64_t processor_bytes_min = MIB / 4;
static const uint64_t subbuffer_bytes_max = 4 * MIB;
static const uint64_t total_bytes_max = 2048 * MIB;

static uint64_t at_most(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t power_of_two_below(uint64_t n)
{
    uint64_t power = 1;
    while (power <= n / 2)
        power *= 2;
    return power;
}

static uint64_t meminfo_available(void)
{
    char line[128];
    uint64_t kib = 0;
    FILE *const file = fopen("/proc/meminfo", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib > 0 ? kib * 1024 : UINT64_MAX;
}

/* A number in a file; "max", or no file, is no limit. */
static uint64_t read_limit(const char *folder, const char *name)
{
    char *const path = g_build_filename(folder, name, NULL);
    char *text = NULL;
    uint64_t n = UINT64_MAX;
    if (g_file_get_contents(path, &text, NULL, NULL) && g_ascii_isdigit(*text))
        n = g_ascii_strtoull(text, NULL, 10);
    g_free(text);
    g_free(path);
    return n;
}

/* Of the control group (version 2) that we are in, and of those around it. */
static uint64_t group_available(void)
{
    char *text = NULL;
    uint64_t available = UINT64_MAX;
    if (!g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL))
        return available;
    char *const line = strstr(text, "0::/");
    char *path = line != NULL ? g_strndup(line + 3, strcspn(line + 3, "\n")) : g_strdup("/");
    for (;;) {
        char *const folder = g_build_filename("/sys/fs/cgroup", path, NULL);
        const uint64_t limit = read_limit(folder, "memory.max");
        const uint64_t used = read_limit(folder, "memory.current");
        if (limit != UINT64_MAX && used != UINT64_MAX)
            available = at_most(available, limit > used ? limit - used : 0);
        g_free(folder);
        if (strcmp(path, "/") == 0 || *path != '/')
            break;
        char *const above = g_path_get_dirname(path);
        g_free(path);
        path = above;
    }
    g_free(path);
    g_free(text);
    return available;
}

uint64_t memory_available(void)
{
    return at_most(meminfo_available(), group_available());
}

uint64_t buffers_bytes(const buffers *plan, bool flight)
{
    return plan->processor_count * plan->subbuffer_bytes * (plan->subbuffer_count + (flight ? 1 : 0));
}

static void shape(buffers *plan, uint64_t processor_bytes)
{
    const uint64_t bytes = power_of_two_below(processor_bytes);
    plan->subbuffer_count = SUBBUFFER_COUNT_MAX;
    while (bytes / plan->subbuffer_count < MIB / 4 && plan->subbuffer_count > SUBBUFFER_COUNT_MIN)
        plan->subbuffer_count /= 2;
    plan->subbuffer_bytes = at_most(bytes / plan->subbuffer_count, subbuffer_bytes_max);
    plan->subbuffer_count = bytes / plan->subbuffer_bytes;
}

/* The file that "0-63" is in says which there may ever be; there is no simpler way to ask. */
static uint64_t processors(void)
{
    char *text = NULL;
    uint64_t count = 0;
    if (g_file_get_contents("/sys/devices/system/cpu/possible", &text, NULL, NULL)) {
        const char *const last = strrchr(text, '-') != NULL ? strrchr(text, '-') + 1 : text;
        count = g_ascii_strtoull(last, NULL, 10) + 1;
    }
    g_free(text);
    const long configured = sysconf(_SC_NPROCESSORS_CONF);
    return count > 0 ? count : configured > 0 ? (uint64_t)configured : 1;
}

/* How to get more room, as the end of a sentence. */
static const char *remedy(const buffers_wish *wish)
{
    return wish->private_room ? "free some memory"
                              : "make /dev/shm larger (mount -o remount,size=... /dev/shm; docker run --shm-size=...), "
                                "or run as root";
}

static const char *place(const buffers_wish *wish)
{
    return wish->private_room ? "of memory" : "of /dev/shm";
}

static void tell_too_few(const buffers_wish *wish, const buffers *plan, uint64_t total_min, char text[BUFFERS_TEXT_MAX])
{
    char room[SIZE_TEXT_MAX], size[SIZE_TEXT_MAX];
    record_size_text(total_min, size);
    if (wish->bytes > 0)
        snprintf(text, BUFFERS_TEXT_MAX, "--buffer-size: %" PRIu64 " processors need at least %s", plan->processor_count,
            size);
    else
        snprintf(text, BUFFERS_TEXT_MAX, "the buffers need at least %s and a quarter to spare, and only %s %s are free: %s",
            size, record_size_text(wish->room, room), place(wish), remedy(wish));
}

static void tell_too_many(const buffers_wish *wish, char text[BUFFERS_TEXT_MAX])
{
    char room[SIZE_TEXT_MAX], size[SIZE_TEXT_MAX];
    snprintf(text, BUFFERS_TEXT_MAX,
        "the buffers need %s and a quarter to spare, and only %s %s are free: ask for less with --buffer-size, or %s",
        record_size_text(wish->bytes, size), record_size_text(wish->room, room), place(wish), remedy(wish));
}

static void tell_if_worrying(const buffers_wish *wish, const buffers *plan, char text[BUFFERS_TEXT_MAX])
{
    char room[SIZE_TEXT_MAX], size[SIZE_TEXT_MAX];
    if (wish->bytes > 0 || plan->subbuffer_bytes * plan->subbuffer_count >= processor_bytes_worrying)
        return;
    snprintf(text, BUFFERS_TEXT_MAX,
        "only %s %s are free, so the buffers have %s, and events may be lost when there are many at once: %s",
        record_size_text(wish->room, room), place(wish), record_size_text(buffers_bytes(plan, wish->flight), size),
        remedy(wish));
}

bool buffers_plan(const buffers_wish *wish, buffers *plan, char text[BUFFERS_TEXT_MAX])
{
    const uint64_t usable = wish->room / 4 * 3;
    const uint64_t chosen = at_most(at_most(total_bytes_max, memory_available() / 4), usable);
    const uint64_t total = wish->bytes > 0 ? wish->bytes : chosen;
    plan->processor_count = processors();
    const uint64_t total_min = plan->processor_count * processor_bytes_min;

    *text = '\0';
    if (total < total_min) {
        tell_too_few(wish, plan, total_min, text);
        return false;
    }
    if (total > usable) {
        tell_too_many(wish, text);
        return false;
    }
    const uint64_t each = total / plan->processor_count;
    shape(plan, wish->bytes > 0 ? each : at_most(each, processor_bytes_wanted));
    tell_if_worrying(wish, plan, text);
    return true;
}
