/*
 * A stream that was cut off in the middle must become one that readers take; and one that is whole must stay as it is,
 * to the byte. The files here have the sizes and the index of a stream of LTTng; packets themselves are not looked at.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/folder.h"
#include "record/mend.h"

enum { HEADER = 16, ENTRY = 72, PACKET = 4096, COUNT = 3, PATH_SIZE = 256 };

static char folder[64], data[PATH_SIZE], index_file[PATH_SIZE];

static void put_number(unsigned char *bytes, unsigned size, uint64_t n)
{
    while (size > 0) {
        bytes[--size] = (unsigned char)n;
        n >>= 8;
    }
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *const file = fopen(path, "w");
    cr_assert(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, "%s", path);
}

/* Three packets of a page. */
static void setup(void)
{
    static const unsigned char packets[COUNT * PACKET];
    unsigned char bytes[HEADER + COUNT * ENTRY] = {0};
    put_number(bytes, 4, 0xC1F1DCC1);
    put_number(bytes + 4, 4, 1);
    put_number(bytes + 8, 4, 1);
    put_number(bytes + 12, 4, ENTRY);
    for (unsigned i = 0; i < COUNT; i++) {
        put_number(bytes + HEADER + i * ENTRY, 8, i * PACKET);
        put_number(bytes + HEADER + i * ENTRY + 8, 8, PACKET * 8);
    }
    strcpy(folder, "/tmp/stm-mend-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(data, sizeof data, "%s/index", folder);
    cr_assert(mkdir(data, 0700) == 0);
    snprintf(data, sizeof data, "%s/stm_0", folder);
    snprintf(index_file, sizeof index_file, "%s/index/stm_0.idx", folder);
    write_file(data, packets, sizeof packets);
    write_file(index_file, bytes, sizeof bytes);
}

static void teardown(void)
{
    folder_remove(folder);
}

static long size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

static void expect(unsigned cut, unsigned packets)
{
    cr_assert_eq(mend_trace(folder), cut);
    cr_assert_eq(size_of(data), (long)packets * PACKET);
    cr_assert_eq(size_of(index_file), HEADER + (long)packets * ENTRY);
    cr_assert_eq(mend_trace(folder), 0, "what is mended stays as it is");
}

static void poke(long place, unsigned size, uint64_t n)
{
    unsigned char bytes[8];
    FILE *const file = fopen(index_file, "r+");
    put_number(bytes, size, n);
    cr_assert(file != NULL && fseek(file, place, SEEK_SET) == 0 && fwrite(bytes, 1, size, file) == size);
    fclose(file);
}

TestSuite(mend, .init = setup, .fini = teardown);

Test(mend, leaves_what_is_whole)
{
    expect(0, 3);
}

Test(mend, cuts_half_a_packet)
{
    cr_assert(truncate(data, 2 * PACKET + 100) == 0);
    expect(1, 2);
}

Test(mend, cuts_a_packet_without_an_entry)
{
    cr_assert(truncate(index_file, HEADER + 2 * ENTRY) == 0);
    expect(1, 2);
}

Test(mend, cuts_half_an_entry)
{
    cr_assert(truncate(index_file, HEADER + ENTRY + 5) == 0);
    expect(1, 1);
}

Test(mend, empties_a_stream_without_a_first_packet)
{
    cr_assert(truncate(data, 10) == 0);
    expect(1, 0);
}

/* Numbers that no LTTng has written must lead nowhere outside the files. */
Test(mend, believes_no_size)
{
    poke(HEADER + ENTRY + 8, 8, UINT64_MAX);
    expect(1, 1);
}

Test(mend, believes_no_place)
{
    poke(HEADER + 2 * ENTRY, 8, UINT64_MAX - 7);
    expect(1, 2);
}

Test(mend, does_not_walk_in_circles)
{
    poke(HEADER + ENTRY + 8, 8, 0);
    expect(1, 1);
}

Test(mend, takes_no_entries_that_are_too_small)
{
    poke(12, 4, 0);
    cr_assert_eq(mend_trace(folder), 1);
    cr_assert_eq(size_of(data), 0);
}

Test(mend, follows_no_link)
{
    char target[PATH_SIZE + 16];
    snprintf(target, sizeof target, "%s/elsewhere", folder);
    cr_assert(rename(data, target) == 0 && symlink("elsewhere", data) == 0);
    cr_assert(truncate(target, PACKET / 2) == 0);
    cr_assert_eq(mend_trace(folder), 0);
    cr_assert_eq(size_of(target), PACKET / 2);
}
