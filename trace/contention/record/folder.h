/*
 * folder.h -- the folder that a recording is written to.
 */
#ifndef CONTENTION_RECORD_FOLDER_H
#define CONTENTION_RECORD_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the folder, or takes an empty one. name is NULL for one of our own, after the program and the date.
 * Returns its absolute path (g_free), or NULL, told. */
char *folder_prepare(const char *name, const char *program, bool *created);

/* What may still be written there, in bytes; UINT64_MAX where that is not known. */
uint64_t folder_room(const char *path);

/* Removes everything beneath, and the folder. */
void folder_remove(const char *path);

/* Removes everything beneath. */
void folder_clear(const char *path);

#endif
