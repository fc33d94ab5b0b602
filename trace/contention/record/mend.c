#define _GNU_SOURCE
#include "mend.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

/* CTF's index, as LTTng writes it: numbers have the most significant byte first. An entry begins with the packet's
 * place in bytes and its size in bits. */
enum { HEADER_SIZE = 16, ENTRY_SIZE_OFFSET = 12, ENTRY_SIZE_MIN = 16 };
static const uint32_t index_magic = UINT32_C(0xC1F1DCC1);

static unsigned cut_count;

static uint64_t read_number(const unsigned char *bytes, unsigned size)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < size; i++)
        n = n << 8 | bytes[i];
    return n;
}

typedef struct extent {
    uint64_t index_bytes; /* what to keep of the index */
    uint64_t data_bytes;  /* and of the stream */
} extent;

/* The packets from the first one on that have a whole entry, follow each other, and lie within the stream. */
static extent whole_packets(const unsigned char *index, uint64_t index_size, uint64_t data_size)
{
    extent whole = {0, 0};
    if (index_size < HEADER_SIZE || read_number(index, 4) != index_magic)
        return whole;
    const uint64_t entry_size = read_number(index + ENTRY_SIZE_OFFSET, 4);
    whole.index_bytes = HEADER_SIZE;
    if (entry_size < ENTRY_SIZE_MIN)
        return whole;
    while (index_size - whole.index_bytes >= entry_size) {
        const unsigned char *const entry = index + whole.index_bytes;
        const uint64_t place = read_number(entry, 8), size = read_number(entry + 8, 8) / 8;
        if (place != whole.data_bytes || size == 0 || size > data_size - place)
            break;
        whole.data_bytes += size;
        whole.index_bytes += entry_size;
    }
    return whole;
}

static bool cut(const char *path, uint64_t present, uint64_t wanted)
{
    return wanted < present && truncate(path, (off_t)wanted) == 0;
}

static void mend_stream(const char *index_path, const char *data_path)
{
    struct stat data;
    gchar *index = NULL;
    gsize index_size = 0;
    if (lstat(data_path, &data) != 0 || !S_ISREG(data.st_mode) ||
        !g_file_get_contents(index_path, &index, &index_size, NULL))
        return;
    const extent whole = whole_packets((const unsigned char *)index, index_size, (uint64_t)data.st_size);
    const bool cut_index = cut(index_path, index_size, whole.index_bytes);
    const bool cut_data = cut(data_path, (uint64_t)data.st_size, whole.data_bytes);
    if (cut_index || cut_data)
        cut_count++;
    g_free(index);
}

/* The index of DIR/stream lies in DIR/index/stream.idx. */
static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    if (type != FTW_F || !g_str_has_suffix(path, ".idx"))
        return 0;
    char *const name = g_strndup(path + place->base, strlen(path + place->base) - strlen(".idx"));
    char *const folder = g_strndup(path, (gsize)place->base);
    char *const data_path = g_build_filename(folder, "..", name, NULL);
    mend_stream(path, data_path);
    g_free(data_path);
    g_free(folder);
    g_free(name);
    return 0;
}

unsigned mend_trace(const char *folder)
{
    cut_count = 0;
    nftw(folder, visit, 16, FTW_PHYS);
    return cut_count;
}
