#include "footprint_bytes.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 16 /* held open by nftw */

static uint64_t file_bytes; /* nftw gives its caller no place for it */

uint64_t footprint_of_process(int pid)
{
    char line[256];
    unsigned long long kilobytes = 0;
    (void)snprintf(line, sizeof line, "/proc/%d/status", pid);
    FILE *file = fopen(line, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "RssAnon: %llu kB", &kilobytes) == 1)
            break;
    }
    if (file != NULL)
        (void)fclose(file);
    return kilobytes * 1024;
}

static int add_file(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)path;
    (void)where;
    if (kind == FTW_F)
        file_bytes += (uint64_t)stat->st_blocks * 512;
    return 0;
}

uint64_t footprint_bytes(const char *folder)
{
    file_bytes = 0;
    (void)nftw(folder, add_file, FILES_MAX, FTW_PHYS);
    return file_bytes + footprint_of_process(getpid());
}

static int remove_file(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)stat;
    (void)where;
    (void)(kind == FTW_DP ? rmdir(path) : unlink(path)); /* what stays shows in the folder */
    return 0;
}

void footprint_remove(const char *folder)
{
    if (*folder != '\0')
        (void)nftw(folder, remove_file, FILES_MAX, FTW_PHYS | FTW_DEPTH);
}
