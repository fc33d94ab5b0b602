#define _POSIX_C_SOURCE 200809L
#include "repair.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The head of a packet of LTTng on a 64-bit machine: magic, UUID, stream id (32 bits), stream instance, begin, end, sizes of
 * content and packet in bits. */
enum { HEAD_SIZE = 64, PACKET_SIZE_AT = 56, COPY_SIZE = 1 << 16 };
#define MAGIC UINT32_C(0xC1FC1FC1)

/* In bytes; 0: there is no such packet. */
static uint64_t packet_size(const unsigned char *head)
{
    uint32_t magic;
    uint64_t bits;
    memcpy(&magic, head, sizeof magic);
    memcpy(&bits, head + PACKET_SIZE_AT, sizeof bits);
    return magic == MAGIC && bits % 8 == 0 && bits / 8 >= HEAD_SIZE ? bits / 8 : 0;
}

/* How much of the file is whole packets. */
static uint64_t whole_size(FILE *file, uint64_t size)
{
    unsigned char head[HEAD_SIZE];
    uint64_t at = 0;
    while (at < size && fseeko(file, (off_t)at, SEEK_SET) == 0 && fread(head, 1, sizeof head, file) == sizeof head) {
        uint64_t packet = packet_size(head);
        if (packet == 0 || packet > size - at)
            break;
        at += packet;
    }
    return at;
}

static bool copy(FILE *from, const char *name, uint64_t size)
{
    char *buffer = g_malloc(COPY_SIZE);
    FILE *to = fopen(name, "wbx");
    bool copied = to != NULL && fseeko(from, 0, SEEK_SET) == 0;
    while (copied && size > 0) {
        size_t part = (size_t)MIN(size, (uint64_t)COPY_SIZE);
        copied = fread(buffer, 1, part, from) == part && fwrite(buffer, 1, part, to) == part;
        size -= part;
    }
    if (to != NULL && fclose(to) != 0)
        copied = false;
    if (!copied && to != NULL)
        remove(name);
    g_free(buffer);
    return copied;
}

/* A link to the stream if it is whole, or of another layout; else a copy of what is whole. */
static void take_stream(const char *from, const char *to)
{
    FILE *file = fopen(from, "rb");
    GStatBuf status;
    if (file == NULL)
        return;
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode)) {
        uint64_t size = (uint64_t)status.st_size, whole = whole_size(file, size);
        if (whole == size)
            (void)!symlink(from, to);
        else if (whole > 0)
            copy(file, to, whole);
    }
    fclose(file);
}

typedef void each(const char *folder, const char *name, void *context);

static void for_each_file(const char *folder, each *call, void *context)
{
    GDir *entries = g_dir_open(folder, 0, NULL);
    if (entries == NULL)
        return;
    for (const char *name = g_dir_read_name(entries); name != NULL; name = g_dir_read_name(entries))
        call(folder, name, context);
    g_dir_close(entries);
}

/* -------------------------------------------------------------------------- without end -- */

static bool has_no_size(const unsigned char *head)
{
    uint32_t magic;
    uint64_t bits;
    memcpy(&magic, head, sizeof magic);
    memcpy(&bits, head + PACKET_SIZE_AT, sizeof bits);
    return magic == MAGIC && bits < 8; /* less than a byte is none to babeltrace2 */
}

static void look_for_end(const char *folder, const char *name, void *context)
{
    unsigned char head[HEAD_SIZE];
    bool *endless = context;
    char *path = g_build_filename(folder, name, NULL);
    FILE *file = strcmp(name, "metadata") != 0 && g_file_test(path, G_FILE_TEST_IS_REGULAR) ? fopen(path, "rb") : NULL;
    g_free(path);
    if (file == NULL)
        return;
    for (uint64_t at = 0; fseeko(file, (off_t)at, SEEK_SET) == 0 && fread(head, 1, sizeof head, file) == sizeof head;) {
        *endless |= has_no_size(head);
        uint64_t packet = packet_size(head);
        if (packet == 0 || packet > (uint64_t)INT64_MAX - at)
            break;
        at += packet;
    }
    fclose(file);
}

bool repair_is_endless(const char *path)
{
    bool endless = false;
    for_each_file(path, look_for_end, &endless);
    return endless;
}

/* --------------------------------------------------------------------------- the copy -- */

static void take_file(const char *folder, const char *name, void *context)
{
    char *from = g_build_filename(folder, name, NULL), *to = g_build_filename(context, name, NULL);
    if (strcmp(name, "metadata") == 0)
        (void)!symlink(from, to);
    else
        take_stream(from, to);
    g_free(to);
    g_free(from);
}

static void remove_file(const char *folder, const char *name, void *context)
{
    (void)context;
    char *path = g_build_filename(folder, name, NULL);
    g_unlink(path);
    g_free(path);
}

void repair_remove(char *folder)
{
    for_each_file(folder, remove_file, NULL);
    g_rmdir(folder);
    g_free(folder);
}

/* ----------------------------------------------------------------------- bad inside, too -- */

typedef struct trial {
    repair_check *check;
    void *context;
} trial;

/* Is the stream readable alone? If not, it goes. */
static void try_stream(const char *folder, const char *name, void *context)
{
    const trial *trial = context;
    char *alone = g_dir_make_tmp("stm-contention-XXXXXX", NULL);
    if (strcmp(name, "metadata") != 0 && alone != NULL) {
        char *stream = g_build_filename(folder, name, NULL), *metadata = g_build_filename(folder, "metadata", NULL);
        char *stream_link = g_build_filename(alone, name, NULL), *metadata_link = g_build_filename(alone, "metadata", NULL);
        bool linked = symlink(stream, stream_link) == 0 && symlink(metadata, metadata_link) == 0;
        if (!linked || !trial->check(trial->context, alone))
            g_unlink(stream);
        g_free(stream);
        g_free(metadata);
        g_free(stream_link);
        g_free(metadata_link);
    }
    if (alone != NULL)
        repair_remove(alone);
}

static void count_stream(const char *folder, const char *name, void *context)
{
    (void)folder;
    *(size_t *)context += strcmp(name, "metadata") != 0;
}

static bool has_streams(const char *folder)
{
    size_t count = 0;
    for_each_file(folder, count_stream, &count);
    return count > 0;
}

char *repair_trace(const char *path, repair_check *check, void *context)
{
    trial trial = {check, context};
    char *folder = g_dir_make_tmp("stm-contention-XXXXXX", NULL);
    if (folder == NULL)
        return NULL;
    char *absolute = g_canonicalize_filename(path, NULL); /* for the links */
    for_each_file(absolute, take_file, folder);
    g_free(absolute);
    if (has_streams(folder) && check(context, folder))
        return folder;
    for_each_file(folder, try_stream, &trial);
    if (has_streams(folder) && check(context, folder))
        return folder;
    repair_remove(folder);
    return NULL;
}
