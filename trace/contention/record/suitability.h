/*
 * suitability.h -- whether a library can be preloaded into a program.
 */
#ifndef CONTENTION_RECORD_SUITABILITY_H
#define CONTENTION_RECORD_SUITABILITY_H

/* Why it cannot, as the end of a sentence about the program; NULL if it can, or if that cannot be told (a script). It is
 * no reason to refuse: the program may start others that can. */
const char *suitability_doubt(const char *path);

#endif
