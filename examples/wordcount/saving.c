/* saving.c -- with libstm-snapshot; built without it, saving_none.c stands here. */
#include "saving.h"

#include "fail.h"

#include <stm/snapshot.h>

bool saving_is_built(void)
{
    return true;
}

void save(stm_store *store, const char *path)
{
    const stm_export_options options = {.size = sizeof(options), .label = "wordcount"};
    stm_file_error error;
    if (stm_file_export(store, path, &options, NULL, &error) != STM_FILE_OK)
        fail("%s", error.message);
}
