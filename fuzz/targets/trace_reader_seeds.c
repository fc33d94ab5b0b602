/*
 * trace_reader_seeds -- small traces to begin with, each with a name, packed into one file (trace_reader.c), into the folder named.
 */
#define _XOPEN_SOURCE 700
#include "../../tests/trace/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_SIZE_MAX = 1 << 16, WITH_METADATA = 8, TWICE = 4 };

static const char *folder;

typedef struct bytes {
    unsigned char data[FILE_SIZE_MAX];
    size_t size;
} bytes;

static void load(const char *in, const char *name, bytes *bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", in, name);
    FILE *file = fopen(path, "rb");
    bytes->size = file == NULL ? 0 : fread(bytes->data, 1, sizeof bytes->data, file);
    if (file != NULL)
        fclose(file);
}

static void put(FILE *file, const void *data, size_t size)
{
    if (fwrite(data, 1, size, file) != size)
        exit(1);
}

/* Of two streams. */
static void pack(const char *from, const char *name, unsigned char command, unsigned char flags)
{
    static bytes streams[2], metadata;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    load(from, "channel0_0", &streams[0]);
    load(from, "channel0_1", &streams[1]);
    load(from, "metadata", &metadata);
    const unsigned char head[] = {command, (unsigned char)(1 | flags),
                                  (unsigned char)(streams[0].size & 0xff), (unsigned char)(streams[0].size >> 8),
                                  (unsigned char)(streams[1].size & 0xff), (unsigned char)(streams[1].size >> 8)};
    put(file, head, sizeof head);
    put(file, streams[0].data, streams[0].size);
    put(file, streams[1].data, streams[1].size);
    if ((flags & WITH_METADATA) != 0)
        put(file, metadata.data, metadata.size);
    if (fclose(file) != 0)
        exit(1);
}

static const fight on_a = {.key = "word:a", .expected = 1, .found = 2, .winner_txn = 1, .winner_thread = 1,
                           .winner_label = "w", .update = true, .was_set = true};

static scene *play(ctf_options options)
{
    options.packet_size = 1;
    options.cpu_count = 2;
    scene *scene = scene_open(&options);
    doer winner = {.thread = 1, .txn = 1, .label = "w", .begin_us = 1, .end_us = 10, .write_count = 1};
    doer loser = {.thread = 2, .txn = 2, .label = "x", .begin_us = 2, .end_us = 11, .read_count = 1};
    scene_checkout(scene, &winner, &on_a);
    scene_commit(scene, &winner);
    scene_publish(scene, &winner, &on_a);
    scene_conflict(scene, &loser, &on_a);
    scene_conflict_key(scene, &loser, &on_a);
    scene_busy(scene, &loser, &on_a);
    scene_abandon(scene, &loser);
    return scene;
}

static void end(scene *scene, const char *name, unsigned char command, unsigned char flags)
{
    scene_close(scene);
    pack(scene->folder, name, command, flags);
    scene_end(scene);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: trace_reader_seeds FOLDER\n", stderr);
        return 2;
    }
    folder = argv[1];
    end(scene_open(&(ctf_options){.cpu_count = 2}), "empty", 0, 0);
    end(play((ctf_options){0}), "text", 0, 0);
    end(play((ctf_options){0}), "json", 1, 0);
    end(play((ctf_options){0}), "page", 2, 0);
    end(play((ctf_options){0}), "story", 3, 0);
    end(play((ctf_options){0}), "comparison", 4, 0);
    end(play((ctf_options){0}), "comparison_as_json", 5, 0);
    end(play((ctf_options){0}), "with_metadata", 0, WITH_METADATA);
    end(play((ctf_options){.without_context = true}), "without_context", 0, WITH_METADATA);
    end(play((ctf_options){.provider = "other"}), "foreign", 0, WITH_METADATA);
    end(play((ctf_options){0}), "in_two_folders", 0, TWICE);
    scene *lossy = play((ctf_options){0});
    ctf_writer_lose_events(lossy->writer, 0, 100);
    ctf_writer_lose_packets(lossy->writer, 1, 2);
    end(lossy, "lossy", 0, 0);
    return 0;
}
