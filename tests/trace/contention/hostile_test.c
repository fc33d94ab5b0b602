/*
 * Bytes of a trace are not trusted. A small trace is cut off after each of its bytes, and overwritten at random: nothing of ours
 * may crash, nothing may be read for ever, and no temporary folder may stay behind. What was cut off must be told.
 *
 * A plain program: thousands of forks of Criterion would take minutes.
 */
#define _XOPEN_SOURCE 700
#include "../../support/sanitizer.h"
#include "../support/scene.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A sanitizer sees what others overlook: there, each length and many bytes are tried; elsewhere, each seventh and a few. */
enum { SECONDS_MAX = 240, CUT_STEP = UNDER_ASAN ? 1 : 7, FLIP_COUNT = UNDER_ASAN ? 120 : 40, EVENT_COUNT = 6 };

static const fight on_a = {.key = "word:a", .expected = 1, .found = 2, .winner_txn = 1, .winner_thread = 1, .winner_label = "w",
                           .update = true, .was_set = true};

static scene *small_trace(void)
{
    scene *scene = scene_open(&(ctf_options){.cpu_count = 2, .packet_size = 1});
    for (unsigned thread = 1; thread <= 2; thread++) {
        doer doer = {.thread = thread, .txn = thread, .label = "x", .begin_us = thread, .end_us = 10 + thread, .write_count = 1};
        scene_checkout(scene, &doer, &on_a);
        if (thread == 1)
            scene_commit(scene, &doer);
        else
            scene_conflict(scene, &doer, &on_a);
        scene_publish(scene, &doer, &on_a);
    }
    scene_close(scene);
    return scene;
}

typedef struct bytes {
    char *data;
    gsize size;
} bytes;

static bytes load(const char *folder, const char *name)
{
    bytes bytes;
    char *path = g_build_filename(folder, name, NULL);
    if (!g_file_get_contents(path, &bytes.data, &bytes.size, NULL)) {
        fprintf(stderr, "hostile_test: cannot read %s\n", path);
        exit(1);
    }
    g_free(path);
    return bytes;
}

static void store(const char *folder, const char *name, const char *data, gsize size)
{
    char *path = g_build_filename(folder, name, NULL);
    if (!g_file_set_contents(path, data, (gssize)size, NULL)) {
        fprintf(stderr, "hostile_test: cannot write %s\n", path);
        exit(1);
    }
    g_free(path);
}

static int failures, refusals;

static void expect(bool right, const char *what, const char *name, gsize at)
{
    if (!right) {
        fprintf(stderr, "hostile_test: %s at byte %zu: %s\n", name, (size_t)at, what);
        failures++;
    }
}

/* How many events are left; whatever is wrong must be told. */
static uint64_t read_it(const scene *scene, bool *told)
{
    trace_facts facts = {0};
    report *report = scene_report_of(scene->folder, NULL, &facts);
    uint64_t count = facts.event_count;
    *told = facts.truncated || facts.trouble != NULL || report == NULL;
    report_free(report);
    trace_facts_free(&facts);
    return count;
}

static void cut_everywhere(const scene *scene, const char *name, gsize step)
{
    bytes whole = load(scene->folder, name);
    for (gsize size = 0; size < whole.size; size += step) {
        bool told;
        store(scene->folder, name, whole.data, size);
        uint64_t count = read_it(scene, &told);
        /* Without the end of its last packet, a stream is a shorter one: nobody can know that there was more. */
        expect(told || count < EVENT_COUNT || g_str_equal(name, "metadata"), "cut off, and not told", name, size);
        expect(count <= EVENT_COUNT, "more events than there were", name, size);
        if (!g_str_equal(name, "metadata"))
            expect(count >= EVENT_COUNT / 2, "the other stream was lost, too", name, size);
    }
    store(scene->folder, name, whole.data, whole.size);
    g_free(whole.data);
}

/* In a process of its own: babeltrace2 aborts on some bytes, by assertions of its own, and the command must guard itself (guard.h).
 * Everything else (a sanitizer, a crash of ours) is a failure. */
static void read_apart(const scene *scene, const char *name, gsize at)
{
    bool told;
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(null, STDERR_FILENO);
        read_it(scene, &told);
        _exit(0);
    }
    waitpid(child, &status, 0);
    bool refused = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    expect(refused || (WIFEXITED(status) && WEXITSTATUS(status) == 0), "a crash", name, at);
    if (refused)
        refusals++;
}

static void overwrite(const scene *scene, const char *name, GRand *random)
{
    bytes whole = load(scene->folder, name);
    for (int i = 0; i < FLIP_COUNT; i++) {
        gsize at = (gsize)g_rand_int_range(random, 0, (gint32)whole.size);
        char was = whole.data[at];
        whole.data[at] = (char)g_rand_int_range(random, 0, 256);
        store(scene->folder, name, whole.data, whole.size);
        read_apart(scene, name, at);
        whole.data[at] = was;
    }
    store(scene->folder, name, whole.data, whole.size);
    g_free(whole.data);
}

static int entry_count(const char *folder)
{
    int count = 0;
    GDir *entries = g_dir_open(folder, 0, NULL);
    while (entries != NULL && g_dir_read_name(entries) != NULL)
        count++;
    if (entries != NULL)
        g_dir_close(entries);
    return count;
}

int main(void)
{
    alarm(SECONDS_MAX); /* reading for ever is a failure */
    char *temporary = g_dir_make_tmp("stm-hostile-XXXXXX", NULL);
    setenv("TMPDIR", temporary, 1);
    GRand *random = g_rand_new_with_seed(20261123);
    scene *scene = small_trace();
    bool told;
    expect(read_it(scene, &told) == EVENT_COUNT && !told, "the whole trace is not whole", "all", 0);
    cut_everywhere(scene, "channel0_1", CUT_STEP);
    cut_everywhere(scene, "metadata", 97);
    overwrite(scene, "channel0_0", random);
    overwrite(scene, "metadata", random);
    expect(read_it(scene, &told) == EVENT_COUNT && !told, "the restored trace is not whole", "all", 0);
    scene_end(scene);
    expect(entry_count(temporary) <= refusals, "a temporary folder stayed behind", "all", 0);
    scene_remove(temporary);
    g_rand_free(random);
    g_free(temporary);
    if (failures == 0)
        printf("nothing crashed, but babeltrace2 (%d times); nothing was read for ever, nothing stayed behind\n", refusals);
    return failures != 0;
}
