/*
 * story_json.h -- the story of one transaction for scripts: what was gathered about it, as JSON.
 */
#ifndef CONTENTION_STORY_JSON_H
#define CONTENTION_STORY_JSON_H

#include "gather.h"

#include <stdio.h>

void story_json_write(const gathered *found, const trace_facts *facts, FILE *file);

#endif
