/*
 * mutants.h -- the bugs that can be put into the testing build (libstm/src/mutant.h), by number and by name.
 */
#ifndef TESTS_MUTANTS_H
#define TESTS_MUTANTS_H

/* From 1 to mutant_count(); 0 is none. */
unsigned mutant_count(void);
const char *mutant_name(unsigned number);
const char *mutant_wrong(unsigned number); /* what is wrong with it */
/* 0: there is none of that name; capitals or not. */
unsigned mutant_named(const char *name);

/* From now on the library has this bug. */
void mutant_choose(unsigned number);
unsigned mutant_chosen(void);

#endif
