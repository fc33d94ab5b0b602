/*
 * text.h -- text from a trace, made fit to be shown: UTF-8 without anything that moves a cursor or turns a line around.
 */
#ifndef CONTENTION_TEXT_H
#define CONTENTION_TEXT_H

#include "../event.h"

#include <glib.h>

enum { TEXT_SIZE_MAX = 256 };

/* What cannot be shown becomes U+FFFD; what is longer than TEXT_SIZE_MAX bytes ends in "...". To be freed. */
char *text_clean(const char *text);

/* A key's name: its text, where the event has one; else rebuilt from its first 16 bytes in the same way, with all but
 * printable ASCII as \xNN; "..." where it goes on; "(unknown)" where the event names none. To be freed. */
char *text_of_key(const event *event);

#endif
