/*
 * frame.h -- what is around every page: its head with the look and a policy, its script, and its end.
 *
 * Nothing in a page may be loaded, and no style and script may work but those whose hashes stand in its policy: should text
 * of a trace or a file ever get through as markup, it still could do nothing. A page is well-formed XML as well as
 * HTML, so that tests can read it strictly.
 */
#ifndef HTML_FRAME_H
#define HTML_FRAME_H

#include <glib.h>

/* Up to the beginning of the page's main part. title: any text; more_style: CSS besides style.css, or NULL. */
void frame_open(GString *html, const char *title, const unsigned char *more_style);
void frame_close(GString *html);

/* The line of a part that has nothing to show. */
void nothing_write(GString *html, const char *why);

#endif
