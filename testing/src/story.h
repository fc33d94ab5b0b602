/*
 * story.h -- what happened in a run, for people: a column a thread, time going down. What the threads note
 * (stm_testing_note), and what the library tells its observer of them.
 */
#ifndef TESTING_STORY_H
#define TESTING_STORY_H

#include <stm/probe.h>

#include <stdarg.h>
#include <stdio.h>

/* For a store that names none. It watches always, so that runs are the same whether they are told or not; and after
 * BUSY it lets the others go first. */
extern const stm_observer story_observer;

/* From now on runs are told, or not. */
void story_tell(bool on);
/* A run begins: what is written down is forgotten, if this one is told. */
void story_begin(unsigned thread_count);
void story_note(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
void story_print(FILE *stream);

#endif
