/*
 * markup.h -- text from a trace on its way into the page.
 *
 * Whatever bytes a program uses as keys, labels and names, they come out as text that is seen: invalid UTF-8 as U+FFFD;
 * control characters, and those that turn the reading direction or cannot be seen, as [U+202E]; and nothing of it as
 * markup, in elements as in attributes.
 */
#ifndef HTML_MARKUP_H
#define HTML_MARKUP_H

#include <glib.h>

void markup_text(GString *html, const char *text);

/* At most this many columns: of what is longer, the middle is left out, since keys differ at their ends. */
void markup_text_short(GString *html, const char *text, size_t columns);

/* Like printf, each %s and what else goes in escaped. For text with figures, in elements and attributes. */
void markup_printf(GString *html, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
