/*
 * lanes.h -- the worst moment, thread by thread: the millisecond with the most losses, and all attempts in it.
 *
 * Where attempts take longer than that, a millisecond shows one or two of them; so the worst ten, hundred and thousand
 * milliseconds are looked for, too, and the shortest of these moments that is a picture of a fight is taken.
 */
#ifndef CONTENTION_LANES_H
#define CONTENTION_LANES_H

#include "hot_keys.h"
#include "operations.h"

typedef struct lane_search lane_search;

lane_search *lane_search_create(void);
void lane_search_free(lane_search *search);
void lane_search_add(lane_search *search, const outcome *outcome);
void lane_search_fill(const lane_search *search, const names *labels, const pairs *threads, report *report);

#endif
