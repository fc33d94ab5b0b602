/*
 * names.h -- labels as small numbers. A hostile trace may have millions of them: those beyond NAME_COUNT_MAX are one.
 */
#ifndef CONTENTION_NAMES_H
#define CONTENTION_NAMES_H

#include <stdint.h>

enum { NAME_COUNT_MAX = 65536, NAME_NONE = 0, NAME_OTHERS = 1 };

typedef struct names names;

names *names_create(void);
void names_free(names *names);
/* "" is NAME_NONE, and so is "-", which the provider writes where there is nothing. */
uint32_t names_number(names *names, const char *text);
/* Clean; lives as long as names. */
const char *names_text(const names *names, uint32_t number);
uint32_t names_count(const names *names);

#endif
