/*
 * story.h -- the story of one transaction, told from what was gathered about it.
 */
#ifndef CONTENTION_STORY_H
#define CONTENTION_STORY_H

#include "gather.h"

void story_tell(const gathered *gathered, const trace_facts *facts);

#endif
