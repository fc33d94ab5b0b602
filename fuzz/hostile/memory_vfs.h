/*
 * memory_vfs.h -- SQLite without a disk: one read-only file, whose bytes are those given. Journals there are none, and nothing else
 * can be opened.
 */
#ifndef FUZZ_MEMORY_VFS_H
#define FUZZ_MEMORY_VFS_H

#include <stddef.h>
#include <stdint.h>

#define MEMORY_VFS_PATH "/hostile.db"

/* Once: what is opened from then on is opened here. */
void memory_vfs_register(void);
/* What the file holds; the bytes must outlive all connections to it. */
void memory_vfs_set(const uint8_t *data, size_t size);

#endif
