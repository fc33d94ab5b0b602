/*
 * failing.h -- what a call needs from others fails, one request after the other: SQLite's memory, the store's
 * memory, SQLite's reads and writes (a VFS around the default one), and the calls to the system that the library makes
 * itself (by --wrap of the linker).
 *
 *     for (failing_begin(FAILING_FILES, 1); ...; ) { call; if (!failing_end()) break; }
 */
#ifndef STM_TESTS_SNAPSHOT_FAILING_H
#define STM_TESTS_SNAPSHOT_FAILING_H

#include <stm/stm.h>

#include <stdbool.h>

enum failing_what { FAILING_NOTHING, FAILING_MEMORY, FAILING_FILES, FAILING_CALLS };

/* Once, before SQLite is used: puts the shims into place. */
void failing_install(void);
/* For stm_options. */
stm_allocator failing_allocator(void);

/* The request with this number, from 1, fails, and count - 1 of those that follow. */
void failing_begin(enum failing_what what, unsigned number, unsigned count);
/* False: there were not that many requests, and none has failed. */
bool failing_end(void);

#endif
