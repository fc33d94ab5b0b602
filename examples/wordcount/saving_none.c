/* saving_none.c -- where libstm-snapshot was not built. */
#include "saving.h"

#include "fail.h"

bool saving_is_built(void)
{
    return false;
}

void save(stm_store *store, const char *path)
{
    (void)store;
    fail("%s cannot be written: this wordcount was built without libstm-snapshot", path);
}
