#define _POSIX_C_SOURCE 200809L
#include "mutants.h"

#include "../../libstm/src/mutant.h"

#include <strings.h>

static const struct {
    const char *name, *wrong;
} mutants[STMI_MUTANT_COUNT] = {
    [STMI_MUTANT_NONE] = {"NONE", "nothing: the library as it is"},
#define ROW(mutant, what) [STMI_MUTANT_##mutant] = {#mutant, what},
    STMI_MUTANTS(ROW)
};

unsigned mutant_count(void)
{
    return STMI_MUTANT_COUNT - 1;
}

const char *mutant_name(unsigned number)
{
    return mutants[number].name;
}

const char *mutant_wrong(unsigned number)
{
    return mutants[number].wrong;
}

unsigned mutant_named(const char *name)
{
    for (unsigned i = 1; i < STMI_MUTANT_COUNT; i++)
        if (strcasecmp(name, mutants[i].name) == 0)
            return i;
    return 0;
}

void mutant_choose(unsigned number)
{
    stmi_mutant_chosen = (enum stmi_mutant)number;
}

unsigned mutant_chosen(void)
{
    return stmi_mutant_chosen;
}
