#define _XOPEN_SOURCE 700
#include "scene.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "scene: cannot %s: %s\n", what, strerror(errno));
    exit(99);
}

scene *scene_open(const ctf_options *options)
{
    scene *scene = calloc(1, sizeof *scene);
    const char *parent = getenv("TMPDIR");
    ctf_options filled = options != NULL ? *options : (ctf_options){0};
    if (scene == NULL)
        fail("allocate memory");
    if (snprintf(scene->folder, sizeof scene->folder, "%s/stm-scene-XXXXXX", parent != NULL ? parent : "/tmp") >=
            (int)sizeof scene->folder || mkdtemp(scene->folder) == NULL)
        fail("make a folder");
    if (filled.cpu_count == 0)
        filled.cpu_count = 2;
    if (filled.clock_offset_s == 0)
        filled.clock_offset_s = SCENE_CLOCK_OFFSET_S;
    scene->cpu_count = filled.cpu_count;
    scene->store = 1;
    scene->pid = SCENE_PID;
    scene->writer = ctf_writer_open(scene->folder, &filled);
    return scene;
}

void scene_close(scene *scene)
{
    ctf_writer_close(scene->writer);
    scene->writer = NULL;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void scene_remove(const char *folder)
{
    if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        fail("remove the folder");
}

void scene_end(scene *scene)
{
    scene_remove(scene->folder);
    free(scene);
}

/* ------------------------------------------------------------------------------- events -- */

/* FNV-1a: any hash does, as long as it is the same for the same key. */
static uint64_t hash_of(const char *key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t word_of(const char *key, size_t from)
{
    uint64_t word = 0;
    size_t size = strlen(key);
    for (size_t i = from; i < from + 8; i++)
        word = word << 8 | (i < size ? (unsigned char)key[i] : 0);
    return word;
}

static int64_t clock_of(int64_t us)
{
    return SCENE_BEGIN_NS + us * 1000;
}

static event event_of(const scene *scene, event_kind kind, const doer *doer)
{
    return (event){.kind = kind, .time_ns = clock_of(doer->end_us), .tid = SCENE_TID + doer->thread, .pid = scene->pid,
                   .procname = "scene", .store = scene->store, .txn = doer->txn, .op = doer->op != 0 ? doer->op : doer->txn,
                   .attempt = doer->attempt != 0 ? doer->attempt : 1, .at_commit = true, .label = doer->label,
                   .begin_ns = clock_of(doer->begin_us), .read_count = doer->read_count,
                   .write_count = doer->write_count};
}

static void set_key(event *event, const fight *fight)
{
    event->key = fight->key;
    event->key_hash = hash_of(fight->key);
    event->key_size = strlen(fight->key);
    event->k0 = word_of(fight->key, 0);
    event->k1 = word_of(fight->key, 8);
    event->expected = fight->expected;
    event->found = fight->found;
    event->update = fight->update;
    event->was_set = fight->was_set;
    event->winner_txn = fight->winner_txn;
    event->winner_tid = fight->winner_thread != 0 ? SCENE_TID + fight->winner_thread : 0;
    event->winner_label = fight->winner_label;
    event->changed_count = 1;
}

void scene_event(scene *scene, unsigned thread, const event *event)
{
    ctf_writer_event(scene->writer, (thread - 1) % scene->cpu_count, event);
}

static void put(scene *scene, event_kind kind, const doer *doer, const fight *fight)
{
    event event = event_of(scene, kind, doer);
    if (fight != NULL)
        set_key(&event, fight);
    scene_event(scene, doer->thread, &event);
}

void scene_commit(scene *scene, const doer *doer)
{
    put(scene, EVENT_COMMIT, doer, NULL);
}

void scene_abandon(scene *scene, const doer *doer)
{
    put(scene, EVENT_ABANDON, doer, NULL);
}

void scene_conflict(scene *scene, const doer *doer, const fight *fight)
{
    put(scene, EVENT_CONFLICT, doer, fight);
}

void scene_conflict_key(scene *scene, const doer *doer, const fight *fight)
{
    put(scene, EVENT_CONFLICT_KEY, doer, fight);
}

void scene_busy(scene *scene, const doer *doer, const fight *fight)
{
    put(scene, EVENT_BUSY, doer, fight);
}

void scene_checkout(scene *scene, const doer *doer, const fight *fight)
{
    put(scene, EVENT_CHECKOUT, doer, fight);
}

void scene_publish(scene *scene, const doer *doer, const fight *fight)
{
    put(scene, EVENT_PUBLISH, doer, fight);
}

/* ------------------------------------------------------------------------------- report -- */

report *scene_report_of(const char *folder, const analysis_options *options, trace_facts *facts)
{
    static const analysis_options usual = {.top = 10, .delimiter = ':'};
    trace_facts own = {0};
    trace_facts *filled = facts != NULL ? facts : &own;
    analysis *analysis = analysis_create(options != NULL ? options : &usual, filled);
    reader_options reading = {.event = analysis_event, .context = analysis};
    reader_status status = reader_run(folder, &reading, filled);
    report *report = analysis_finish(analysis, folder);
    if (facts == NULL)
        trace_facts_free(&own);
    if (status == READER_OK)
        return report;
    report_free(report);
    return NULL;
}

report *scene_report(const scene *scene, const analysis_options *options)
{
    report *report = scene_report_of(scene->folder, options, NULL);
    if (report == NULL)
        fail("read the scene");
    return report;
}
