/*
 * parts.h -- the parts of the page, in their order. Each writes nothing but itself, and says in one line what it would
 * need where the trace does not give it.
 */
#ifndef CONTENTION_HTML_PARTS_H
#define CONTENTION_HTML_PARTS_H

#include <glib.h>

#include "frame.h"
#include "report.h"

void warnings_write(GString *html, const report *report); /* verdict.c */
void verdict_write(GString *html, const report *report);
void tiles_write(GString *html, const report *report);
void rates_write(GString *html, const report *report);    /* rates.c */
void heat_map_write(GString *html, const report *report); /* heat_map.c */
void bursts_write(GString *html, const report *report);   /* tables.c, and all tables but those of pictures */
void keys_write(GString *html, const report *report);
void prefixes_write(GString *html, const report *report);
void avoidable_write(GString *html, const report *report);
void matrices_write(GString *html, const report *report); /* matrix.c */
void lanes_write(GString *html, const report *report);    /* lanes.c */
void attempts_write(GString *html, const report *report); /* attempts.c */
void labels_write(GString *html, const report *report);   /* tables.c */
void threads_write(GString *html, const report *report);
void owners_write(GString *html, const report *report);
void stories_write(GString *html, const report *report); /* stories.c */
void events_write(GString *html, const report *report);  /* tables.c */

/* Conflicts and busy of the whole trace. */
uint64_t losses_of(const report *report); /* page.c */

#endif
