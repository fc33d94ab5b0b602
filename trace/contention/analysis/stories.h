/*
 * stories.h -- the operations that lost the most time, or, where times are not known, most often.
 */
#ifndef CONTENTION_STORIES_H
#define CONTENTION_STORIES_H

#include "hot_keys.h"
#include "operations.h"

enum { STORY_COUNT_MAX = 5 };

typedef struct stories {
    size_t count;
    operation worst[STORY_COUNT_MAX]; /* the worst first */
} stories;

void stories_offer(stories *stories, const operation *operation);
void stories_fill(const stories *stories, const names *labels, const pairs *scopes, const pairs *threads, report *report);

#endif
