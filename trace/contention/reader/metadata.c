#include "metadata.h"

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The head of a metadata packet, as CTF 1.8 has it: magic, UUID, checksum, the sizes of content and of the whole packet in
 * bits, and five bytes of which none matters here. In the byte order of the machine that wrote it. */
enum { HEAD_SIZE = 37, CONTENT_AT = 24, PACKET_AT = 28 };
#define MAGIC UINT32_C(0x75D11D57)

static uint32_t number_at(const unsigned char *head, size_t at, bool swapped)
{
    uint32_t number;
    memcpy(&number, head + at, sizeof number);
    return swapped ? GUINT32_SWAP_LE_BE(number) : number;
}

/* The size of the packet that begins here in bytes; 0: it is none. */
static uint32_t packet_size(const unsigned char *head)
{
    uint32_t magic = number_at(head, 0, false);
    if (magic != MAGIC && GUINT32_SWAP_LE_BE(magic) != MAGIC)
        return 0;
    uint32_t content = number_at(head, CONTENT_AT, magic != MAGIC), packet = number_at(head, PACKET_AT, magic != MAGIC);
    bool makes_sense = content % 8 == 0 && packet % 8 == 0 && content / 8 >= HEAD_SIZE && content <= packet;
    return makes_sense ? packet / 8 : 0;
}

static bool are_whole(FILE *file, long size)
{
    unsigned char head[HEAD_SIZE];
    for (long at = 0; at < size;) {
        if (fseek(file, at, SEEK_SET) != 0 || fread(head, 1, sizeof head, file) != sizeof head)
            return false;
        long packet = packet_size(head);
        if (packet == 0 || packet > size - at)
            return false;
        at += packet;
    }
    return true;
}

static bool has_packets(FILE *file)
{
    uint32_t magic;
    return fread(&magic, 1, sizeof magic, file) == sizeof magic && (magic == MAGIC || GUINT32_SWAP_LE_BE(magic) == MAGIC);
}

bool metadata_is_whole(const char *path)
{
    char *name = g_build_filename(path, "metadata", NULL);
    FILE *file = fopen(name, "rb");
    g_free(name);
    if (file == NULL)
        return true; /* babeltrace2 says it better */
    bool whole = true;
    if (has_packets(file)) {
        long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
        whole = size > 0 && are_whole(file, size);
    }
    fclose(file);
    return whole;
}
