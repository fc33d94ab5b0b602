/*
 * saving.h -- the counts as a file that the sqlite3 shell opens.
 */
#ifndef WORDCOUNT_SAVING_H
#define WORDCOUNT_SAVING_H

#include <stm/stm.h>

/* Whether this wordcount was built with libstm-snapshot; without, saving fails. */
bool saving_is_built(void);

/* A snapshot that lies there is replaced; fails if it cannot be done. */
void save(stm_store *store, const char *path);

#endif
