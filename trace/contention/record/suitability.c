#define _GNU_SOURCE
#include "suitability.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Only a dynamically linked program asks for a loader, which does the preloading. */
static bool asks_for_loader(FILE *file, const ElfW(Ehdr) *header)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        const long place = (long)(header->e_phoff + (ElfW(Off))i * header->e_phentsize);
        if (fseek(file, place, SEEK_SET) != 0 || fread(&segment, sizeof segment, 1, file) != 1)
            return true; /* a strange file: let the kernel judge */
        if (segment.p_type == PT_INTERP)
            return true;
    }
    return false;
}

static const char *doubt_elf(FILE *file)
{
    static const unsigned char native = __ELF_NATIVE_CLASS == 64 ? ELFCLASS64 : ELFCLASS32;
    ElfW(Ehdr) header;
    if (fread(&header, sizeof header, 1, file) != 1 || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return NULL;
    if (header.e_ident[EI_CLASS] != native)
        return "is for another word size than the provider, which cannot be preloaded into it";
    return asks_for_loader(file, &header) ? NULL : "is linked statically, and nothing can be preloaded into it";
}

const char *suitability_doubt(const char *path)
{
    struct stat status;
    if (geteuid() != 0 && stat(path, &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) != 0)
        return "is setuid or setgid, and so nothing is preloaded into it";
    FILE *const file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    const char *const doubt = doubt_elf(file);
    fclose(file);
    return doubt;
}
