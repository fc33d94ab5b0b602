/*
 * target.h -- the door that fuzzing engines come in by: libFuzzer, AFL++ (afl-clang-fast -fsanitize=fuzzer), OSS-Fuzz,
 * and standalone.c, which only replays files.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* Called once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
/* Returns 0; a finding ends the program. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* STM_MUTANT=NAME in the environment puts a bug into the library: to see that the engine finds it. */
void target_choose_mutant(void);

#endif
