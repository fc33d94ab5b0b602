#define _XOPEN_SOURCE 700
#include "limits.h"

#include "../fail.h"

#include <ftw.h>
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Reading goes through tens of megabytes a second, and keeps some hundred bytes a packet. */
enum { SECONDS_AT_LEAST = 120, BYTES_A_SECOND = 1 << 20, MEGABYTES_AT_LEAST = 4096, SETTING_MAX = 1 << 30 };
#define MEGABYTE (UINT64_C(1) << 20)

/* Sanitizers keep books that are larger than any limit. */
#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#endif
#ifdef SANITIZED
enum { LIMITS_MEMORY = 0 };
#else
enum { LIMITS_MEMORY = 1 };
#endif

static uint64_t size_found;

static int add_size(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)path, (void)walk;
    if (type == FTW_F)
        size_found += (uint64_t)status->st_size;
    return 0;
}

/* Arguments that name no folder add nothing. */
static uint64_t size_of(int argc, char **argv)
{
    size_found = 0;
    for (int i = 1; i < argc; i++)
        if (g_file_test(argv[i], G_FILE_TEST_IS_DIR))
            nftw(argv[i], add_size, 16, 0);
    return size_found;
}

static uint64_t setting(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    guint64 wanted;
    if (text == NULL || text[0] == '\0')
        return usual;
    if (!g_ascii_string_to_unsigned(text, 10, 0, SETTING_MAX, &wanted, NULL))
        fail(EXIT_USAGE, "%s=%s: must be a whole number; 0: no limit", name, text);
    return wanted;
}

limits limits_for(int argc, char **argv)
{
    uint64_t size = size_of(argc, argv);
    return (limits){setting("STM_CONTENTION_SECONDS", SECONDS_AT_LEAST + size / BYTES_A_SECOND),
                    setting("STM_CONTENTION_MEGABYTES", MEGABYTES_AT_LEAST + size / MEGABYTE / 2)};
}

static void lower(int resource, uint64_t value)
{
    struct rlimit limit;
    if (value == 0 || getrlimit(resource, &limit) != 0)
        return;
    limit.rlim_cur = MIN((rlim_t)value, limit.rlim_max);
    setrlimit(resource, &limit);
}

/* As many files as we may: babeltrace2 keeps all streams open, and (2.0.4) one more for each folder. */
static void allow_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void limits_apply(const limits *limits)
{
    allow_files();
    lower(RLIMIT_CPU, limits->seconds);
    if (LIMITS_MEMORY)
        lower(RLIMIT_DATA, limits->megabytes * MEGABYTE);
}

bool limits_explain(const limits *limits, int signal)
{
    if (signal == SIGXCPU)
        complain("after %" PRIu64 " s of the processor's time babeltrace2 is not at the end: the recording is damaged in a way that "
                 "leads it in circles, and there is no result. If you think that it is sound, allow more by "
                 "STM_CONTENTION_SECONDS=N, or 0", limits->seconds);
    if (signal == SIGTRAP)
        complain("reading takes more memory than there is, or than %" PRIu64 " MB: the recording is damaged in a way that leads "
                 "babeltrace2 in circles, and there is no result. If you think that it is sound, allow more by "
                 "STM_CONTENTION_MEGABYTES=N, or 0", limits->megabytes);
    return signal == SIGXCPU || signal == SIGTRAP;
}
