#include "target.h"

#include "mutants.h"

#include <stdio.h>
#include <stdlib.h>

void target_choose_mutant(void)
{
    const char *name = getenv("STM_MUTANT");
    if (name == NULL || name[0] == '\0')
        return;
    if (mutant_named(name) == 0) {
        fprintf(stderr, "STM_MUTANT=%s: there is no such mutant; stm-mutants --list lists them\n", name);
        exit(2);
    }
    mutant_choose(mutant_named(name));
}
